// SPDX-License-Identifier: Apache-2.0
//
// The kernel's state, and what its files offer each other. A file is one kind of kernel object or one
// subject; a `..._decode` function checks a request completely and only then performs it, so that a request
// that is refused has changed nothing. The order of the checks is part of the interface: it decides the
// error.
#pragma once

#include "objects.h"

#define PRIORITY_COUNT CONFIG_NUM_PRIORITIES
#define ASID_POOL_COUNT (1 << seL4_NumASIDPoolsBits)
#define ASID_COUNT (ASID_POOL_COUNT << seL4_ASIDPoolIndexBits)

/** Interrupts: 16 of the legacy controller, the user's vectors, the IOMMU's, and the kernel's timer. */
#define IRQ_USER_FIRST 16
#define IRQ_USER_LAST 123
#define IRQ_IOMMU 124
#define IRQ_TIMER 125
#define IRQ_COUNT 126

/** What a step of the kernel ended with. Failures have filled in kernel.error or kernel.lookup_failure. */
enum outcome { DONE, SYSCALL_ERROR, LOOKUP_FAULT };

enum irq_state { IRQ_INACTIVE, IRQ_SIGNAL, IRQ_RESERVED };

/** Which thread the scheduler is to take next, besides a thread itself. */
#define ACTION_RESUME_CURRENT ((struct thread *)0)
#define ACTION_CHOOSE_NEW ((struct thread *)1)

struct syscall_error {
    seL4_Error type;
    uint64_t words[2]; /* what the type reports: an argument's number, or a range */
    bool lookup_was_source;
};

struct kernel_state {
    struct thread *current;
    struct thread *idle;
    struct thread *action;
    struct sched_context *current_sc;
    struct sched_context *idle_sc;
    uint64_t now;      /* ticks, at the last entry */
    uint64_t consumed; /* ticks used since they were last charged to current_sc */
    bool reprogram;    /* the timer must be set again */
    struct thread_queue ready[PRIORITY_COUNT];
    uint64_t ready_bitmap[PRIORITY_COUNT / 64];
    struct thread_queue release; /* threads that wait for their next refill, earliest first */

    struct syscall_error error;
    struct lookup_failure lookup_failure;
    struct slot
        *extra[seL4_MsgMaxExtraCaps]; /* of the current invocation; NULL from the first absent one on */

    uint64_t asid_table[ASID_POOL_COUNT]; /* physical addresses of pools */
    enum irq_state irq_state[IRQ_COUNT];
    struct slot irq_slots[IRQ_COUNT]; /* notification capabilities */
};

extern struct kernel_state kernel;

/** One invocation, as its decoder sees it. */
struct invocation {
    uint64_t label;
    uint64_t length;       /* words of the message */
    struct slot *slot;     /* of the invoked capability */
    struct capability cap; /* the invoked capability */
    bool is_call;
    uint64_t *buffer; /* IPC buffer, or NULL */
};

/* report.c: ends of the monitor, assertions and the trace */

/** Ends the monitor with a message: the thing, its cause, its remedy. */
_Noreturn void fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void assertion_failed(const char *condition, const char *file, int line);
#define check(condition) ((condition) ? (void)0 : assertion_failed(#condition, __FILE__, __LINE__))
extern bool trace_enabled;
void trace_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define trace(...) (trace_enabled ? trace_print(__VA_ARGS__) : (void)0)
const char *trace_label(uint64_t label);
const char *trace_syscall(int64_t number);

/* memory.c: physical memory */

extern unsigned char *physical_memory;
/** The host's address of a physical address that is RAM. */
static inline void *at(uint64_t address) {
    return physical_memory + address;
}
static inline uint64_t address_of(const void *object) {
    return (uint64_t)((const unsigned char *)object - physical_memory);
}
void memory_create(uint64_t bytes);
int memory_descriptor(void);
bool memory_is_ram(uint64_t address);
uint64_t memory_low_end(void);
uint64_t memory_high_end(void);
uint64_t memory_void_offset(void);
void memory_clear(uint64_t address, uint64_t bytes);

/* capability.c: what all kinds of capabilities have in common */

enum outcome capability_derive(struct slot *slot, struct capability cap, struct capability *derived);
struct capability capability_mask_rights(uint64_t rights, struct capability cap);
struct capability capability_update_data(bool preserve, uint64_t data, struct capability cap);
bool capability_is_physical(struct capability cap);
unsigned capability_size_bits(struct capability cap);
bool capability_same_region(struct capability a, struct capability b);
bool capability_same_object(struct capability a, struct capability b);
bool capability_is_revocable(struct capability derived, struct capability source);
bool capability_can_cancel_sends(struct capability cap);
struct capability capability_finalise(struct capability cap, bool is_final, struct capability *cleanup);
void capability_deleted(struct capability cleanup);

/* derivation.c: the derivation list; inserting, moving and deleting */

void derivation_insert(struct capability cap, struct slot *source, struct slot *destination);
void derivation_insert_new(struct slot *parent, struct slot *slot, struct capability cap);
void derivation_move(struct capability cap, struct slot *source, struct slot *destination);
void derivation_swap(struct capability a_cap, struct slot *a, struct capability b_cap, struct slot *b);
bool derivation_is_parent(const struct slot *a, const struct slot *b);
bool derivation_is_final(const struct slot *slot);
void derivation_revoke(struct slot *slot);
void derivation_delete(struct slot *slot, bool exposed);
void derivation_delete_one(struct slot *slot);
enum outcome ensure_no_children(const struct slot *slot);
enum outcome ensure_empty(const struct slot *slot);
bool slot_is_long_running_delete(const struct slot *slot);

/* cspace.c: addresses of capabilities */

struct resolution {
    enum outcome outcome;
    struct slot *slot;
    uint64_t bits_left;
};
struct resolution cspace_resolve(struct capability root, uint64_t address, uint64_t bits);
struct slot *cspace_lookup(struct thread *thread, uint64_t address);
enum outcome cspace_lookup_target(struct capability root, uint64_t index, uint64_t depth, struct slot **slot);
enum outcome cspace_lookup_source(struct capability root, uint64_t index, uint64_t depth, struct slot **slot);
void lookup_missing_capability(uint64_t bits_left);
void lookup_invalid_root(void);

/* invocation.c: arguments and errors; the dispatch of an invocation */

uint64_t argument(const struct invocation *invocation, unsigned index);
enum outcome error_plain(seL4_Error type);
enum outcome error_argument(unsigned number);
enum outcome error_capability(unsigned number);
enum outcome error_range(uint64_t minimum, uint64_t maximum);
enum outcome error_lookup(bool was_source);
enum outcome invocation_decode(const struct invocation *invocation, bool is_blocking, bool can_donate,
                               bool is_first_phase);
/** The invocation's checks are over: what follows cannot fail. */
void invocation_accepted(void);
/** Replies to the current thread, if it called, with words already in place. */
void invocation_reply(const struct invocation *invocation, unsigned length);
void invocation_reply_word(const struct invocation *invocation, uint64_t word);

/* One decoder for each kind of capability. */
enum outcome untyped_decode(const struct invocation *invocation);
enum outcome cnode_decode(const struct invocation *invocation);
enum outcome tcb_decode(const struct invocation *invocation);
enum outcome registers_decode(const struct invocation *invocation);
enum outcome schedcontext_decode(const struct invocation *invocation);
enum outcome schedcontrol_decode(const struct invocation *invocation);
enum outcome domain_decode(const struct invocation *invocation);
enum outcome irq_control_decode(const struct invocation *invocation);
enum outcome irq_handler_decode(const struct invocation *invocation);
enum outcome frame_decode(const struct invocation *invocation);
enum outcome paging_structure_decode(const struct invocation *invocation);
enum outcome asid_control_decode(const struct invocation *invocation);
enum outcome asid_pool_decode(const struct invocation *invocation);
enum outcome io_port_control_decode(const struct invocation *invocation);
enum outcome io_port_decode(const struct invocation *invocation);
enum outcome io_page_table_decode(const struct invocation *invocation);
enum outcome frame_map_io_decode(const struct invocation *invocation);

/* untyped.c */

unsigned object_size_bits(uint64_t type, uint64_t user_bits);

/* syscall.c: entries into the kernel */

void handle_syscall(int64_t number);
void handle_unknown_syscall(uint64_t number);
void handle_user_exception(uint64_t vector, uint64_t code);
void handle_vm_fault(uint64_t address, uint64_t code);
void handle_interrupt(unsigned irq);

/* fault.c */

void fault_send(struct thread *thread, struct fault fault);
void fault_send_timeout(struct thread *thread, struct fault fault);
bool fault_handler_is_valid(struct capability cap);
bool thread_has_timeout_handler(const struct thread *thread);
unsigned fault_write_message(struct thread *sender, struct thread *receiver, uint64_t *receive_buffer);
bool fault_apply_reply(struct thread *receiver, struct thread *sender);
unsigned lookup_failure_write(struct thread *receiver, uint64_t *buffer, const struct lookup_failure *failure,
                              unsigned offset);
struct fault fault_cap(uint64_t address, bool in_receive_phase);

/* ipc.c: messages */

extern const enum machine_register message_registers[seL4_FastMessageRegisters];
unsigned message_set_word(struct thread *receiver, uint64_t *buffer, unsigned index, uint64_t value);
uint64_t *ipc_buffer_lookup(struct thread *thread, bool is_receiver);
enum outcome extra_capabilities_lookup(struct thread *thread, uint64_t *buffer, seL4_MessageInfo_t info,
                                       uint64_t *failed_address);
void ipc_transfer(struct thread *sender, struct endpoint *endpoint, uint64_t badge, bool can_grant,
                  struct thread *receiver);
void ipc_reply(struct thread *sender, struct reply *reply, bool can_grant);
void ipc_cancel(struct thread *thread);
void ipc_receive_failed(struct thread *thread);
void message_info_set(struct thread *thread, uint64_t label, uint64_t length);
/** The tag a thread sends, with a length that an IPC buffer can have. */
seL4_MessageInfo_t message_info_of(const struct thread *thread);

/* endpoint.c */

void endpoint_send(bool is_blocking, bool is_call, uint64_t badge, bool can_grant, bool can_grant_reply,
                   bool can_donate, struct thread *thread, struct endpoint *endpoint);
void endpoint_receive(struct thread *thread, struct endpoint *endpoint, bool is_blocking,
                      struct reply *reply);
void endpoint_cancel_all(struct endpoint *endpoint);
void endpoint_cancel_badged_sends(struct endpoint *endpoint, uint64_t badge);
void endpoint_remove(struct endpoint *endpoint, struct thread *thread);
void endpoint_reorder(struct endpoint *endpoint, struct thread *thread);

/* notification.c */

void notification_signal(struct notification *notification, uint64_t badge);
void notification_wait(struct thread *thread, struct notification *notification, bool is_blocking);
void notification_complete(struct notification *notification, struct thread *thread);
void notification_return_sched_context(struct notification *notification, struct thread *thread);
void notification_cancel_all(struct notification *notification);
void notification_cancel(struct notification *notification, struct thread *thread);
void notification_reorder(struct notification *notification, struct thread *thread);
void notification_bind(struct thread *thread, struct notification *notification);
void notification_unbind_thread(struct thread *thread);
void notification_finalise(struct notification *notification);

/* reply.c */

void reply_push(struct thread *caller, struct thread *callee, struct reply *reply, bool can_donate);
void reply_unlink(struct reply *reply, struct thread *thread);
void reply_remove(struct reply *reply, struct thread *thread);
void reply_remove_thread(struct thread *thread);
void reply_finalise(struct reply *reply);

/* schedcontext.c */

void sched_context_bind_thread(struct sched_context *sc, struct thread *thread);
void sched_context_unbind_thread(struct sched_context *sc);
void sched_context_donate(struct sched_context *sc, struct thread *to);
void sched_context_resume(struct sched_context *sc);
void sched_context_unbind_notification(struct sched_context *sc);
uint64_t sched_context_take_consumed(struct sched_context *sc);
void sched_context_complete_yield(struct thread *yielder);
void sched_context_cancel_yield(struct thread *yielder);
void sched_context_finalise(struct sched_context *sc);

/* refill.c: budgets of a sporadic server */

#define MINIMUM_REFILLS 2
uint64_t minimum_budget(void);
uint64_t maximum_period_us(void);
uint64_t refill_maximum(struct capability sched_context_cap);
struct refill *refill_head(struct sched_context *sc);
bool refill_is_ready(struct sched_context *sc);
bool refill_is_sufficient(struct sched_context *sc, uint64_t usage);
void refill_new(struct sched_context *sc, uint64_t count, uint64_t budget, uint64_t period);
void refill_update(struct sched_context *sc, uint64_t period, uint64_t budget, uint64_t count);
void refill_charge(struct sched_context *sc, uint64_t usage);
void refill_unblock(struct sched_context *sc);
void refill_round_robin_charge(struct sched_context *sc, uint64_t usage);
void refill_round_robin_restart(struct sched_context *sc);
static inline bool sched_context_is_active(const struct sched_context *sc) {
    return sc->refill_count > 0;
}
static inline bool sched_context_is_round_robin(const struct sched_context *sc) {
    return sc->period == 0;
}
static inline bool sched_context_is_sporadic(const struct sched_context *sc) {
    return sc && sc->is_sporadic;
}

/* scheduler.c: queues, priorities, time slices */

bool thread_is_runnable(const struct thread *thread);
bool thread_is_schedulable(const struct thread *thread);
bool thread_is_blocked(const struct thread *thread);
void thread_set_state(struct thread *thread, enum thread_state state);
void thread_set_blocked_on_reply(struct thread *thread, struct reply *reply);
void thread_state_changed(struct thread *thread);
void thread_suspend(struct thread *thread);
void thread_restart(struct thread *thread);
void thread_set_priority(struct thread *thread, uint8_t priority);
void thread_finalise(struct thread *thread);
void queue_insert_by_priority(struct thread_queue *queue, struct thread *thread);
void queue_remove(struct thread_queue *queue, struct thread *thread);
void scheduler_enqueue(struct thread *thread);
void scheduler_append(struct thread *thread);
void scheduler_dequeue(struct thread *thread);
void scheduler_release_remove(struct thread *thread);
void scheduler_postpone(struct sched_context *sc);
void scheduler_possible_switch(struct thread *thread);
void scheduler_reschedule(void);
void scheduler_update_time(void);
bool scheduler_check_budget(void);
bool scheduler_check_budget_restart(void);
void scheduler_commit_time(void);
void scheduler_yield(void);
void schedule(void);
void scheduler_activate(void);

/* registers.c */

void registers_initialise(struct thread *thread);
uint64_t register_sanitise(enum machine_register index, uint64_t value);

/* vspace.c and asid.c: mappings */

#define NO_ASID 0
struct paging_structure *vspace_for_asid(uint64_t asid);
/** The leaf entry for an address, NULL if a level is missing; *bits is the size of what it maps. */
uint64_t *vspace_leaf(struct paging_structure *root, uint64_t address, unsigned *bits);
void vspace_unmap_frame(struct capability cap);
void vspace_unmap_structure(struct capability cap);
enum outcome ipc_buffer_check(uint64_t address, struct capability cap);
bool capability_is_vspace_root(struct capability cap);
bool capability_is_valid_vspace(struct capability cap);
/** Checks that a VSpace capability's ASID still is the VSpace's. */
enum outcome vspace_check_asid(struct capability vspace);
void asid_delete(uint64_t asid, uint64_t root);
void asid_pool_delete(uint64_t asid_base, uint64_t pool);
/** The ASID of the VSpace a thread runs in; NO_ASID if it cannot run in any. */
uint64_t thread_asid(const struct thread *thread);

/* irq.c, ioport.c, domain.c */

void irq_initialise(void);
void irq_deleting_handler(uint64_t irq);
void irq_deleted_handler(uint64_t irq);
void irq_deliver(unsigned irq);
void io_ports_free(uint16_t first, uint16_t last);

/* boot.c and elf.c */

struct image {
    uint64_t virtual_start; /* page aligned */
    uint64_t virtual_end;
    uint64_t entry;
    const unsigned char *file;
    uint64_t file_bytes;
};
struct image elf_open(const char *path);
void elf_load(const struct image *image, unsigned char *destination);
void boot(const struct image *image);
