// SPDX-License-Identifier: Apache-2.0
//
// Invocations of scheduling contexts and of their control capability: every refusal.
#include "script.h"

static struct message bind(seL4_CPtr sc, seL4_CPtr object) {
    return invoke(sc, SchedContextBind, CAPS(object), NO_WORDS);
}

static struct message unbind(seL4_CPtr sc, seL4_CPtr object) {
    return invoke(sc, SchedContextUnbindObject, CAPS(object), NO_WORDS);
}

static void configuring(seL4_CPtr sc) {
    seL4_CPtr control = boot_info->schedcontrol.start, larger = object_new(seL4_SchedContextObject, 8);
    log_message("schedcontrol.label",
                invoke(control, SchedContextBind, CAPS(sc), WORDS(10000, 10000, 0, 0, 0)));
    log_message("schedcontrol.no-cap",
                invoke(control, SchedControlConfigureFlags, NO_CAPS, WORDS(10000, 10000, 0, 0, 0)));
    log_message("schedcontrol.short",
                invoke(control, SchedControlConfigureFlags, CAPS(sc), WORDS(10000, 10000, 0, 0)));
    log_error("schedcontrol.budget-small", configure_sched_context(sc, 19, 10000, 0, 0, 0));
    log_error("schedcontrol.period-small", configure_sched_context(sc, 20, 19, 0, 0, 0));
    log_error("schedcontrol.budget-large", configure_sched_context(sc, ~0UL, 10000, 0, 0, 0));
    log_error("schedcontrol.period-large", configure_sched_context(sc, 10000, ~0UL, 0, 0, 0));
    log_message("schedcontrol.budget-over-period", configure_sched_context(sc, 10001, 10000, 0, 0, 0));
    log_message("schedcontrol.no-schedcontext", configure_sched_context(ROOT, 10000, 10000, 0, 0, 0));
    log_message("schedcontrol.refills", configure_sched_context(sc, 10000, 20000, 1, 0, 0));
    log_message("schedcontrol.refills-256", configure_sched_context(larger, 10000, 20000, 9, 0, 0));
    log_message("schedcontrol.refills-fit", configure_sched_context(larger, 10000, 20000, 8, 0, 0));
    log_message("schedcontrol.minimum", configure_sched_context(sc, 20, 20, 0, 0, 0));
    log_message("schedcontrol.sporadic",
                configure_sched_context(sc, 1000, 2000, 0, 5, seL4_SchedContext_Sporadic));
    log_message("schedcontrol.round-robin", configure_sched_context(sc, 10000, 10000, 0, 0, 0));
}

void test_schedcontext(void) {
    seL4_CPtr sc = object_new(seL4_SchedContextObject, 7), other = object_new(seL4_SchedContextObject, 7);
    seL4_CPtr tcb = object_new(seL4_TCBObject, 0), second = object_new(seL4_TCBObject, 0);
    seL4_CPtr notification = object_new(seL4_NotificationObject, 0);
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    configuring(sc);
    log_message("schedcontext.label", invoke(sc, TCBSuspend, NO_CAPS, NO_WORDS));
    log_message("schedcontext.bind-no-cap", invoke(sc, SchedContextBind, NO_CAPS, NO_WORDS));
    log_message("schedcontext.bind-no-object", bind(sc, ROOT));
    log_message("schedcontext.bind-null", bind(sc, seL4_CapNull));
    log_message("schedcontext.bind", bind(sc, tcb));
    log_message("schedcontext.bind-bound", bind(sc, second));
    log_message("schedcontext.bind-bound-thread", bind(other, tcb));
    log_message("schedcontext.bind-notification", bind(sc, notification));
    log_message("schedcontext.bind-bound-notification", bind(other, notification));
    log_message("schedcontext.bind-second-notification", bind(sc, object_new(seL4_NotificationObject, 0)));
    log_message("schedcontext.unbind-no-cap", invoke(sc, SchedContextUnbindObject, NO_CAPS, NO_WORDS));
    log_message("schedcontext.unbind-no-object", unbind(sc, ROOT));
    log_message("schedcontext.unbind-other", unbind(sc, second));
    log_message("schedcontext.unbind-other-notification", unbind(other, notification));
    log_message("schedcontext.unbind-thread", unbind(sc, tcb));
    log_message("schedcontext.unbind-twice", unbind(sc, tcb));
    log_message("schedcontext.unbind-notification", unbind(sc, notification));
    log_message("schedcontext.unbind-all", invoke(sc, SchedContextUnbind, NO_CAPS, NO_WORDS));
    log_message("schedcontext.unbind-self", unbind(seL4_CapInitThreadSC, seL4_CapInitThreadTCB));
    log_message("schedcontext.unbind-self-all",
                invoke(seL4_CapInitThreadSC, SchedContextUnbind, NO_CAPS, NO_WORDS));
    log_message("schedcontext.consumed-unused", invoke(sc, SchedContextConsumed, NO_CAPS, NO_WORDS));
    log_message("schedcontext.yield-nobody", invoke(sc, SchedContextYieldTo, NO_CAPS, NO_WORDS));
    log_message("schedcontext.yield-self",
                invoke(seL4_CapInitThreadSC, SchedContextYieldTo, NO_CAPS, NO_WORDS));
    log_message("schedcontext.bind-again", bind(sc, tcb));
    log_message("schedcontext.yield-stopped", invoke(sc, SchedContextYieldTo, NO_CAPS, NO_WORDS));
    // A blocked thread may only get a context that has budget now.
    struct script script = {.count = 1, .steps = {{seL4_SysWait, notification, 0, 0, 0, 0, 0}}};
    struct thread thread = script_start(&script, PRIORITY_HIGH);
    log_message("schedcontext.unbind-blocked",
                invoke(thread.sched_context, SchedContextUnbind, NO_CAPS, NO_WORDS));
    log_message("schedcontext.bind-unconfigured", bind(other, thread.tcb));
    log_message("schedcontext.params-unconfigured",
                set_sched_params(thread.tcb, PRIORITY_HIGH, PRIORITY_HIGH, other, seL4_CapNull));
    log_message("schedcontext.bind-blocked", bind(thread.sched_context, thread.tcb));
    log_message("schedcontext.reconfigure-blocked",
                configure_sched_context(thread.sched_context, 10000, 20000, 0, 0, 0));
    send(seL4_SysSend, notification, 0, 0);
    LOG("schedcontext.woken", script.done);
    thread_wait_fault(&thread);
    log_error("schedcontext.yield-faulted",
              invoke(thread.sched_context, SchedContextYieldTo, NO_CAPS, NO_WORDS));
    script_end(&thread);
    log_message("schedcontext.delete-bound", delete (sc));
    log_message("schedcontext.thread-free", bind(other, tcb));
    log_message("schedcontext.delete-thread", delete (tcb));
    log_message("schedcontext.context-free", bind(other, second));
    delete (second);
}
