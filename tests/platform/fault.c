// SPDX-License-Identifier: Apache-2.0
//
// Faults: the messages, and what replies to them do.
#include "script.h"

extern unsigned char domain_report[], domain_syscall[], domain_undefined[], domain_divide[],
    domain_breakpoint[], domain_legacy_syscall[], domain_interrupt_32[], domain_interrupt_255[],
    domain_interrupts[], domain_halt[], domain_store[], domain_vector[], domain_vector_fault[],
    domain_thread_base[], domain_load[], domain_jump[];

static struct thread thread;
static seL4_CPtr vspace;

static const seL4_UserContext pattern = {.rsp = DOMAIN_DATA + PAGE,
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

static struct message run_with(const unsigned char *code, seL4_UserContext context) {
    context.rip = IN_DOMAIN(code);
    expect_success("fault.start", write_registers(thread.tcb, true, &context));
    return thread_wait_fault(&thread);
}

static struct message run(const unsigned char *code) {
    return run_with(code, pattern);
}

/** The whole message; a first word that is an address is given as its place in the code. */
static void log_fault(const char *name, struct message message) {
    if (message.label == seL4_Fault_UnknownSyscall)
        message.words[seL4_UnknownSyscall_FaultIP] -= DOMAIN_CODE;
    else if (message.length > 0)
        message.words[0] -= DOMAIN_CODE;
    uint64_t words[3 + 19] = {message.badge, message.label, message.length};
    for (unsigned i = 0; i < message.length && i < 19; i++)
        words[3 + i] = message.words[i];
    log_words(name, 3 + (message.length < 19 ? message.length : 19), words);
}

static void reply(uint64_t label, unsigned length) {
    log_fault("fault.next", reply_receive(thread.fault_endpoint, thread.reply, label, length));
}

static void unknown_syscalls(void) {
    log_fault("fault.trap", run(domain_report));
    // The reply's words are the registers: all that are given are set.
    ipc_buffer->msg[seL4_UnknownSyscall_RAX] = 0xaaaa;
    ipc_buffer->msg[seL4_UnknownSyscall_RCX] = 0xcccc;
    ipc_buffer->msg[seL4_UnknownSyscall_R11] = 0xbbbb;
    ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] = IN_DOMAIN(domain_report) + 2;
    ipc_buffer->msg[seL4_UnknownSyscall_FLAGS] = ~0UL;
    ipc_buffer->msg[seL4_UnknownSyscall_SP] = 0x77777000;
    reply(0, seL4_UnknownSyscall_Length);
    ipc_buffer->msg[0] = 0xdddd;
    reply(0, 1);
    reply(0, 0);
    log_fault("fault.syscall", run(domain_syscall));
    ipc_buffer->msg[seL4_UnknownSyscall_RAX] = 0x4444;
    ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] = IN_DOMAIN(domain_syscall) + 2;
    struct message message = reply_receive(thread.fault_endpoint, thread.reply, 0, 16);
    // sysret leaves the next instruction's address in rcx and the flags in r11.
    message.words[seL4_UnknownSyscall_RCX] -= DOMAIN_CODE;
    log_fault("fault.after-syscall", message);
    // A label other than 0 leaves the thread stopped.
    message = run(domain_report);
    ipc_buffer->msg[0] = 0x99;
    send(seL4_SysSend, thread.reply, 1, 1);
    log_fault("fault.stopped", receive(seL4_SysNBRecv, thread.fault_endpoint, thread.reply));
    seL4_UserContext context;
    read_registers(thread.tcb, false, &context);
    LOG("fault.stopped-registers", context.rax, context.rip - DOMAIN_CODE);
    thread_start(&thread);
    log_fault("fault.resumed", thread_wait_fault(&thread));
    static const int64_t numbers[] = {0,  -1, -2,  -3,  -4,  -5,  -6, -7,
                                      -8, -9, -10, -11, -14, -33, 1,  0x7fffffff};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        context = pattern;
        context.rdx = numbers[i];
        log_fault("fault.number", run_with(domain_syscall, context));
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
        message = run(code);
        alike +=
            message.label == seL4_Fault_UnknownSyscall &&
            message.words[seL4_UnknownSyscall_FaultIP] == IN_DOMAIN(code) &&
            message.words[seL4_UnknownSyscall_SP] == pattern.rsp &&
            message.words[seL4_UnknownSyscall_RCX] == pattern.rcx &&
            message.words[seL4_UnknownSyscall_R11] == pattern.r11 &&
            message.words[seL4_UnknownSyscall_Syscall] == (0xffffffff00000000 | vector << 24 | pattern.rax);
    }
    LOG("fault.interrupts", alike, last - first + 1);
    log_fault("fault.interrupt-254", message);
}

static void exceptions(void) {
    log_fault("fault.undefined", run(domain_undefined));
    ipc_buffer->msg[seL4_UserException_FaultIP] = IN_DOMAIN(domain_undefined) + 2;
    reply(0, 3);
    log_fault("fault.divide", run(domain_divide));
    log_fault("fault.breakpoint", run(domain_breakpoint));
    // The vector's place in the error code: QEMU has it one bit higher than processors.
    struct message message = run(domain_legacy_syscall);
    message.words[seL4_UserException_Code] &= 7;
    log_fault("fault.legacy-syscall", message);
    message = run(domain_interrupt_32);
    message.words[seL4_UserException_Code] &= 7;
    log_fault("fault.interrupt-32", message);
    log_fault("fault.interrupt-255", run(domain_interrupt_255));
    interrupts();
    log_fault("fault.halt", run(domain_halt));
    ipc_buffer->msg[seL4_UserException_FaultIP] = IN_DOMAIN(domain_halt) + 1;
    ipc_buffer->msg[seL4_UserException_SP] = 0x1230;
    reply(0, 2);
    seL4_UserContext context = pattern;
    context.rdi = 0x12345678;
    log_fault("fault.memory", run_with(domain_store, context));
    reply(1, 0); // the label does not matter: it tries again
    reply(0, 0);
    log_fault("fault.thread-base", run(domain_thread_base));
}

static void vectors(void) {
    seL4_UserContext context = pattern;
    context.rsi = 0x1122334455667788;
    run_with(domain_vector, context);
    struct thread first = thread,
                  second = domain_new(IN_DOMAIN(domain_vector), PRIORITY_HIGH, &(seL4_CPtr){0});
    // Another thread of another VSpace, and one of the same, use the register in between.
    thread = second;
    context.rsi = 2;
    run_with(domain_vector, context);
    thread = first;
    ipc_buffer->msg[0] = 0;
    struct thread same =
        thread_new((void (*)(uint64_t))(uintptr_t)IN_DOMAIN(domain_vector), 0, PRIORITY_HIGH);
    invoke(same.tcb, TCBSetSpace, CAPS(minted(same.fault_endpoint, 3), empty_cspace(), vspace),
           WORDS(seL4_CNode_CapData_new(empty_cspace_guard, 63).words[0], 0));
    thread = same;
    context.rsi = 3;
    run_with(domain_vector, context);
    thread = first;
    seL4_UserContext state;
    read_registers(thread.tcb, false, &state);
    state.rip += 2;
    write_registers(thread.tcb, true, &state);
    LOG("fault.vector", thread_wait_fault(&thread).words[seL4_UnknownSyscall_RAX]);
    thread = same;
    read_registers(thread.tcb, false, &state);
    state.rip += 2;
    write_registers(thread.tcb, true, &state);
    LOG("fault.vector-same-vspace", thread_wait_fault(&thread).words[seL4_UnknownSyscall_RAX]);
    thread = first;
    // A fault of memory in between loses nothing either.
    context.rsi = 0x99887766;
    context.rdi = 0x50000000;
    run_with(domain_vector_fault, context);
    seL4_CPtr frame = object_new(seL4_X86_4K, 0);
    map_frame(vspace, frame, 0x50000000, ALL_RIGHTS);
    struct message message = reply_receive(thread.fault_endpoint, thread.reply, 0, 0);
    LOG("fault.vector-memory", message.label, message.words[seL4_UnknownSyscall_RBX]);
    delete (second.tcb);
    delete (same.tcb);
}

/** A CSpace that resolves nothing: what a thread's system calls come to. */
static void capability_faults(void) {
    static const struct {
        const char *name;
        int64_t number;
        uint64_t capability, reply;
    } calls[] = {
        {"fault.cap-call", seL4_SysCall, 1UL << 52, 0},
        {"fault.cap-send", seL4_SysSend, 1UL << 52, 0},
        {"fault.cap-recv", seL4_SysRecv, 1UL << 52, 0},
        {"fault.cap-recv-null", seL4_SysRecv, 0, 0},
        {"fault.cap-recv-tcb", seL4_SysRecv, seL4_CapInitThreadTCB, 0},
        {"fault.cap-nbrecv", seL4_SysNBRecv, 1UL << 53, 0},
        {"fault.cap-wait", seL4_SysWait, 1UL << 54, 0},
        {"fault.cap-replyrecv", seL4_SysReplyRecv, 1UL << 55, 1UL << 56},
    };
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct script script = {
            .count = 1, .steps = {{calls[i].number, calls[i].capability, 0, 0, 0, calls[i].reply, 0}}};
        struct thread caller = script_start(&script, PRIORITY_HIGH);
        struct message message = thread_wait_fault(&caller);
        LOG(calls[i].name, message.label, message.length, message.words[1], message.words[2],
            message.words[3], message.words[4], message.length > 5 ? message.words[5] : 0,
            message.length > 6 ? message.words[6] : 0);
        script_end(&caller);
    }
    // A receive with rights, but a reply capability that is none.
    seL4_CPtr endpoint = object_new(seL4_EndpointObject, 0), send_only = slot_new();
    copy(send_only, endpoint, seL4_CanWrite.words[0]);
    struct script no_reply = {.count = 1, .steps = {{seL4_SysRecv, endpoint, 0, 0, 0, endpoint, 0}}};
    struct thread caller = script_start(&no_reply, PRIORITY_HIGH);
    struct message message = thread_wait_fault(&caller);
    LOG("fault.cap-no-reply", message.label, message.words[1] == endpoint, message.words[2], message.words[3],
        message.words[4]);
    script_end(&caller);
    struct script no_right = {.count = 1, .steps = {{seL4_SysWait, send_only, 0, 0, 0, 0, 0}}};
    caller = script_start(&no_right, PRIORITY_HIGH);
    message = thread_wait_fault(&caller);
    LOG("fault.cap-no-right", message.label, message.words[1] == send_only, message.words[2],
        message.words[3]);
    // Repaired, the call is repeated: the endpoint's slot now allows to receive.
    delete (send_only);
    copy(send_only, endpoint, ALL_RIGHTS);
    send(seL4_SysSend, caller.reply, 0, 0);
    ipc_buffer->msg[0] = 0x31;
    send(seL4_SysSend, endpoint, 4, 2);
    script_log("fault.cap-repaired", &no_right);
    script_end(&caller);
}

static void handlers(void) {
    // A handler without rights to grant cannot be replied to: refused when it is set, so use another way.
    seL4_CPtr endpoint = object_new(seL4_EndpointObject, 0), reply_object = object_new(seL4_ReplyObject, 0);
    log_message("fault.set-handler", set_sched_params(thread.tcb, PRIORITY_HIGH, PRIORITY_HIGH,
                                                      thread.sched_context, minted(endpoint, 0xbeef)));
    seL4_UserContext context = pattern;
    context.rip = IN_DOMAIN(domain_report);
    write_registers(thread.tcb, true, &context);
    struct message message = receive(seL4_SysRecv, endpoint, reply_object);
    LOG("fault.new-handler", message.badge, message.label);
    // A passive handler runs on the faulting thread's scheduling context, and gives it back with the reply.
    seL4_CPtr start = object_new(seL4_EndpointObject, 0), handler_reply = object_new(seL4_ReplyObject, 0);
    struct script handler = {.count = 3,
                             .steps = {{seL4_SysNBSendRecv, endpoint, 0, 0, 0, handler_reply, start},
                                       {seL4_SysReplyRecv, endpoint, 0, 0, 0, handler_reply, 0},
                                       {seL4_SysReplyRecv, endpoint, 1, 0, 0, handler_reply, 0}}};
    struct thread server = script_start(&handler, PRIORITY_HIGH + 1);
    invoke(server.sched_context, SchedContextUnbind, NO_CAPS, NO_WORDS);
    write_registers(thread.tcb, true, &context);
    LOG("fault.passive-handler", handler.done, handler.badge[0],
        seL4_MessageInfo_get_label((seL4_MessageInfo_t){{handler.info[0]}}), handler.badge[1]);
    script_end(&server);
}

void test_fault(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    thread = domain_new(IN_DOMAIN(domain_report), PRIORITY_HIGH, &vspace);
    unknown_syscalls();
    exceptions();
    vectors();
    capability_faults();
    handlers();
    delete (thread.tcb);
}
