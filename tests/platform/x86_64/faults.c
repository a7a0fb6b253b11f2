// SPDX-License-Identifier: Apache-2.0
//
// Faults of x86_64: unknown system calls, interrupt vectors, processor exceptions, vector registers.
#include "../fault.h"
#include "../script.h"

extern unsigned char domain_syscall[], domain_undefined[], domain_divide[], domain_breakpoint[],
    domain_legacy_syscall[], domain_interrupt_32[], domain_interrupt_255[], domain_interrupts[],
    domain_halt[], domain_store[], domain_vector[], domain_vector_fault[], domain_thread_base[];

const seL4_UserContext fault_pattern = {.rsp = DOMAIN_DATA + PAGE,
                                        .rflags = 0x202,
                                        .rax = 0x1000a,
                                        .rbx = 0x1000b,
                                        .rcx = 0x1000c,
                                        .rdx = 0x1000d,
                                        .rsi = 0x10005,
                                        .rdi = 0x10006,
                                        .rbp = 0x10007,
                                        .r8 = 0x10008,
                                        .r9 = 0x10009,
                                        .r10 = 0x10010,
                                        .r11 = 0x10011,
                                        .r12 = 0x10012,
                                        .r13 = 0x10013,
                                        .r14 = 0x10014,
                                        .r15 = 0x10015,
                                        .fs_base = 0x5000,
                                        .gs_base = 0x6000};

static void unknown_syscalls(void) {
    fault_log("fault.trap", fault_run(domain_report));
    // The reply's words are the registers: all that are given are set.
    ipc_buffer->msg[seL4_UnknownSyscall_RAX] = 0xaaaa;
    ipc_buffer->msg[seL4_UnknownSyscall_RCX] = 0xcccc;
    ipc_buffer->msg[seL4_UnknownSyscall_R11] = 0xbbbb;
    ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] = IN_DOMAIN(domain_report) + 2;
    ipc_buffer->msg[seL4_UnknownSyscall_FLAGS] = ~0UL;
    ipc_buffer->msg[seL4_UnknownSyscall_SP] = 0x77777000;
    fault_reply(0, seL4_UnknownSyscall_Length);
    ipc_buffer->msg[0] = 0xdddd;
    fault_reply(0, 1);
    fault_reply(0, 0);
    fault_log("fault.syscall", fault_run(domain_syscall));
    ipc_buffer->msg[seL4_UnknownSyscall_RAX] = 0x4444;
    ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] = IN_DOMAIN(domain_syscall) + 2;
    struct message message = reply_receive(fault_thread.fault_endpoint, fault_thread.reply, 0, 16);
    // sysret leaves the next instruction's address in rcx and the flags in r11.
    message.words[seL4_UnknownSyscall_RCX] -= DOMAIN_CODE;
    fault_log("fault.after-syscall", message);
    // A label other than 0 leaves the thread stopped.
    message = fault_run(domain_report);
    ipc_buffer->msg[0] = 0x99;
    send(seL4_SysSend, fault_thread.reply, 1, 1);
    fault_log("fault.stopped", receive(seL4_SysNBRecv, fault_thread.fault_endpoint, fault_thread.reply));
    seL4_UserContext context;
    read_registers(fault_thread.tcb, false, &context);
    LOG("fault.stopped-registers", context.rax, context.rip - DOMAIN_CODE);
    thread_start(&fault_thread);
    fault_log("fault.resumed", thread_wait_fault(&fault_thread));
    static const int64_t numbers[] = {0,  -1, -2,  -3,  -4,  -5,  -6, -7,
                                      -8, -9, -10, -11, -14, -33, 1,  0x7fffffff};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        context = fault_pattern;
        context.rdx = numbers[i];
        fault_log("fault.number", fault_run_with(domain_syscall, context));
    }
}

/** Vectors that nothing has: all are unknown system calls with every register as it was; the number has the
 * vector. */
static void interrupts(void) {
    const unsigned first = 0xa0, last = 0xfe;
    unsigned alike = 0;
    struct message message = {0};
    for (unsigned vector = first; vector <= last; vector++) {
        const unsigned char *code = domain_interrupts + 2 * (vector - first);
        message = fault_run(code);
        alike += message.label == seL4_Fault_UnknownSyscall &&
                 message.words[seL4_UnknownSyscall_FaultIP] == IN_DOMAIN(code) &&
                 message.words[seL4_UnknownSyscall_SP] == fault_pattern.rsp &&
                 message.words[seL4_UnknownSyscall_RCX] == fault_pattern.rcx &&
                 message.words[seL4_UnknownSyscall_R11] == fault_pattern.r11 &&
                 message.words[seL4_UnknownSyscall_Syscall] ==
                     (0xffffffff00000000 | vector << 24 | fault_pattern.rax);
    }
    LOG("fault.interrupts", alike, last - first + 1);
    fault_log("fault.interrupt-254", message);
}

static void exceptions(void) {
    fault_log("fault.undefined", fault_run(domain_undefined));
    ipc_buffer->msg[seL4_UserException_FaultIP] = IN_DOMAIN(domain_undefined) + 2;
    fault_reply(0, 3);
    fault_log("fault.divide", fault_run(domain_divide));
    fault_log("fault.breakpoint", fault_run(domain_breakpoint));
    // The vector's place in the error code: QEMU has it one bit higher than processors.
    struct message message = fault_run(domain_legacy_syscall);
    message.words[seL4_UserException_Code] &= 7;
    fault_log("fault.legacy-syscall", message);
    message = fault_run(domain_interrupt_32);
    message.words[seL4_UserException_Code] &= 7;
    fault_log("fault.interrupt-32", message);
    fault_log("fault.interrupt-255", fault_run(domain_interrupt_255));
    interrupts();
    fault_log("fault.halt", fault_run(domain_halt));
    ipc_buffer->msg[seL4_UserException_FaultIP] = IN_DOMAIN(domain_halt) + 1;
    ipc_buffer->msg[seL4_UserException_SP] = 0x1230;
    fault_reply(0, 2);
    seL4_UserContext context = fault_pattern;
    context.rdi = 0x12345678;
    fault_log("fault.memory", fault_run_with(domain_store, context));
    fault_reply(1, 0); // the label does not matter: it tries again
    fault_reply(0, 0);
    fault_log("fault.thread-base", fault_run(domain_thread_base));
}

static void vectors(void) {
    seL4_UserContext context = fault_pattern;
    context.rsi = 0x1122334455667788;
    fault_run_with(domain_vector, context);
    struct thread first = fault_thread,
                  second = domain_new(IN_DOMAIN(domain_vector), PRIORITY_HIGH, &(seL4_CPtr){0});
    // Another thread of another VSpace, and one of the same, use the register in between.
    fault_thread = second;
    context.rsi = 2;
    fault_run_with(domain_vector, context);
    fault_thread = first;
    ipc_buffer->msg[0] = 0;
    struct thread same =
        thread_new((void (*)(uint64_t))(uintptr_t)IN_DOMAIN(domain_vector), 0, PRIORITY_HIGH);
    invoke(same.tcb, TCBSetSpace, CAPS(minted(same.fault_endpoint, 3), empty_cspace(), fault_vspace),
           WORDS(seL4_CNode_CapData_new(empty_cspace_guard, 63).words[0], 0));
    fault_thread = same;
    context.rsi = 3;
    fault_run_with(domain_vector, context);
    fault_thread = first;
    seL4_UserContext state;
    read_registers(fault_thread.tcb, false, &state);
    state.rip += 2;
    write_registers(fault_thread.tcb, true, &state);
    LOG("fault.vector", thread_wait_fault(&fault_thread).words[seL4_UnknownSyscall_RAX]);
    fault_thread = same;
    read_registers(fault_thread.tcb, false, &state);
    state.rip += 2;
    write_registers(fault_thread.tcb, true, &state);
    LOG("fault.vector-same-vspace", thread_wait_fault(&fault_thread).words[seL4_UnknownSyscall_RAX]);
    fault_thread = first;
    // A fault of memory in between loses nothing either.
    context.rsi = 0x99887766;
    context.rdi = 0x50000000;
    fault_run_with(domain_vector_fault, context);
    seL4_CPtr frame = object_new(FRAME_TYPE, 0);
    map_frame(fault_vspace, frame, 0x50000000, ALL_RIGHTS);
    struct message message = reply_receive(fault_thread.fault_endpoint, fault_thread.reply, 0, 0);
    LOG("fault.vector-memory", message.label, message.words[seL4_UnknownSyscall_RBX]);
    delete (second.tcb);
    delete (same.tcb);
}

void test_architecture_faults(void) {
    unknown_syscalls();
    exceptions();
    vectors();
}
