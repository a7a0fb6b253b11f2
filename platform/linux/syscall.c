// SPDX-License-Identifier: Apache-2.0
//
// Entries into the kernel: system calls, exceptions and interrupts of the current thread. Each begins by
// noting the time and ends by deciding who runs next.
#include "kernel.h"

/** Leaves the kernel. */
static void finish(void) {
    schedule();
    scheduler_activate();
}

static bool enter(void) {
    scheduler_update_time();
    return scheduler_check_budget_restart();
}

static void reply_error(struct thread *thread) {
    const struct syscall_error *error = &kernel.error;
    uint64_t *buffer = ipc_buffer_lookup(thread, true);
    unsigned length = 0;
    thread->registers[REGISTER_BADGE] = 0;
    switch (error->type) {
    case seL4_InvalidArgument:
    case seL4_InvalidCapability:
    case seL4_NotEnoughMemory:
        length = message_set_word(thread, buffer, 0, error->words[0]);
        break;
    case seL4_RangeError:
        message_set_word(thread, buffer, 0, error->words[0]);
        length = message_set_word(thread, buffer, 1, error->words[1]);
        break;
    case seL4_FailedLookup:
        message_set_word(thread, buffer, 0, error->lookup_was_source);
        length = lookup_failure_write(thread, buffer, &kernel.lookup_failure, 1);
        break;
    default:
        break;
    }
    message_info_set(thread, error->type, length);
}

/** Sends a message or performs an invocation on the capability at an address. */
static void invoke(bool is_call, bool is_blocking, bool can_donate, bool is_first_phase, uint64_t address) {
    struct thread *thread = kernel.current;
    seL4_MessageInfo_t info = message_info_of(thread);
    struct slot *slot = cspace_lookup(thread, address);
    if (!slot) {
        if (is_blocking)
            fault_send(thread, fault_cap(address, false));
        return;
    }
    uint64_t *buffer = ipc_buffer_lookup(thread, false), failed_address;
    if (extra_capabilities_lookup(thread, buffer, info, &failed_address) != DONE) {
        if (is_blocking)
            fault_send(thread, fault_cap(failed_address, false));
        return;
    }
    uint64_t length = seL4_MessageInfo_get_length(info);
    if (length > seL4_FastMessageRegisters && !buffer)
        length = seL4_FastMessageRegisters;
    struct invocation invocation = {
        .label = seL4_MessageInfo_get_label(info),
        .length = length,
        .slot = slot,
        .cap = slot->cap,
        .is_call = is_call,
        .buffer = buffer,
    };
    enum outcome outcome = invocation_decode(&invocation, is_blocking, can_donate, is_first_phase);
    if (trace_enabled && slot->cap.type != CAP_ENDPOINT && slot->cap.type != CAP_REPLY)
        trace("  %s on %lx: error %d\n", trace_label(invocation.label), address,
              outcome == DONE ? 0 : (int)kernel.error.type);
    if (outcome != DONE) {
        if (is_call)
            reply_error(thread);
    } else if (thread->state == THREAD_RESTART) {
        // Nothing has replied or made the thread wait: success without a message.
        if (is_call) {
            thread->registers[REGISTER_BADGE] = 0;
            message_info_set(thread, 0, 0);
        }
        thread_set_state(thread, THREAD_RUNNING);
    }
}

static void receive_fault(uint64_t address) {
    fault_send(kernel.current, fault_cap(address, true));
}

/** @param takes_reply whether the thread names a reply object, as all but Wait and NBWait do */
static void receive(bool is_blocking, bool takes_reply) {
    struct thread *thread = kernel.current;
    uint64_t address = thread->registers[REGISTER_CAPABILITY];
    struct slot *slot = cspace_lookup(thread, address);
    if (!slot) {
        receive_fault(address);
        return;
    }
    struct capability cap = slot->cap;
    void *object = at(capability_address(cap));
    if (cap.type == CAP_ENDPOINT && cap.endpoint.can_receive) {
        struct reply *reply = NULL;
        if (takes_reply) {
            uint64_t reply_address = thread->registers[REGISTER_REPLY];
            struct slot *reply_slot = cspace_lookup(thread, reply_address);
            if (reply_slot && reply_slot->cap.type != CAP_REPLY)
                lookup_missing_capability(0);
            if (!reply_slot || reply_slot->cap.type != CAP_REPLY) {
                receive_fault(reply_address);
                return;
            }
            reply = at(capability_address(reply_slot->cap));
        }
        endpoint_receive(thread, object, is_blocking, reply);
        return;
    }
    if (cap.type == CAP_NOTIFICATION && cap.endpoint.can_receive) {
        struct thread *bound = ((struct notification *)object)->bound_thread;
        if (!bound || bound == thread) {
            notification_wait(thread, object, is_blocking);
            return;
        }
    }
    lookup_missing_capability(0);
    receive_fault(address);
}

void handle_syscall(int64_t number) {
    const uint64_t *registers = kernel.current->registers;
    trace("%s thread %lx cap %lx info %lx message %lx %lx %lx %lx\n", trace_syscall(number),
          address_of(kernel.current), registers[REGISTER_CAPABILITY], registers[REGISTER_MESSAGE_INFO],
          registers[REGISTER_R10], registers[REGISTER_R8], registers[REGISTER_R9], registers[REGISTER_R15]);
    if (enter()) {
        switch (number) {
        case seL4_SysSend:
            invoke(false, true, false, false, registers[REGISTER_CAPABILITY]);
            break;
        case seL4_SysNBSend:
            invoke(false, false, false, false, registers[REGISTER_CAPABILITY]);
            break;
        case seL4_SysCall:
            invoke(true, true, true, false, registers[REGISTER_CAPABILITY]);
            break;
        case seL4_SysRecv:
            receive(true, true);
            break;
        case seL4_SysNBRecv:
            receive(false, true);
            break;
        case seL4_SysWait:
            receive(true, false);
            break;
        case seL4_SysNBWait:
            receive(false, false);
            break;
        case seL4_SysReplyRecv:
            invoke(false, false, true, true, registers[REGISTER_REPLY]);
            receive(true, true);
            break;
        case seL4_SysNBSendRecv:
            invoke(false, false, true, true, registers[REGISTER_SEND_DESTINATION]);
            receive(true, true);
            break;
        case seL4_SysNBSendWait:
            invoke(false, false, true, true, registers[REGISTER_REPLY]);
            receive(true, false);
            break;
        case seL4_SysYield:
            scheduler_yield();
            break;
        default:
            check(!"a system call has a known number");
        }
    }
    finish();
}

void handle_unknown_syscall(uint64_t number) {
    if (enter())
        fault_send(kernel.current,
                   (struct fault){.label = seL4_Fault_UnknownSyscall, .unknown_syscall = {number}});
    finish();
}

void handle_user_exception(uint64_t vector, uint64_t code) {
    if (enter())
        fault_send(kernel.current,
                   (struct fault){.label = seL4_Fault_UserException, .user_exception = {vector, code}});
    finish();
}

/** @param code the processor's page-fault error code */
void handle_vm_fault(uint64_t address, uint64_t code) {
    const uint64_t is_instruction = 1UL << 4;
    if (enter())
        fault_send(kernel.current, (struct fault){.label = seL4_Fault_VMFault,
                                                  .vm = {address, code, (code & is_instruction) != 0}});
    finish();
}

void handle_interrupt(unsigned irq) {
    trace("interrupt %u\n", irq);
    scheduler_update_time();
    scheduler_check_budget();
    irq_deliver(irq);
    finish();
}
