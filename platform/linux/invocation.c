// SPDX-License-Identifier: Apache-2.0
//
// Invocations: their arguments, their errors, and which file decodes them.
#include "kernel.h"

struct kernel_state kernel;

/** A word of the message: the first four travel in registers. */
uint64_t argument(const struct invocation *invocation, unsigned index) {
    if (index < seL4_FastMessageRegisters)
        return kernel.current->registers[message_registers[index]];
    check(invocation->buffer);
    return invocation->buffer[index + 1];
}

static enum outcome error(seL4_Error type, uint64_t first, uint64_t second) {
    kernel.error = (struct syscall_error){.type = type, .words = {first, second}};
    return SYSCALL_ERROR;
}

enum outcome error_plain(seL4_Error type) {
    return error(type, 0, 0);
}
enum outcome error_argument(unsigned number) {
    return error(seL4_InvalidArgument, number, 0);
}
enum outcome error_capability(unsigned number) {
    return error(seL4_InvalidCapability, number, 0);
}
enum outcome error_range(uint64_t low, uint64_t high) {
    return error(seL4_RangeError, low, high);
}

/** kernel.lookup_failure says why. */
enum outcome error_lookup(bool was_source) {
    kernel.error = (struct syscall_error){.type = seL4_FailedLookup, .lookup_was_source = was_source};
    return SYSCALL_ERROR;
}

void invocation_accepted(void) {
    thread_set_state(kernel.current, THREAD_RESTART);
}

void invocation_reply(const struct invocation *invocation, unsigned length) {
    if (invocation->is_call) {
        kernel.current->registers[REGISTER_BADGE] = 0;
        message_info_set(kernel.current, 0, length);
    }
    // Running, not restarted: the reply is already in place and must not be overwritten by an empty one.
    thread_set_state(kernel.current, THREAD_RUNNING);
}

void invocation_reply_word(const struct invocation *invocation, uint64_t word) {
    unsigned length = 0;
    if (invocation->is_call)
        length = message_set_word(kernel.current, ipc_buffer_lookup(kernel.current, true), 0, word);
    invocation_reply(invocation, length);
}

/** Kinds that a combined send-and-receive may not invoke: only messages and what cannot suspend the caller.
 */
static bool is_refused_in_first_phase(enum capability_type type) {
    return type == CAP_THREAD || type == CAP_DOMAIN || type == CAP_CNODE || type == CAP_SCHED_CONTROL ||
           type == CAP_SCHED_CONTEXT;
}

enum outcome invocation_decode(const struct invocation *invocation, bool is_blocking, bool can_donate,
                               bool is_first_phase) {
    struct capability cap = invocation->cap;
    void *object = at(capability_address(cap));
    if (is_first_phase && is_refused_in_first_phase(cap.type))
        return error_capability(0);
    switch ((enum capability_type)cap.type) {
    case CAP_NULL:
    case CAP_ZOMBIE:
        return error_capability(0);
    case CAP_ENDPOINT:
        if (!cap.endpoint.can_send)
            return error_capability(0);
        invocation_accepted();
        endpoint_send(is_blocking, invocation->is_call, cap.endpoint.badge, cap.endpoint.can_grant,
                      cap.endpoint.can_grant_reply, can_donate, kernel.current, object);
        return DONE;
    case CAP_NOTIFICATION:
        if (!cap.endpoint.can_send)
            return error_capability(0);
        invocation_accepted();
        notification_signal(object, cap.endpoint.badge);
        return DONE;
    case CAP_REPLY:
        invocation_accepted();
        ipc_reply(kernel.current, object, cap.reply.can_grant);
        return DONE;
    case CAP_THREAD:
        return tcb_decode(invocation);
    case CAP_DOMAIN:
        return domain_decode(invocation);
    case CAP_CNODE:
        return cnode_decode(invocation);
    case CAP_UNTYPED:
        return untyped_decode(invocation);
    case CAP_IRQ_CONTROL:
        return irq_control_decode(invocation);
    case CAP_IRQ_HANDLER:
        return irq_handler_decode(invocation);
    case CAP_SCHED_CONTROL:
        return schedcontrol_decode(invocation);
    case CAP_SCHED_CONTEXT:
        return schedcontext_decode(invocation);
    case CAP_FRAME:
        return frame_decode(invocation);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        return paging_structure_decode(invocation);
    case CAP_PML4:
        return error_plain(seL4_IllegalOperation);
    case CAP_ASID_CONTROL:
        return asid_control_decode(invocation);
    case CAP_ASID_POOL:
        return asid_pool_decode(invocation);
    case CAP_IO_PORT_CONTROL:
        return io_port_control_decode(invocation);
    case CAP_IO_PORT:
        return io_port_decode(invocation);
    case CAP_IO_PAGE_TABLE:
        return io_page_table_decode(invocation);
    }
    check(!"a capability has a known type");
    return DONE;
}
