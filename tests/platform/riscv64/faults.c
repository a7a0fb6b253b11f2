// SPDX-License-Identifier: Apache-2.0
//
// Faults of riscv64: unknown system calls, processor exceptions, floating point registers.
#include "../fault.h"
#include "../script.h"

extern unsigned char domain_report_twice[], domain_undefined[], domain_breakpoint[], domain_privileged[],
    domain_store[], domain_vector[], domain_vector_fault[], domain_thread_base[];

const seL4_UserContext fault_pattern = {.sp = DOMAIN_DATA + PAGE,
                                        .ra = 0x10000,
                                        .s0 = 0x10001,
                                        .s1 = 0x10002,
                                        .s2 = 0x10003,
                                        .s3 = 0x10004,
                                        .s4 = 0x10005,
                                        .s5 = 0x10006,
                                        .s6 = 0x10007,
                                        .s7 = 0x10008,
                                        .s8 = 0x10009,
                                        .s9 = 0x1000a,
                                        .s10 = 0x1000b,
                                        .s11 = 0x1000c,
                                        .a0 = 0x1000d,
                                        .a1 = 0x1000e,
                                        .a2 = 0x1000f,
                                        .a3 = 0x10010,
                                        .a4 = 0x10011,
                                        .a5 = 0x10012,
                                        .a6 = 0x10013,
                                        .a7 = 0x10014,
                                        .t0 = 0x10015,
                                        .t1 = 0x10016,
                                        .t2 = 0x10017,
                                        .t3 = 0x10018,
                                        .t4 = 0x10019,
                                        .t5 = 0x1001a,
                                        .t6 = 0x1001b,
                                        .tp = 0x5000};

static void unknown_syscalls(void) {
    fault_log("fault.trap", fault_run(domain_report));
    // The reply's words are the registers: all that are given are set.
    ipc_buffer->msg[seL4_UnknownSyscall_A0] = 0xaaaa;
    ipc_buffer->msg[seL4_UnknownSyscall_A5] = 0xcccc;
    ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] = IN_DOMAIN(domain_report) + 4;
    ipc_buffer->msg[seL4_UnknownSyscall_SP] = 0x77777000;
    fault_reply(0, seL4_UnknownSyscall_Length);
    ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] = IN_DOMAIN(domain_report);
    ipc_buffer->msg[0] = IN_DOMAIN(domain_report);
    fault_reply(0, 1);
    fault_reply(0, 0);
    // A label other than 0 leaves the thread stopped.
    fault_run(domain_report);
    ipc_buffer->msg[0] = IN_DOMAIN(domain_report);
    send(seL4_SysSend, fault_thread.reply, 1, 1);
    fault_log("fault.stopped", receive(seL4_SysNBRecv, fault_thread.fault_endpoint, fault_thread.reply));
    seL4_UserContext context;
    read_registers(fault_thread.tcb, false, &context);
    LOG("fault.stopped-registers", context.CONTEXT_FIRST, context.CONTEXT_IP - DOMAIN_CODE);
    thread_start(&fault_thread);
    fault_log("fault.resumed", thread_wait_fault(&fault_thread));
    static const int64_t numbers[] = {0, -1, -2, -3, -4, -5, -7, -8, -9, -10, -14, -33, 1, 0x7fffffff};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        context = fault_pattern;
        context.a7 = numbers[i];
        fault_log("fault.number", fault_run_with(domain_report, context));
    }
    // -6 (NBSend) and -11 (Yield) return without a word: what comes is the next call.
    static const int64_t silent[] = {-6, -11};
    for (unsigned i = 0; i < sizeof silent / sizeof *silent; i++) {
        context = fault_pattern;
        context.a7 = silent[i];
        fault_log("fault.silent", fault_run_with(domain_report_twice, context));
    }
}

static void exceptions(void) {
    fault_log("fault.undefined", fault_run(domain_undefined));
    ipc_buffer->msg[seL4_UserException_FaultIP] = IN_DOMAIN(domain_undefined) + 4;
    fault_reply(0, 1);
    fault_log("fault.breakpoint", fault_run(domain_breakpoint));
    // Answered with the next instruction, it goes on there.
    seL4_UserContext context;
    read_registers(fault_thread.tcb, false, &context);
    LOG("fault.breakpoint-at", context.CONTEXT_IP - IN_DOMAIN(domain_breakpoint));
    context.CONTEXT_IP += 4;
    write_registers(fault_thread.tcb, true, &context);
    fault_log("fault.after-breakpoint", thread_wait_fault(&fault_thread));
    fault_log("fault.privileged", fault_run(domain_privileged));
    context = fault_pattern;
    context.CONTEXT_FIRST = 0x12345678;
    struct message message = fault_run_with(domain_store, context);
    message.words[seL4_VMFault_FSR] = FAULT_STATUS(message.words[seL4_VMFault_FSR]);
    fault_log("fault.memory", message);
    message = reply_receive(fault_thread.fault_endpoint, fault_thread.reply, 1,
                            0); // the label does not matter: it tries again
    LOG("fault.memory-again", message.label, message.words[seL4_VMFault_Addr]);
    fault_log("fault.thread-base", fault_run(domain_thread_base));
}

/** Runs a thread on from behind the system call that it has reported; what it reports next. */
static uint64_t next_report(const struct thread *thread) {
    seL4_UserContext state;
    read_registers(thread->tcb, false, &state);
    state.CONTEXT_IP += 4;
    write_registers(thread->tcb, true, &state);
    return thread_wait_fault(thread).words[UNKNOWN_RESULT];
}

static void vectors(void) {
    seL4_UserContext context = fault_pattern;
    context.CONTEXT_SECOND = 0x1122334455667788;
    fault_run_with(domain_vector, context);
    struct thread first = fault_thread,
                  second = domain_new(IN_DOMAIN(domain_vector), PRIORITY_HIGH, &(seL4_CPtr){0});
    // Another thread of another VSpace, and one of the same, use the register in between.
    fault_thread = second;
    context.CONTEXT_SECOND = 2;
    fault_run_with(domain_vector, context);
    struct thread same =
        thread_new((void (*)(uint64_t))(uintptr_t)IN_DOMAIN(domain_vector), 0, PRIORITY_HIGH);
    invoke(same.tcb, TCBSetSpace, CAPS(minted(same.fault_endpoint, 3), empty_cspace(), fault_vspace),
           WORDS(seL4_CNode_CapData_new(empty_cspace_guard, 63).words[0], 0));
    fault_thread = same;
    context.CONTEXT_SECOND = 3;
    fault_run_with(domain_vector, context);
    LOG("fault.vector", next_report(&first));
    LOG("fault.vector-same-vspace", next_report(&same));
    fault_thread = first;
    // A fault of memory in between loses nothing either.
    context.CONTEXT_SECOND = 0x99887766;
    context.CONTEXT_FIRST = 0x50000000;
    fault_run_with(domain_vector_fault, context);
    seL4_CPtr frame = object_new(FRAME_TYPE, 0);
    map_frame(fault_vspace, frame, 0x50000000, ALL_RIGHTS);
    struct message message = reply_receive(fault_thread.fault_endpoint, fault_thread.reply, 0, 0);
    LOG("fault.vector-memory", message.label, message.words[UNKNOWN_RESULT]);
    delete (second.tcb);
    delete (same.tcb);
}

void test_architecture_faults(void) {
    unknown_syscalls();
    exceptions();
    vectors();
}
