// SPDX-License-Identifier: Apache-2.0
//
// Thread control blocks: spaces, priorities, scheduling parameters, bound notifications.
#include "kernel.h"

static struct thread *thread_of(struct capability cap) {
    return at(capability_address(cap));
}

static enum outcome check_priority(uint64_t priority, const struct thread *authority) {
    if (priority > authority->maximum_priority)
        return error_range(seL4_MinPrio, authority->maximum_priority);
    return DONE;
}

/** Replaces a capability in a thread control block by one derived from `source`'s; null empties the slot.
 *  Deleting what was there may have deleted the source, or this thread, too. */
static void install(struct thread *thread, struct slot *thread_cap_slot, enum thread_slot index,
                    struct capability cap, struct slot *source) {
    struct slot *slot = &thread->slots[index];
    derivation_delete(slot, true);
    if (cap.type != CAP_NULL && capability_same_object(cap, source->cap) &&
        capability_same_object(capability_new(CAP_THREAD, address_of(thread)), thread_cap_slot->cap))
        derivation_insert(cap, source, slot);
}

/** A CSpace or VSpace root: the data is applied, the copy derived and its kind checked. */
static enum outcome derive_root(struct slot *slot, uint64_t data, bool (*is_valid)(struct capability),
                                struct capability *cap) {
    *cap = data ? capability_update_data(false, data, slot->cap) : slot->cap;
    enum outcome outcome = capability_derive(slot, *cap, cap);
    if (outcome != DONE)
        return outcome;
    return is_valid(*cap) ? DONE : error_plain(seL4_IllegalOperation);
}

static bool is_cnode(struct capability cap) {
    return cap.type == CAP_CNODE;
}

/** A thread's space cannot be replaced while deleting the old one would take long. */
static enum outcome check_space_idle(struct thread *thread) {
    if (slot_is_long_running_delete(&thread->slots[THREAD_SLOT_CSPACE]) ||
        slot_is_long_running_delete(&thread->slots[THREAD_SLOT_VSPACE]))
        return error_plain(seL4_IllegalOperation);
    return DONE;
}

/** Address 0 means no buffer: then *slot becomes NULL. */
static enum outcome derive_buffer(uint64_t address, struct slot **slot, struct capability *cap) {
    *cap = (*slot)->cap;
    if (address == 0) {
        *slot = NULL;
        return DONE;
    }
    enum outcome outcome = capability_derive(*slot, *cap, cap);
    return outcome != DONE ? outcome : ipc_buffer_check(address, *cap);
}

static void install_buffer(struct thread *thread, struct slot *thread_cap_slot, uint64_t address,
                           struct capability cap, struct slot *source) {
    install(thread, thread_cap_slot, THREAD_SLOT_IPC_BUFFER, source ? cap : capability_null(), source);
    thread->ipc_buffer = address;
    if (thread == kernel.current)
        scheduler_reschedule();
}

static enum outcome configure(const struct invocation *invocation) {
    if (invocation->length < 3 || !kernel.extra[0] || !kernel.extra[1] || !kernel.extra[2])
        return error_plain(seL4_TruncatedMessage);
    struct thread *thread = thread_of(invocation->cap);
    uint64_t cspace_data = argument(invocation, 0), vspace_data = argument(invocation, 1);
    uint64_t buffer_address = argument(invocation, 2);
    struct slot *cspace_slot = kernel.extra[0], *vspace_slot = kernel.extra[1],
                *buffer_slot = kernel.extra[2];
    struct capability cspace, vspace, buffer;
    enum outcome outcome = derive_buffer(buffer_address, &buffer_slot, &buffer);
    if (outcome == DONE)
        outcome = check_space_idle(thread);
    if (outcome == DONE)
        outcome = derive_root(cspace_slot, cspace_data, is_cnode, &cspace);
    if (outcome == DONE)
        outcome = derive_root(vspace_slot, vspace_data, capability_is_valid_vspace, &vspace);
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    install(thread, invocation->slot, THREAD_SLOT_CSPACE, cspace, cspace_slot);
    install(thread, invocation->slot, THREAD_SLOT_VSPACE, vspace, vspace_slot);
    install_buffer(thread, invocation->slot, buffer_address, buffer, buffer_slot);
    return DONE;
}

static enum outcome set_space(const struct invocation *invocation) {
    if (invocation->length < 2 || !kernel.extra[0] || !kernel.extra[1] || !kernel.extra[2])
        return error_plain(seL4_TruncatedMessage);
    struct thread *thread = thread_of(invocation->cap);
    uint64_t cspace_data = argument(invocation, 0), vspace_data = argument(invocation, 1);
    struct slot *handler_slot = kernel.extra[0], *cspace_slot = kernel.extra[1],
                *vspace_slot = kernel.extra[2];
    struct capability handler = handler_slot->cap, cspace, vspace;
    enum outcome outcome = check_space_idle(thread);
    if (outcome == DONE)
        outcome = derive_root(cspace_slot, cspace_data, is_cnode, &cspace);
    if (outcome == DONE)
        outcome = derive_root(vspace_slot, vspace_data, capability_is_valid_vspace, &vspace);
    if (outcome == DONE && !fault_handler_is_valid(handler))
        outcome = error_capability(1);
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    install(thread, invocation->slot, THREAD_SLOT_FAULT_HANDLER, handler, handler_slot);
    install(thread, invocation->slot, THREAD_SLOT_CSPACE, cspace, cspace_slot);
    install(thread, invocation->slot, THREAD_SLOT_VSPACE, vspace, vspace_slot);
    return DONE;
}

static enum outcome set_ipc_buffer(const struct invocation *invocation) {
    if (invocation->length < 1 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t address = argument(invocation, 0);
    struct slot *slot = kernel.extra[0];
    struct capability cap;
    enum outcome outcome = derive_buffer(address, &slot, &cap);
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    install_buffer(thread_of(invocation->cap), invocation->slot, address, cap, slot);
    return DONE;
}

static enum outcome set_timeout_endpoint(const struct invocation *invocation) {
    if (!kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    struct slot *slot = kernel.extra[0];
    struct capability handler = slot->cap;
    if (!fault_handler_is_valid(handler))
        return error_capability(1);
    invocation_accepted();
    install(thread_of(invocation->cap), invocation->slot, THREAD_SLOT_TIMEOUT_HANDLER, handler, slot);
    return DONE;
}

/** SetPriority and SetMCPriority. */
static enum outcome set_priority(const struct invocation *invocation) {
    if (invocation->length < 1 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t priority = argument(invocation, 0);
    if (kernel.extra[0]->cap.type != CAP_THREAD)
        return error_capability(1);
    enum outcome outcome = check_priority(priority, thread_of(kernel.extra[0]->cap));
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    if (invocation->label == TCBSetPriority)
        thread_set_priority(thread_of(invocation->cap), priority);
    else
        thread_of(invocation->cap)->maximum_priority = priority;
    return DONE;
}

/** Whether a thread can be given (or, with a null capability, deprived of) a scheduling context. */
static enum outcome check_sched_context(struct thread *thread, struct capability cap,
                                        struct sched_context **chosen) {
    *chosen = NULL;
    if (cap.type == CAP_NULL)
        return thread == kernel.current ? error_plain(seL4_IllegalOperation) : DONE;
    if (cap.type != CAP_SCHED_CONTEXT)
        return error_capability(2);
    struct sched_context *sc = at(capability_address(cap));
    if (thread->sched_context != sc && (thread->sched_context || sc->thread))
        return error_plain(seL4_IllegalOperation);
    if (thread_is_blocked(thread) && !(sched_context_is_active(sc) && refill_is_ready(sc)))
        return error_plain(seL4_IllegalOperation);
    *chosen = sc;
    return DONE;
}

static enum outcome set_sched_params(const struct invocation *invocation) {
    if (invocation->length < 2 || !kernel.extra[0] || !kernel.extra[1] || !kernel.extra[2])
        return error_plain(seL4_TruncatedMessage);
    struct thread *thread = thread_of(invocation->cap);
    uint64_t maximum = argument(invocation, 0), priority = argument(invocation, 1);
    struct capability sc_cap = kernel.extra[1]->cap, handler = kernel.extra[2]->cap;
    struct slot *handler_slot = kernel.extra[2];
    struct sched_context *sc;
    if (kernel.extra[0]->cap.type != CAP_THREAD)
        return error_capability(1);
    struct thread *authority = thread_of(kernel.extra[0]->cap);
    enum outcome outcome = check_priority(maximum, authority);
    if (outcome == DONE)
        outcome = check_priority(priority, authority);
    if (outcome == DONE)
        outcome = check_sched_context(thread, sc_cap, &sc);
    if (outcome == DONE && !fault_handler_is_valid(handler))
        outcome = error_capability(3);
    if (outcome != DONE)
        return outcome;
    bool changes_sc = thread->sched_context != sc;
    invocation_accepted();
    install(thread, invocation->slot, THREAD_SLOT_FAULT_HANDLER, handler, handler_slot);
    thread->maximum_priority = maximum;
    thread_set_priority(thread, priority);
    if (changes_sc && sc)
        sched_context_bind_thread(sc, thread);
    else if (changes_sc)
        sched_context_unbind_thread(thread->sched_context);
    return DONE;
}

static enum outcome bind_notification(const struct invocation *invocation) {
    if (!kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    struct thread *thread = thread_of(invocation->cap);
    struct capability cap = kernel.extra[0]->cap;
    if (thread->bound_notification || cap.type != CAP_NOTIFICATION || !cap.endpoint.can_receive)
        return error_plain(seL4_IllegalOperation);
    struct notification *notification = at(capability_address(cap));
    if (notification->queue.head || notification->bound_thread)
        return error_plain(seL4_IllegalOperation);
    invocation_accepted();
    notification_bind(thread, notification);
    return DONE;
}

static enum outcome unbind_notification(const struct invocation *invocation) {
    struct thread *thread = thread_of(invocation->cap);
    if (!thread->bound_notification)
        return error_plain(seL4_IllegalOperation);
    invocation_accepted();
    notification_unbind_thread(thread);
    return DONE;
}

static enum outcome set_tls_base(const struct invocation *invocation) {
    if (invocation->length < 1)
        return error_plain(seL4_TruncatedMessage);
    struct thread *thread = thread_of(invocation->cap);
    uint64_t base = argument(invocation, 0);
    invocation_accepted();
    thread->registers[REGISTER_TLS_BASE] = base;
    if (thread == kernel.current)
        scheduler_reschedule();
    return DONE;
}

static enum outcome set_flags(const struct invocation *invocation) {
    if (invocation->length < 2)
        return error_plain(seL4_TruncatedMessage);
    struct thread *thread = thread_of(invocation->cap);
    uint64_t clear = argument(invocation, 0), set = argument(invocation, 1);
    invocation_accepted();
    thread->flags = (thread->flags & ~clear) | (set & seL4_TCBFlag_MASK);
    invocation_reply_word(invocation, thread->flags);
    return DONE;
}

enum outcome tcb_decode(const struct invocation *invocation) {
    switch (invocation->label) {
    case TCBReadRegisters:
    case TCBWriteRegisters:
    case TCBCopyRegisters:
        return registers_decode(invocation);
    case TCBSuspend:
        invocation_accepted();
        thread_suspend(thread_of(invocation->cap));
        return DONE;
    case TCBResume:
        invocation_accepted();
        thread_restart(thread_of(invocation->cap));
        return DONE;
    case TCBConfigure:
        return configure(invocation);
    case TCBSetPriority:
    case TCBSetMCPriority:
        return set_priority(invocation);
    case TCBSetSchedParams:
        return set_sched_params(invocation);
    case TCBSetIPCBuffer:
        return set_ipc_buffer(invocation);
    case TCBSetSpace:
        return set_space(invocation);
    case TCBBindNotification:
        return bind_notification(invocation);
    case TCBUnbindNotification:
        return unbind_notification(invocation);
    case TCBSetTimeoutEndpoint:
        return set_timeout_endpoint(invocation);
    case TCBSetTLSBase:
        return set_tls_base(invocation);
    case TCBSetFlags:
        return set_flags(invocation);
    default:
        return error_plain(seL4_IllegalOperation);
    }
}
