// SPDX-License-Identifier: Apache-2.0
//
// Endpoints and reply objects: messages, badges, capabilities, queues, and calls that never get an answer.
#include "script.h"

static seL4_CPtr endpoint, reply, receive_slot;

static void log_received(const char *name, struct message message) {
    LOG(name, message.badge, message.label, message.length, message.extra, message.unwrapped,
        message.words[0], message.length ? message.words[message.length - 1] : 0);
}

static void set_receive_path(seL4_CPtr slot) {
    ipc_buffer->receiveCNode = slot ? ROOT : seL4_CapNull;
    ipc_buffer->receiveIndex = slot;
    ipc_buffer->receiveDepth = DEPTH;
}

static void messages(void) {
    static const unsigned lengths[] = {0, 1, 4, 5, 120, 127};
    static const char *const names[] = {"ipc.length-0", "ipc.length-1",   "ipc.length-4",
                                        "ipc.length-5", "ipc.length-120", "ipc.length-127"};
    seL4_CPtr badged = minted(endpoint, 0x123456789abcdef0);
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct script script = {.count = 1, .steps = {{seL4_SysCall, badged, 77 + i, lengths[i], 0, 0, 0}}};
        struct thread thread = script_start(&script, PRIORITY_HIGH);
        struct message message = receive(seL4_SysRecv, endpoint, reply);
        LOG(names[i], message.badge, message.label, message.length, message.words[0],
            message.length && message.length <= 120 ? message.words[message.length - 1] : 0);
        ipc_buffer->msg[0] = 0xabc + i;
        send(seL4_SysSend, reply, 9, i);
        script_log("ipc.answer", &script);
        script_end(&thread);
    }
    send(seL4_SysSend, reply, 1, 0); // nobody waits: lost
    log_text("ipc.reply-to-nobody", "ok");
    send(seL4_SysNBSend, endpoint, 1, 0);
    log_text("ipc.send-to-nobody", "ok");
    log_received("ipc.nothing-there", receive(seL4_SysNBRecv, endpoint, reply));
    log_received("ipc.nothing-to-wait-for", receive(seL4_SysNBWait, endpoint, 0));
}

static void without_buffer(void) {
    struct script script = {.count = 1, .steps = {{seL4_SysCall, endpoint, 5, 8, 0, 0, 0}}};
    struct thread thread = script_start(&script, PRIORITY_LOW);
    invoke(thread.tcb, TCBSetIPCBuffer, CAPS(seL4_CapNull), WORDS(0));
    log_received("ipc.sender-without-buffer", receive(seL4_SysRecv, endpoint, reply));
    ipc_buffer->msg[0] = 1;
    send(seL4_SysSend, reply, 0, 8);
    thread_wait_fault(&thread);
    script_log("ipc.receiver-without-buffer", &script);
    script_end(&thread);
}

static void capabilities(void) {
    seL4_CPtr notification = object_new(seL4_NotificationObject, 0), badged = minted(endpoint, 0x77);
    seL4_CPtr no_grant = slot_new();
    mint(no_grant, endpoint, seL4_CanWrite.words[0] | seL4_CanGrantReply.words[0], 0x66);
    static const struct {
        const char *name;
        bool has_path, is_granted;
        unsigned count, first, second;
    } cases[] = {
        {"ipc.capability", true, true, 1, 0, 0},
        {"ipc.capability-no-path", false, true, 1, 0, 0},
        {"ipc.capability-no-grant", true, false, 1, 0, 0},
        {"ipc.own-endpoint", true, true, 1, 1, 0},
        {"ipc.own-endpoint-no-path", false, true, 2, 1, 1},
        {"ipc.two-capabilities", true, true, 2, 0, 0},
        {"ipc.both-kinds", true, true, 2, 1, 0},
        {"ipc.both-kinds-2", true, true, 2, 0, 1},
        {"ipc.null-capability", true, true, 1, 2, 0},
        {"ipc.missing-capability", true, true, 1, 3, 0},
    };
    seL4_CPtr choices[] = {notification, badged, seL4_CapNull, 1UL << 50};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script script = {
            .count = 1,
            .steps = {{seL4_SysSend, cases[i].is_granted ? badged : no_grant, 1, 1, cases[i].count, 0, 0}}};
        set_receive_path(cases[i].has_path ? receive_slot : 0);
        struct thread thread = script_start(&script, PRIORITY_LOW);
        thread.buffer->caps_or_badges[0] = choices[cases[i].first];
        thread.buffer->caps_or_badges[1] = choices[cases[i].second];
        ipc_buffer->caps_or_badges[0] = ipc_buffer->caps_or_badges[1] = 0;
        if (cases[i].first == 3) {
            struct message fault = thread_wait_fault(&thread);
            log_words("ipc.missing-capability-faults", fault.length - 1, fault.words + 1);
        } else {
            struct message message = receive(seL4_SysRecv, endpoint, reply);
            LOG(cases[i].name, message.badge, message.extra, message.unwrapped, message.length,
                ipc_buffer->caps_or_badges[0] & 0xff, invoke(receive_slot, 0, NO_CAPS, NO_WORDS).label);
        }
        receive(seL4_SysNBWait, notification, 0);
        delete (receive_slot);
        script_end(&thread);
    }
    set_receive_path(0);
}

static void queues(void) {
    struct script scripts[3];
    struct thread threads[3];
    static const unsigned priorities[] = {10, 30, 20};
    // Root does not wait, so the threads queue in the order of their priorities once it does.
    for (unsigned i = 0; i < 3; i++) {
        scripts[i] =
            (struct script){.count = 1, .steps = {{seL4_SysSend, minted(endpoint, 0xa + i), 0, 0, 0, 0, 0}}};
        threads[i] = script_start(&scripts[i], PRIORITY_HIGH + priorities[i]);
    }
    LOG("ipc.queue-order", receive(seL4_SysWait, endpoint, 0).badge, receive(seL4_SysWait, endpoint, 0).badge,
        receive(seL4_SysWait, endpoint, 0).badge);
    for (unsigned i = 0; i < 3; i++)
        script_end(&threads[i]);
    // A change of priority moves a thread in the queue.
    for (unsigned i = 0; i < 3; i++)
        threads[i] = script_start(&scripts[i], PRIORITY_HIGH + priorities[i]);
    set_priority(threads[0].tcb, PRIORITY_HIGH + 50);
    LOG("ipc.queue-reordered", receive(seL4_SysWait, endpoint, 0).badge,
        receive(seL4_SysWait, endpoint, 0).badge);
    // Cancelling the sends of one badge restarts those only: they send again.
    script_end(&threads[1]);
    threads[1] = script_start(&scripts[1], PRIORITY_HIGH);
    log_message("ipc.cancel",
                invoke(ROOT, CNodeCancelBadgedSends, NO_CAPS, WORDS(scripts[2].steps[0].capability, DEPTH)));
    LOG("ipc.after-cancel", receive(seL4_SysNBWait, endpoint, 0).badge,
        receive(seL4_SysNBWait, endpoint, 0).badge, receive(seL4_SysNBWait, endpoint, 0).badge);
    for (unsigned i = 0; i < 3; i++)
        script_end(&threads[i]);
}

static void unanswered(void) {
    struct script script = {.count = 1, .steps = {{seL4_SysCall, endpoint, 0, 0, 0, 0, 0}}};
    struct thread thread = script_start(&script, PRIORITY_HIGH);
    // Received without a reply object, a caller stops for good.
    log_received("ipc.wait-for-call", receive(seL4_SysWait, endpoint, 0));
    log_message("ipc.stopped-caller", read_registers(thread.tcb, false, &(seL4_UserContext){0}).label
                                          ? (struct message){.label = 1}
                                          : (struct message){0});
    LOG("ipc.caller-done", script.done);
    thread_start(&thread); // its call begins again
    log_received("ipc.call-again", receive(seL4_SysRecv, endpoint, reply));
    // The reply object is deleted: the caller stops.
    seL4_CPtr second = object_new(seL4_ReplyObject, 0);
    delete (reply);
    reply = second;
    LOG("ipc.caller-without-reply", script.done);
    thread_start(&thread);
    log_received("ipc.call-third", receive(seL4_SysRecv, endpoint, reply));
    // Suspending the caller frees the reply object.
    thread_stop(&thread);
    send(seL4_SysSend, reply, 0, 0);
    LOG("ipc.suspended-caller", script.done);
    script_end(&thread);

    // A thread blocked on an endpoint that goes away tries again, and faults.
    seL4_CPtr gone = object_new(seL4_EndpointObject, 0);
    struct script sender = {.count = 1, .steps = {{seL4_SysSend, gone, 0, 0, 0, 0, 0}}};
    thread = script_start(&sender, PRIORITY_HIGH);
    delete (gone);
    script_log("ipc.send-null", &sender); // sending to null is an error, and Send has no answer
    thread_wait_fault(&thread);
    script_end(&thread);
    gone = object_new(seL4_EndpointObject, 0);
    struct script receiver = {.count = 1,
                              .steps = {{seL4_SysRecv, gone, 0, 0, 0, object_new(seL4_ReplyObject, 0), 0}}};
    thread = script_start(&receiver, PRIORITY_HIGH);
    delete (gone);
    struct message fault = thread_wait_fault(&thread);
    LOG("ipc.receive-null", fault.label, fault.length, fault.words[1] == gone, fault.words[2], fault.words[3],
        fault.words[4]);
    script_end(&thread);
}

static void combined(void) {
    seL4_CPtr second = object_new(seL4_EndpointObject, 0),
              notification = object_new(seL4_NotificationObject, 0);
    seL4_CPtr other_reply = object_new(seL4_ReplyObject, 0);
    struct script script = {.count = 4,
                            .steps = {{seL4_SysNBSendRecv, second, 3, 1, 0, other_reply, endpoint},
                                      {seL4_SysNBSendWait, notification, 4, 1, 0, endpoint, 0},
                                      {seL4_SysReplyRecv, second, 5, 2, 0, other_reply, 0},
                                      {seL4_SysReplyRecv, second, 6, 1, 0, other_reply, 0}}};
    struct thread thread = script_start(&script, PRIORITY_LOW);
    log_received("ipc.sendrecv", receive(seL4_SysRecv, endpoint, reply));
    ipc_buffer->msg[0] = 0x51;
    send(seL4_SysSend, second, 6, 1);
    log_received("ipc.sendwait", receive(seL4_SysRecv, endpoint, reply));
    script_log("ipc.sendrecv-got", &script);
    send(seL4_SysSend, notification, 0, 0);
    ipc_buffer->msg[0] = 0x52;
    log_received("ipc.replyrecv-answer", invoke(second, 0x53, NO_CAPS, WORDS(0x54)));
    script_log("ipc.replyrecv-got", &script);
    script_end(&thread);

    // In the first half of a combined call most capabilities cannot be invoked, silently.
    struct script refused = {
        .count = 1,
        .steps = {{seL4_SysNBSendRecv, endpoint, TCBSuspend, 0, 0, reply, seL4_CapInitThreadTCB}}};
    thread = script_start(&refused, PRIORITY_HIGH);
    send(seL4_SysSend, endpoint, 0, 0);
    script_log("ipc.first-phase", &refused);
    script_end(&thread);
}

static void donation(void) {
    // A server without a scheduling context runs on its client's.
    seL4_CPtr server_reply = object_new(seL4_ReplyObject, 0);
    struct script server = {.count = 3,
                            .steps = {{seL4_SysNBSendRecv, endpoint, 0, 0, 0, server_reply, reply},
                                      {seL4_SysReplyRecv, endpoint, 8, 1, 0, server_reply, 0},
                                      {seL4_SysReplyRecv, endpoint, 9, 1, 0, server_reply, 0}}};
    struct thread thread = script_start(&server, PRIORITY_HIGH);
    log_message("ipc.unbind-server", invoke(thread.sched_context, SchedContextUnbind, NO_CAPS, NO_WORDS));
    log_message("ipc.passive-call", invoke(endpoint, 1, NO_CAPS, WORDS(5)));
    script_log("ipc.passive-server", &server);
    log_message("ipc.passive-call-2", invoke(endpoint, 2, NO_CAPS, WORDS(6)));
    // A send without a call gives nothing; the server would need a context to run.
    ipc_buffer->msg[0] = 7;
    send(seL4_SysSend, endpoint, 3, 1);
    script_log("ipc.passive-send", &server);
    log_message("ipc.rebind-server",
                invoke(thread.sched_context, SchedContextBind, CAPS(thread.tcb), NO_WORDS));
    script_log("ipc.passive-resumed", &server);
    script_end(&thread);
}

void test_ipc(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    endpoint = object_new(seL4_EndpointObject, 0);
    reply = object_new(seL4_ReplyObject, 0);
    receive_slot = slot_new();
    messages();
    without_buffer();
    capabilities();
    queues();
    unanswered();
    combined();
    donation();
}
