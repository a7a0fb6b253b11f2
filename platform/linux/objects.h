// SPDX-License-Identifier: Apache-2.0
//
// The layout of every kernel object. Objects live in the machine's physical memory, at the address and in the
// size that seL4 gives them, so that the arithmetic of untyped memory is exact and memory that an object
// occupies cannot be anything else at the same time.
#pragma once

#include "capability.h"

/** Index of a thread's saved registers. A fault address and a next address exist because a system call that
 *  is restarted begins at its own instruction, while one that is done continues behind it. */
enum machine_register {
    REGISTER_RAX,
    REGISTER_RBX,
    REGISTER_RCX,
    REGISTER_RDX,
    REGISTER_RSI,
    REGISTER_RDI,
    REGISTER_RBP,
    REGISTER_R8,
    REGISTER_R9,
    REGISTER_R10,
    REGISTER_R11,
    REGISTER_R12,
    REGISTER_R13,
    REGISTER_R14,
    REGISTER_R15,
    REGISTER_FAULT_IP,
    REGISTER_NEXT_IP,
    REGISTER_RSP,
    REGISTER_FLAGS,
    REGISTER_FS_BASE,
    REGISTER_GS_BASE,
    REGISTER_ERROR, /* code of the exception that entered the kernel, or ERROR_IS_SYSCALL */
    REGISTER_COUNT,

    REGISTER_CAPABILITY = REGISTER_RDI,
    REGISTER_BADGE = REGISTER_RDI,
    REGISTER_MESSAGE_INFO = REGISTER_RSI,
    REGISTER_REPLY = REGISTER_R12,
    REGISTER_SEND_DESTINATION = REGISTER_R13,
    REGISTER_TLS_BASE = REGISTER_FS_BASE,
};

/** The thread entered by `syscall` and leaves by `sysret`, which loses rcx and r11. */
#define ERROR_IS_SYSCALL UINT64_MAX

/** Flags a thread starts with: interrupts on, and the bit that is always one. */
#define FLAGS_INTERRUPT (1UL << 9)
#define FLAGS_TRAP (1UL << 8)
#define FLAGS_ALWAYS_ONE (1UL << 1)
#define FLAGS_USER_DEFAULT (FLAGS_INTERRUPT | FLAGS_ALWAYS_ONE)

enum thread_state {
    THREAD_INACTIVE,
    THREAD_RUNNING,
    THREAD_RESTART,
    THREAD_BLOCKED_ON_RECEIVE,
    THREAD_BLOCKED_ON_SEND,
    THREAD_BLOCKED_ON_REPLY,
    THREAD_BLOCKED_ON_NOTIFICATION,
    THREAD_IDLE,
};

/** Why an address did not resolve to a slot. */
struct lookup_failure {
    seL4_LookupFailureType type;
    uint64_t bits_left;
    uint64_t bits_found;
    uint64_t guard_found;
};

/** A fault that is being, or is to be, reported. The words are those of the label's message that the kernel
 *  does not find in the thread's registers. */
struct fault {
    seL4_Fault_tag_t label;
    union {
        struct {
            uint64_t address;
            bool in_receive_phase;
        } cap;
        struct {
            uint64_t number;
        } unknown_syscall;
        struct {
            uint64_t number;
            uint64_t code;
        } user_exception;
        struct {
            uint64_t badge;
        } timeout;
        struct {
            uint64_t address;
            uint64_t code;
            bool is_instruction;
        } vm;
    };
};

/** Slots inside a thread control block. */
enum thread_slot {
    THREAD_SLOT_CSPACE,
    THREAD_SLOT_VSPACE,
    THREAD_SLOT_IPC_BUFFER,
    THREAD_SLOT_FAULT_HANDLER,
    THREAD_SLOT_TIMEOUT_HANDLER,
    THREAD_SLOT_COUNT,
};

struct thread {
    struct slot slots[THREAD_SLOT_COUNT];
    uint64_t registers[REGISTER_COUNT];

    enum thread_state state;
    void *blocked_on;       /* struct endpoint or struct notification */
    uint64_t blocked_badge; /* of the capability a blocked sender uses */
    struct reply *reply;    /* of a receiver, or the one a caller waits for */
    bool blocked_can_grant;
    bool blocked_can_grant_reply;
    bool blocked_is_call;
    bool is_queued; /* in a ready queue */
    bool is_in_release_queue;
    uint8_t priority;
    uint8_t maximum_priority; /* the most this thread may give to others */
    uint64_t flags;           /* seL4_TCBFlag */

    struct thread *queue_previous; /* ready, release, endpoint or notification queue: only one at a time */
    struct thread *queue_next;

    struct sched_context *sched_context;
    struct sched_context *yield_to;
    struct notification *bound_notification;
    uint64_t ipc_buffer;

    struct fault fault;
    struct lookup_failure lookup_failure;

    void *extended_state;  /* host memory: FPU and vector registers, NULL until first needed */
    struct stub *state_in; /* the stub that has them loaded */
};

struct thread_queue {
    struct thread *head;
    struct thread *tail;
};

enum endpoint_state { ENDPOINT_IDLE, ENDPOINT_SENDING, ENDPOINT_RECEIVING };

struct endpoint {
    uint64_t state : 2; /* enum endpoint_state */
    uint64_t : 14;
    uint64_t head : 48; /* struct thread * */
    uint64_t tail;
};

enum notification_state { NOTIFICATION_IDLE, NOTIFICATION_WAITING, NOTIFICATION_ACTIVE };

struct notification {
    enum notification_state state;
    uint64_t badge;
    struct thread_queue queue;
    struct thread *bound_thread;
    struct sched_context *sched_context;
};

/** A reply object: who waits for the reply, and its place on the stack of calls over which a scheduling
 *  context has been donated. The top of the stack points to the scheduling context instead of a next reply.
 */
struct reply {
    struct thread *thread;
    struct reply *previous;
    union {
        struct reply *next;
        struct sched_context *sched_context;
    };
    bool is_head;
};

/** An amount of time (in ticks) that may be used from a point in time on. */
struct refill {
    uint64_t time;
    uint64_t amount;
};

/** A scheduling context, followed by its refills: a circular buffer that fills the rest of the object. */
struct sched_context {
    uint64_t period; /* ticks; 0: round robin */
    uint64_t consumed;
    uint64_t badge;
    struct thread *thread;
    struct reply *reply; /* top of the call stack this context was donated over */
    struct notification *notification;
    struct thread *yield_from;
    uint64_t refill_count; /* refills in use by configuration; 0: not configured */
    uint64_t refill_head;
    uint64_t refill_tail;
    bool is_sporadic;
    uint64_t reserved;
    struct refill refills[];
};

/** Entries of paging structures. Bits 0 to 7 and the address are those of the processor; the resident bit is
 *  ours: the stub process may have this page mapped, so that it must be told when the entry changes. */
#define ENTRY_PRESENT (1UL << 0)
#define ENTRY_WRITABLE (1UL << 1)
#define ENTRY_USER (1UL << 2)
#define ENTRY_LARGE (1UL << 7)
#define ENTRY_RESIDENT (1UL << 9)
#define ENTRY_ADDRESS 0x000ffffffffff000UL
#define ENTRIES_PER_TABLE 512

struct paging_structure {
    uint64_t entries[ENTRIES_PER_TABLE];
};

/** Physical addresses of VSpace roots, by the low bits of their ASID; 0 is none. */
struct asid_pool {
    uint64_t roots[1 << seL4_ASIDPoolIndexBits];
};

_Static_assert(sizeof(struct thread) <= 1 << seL4_TCBBits, "a thread control block fits");
_Static_assert(sizeof(struct endpoint) == 1 << seL4_EndpointBits, "an endpoint fits");
_Static_assert(sizeof(struct notification) <= 1 << seL4_NotificationBits, "a notification fits");
_Static_assert(sizeof(struct reply) <= 1 << seL4_ReplyBits, "a reply object fits");
_Static_assert(sizeof(struct sched_context) + 2 * sizeof(struct refill) == seL4_CoreSchedContextBytes,
               "a scheduling context and two refills fit");
_Static_assert(sizeof(struct paging_structure) == 1 << seL4_PageTableBits, "a paging structure fits");
_Static_assert(sizeof(struct asid_pool) == 1 << seL4_ASIDPoolBits, "an ASID pool fits");
