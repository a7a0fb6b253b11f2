// SPDX-License-Identifier: Apache-2.0
//
// Faults: the messages, and what replies to them do.
#include "fault.h"
#include "script.h"

struct thread fault_thread;
seL4_CPtr fault_vspace;

struct message fault_run_with(const unsigned char *code, seL4_UserContext context) {
    context.CONTEXT_IP = IN_DOMAIN(code);
    expect_success("fault.start", write_registers(fault_thread.tcb, true, &context));
    return thread_wait_fault(&fault_thread);
}

struct message fault_run(const unsigned char *code) {
    return fault_run_with(code, fault_pattern);
}

/** The whole message; a first word that is an address is given as its place in the code. */
void fault_log(const char *name, struct message message) {
    if (message.label == seL4_Fault_UnknownSyscall)
        message.words[seL4_UnknownSyscall_FaultIP] -= DOMAIN_CODE;
    else if (message.length > 0 && message.label <= seL4_Fault_VMFault) // a VCPUFault has none
        message.words[0] -= DOMAIN_CODE;
    uint64_t words[3 + 19] = {message.badge, message.label, message.length};
    for (unsigned i = 0; i < message.length && i < 19; i++)
        words[3 + i] = message.words[i];
    log_words(name, 3 + (message.length < 19 ? message.length : 19), words);
}

void fault_reply(uint64_t label, unsigned length) {
    fault_log("fault.next", reply_receive(fault_thread.fault_endpoint, fault_thread.reply, label, length));
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
    log_message("fault.set-handler", set_sched_params(fault_thread.tcb, PRIORITY_HIGH, PRIORITY_HIGH,
                                                      fault_thread.sched_context, minted(endpoint, 0xbeef)));
    seL4_UserContext context = fault_pattern;
    context.CONTEXT_IP = IN_DOMAIN(domain_report);
    write_registers(fault_thread.tcb, true, &context);
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
    write_registers(fault_thread.tcb, true, &context);
    LOG("fault.passive-handler", handler.done, handler.badge[0],
        seL4_MessageInfo_get_label((seL4_MessageInfo_t){{handler.info[0]}}), handler.badge[1]);
    script_end(&server);
}

void test_fault(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    fault_thread = domain_new(IN_DOMAIN(domain_report), PRIORITY_HIGH, &fault_vspace);
    test_architecture_faults();
    capability_faults();
    handlers();
    delete (fault_thread.tcb);
}
