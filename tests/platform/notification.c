// SPDX-License-Identifier: Apache-2.0
//
// Notifications: signals, waiting, binding to threads and to scheduling contexts.
#include "script.h"

void test_notification(void) {
    seL4_CPtr notification = object_new(seL4_NotificationObject, 0),
              endpoint = object_new(seL4_EndpointObject, 0);
    seL4_CPtr reply = object_new(seL4_ReplyObject, 0), four = minted(notification, 4),
              one = minted(notification, 1);
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);

    LOG("notification.idle", receive(seL4_SysNBWait, notification, 0).badge);
    send(seL4_SysSend, four, 0, 0);
    send(seL4_SysNBSend, one, 0, 0);
    log_message("notification.call", invoke(four, 0, NO_CAPS, NO_WORDS));
    LOG("notification.flags", receive(seL4_SysWait, notification, 0).badge);
    LOG("notification.taken", receive(seL4_SysNBWait, notification, 0).badge);
    send(seL4_SysSend, notification, 0, 0);
    LOG("notification.no-badge", receive(seL4_SysNBRecv, notification, reply).badge);

    // Two threads wait: the one of higher priority is woken first.
    struct script first = {
        .count = 2,
        .steps = {{seL4_SysWait, notification, 0, 0, 0, 0, 0}, {seL4_SysWait, notification, 0, 0, 0, 0, 0}}};
    struct script second = first;
    struct thread low = script_start(&first, PRIORITY_HIGH), high = script_start(&second, PRIORITY_HIGH + 1);
    send(seL4_SysSend, four, 0, 0);
    LOG("notification.first-woken", first.done, second.done);
    send(seL4_SysSend, one, 0, 0);
    LOG("notification.waits-again", first.done, second.done);
    set_priority(high.tcb, PRIORITY_HIGH - 1);
    delete (four);
    delete (one);
    LOG("notification.copies-gone", first.done, second.done);
    seL4_CPtr two = minted(notification, 2);
    send(seL4_SysSend, two, 0, 0);
    script_log("notification.reordered", &first);
    delete (notification);
    delete (two);
    struct message fault = thread_wait_fault(&low);
    LOG("notification.deleted-fault", fault.label, fault.words[2], fault.words[3], fault.words[4]);
    script_end(&low);
    script_end(&high);

    // Bound to a thread, a notification interrupts its waiting for a message.
    notification = object_new(seL4_NotificationObject, 0);
    two = minted(notification, 2);
    struct script server = {.count = 3,
                            .steps = {{seL4_SysRecv, endpoint, 0, 0, 0, reply, 0},
                                      {seL4_SysRecv, endpoint, 0, 0, 0, reply, 0},
                                      {seL4_SysRecv, endpoint, 0, 0, 0, reply, 0}}};
    struct thread thread = script_start(&server, PRIORITY_HIGH);
    log_message("notification.bind", invoke(thread.tcb, TCBBindNotification, CAPS(notification), NO_WORDS));
    send(seL4_SysSend, two, 0, 0);
    script_log("notification.bound-signal", &server);
    send(seL4_SysSend, endpoint, 3, 1);
    script_log("notification.bound-message", &server);
    fault = receive(seL4_SysNBWait, endpoint, 0);
    thread_stop(&thread);
    send(seL4_SysSend, two, 0, 0);
    thread_start(&thread);
    script_log("notification.pending-signal", &server);
    thread_wait_fault(&thread);
    script_end(&thread);

    // Nobody but the bound thread can wait for it.
    struct script bound = {.count = 1, .steps = {{seL4_SysRecv, endpoint, 0, 0, 0, reply, 0}}};
    struct script other = {.count = 1, .steps = {{seL4_SysWait, notification, 0, 0, 0, 0, 0}}};
    thread = script_start(&bound, PRIORITY_HIGH);
    invoke(thread.tcb, TCBBindNotification, CAPS(notification), NO_WORDS);
    struct thread stranger = script_start(&other, PRIORITY_HIGH);
    fault = thread_wait_fault(&stranger);
    LOG("notification.stranger", fault.label, fault.words[1] == notification, fault.words[2], fault.words[3],
        fault.words[4]);
    script_end(&thread);
    script_end(&stranger);

    // A scheduling context bound to a notification runs a thread that has none.
    seL4_CPtr sc = object_new(seL4_SchedContextObject, seL4_MinSchedContextBits);
    configure_sched_context(sc, SLICE_US, SLICE_US, 0, 0, 0);
    notification = object_new(seL4_NotificationObject, 0);
    log_message("notification.bind-schedcontext", invoke(sc, SchedContextBind, CAPS(notification), NO_WORDS));
    struct script passive = {.count = 3,
                             .steps = {{seL4_SysWait, notification, 0, 0, 0, 0, 0},
                                       {seL4_SysWait, notification, 0, 0, 0, 0, 0},
                                       {seL4_SysWait, notification, 0, 0, 0, 0, 0}}};
    thread = script_start(&passive, PRIORITY_HIGH);
    invoke(thread.sched_context, SchedContextUnbind, NO_CAPS, NO_WORDS);
    send(seL4_SysSend, notification, 0, 0);
    LOG("notification.passive-woken", passive.done);
    send(seL4_SysSend, notification, 0, 0);
    LOG("notification.passive-woken-again", passive.done);
    log_message("notification.unbind-schedcontext",
                invoke(sc, SchedContextUnbindObject, CAPS(notification), NO_WORDS));
    send(seL4_SysSend, notification, 0, 0);
    LOG("notification.passive-stays", passive.done);
    script_end(&thread);
}
