// SPDX-License-Identifier: Apache-2.0
//
// Threads' registers: what they start with, what user level may set them to, reading, writing and copying.
#include "kernel.h"

/** The order of seL4_UserContext. */
static const enum machine_register frame_registers[] = {
    REGISTER_FAULT_IP, REGISTER_RSP, REGISTER_FLAGS, REGISTER_RAX, REGISTER_RBX, REGISTER_RCX,
    REGISTER_RDX,      REGISTER_RSI, REGISTER_RDI,   REGISTER_RBP, REGISTER_R8,  REGISTER_R9,
    REGISTER_R10,      REGISTER_R11, REGISTER_R12,   REGISTER_R13, REGISTER_R14, REGISTER_R15,
};
static const enum machine_register integer_registers[] = {REGISTER_FS_BASE, REGISTER_GS_BASE};

enum {
    FRAME_REGISTERS = sizeof frame_registers / sizeof *frame_registers,
    INTEGER_REGISTERS = sizeof integer_registers / sizeof *integer_registers,
    ALL_REGISTERS = FRAME_REGISTERS + INTEGER_REGISTERS,
};

/** Flags of CopyRegisters; bit 0 of ReadRegisters suspends, bit 0 of WriteRegisters resumes. */
enum { COPY_SUSPEND_SOURCE = 1, COPY_RESUME_TARGET = 2, COPY_FRAME = 4, COPY_INTEGER = 8 };

static enum machine_register context_register(unsigned index) {
    return index < FRAME_REGISTERS ? frame_registers[index] : integer_registers[index - FRAME_REGISTERS];
}

void registers_initialise(struct thread *thread) {
    thread->registers[REGISTER_FLAGS] = FLAGS_USER_DEFAULT;
}

/** What a register becomes when user level asks for a value: an address that is not canonical becomes 0,
 * flags keep interrupts on, tracing off and the reserved bits as the processor wants them. */
uint64_t register_sanitise(enum machine_register index, uint64_t value) {
    const uint64_t low_half_end = 0x00007fffffffffff, high_half_start = 0xffff800000000000;
    const uint64_t always_zero = 1UL << 3 | 1UL << 5, settable = 0xfff;
    switch (index) {
    case REGISTER_FAULT_IP:
    case REGISTER_NEXT_IP:
    case REGISTER_FS_BASE:
    case REGISTER_GS_BASE:
        return value > low_half_end && value < high_half_start ? 0 : value;
    case REGISTER_FLAGS:
        value |= FLAGS_ALWAYS_ONE | FLAGS_INTERRUPT;
        return value & ~(always_zero | FLAGS_TRAP) & settable;
    default:
        return value;
    }
}

/** Registers were changed from outside: the thread continues at its (new) instruction pointer, and leaves the
 *  kernel in the way that restores all of them. The current thread still leaves as it came. */
static void registers_modified(struct thread *thread) {
    if (thread != kernel.current)
        thread->registers[REGISTER_ERROR] = 0;
    else
        scheduler_reschedule();
}

static enum outcome read_registers(const struct invocation *invocation, struct thread *source) {
    if (invocation->length < 2)
        return error_plain(seL4_TruncatedMessage);
    uint64_t flags = argument(invocation, 0), count = argument(invocation, 1);
    if (count < 1 || count > ALL_REGISTERS)
        return error_range(1, ALL_REGISTERS);
    if (source == kernel.current)
        return error_plain(seL4_IllegalOperation);
    invocation_accepted();
    if (flags & 1)
        thread_suspend(source);
    unsigned length = 0;
    if (invocation->is_call) {
        uint64_t *buffer = ipc_buffer_lookup(kernel.current, true);
        for (unsigned i = 0; i < count; i++)
            length = message_set_word(kernel.current, buffer, i, source->registers[context_register(i)]);
    }
    invocation_reply(invocation, length);
    return DONE;
}

static enum outcome write_registers(const struct invocation *invocation, struct thread *destination) {
    if (invocation->length < 2)
        return error_plain(seL4_TruncatedMessage);
    uint64_t flags = argument(invocation, 0), count = argument(invocation, 1);
    if (invocation->length - 2 < count)
        return error_plain(seL4_TruncatedMessage);
    if (destination == kernel.current)
        return error_plain(seL4_IllegalOperation);
    invocation_accepted();
    for (unsigned i = 0; i < count && i < ALL_REGISTERS; i++)
        destination->registers[context_register(i)] =
            register_sanitise(context_register(i), argument(invocation, i + 2));
    destination->registers[REGISTER_NEXT_IP] = destination->registers[REGISTER_FAULT_IP];
    registers_modified(destination);
    if (flags & 1)
        thread_restart(destination);
    return DONE;
}

static enum outcome copy_registers(const struct invocation *invocation, struct thread *destination) {
    if (invocation->length < 1 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t flags = argument(invocation, 0);
    if (kernel.extra[0]->cap.type != CAP_THREAD)
        return error_capability(1);
    struct thread *source = at(capability_address(kernel.extra[0]->cap));
    invocation_accepted();
    if (flags & COPY_SUSPEND_SOURCE)
        thread_suspend(source);
    if (flags & COPY_RESUME_TARGET)
        thread_restart(destination);
    if (flags & COPY_FRAME) {
        for (unsigned i = 0; i < FRAME_REGISTERS; i++)
            destination->registers[frame_registers[i]] = source->registers[frame_registers[i]];
        destination->registers[REGISTER_NEXT_IP] = destination->registers[REGISTER_FAULT_IP];
    }
    if (flags & COPY_INTEGER)
        for (unsigned i = 0; i < INTEGER_REGISTERS; i++)
            destination->registers[integer_registers[i]] = source->registers[integer_registers[i]];
    registers_modified(destination);
    return DONE;
}

enum outcome registers_decode(const struct invocation *invocation) {
    struct thread *thread = at(capability_address(invocation->cap));
    switch (invocation->label) {
    case TCBReadRegisters:
        return read_registers(invocation, thread);
    case TCBWriteRegisters:
        return write_registers(invocation, thread);
    default:
        return copy_registers(invocation, thread);
    }
}
