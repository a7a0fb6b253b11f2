// SPDX-License-Identifier: Apache-2.0
//
// Faults: their messages to a handler, and what a handler's reply does to the thread.
#include "kernel.h"

/** Registers in the order of an UnknownSyscall message; the system-call number follows. */
static const enum machine_register syscall_message[] = {
    REGISTER_RAX, REGISTER_RBX, REGISTER_RCX, REGISTER_RDX,      REGISTER_RSI, REGISTER_RDI,
    REGISTER_RBP, REGISTER_R8,  REGISTER_R9,  REGISTER_R10,      REGISTER_R11, REGISTER_R12,
    REGISTER_R13, REGISTER_R14, REGISTER_R15, REGISTER_FAULT_IP, REGISTER_RSP, REGISTER_FLAGS,
};
/** Registers in the order of a UserException message; the vector and its error code follow. */
static const enum machine_register exception_message[] = {REGISTER_FAULT_IP, REGISTER_RSP, REGISTER_FLAGS};
/** Registers that the reply to a Timeout sets. */
static const enum machine_register timeout_reply[] = {
    REGISTER_FAULT_IP, REGISTER_RSP, REGISTER_FLAGS, REGISTER_RAX,      REGISTER_RBX,
    REGISTER_RCX,      REGISTER_RDX, REGISTER_RSI,   REGISTER_RDI,      REGISTER_RBP,
    REGISTER_R8,       REGISTER_R9,  REGISTER_R10,   REGISTER_R11,      REGISTER_R12,
    REGISTER_R13,      REGISTER_R14, REGISTER_R15,   REGISTER_TLS_BASE,
};
#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct fault fault_cap(uint64_t address, bool in_receive_phase) {
    return (struct fault){.label = seL4_Fault_CapFault, .cap = {address, in_receive_phase}};
}

/** A fault handler must be able to receive the message and to reply; none at all is allowed. */
bool fault_handler_is_valid(struct capability cap) {
    if (cap.type == CAP_ENDPOINT)
        return cap.endpoint.can_send && (cap.endpoint.can_grant || cap.endpoint.can_grant_reply);
    return cap.type == CAP_NULL;
}

bool thread_has_timeout_handler(const struct thread *thread) {
    return thread->slots[THREAD_SLOT_TIMEOUT_HANDLER].cap.type == CAP_ENDPOINT;
}

static bool send(struct thread *thread, struct fault fault, struct capability handler, bool can_donate) {
    if (handler.type != CAP_ENDPOINT)
        return false;
    thread->fault = fault;
    if (fault.label == seL4_Fault_CapFault)
        thread->lookup_failure = kernel.lookup_failure;
    endpoint_send(true, false, handler.endpoint.badge, handler.endpoint.can_grant,
                  handler.endpoint.can_grant_reply, can_donate, thread, at(capability_address(handler)));
    return true;
}

/** Reports a fault to the thread's handler; without one the thread stops for good. */
void fault_send(struct thread *thread, struct fault fault) {
    trace("fault %u of thread %lx at %lx\n", fault.label, address_of(thread),
          thread->registers[REGISTER_FAULT_IP]);
    struct capability handler = thread->slots[THREAD_SLOT_FAULT_HANDLER].cap;
    if (!send(thread, fault, handler, thread->sched_context != NULL))
        thread_set_state(thread, THREAD_INACTIVE);
}

void fault_send_timeout(struct thread *thread, struct fault fault) {
    send(thread, fault, thread->slots[THREAD_SLOT_TIMEOUT_HANDLER].cap, false);
}

/** Writes the reason of a failed lookup from a message word on. @return the message's length */
unsigned lookup_failure_write(struct thread *receiver, uint64_t *buffer, const struct lookup_failure *failure,
                              unsigned offset) {
    unsigned length = message_set_word(receiver, buffer, offset, failure->type);
    if (failure->type == seL4_InvalidRoot)
        return length;
    length = message_set_word(receiver, buffer, offset + 1, failure->bits_left);
    if (failure->type == seL4_MissingCapability)
        return length;
    if (failure->type == seL4_DepthMismatch)
        return message_set_word(receiver, buffer, offset + 2, failure->bits_found);
    message_set_word(receiver, buffer, offset + 2, failure->guard_found);
    return message_set_word(receiver, buffer, offset + 3, failure->bits_found);
}

/** Copies registers into the message as far as the receiver has room. */
static void write_registers(struct thread *sender, struct thread *receiver, uint64_t *buffer,
                            const enum machine_register *registers, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        message_set_word(receiver, buffer, i, sender->registers[registers[i]]);
}

/** Writes the message of the sender's fault. @return its length in words */
unsigned fault_write_message(struct thread *sender, struct thread *receiver, uint64_t *buffer) {
    const struct fault *fault = &sender->fault;
    switch (fault->label) {
    case seL4_Fault_CapFault:
        message_set_word(receiver, buffer, seL4_CapFault_IP, sender->registers[REGISTER_FAULT_IP]);
        message_set_word(receiver, buffer, seL4_CapFault_Addr, fault->cap.address);
        message_set_word(receiver, buffer, seL4_CapFault_InRecvPhase, fault->cap.in_receive_phase);
        return lookup_failure_write(receiver, buffer, &sender->lookup_failure,
                                    seL4_CapFault_LookupFailureType);
    case seL4_Fault_UnknownSyscall:
        write_registers(sender, receiver, buffer, syscall_message, LENGTH(syscall_message));
        return message_set_word(receiver, buffer, seL4_UnknownSyscall_Syscall, fault->unknown_syscall.number);
    case seL4_Fault_UserException:
        write_registers(sender, receiver, buffer, exception_message, LENGTH(exception_message));
        message_set_word(receiver, buffer, seL4_UserException_Number, fault->user_exception.number);
        return message_set_word(receiver, buffer, seL4_UserException_Code, fault->user_exception.code);
    case seL4_Fault_Timeout: {
        unsigned length = 0;
        if (!sender->sched_context)
            return message_set_word(receiver, buffer, seL4_Timeout_Data, fault->timeout.badge);
        uint64_t consumed = sched_context_take_consumed(sender->sched_context);
        length = message_set_word(receiver, buffer, seL4_Timeout_Data, fault->timeout.badge);
        return message_set_word(receiver, buffer, length, consumed);
    }
    case seL4_Fault_VMFault:
        message_set_word(receiver, buffer, seL4_VMFault_IP, sender->registers[REGISTER_FAULT_IP]);
        message_set_word(receiver, buffer, seL4_VMFault_Addr, fault->vm.address);
        message_set_word(receiver, buffer, seL4_VMFault_PrefetchFault, fault->vm.is_instruction);
        return message_set_word(receiver, buffer, seL4_VMFault_FSR, fault->vm.code);
    default:
        check(!"a fault that is sent has a message");
        return 0;
    }
}

static void read_registers(struct thread *receiver, struct thread *sender,
                           const enum machine_register *registers, unsigned count) {
    uint64_t *buffer = NULL;
    if (count > seL4_FastMessageRegisters)
        buffer = ipc_buffer_lookup(sender, false);
    for (unsigned i = 0; i < count; i++) {
        uint64_t value;
        if (i < seL4_FastMessageRegisters)
            value = sender->registers[message_registers[i]];
        else if (buffer)
            value = buffer[i + 1];
        else
            return;
        receiver->registers[registers[i]] = register_sanitise(registers[i], value);
    }
}

/** Applies the reply to a fault. @return whether the thread is to continue */
bool fault_apply_reply(struct thread *receiver, struct thread *sender) {
    seL4_MessageInfo_t info = message_info_of(sender);
    uint64_t length = seL4_MessageInfo_get_length(info);
    bool is_resume = seL4_MessageInfo_get_label(info) == 0;
#define AT_MOST(array) (length < LENGTH(array) ? length : LENGTH(array))
    switch (receiver->fault.label) {
    case seL4_Fault_UnknownSyscall:
        read_registers(receiver, sender, syscall_message, AT_MOST(syscall_message));
        return is_resume;
    case seL4_Fault_UserException:
        read_registers(receiver, sender, exception_message, AT_MOST(exception_message));
        return is_resume;
    case seL4_Fault_Timeout:
        read_registers(receiver, sender, timeout_reply, AT_MOST(timeout_reply));
        return is_resume;
    default:
        // A cap or VM fault is repaired elsewhere: any reply lets the thread try again.
        return true;
    }
}
