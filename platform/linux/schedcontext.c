// SPDX-License-Identifier: Apache-2.0
//
// Scheduling contexts and the capability that configures them.
#include "clock.h"
#include "kernel.h"

/** Makes a thread of a context that has not enough budget now wait for it. */
void sched_context_resume(struct sched_context *sc) {
    if (!sc || !thread_is_schedulable(sc->thread))
        return;
    if (!refill_is_ready(sc) || !refill_is_sufficient(sc, 0)) {
        check(!sc->thread->is_queued);
        scheduler_postpone(sc);
    }
}

void sched_context_bind_thread(struct sched_context *sc, struct thread *thread) {
    check(!sc->thread && !thread->sched_context);
    thread->sched_context = sc;
    sc->thread = thread;
    if (sched_context_is_sporadic(sc) && sched_context_is_active(sc) && sc != kernel.current_sc)
        refill_unblock(sc);
    sched_context_resume(sc);
    if (thread_is_schedulable(thread)) {
        scheduler_enqueue(thread);
        scheduler_reschedule();
    }
}

void sched_context_unbind_thread(struct sched_context *sc) {
    struct thread *thread = sc->thread;
    if (thread == kernel.current)
        scheduler_reschedule();
    scheduler_dequeue(thread);
    scheduler_release_remove(thread);
    thread->sched_context = NULL;
    sc->thread = NULL;
}

/** Lends the context, and the right to run, to another thread. */
void sched_context_donate(struct sched_context *sc, struct thread *to) {
    struct thread *from = sc->thread;
    check(!to->sched_context);
    if (from) {
        scheduler_dequeue(from);
        scheduler_release_remove(from);
        from->sched_context = NULL;
        if (from == kernel.current || from == kernel.action)
            scheduler_reschedule();
    }
    sc->thread = to;
    to->sched_context = sc;
}

void sched_context_unbind_notification(struct sched_context *sc) {
    if (!sc->notification)
        return;
    sc->notification->sched_context = NULL;
    sc->notification = NULL;
}

static void unbind_reply(struct sched_context *sc) {
    if (!sc->reply)
        return;
    check(sc->reply->is_head);
    sc->reply->next = NULL;
    sc->reply->is_head = false;
    sc->reply = NULL;
}

static void unbind_all(struct sched_context *sc) {
    if (sc->thread)
        sched_context_unbind_thread(sc);
    sched_context_unbind_notification(sc);
    unbind_reply(sc);
}

void sched_context_finalise(struct sched_context *sc) {
    unbind_all(sc);
    if (sc->yield_from)
        sched_context_complete_yield(sc->yield_from);
    sc->refill_count = 0;
    sc->is_sporadic = false;
}

/** @return microseconds used since this was last asked */
uint64_t sched_context_take_consumed(struct sched_context *sc) {
    uint64_t consumed = sc->consumed;
    sc->consumed = 0;
    return consumed / time_ticks_per_us();
}

static void write_consumed(struct sched_context *sc, struct thread *thread, bool is_call) {
    uint64_t consumed = sched_context_take_consumed(sc);
    if (!is_call)
        return;
    unsigned length = message_set_word(thread, ipc_buffer_lookup(thread, true), 0, consumed);
    thread->registers[REGISTER_BADGE] = 0;
    message_info_set(thread, 0, length);
}

void sched_context_cancel_yield(struct thread *yielder) {
    if (!yielder->yield_to)
        return;
    yielder->yield_to->yield_from = NULL;
    yielder->yield_to = NULL;
}

/** The thread that yielded runs again: it gets its reply now. */
void sched_context_complete_yield(struct thread *yielder) {
    if (!yielder->yield_to)
        return;
    write_consumed(yielder->yield_to, yielder, true);
    sched_context_cancel_yield(yielder);
}

static enum outcome bind(struct sched_context *sc) {
    if (!kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    struct capability cap = kernel.extra[0]->cap;
    if (cap.type == CAP_THREAD) {
        struct thread *thread = at(capability_address(cap));
        if (sc->thread || thread->sched_context)
            return error_plain(seL4_IllegalOperation);
        if (thread_is_blocked(thread) && !(sched_context_is_active(sc) && refill_is_ready(sc)))
            return error_plain(seL4_IllegalOperation);
        invocation_accepted();
        sched_context_bind_thread(sc, thread);
        return DONE;
    }
    if (cap.type == CAP_NOTIFICATION) {
        struct notification *notification = at(capability_address(cap));
        if (sc->notification || notification->sched_context)
            return error_plain(seL4_IllegalOperation);
        invocation_accepted();
        notification->sched_context = sc;
        sc->notification = notification;
        return DONE;
    }
    return error_capability(1);
}

static enum outcome unbind_object(struct sched_context *sc) {
    if (!kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    struct capability cap = kernel.extra[0]->cap;
    void *object = at(capability_address(cap));
    if (cap.type == CAP_THREAD) {
        if (sc->thread != object || sc->thread == kernel.current)
            return error_plain(seL4_IllegalOperation);
        invocation_accepted();
        sched_context_unbind_thread(sc);
        return DONE;
    }
    if (cap.type == CAP_NOTIFICATION) {
        if (sc->notification != object)
            return error_plain(seL4_IllegalOperation);
        invocation_accepted();
        sched_context_unbind_notification(sc);
        return DONE;
    }
    return error_capability(1);
}

static enum outcome yield_to(const struct invocation *invocation, struct sched_context *sc) {
    struct thread *thread = sc->thread, *current = kernel.current;
    if (!thread || thread == current || thread->priority > current->maximum_priority)
        return error_plain(seL4_IllegalOperation);
    check(!current->yield_to);
    invocation_accepted();
    if (sc->yield_from)
        sched_context_complete_yield(sc->yield_from);
    sched_context_resume(sc);
    if (thread_is_schedulable(thread) && thread->priority >= current->priority) {
        // The reply is written when this thread runs again.
        current->yield_to = sc;
        sc->yield_from = current;
        scheduler_dequeue(thread);
        scheduler_enqueue(current);
        scheduler_enqueue(thread);
        scheduler_reschedule();
        return DONE;
    }
    if (thread_is_schedulable(thread)) {
        scheduler_dequeue(thread);
        scheduler_enqueue(thread);
    }
    write_consumed(sc, current, invocation->is_call);
    thread_set_state(current, THREAD_RUNNING);
    return DONE;
}

enum outcome schedcontext_decode(const struct invocation *invocation) {
    struct sched_context *sc = at(capability_address(invocation->cap));
    switch (invocation->label) {
    case SchedContextConsumed:
        invocation_accepted();
        write_consumed(sc, kernel.current, invocation->is_call);
        thread_set_state(kernel.current, THREAD_RUNNING);
        return DONE;
    case SchedContextBind:
        return bind(sc);
    case SchedContextUnbindObject:
        return unbind_object(sc);
    case SchedContextUnbind:
        if (sc->thread == kernel.current)
            return error_plain(seL4_IllegalOperation);
        invocation_accepted();
        unbind_all(sc);
        return DONE;
    case SchedContextYieldTo:
        return yield_to(invocation, sc);
    default:
        return error_plain(seL4_IllegalOperation);
    }
}

/** Budget and period in ticks. Equal ones mean round robin: a slice that is always renewed at once. */
static void configure(struct sched_context *sc, uint64_t budget, uint64_t period, uint64_t refills,
                      uint64_t badge, bool is_sporadic) {
    struct thread *thread = sc->thread;
    if (thread) {
        scheduler_release_remove(thread);
        scheduler_dequeue(thread);
        if (kernel.current_sc == sc) {
            check(scheduler_check_budget());
            scheduler_commit_time();
        }
    }
    if (budget == period)
        refill_new(sc, MINIMUM_REFILLS, budget, 0);
    else if (sched_context_is_active(sc) && thread && thread_is_runnable(thread))
        refill_update(sc, period, budget, refills);
    else
        refill_new(sc, refills, budget, period);
    if (thread) {
        sched_context_resume(sc);
        if (thread == kernel.current)
            scheduler_reschedule();
        else if (thread_is_runnable(thread))
            scheduler_possible_switch(thread);
    }
    sc->badge = badge;
    sc->is_sporadic = is_sporadic;
}

enum outcome schedcontrol_decode(const struct invocation *invocation) {
    if (invocation->label != SchedControlConfigureFlags)
        return error_plain(seL4_IllegalOperation);
    if (!kernel.extra[0] || invocation->length < 5)
        return error_plain(seL4_TruncatedMessage);
    uint64_t ticks_per_us = time_ticks_per_us();
    uint64_t minimum_us = minimum_budget() / ticks_per_us, maximum_us = maximum_period_us();
    uint64_t budget_us = argument(invocation, 0), period_us = argument(invocation, 1);
    if (budget_us > maximum_us || period_us > maximum_us || budget_us < minimum_us || period_us < minimum_us)
        return error_range(minimum_us, maximum_us);
    if (budget_us > period_us)
        return error_range(minimum_us, period_us);
    struct capability target = kernel.extra[0]->cap;
    if (target.type != CAP_SCHED_CONTEXT)
        return error_capability(1);
    uint64_t extra_refills = argument(invocation, 2), maximum = refill_maximum(target) - MINIMUM_REFILLS;
    if (extra_refills > maximum)
        return error_range(0, maximum);
    uint64_t badge = argument(invocation, 3), flags = argument(invocation, 4);
    invocation_accepted();
    configure(at(capability_address(target)), budget_us * ticks_per_us, period_us * ticks_per_us,
              extra_refills + MINIMUM_REFILLS, badge, flags & seL4_SchedContext_Sporadic);
    return DONE;
}
