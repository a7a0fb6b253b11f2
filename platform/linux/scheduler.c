// SPDX-License-Identifier: Apache-2.0
//
// The scheduler: strict priorities, round robin within one, budgets, and the time that threads are charged.
#include "clock.h"
#include "kernel.h"
#include "stub.h"

// Queues. A thread is in at most one: ready, release, endpoint or notification.

static void insert_before(struct thread_queue *queue, struct thread *thread, struct thread *next) {
    struct thread *previous = next ? next->queue_previous : queue->tail;
    thread->queue_previous = previous;
    thread->queue_next = next;
    if (previous)
        previous->queue_next = thread;
    else
        queue->head = thread;
    if (next)
        next->queue_previous = thread;
    else
        queue->tail = thread;
}

/** Highest priority first; behind those of the same priority. */
void queue_insert_by_priority(struct thread_queue *queue, struct thread *thread) {
    struct thread *next = queue->head;
    while (next && next->priority >= thread->priority)
        next = next->queue_next;
    insert_before(queue, thread, next);
}

void queue_remove(struct thread_queue *queue, struct thread *thread) {
    if (thread->queue_previous)
        thread->queue_previous->queue_next = thread->queue_next;
    else
        queue->head = thread->queue_next;
    if (thread->queue_next)
        thread->queue_next->queue_previous = thread->queue_previous;
    else
        queue->tail = thread->queue_previous;
    thread->queue_previous = thread->queue_next = NULL;
}

static void ready_insert(struct thread *thread, bool at_front) {
    check(thread_is_schedulable(thread) && refill_is_sufficient(thread->sched_context, 0));
    if (thread->is_queued)
        return;
    struct thread_queue *queue = &kernel.ready[thread->priority];
    insert_before(queue, thread, at_front ? queue->head : NULL);
    kernel.ready_bitmap[thread->priority / 64] |= 1UL << thread->priority % 64;
    thread->is_queued = true;
}

void scheduler_enqueue(struct thread *thread) {
    ready_insert(thread, true);
}
void scheduler_append(struct thread *thread) {
    ready_insert(thread, false);
}

void scheduler_dequeue(struct thread *thread) {
    if (!thread->is_queued)
        return;
    struct thread_queue *queue = &kernel.ready[thread->priority];
    queue_remove(queue, thread);
    thread->is_queued = false;
    if (!queue->head)
        kernel.ready_bitmap[thread->priority / 64] &= ~(1UL << thread->priority % 64);
}

/** @return -1 if no thread is ready */
static int highest_ready_priority(void) {
    for (int i = PRIORITY_COUNT / 64 - 1; i >= 0; i--)
        if (kernel.ready_bitmap[i])
            return i * 64 + 63 - __builtin_clzl(kernel.ready_bitmap[i]);
    return -1;
}

void scheduler_release_remove(struct thread *thread) {
    if (!thread->is_in_release_queue)
        return;
    if (kernel.release.head == thread)
        kernel.reprogram = true;
    queue_remove(&kernel.release, thread);
    thread->is_in_release_queue = false;
}

/** Lets a thread wait for its next refill. */
void scheduler_postpone(struct sched_context *sc) {
    struct thread *thread = sc->thread;
    scheduler_dequeue(thread);
    check(!thread->is_in_release_queue);
    struct thread *next = kernel.release.head;
    while (next && refill_head(next->sched_context)->time <= refill_head(sc)->time)
        next = next->queue_next;
    insert_before(&kernel.release, thread, next);
    thread->is_in_release_queue = true;
    kernel.reprogram = true;
}

// Thread states.

bool thread_is_runnable(const struct thread *thread) {
    return thread->state == THREAD_RUNNING || thread->state == THREAD_RESTART;
}

bool thread_is_schedulable(const struct thread *thread) {
    return thread_is_runnable(thread) && thread->sched_context &&
           sched_context_is_active(thread->sched_context) && !thread->is_in_release_queue;
}

bool thread_is_blocked(const struct thread *thread) {
    return thread->state == THREAD_BLOCKED_ON_RECEIVE || thread->state == THREAD_BLOCKED_ON_SEND ||
           thread->state == THREAD_BLOCKED_ON_REPLY || thread->state == THREAD_BLOCKED_ON_NOTIFICATION;
}

/** The current thread may just have stopped being able to run. */
void thread_state_changed(struct thread *thread) {
    if (thread == kernel.current && kernel.action == ACTION_RESUME_CURRENT && !thread_is_schedulable(thread))
        kernel.action = ACTION_CHOOSE_NEW;
}

void thread_set_state(struct thread *thread, enum thread_state state) {
    thread->state = state;
    thread_state_changed(thread);
}

void thread_set_blocked_on_reply(struct thread *thread, struct reply *reply) {
    thread->reply = reply;
    thread_set_state(thread, THREAD_BLOCKED_ON_REPLY);
}

void thread_suspend(struct thread *thread) {
    ipc_cancel(thread);
    // A running thread is to go on behind its last system call, however it is resumed.
    if (thread->state == THREAD_RUNNING)
        thread->registers[REGISTER_FAULT_IP] = thread->registers[REGISTER_NEXT_IP];
    scheduler_dequeue(thread);
    scheduler_release_remove(thread);
    sched_context_cancel_yield(thread);
    thread_set_state(thread, THREAD_INACTIVE);
}

/** The thread's control block is going away; its slots are emptied separately. */
void thread_finalise(struct thread *thread) {
    struct sched_context *sc = thread->sched_context;
    notification_unbind_thread(thread);
    if (sc) {
        sched_context_unbind_thread(sc);
        if (sc->yield_from)
            sched_context_complete_yield(sc->yield_from);
    }
    thread_suspend(thread);
    stub_forget_thread(thread);
}

void thread_restart(struct thread *thread) {
    if (thread->state != THREAD_INACTIVE && !thread_is_blocked(thread))
        return;
    ipc_cancel(thread);
    thread_set_state(thread, THREAD_RESTART);
    struct sched_context *sc = thread->sched_context;
    if (sched_context_is_sporadic(sc) && sc != kernel.current_sc)
        refill_unblock(sc);
    sched_context_resume(sc);
    if (thread_is_schedulable(thread))
        scheduler_possible_switch(thread);
}

void thread_set_priority(struct thread *thread, uint8_t priority) {
    bool is_requeued = thread_is_runnable(thread) && (thread->is_queued || thread == kernel.current);
    if (is_requeued)
        scheduler_dequeue(thread);
    thread->priority = priority;
    if (is_requeued) {
        scheduler_enqueue(thread);
        scheduler_reschedule();
    } else if (thread->state == THREAD_BLOCKED_ON_RECEIVE || thread->state == THREAD_BLOCKED_ON_SEND) {
        endpoint_reorder(thread->blocked_on, thread);
    } else if (thread->state == THREAD_BLOCKED_ON_NOTIFICATION) {
        notification_reorder(thread->blocked_on, thread);
    }
}

// Choosing the next thread.

/** Considers a thread that has become ready; it may run next, or must queue. */
void scheduler_possible_switch(struct thread *thread) {
    if (!thread->sched_context || thread->is_in_release_queue)
        return;
    if (kernel.action != ACTION_RESUME_CURRENT) {
        scheduler_reschedule();
        scheduler_enqueue(thread);
    } else {
        kernel.action = thread;
    }
}

/** The next thread must be chosen from the queues. */
void scheduler_reschedule(void) {
    if (kernel.action != ACTION_RESUME_CURRENT && kernel.action != ACTION_CHOOSE_NEW &&
        thread_is_schedulable(kernel.action))
        scheduler_enqueue(kernel.action);
    kernel.action = ACTION_CHOOSE_NEW;
}

static void switch_to(struct thread *thread) {
    check(!thread->is_in_release_queue && refill_is_sufficient(thread->sched_context, 0) &&
          refill_is_ready(thread->sched_context));
    scheduler_dequeue(thread);
    kernel.current = thread;
}

static void choose_from_queues(void) {
    int priority = highest_ready_priority();
    if (priority >= 0)
        switch_to(kernel.ready[priority].head);
    else
        kernel.current = kernel.idle;
}

/** Runs the candidate, if nothing of higher priority is ready. */
static void choose_candidate(struct thread *candidate, bool was_runnable) {
    // A candidate above the current thread is above all queued ones, so the queues need no look.
    bool must_look = kernel.current == kernel.idle || candidate->priority < kernel.current->priority;
    if (must_look && candidate->priority < highest_ready_priority()) {
        scheduler_enqueue(candidate);
        choose_from_queues();
    } else if (was_runnable && candidate->priority == kernel.current->priority) {
        // The current thread, at the front of its queue, goes on.
        scheduler_append(candidate);
        choose_from_queues();
    } else {
        switch_to(candidate);
    }
}

/** Wakes threads whose refill is due. */
static void awaken(void) {
    while (kernel.release.head && refill_is_ready(kernel.release.head->sched_context)) {
        struct thread *thread = kernel.release.head;
        check(thread != kernel.current);
        scheduler_release_remove(thread);
        scheduler_possible_switch(thread);
    }
}

static void switch_sched_context(void) {
    struct sched_context *sc = kernel.current->sched_context;
    if (kernel.current_sc != sc) {
        kernel.reprogram = true;
        if (!sc->is_sporadic)
            refill_unblock(sc);
        check(refill_is_ready(sc) && refill_is_sufficient(sc, 0));
    }
    // Once the new time has been acted on, what was used until then is charged.
    if (kernel.reprogram)
        scheduler_commit_time();
    kernel.current_sc = sc;
}

static void set_next_interrupt(void) {
    uint64_t next = kernel.now + refill_head(kernel.current->sched_context)->amount;
    if (kernel.release.head) {
        uint64_t release = refill_head(kernel.release.head->sched_context)->time;
        if (release < next)
            next = release;
    }
    timer_set(next - time_ticks_per_us());
}

/** Decides who runs when the kernel is left. */
void schedule(void) {
    awaken();
    if (kernel.action != ACTION_RESUME_CURRENT) {
        bool was_runnable = thread_is_schedulable(kernel.current);
        if (was_runnable)
            scheduler_enqueue(kernel.current);
        if (kernel.action == ACTION_CHOOSE_NEW)
            choose_from_queues();
        else
            choose_candidate(kernel.action, was_runnable);
    }
    kernel.action = ACTION_RESUME_CURRENT;
    switch_sched_context();
    if (kernel.reprogram) {
        set_next_interrupt();
        kernel.reprogram = false;
    }
}

/** Prepares the current thread for leaving the kernel. */
void scheduler_activate(void) {
    struct thread *thread = kernel.current;
    if (thread->yield_to)
        sched_context_complete_yield(thread);
    if (thread->state == THREAD_RESTART) {
        thread->registers[REGISTER_NEXT_IP] = thread->registers[REGISTER_FAULT_IP];
        thread_set_state(thread, THREAD_RUNNING);
    }
    check(thread->state == THREAD_RUNNING || thread->state == THREAD_IDLE);
}

// Time.

/** Notes the time at an entry; what passed since the last one has been used by the current thread. */
void scheduler_update_time(void) {
    uint64_t previous = kernel.now;
    kernel.now = time_now();
    kernel.consumed += kernel.now - previous;
}

/** Charges the time used so far to the current scheduling context. */
void scheduler_commit_time(void) {
    struct sched_context *sc = kernel.current_sc;
    if (sched_context_is_active(sc) && sc != kernel.idle_sc) {
        if (kernel.consumed > 0) {
            check(refill_is_sufficient(sc, kernel.consumed) && refill_is_ready(sc));
            if (sched_context_is_round_robin(sc))
                refill_round_robin_charge(sc, kernel.consumed);
            else
                refill_charge(sc, kernel.consumed);
        }
        sc->consumed += kernel.consumed;
    }
    kernel.consumed = 0;
}

static void end_time_slice(bool can_timeout) {
    struct sched_context *sc = kernel.current_sc;
    if (can_timeout && !sched_context_is_round_robin(sc) && thread_has_timeout_handler(kernel.current))
        fault_send_timeout(kernel.current,
                           (struct fault){.label = seL4_Fault_Timeout, .timeout = {sc->badge}});
    else if (refill_is_ready(sc) && refill_is_sufficient(sc, 0))
        scheduler_append(kernel.current);
    else
        scheduler_postpone(sc);
}

/** The budget is used up: charges it and ends the time slice. */
static void charge_budget(uint64_t consumed, bool can_timeout) {
    struct sched_context *sc = kernel.current_sc;
    if (sc != kernel.idle_sc) {
        if (sched_context_is_round_robin(sc))
            refill_round_robin_restart(sc);
        else
            refill_charge(sc, consumed);
        sc->consumed += consumed;
    }
    kernel.consumed = 0;
    if (thread_is_schedulable(kernel.current)) {
        end_time_slice(can_timeout);
        scheduler_reschedule();
        kernel.reprogram = true;
    }
}

/** @return whether the current thread has the time for an operation of the kernel */
bool scheduler_check_budget(void) {
    check(refill_is_ready(kernel.current_sc));
    if (refill_is_sufficient(kernel.current_sc, kernel.consumed))
        return true;
    charge_budget(kernel.consumed, true);
    return false;
}

/** As scheduler_check_budget(), for an entry that is to be repeated when there is time again. */
bool scheduler_check_budget_restart(void) {
    bool has_budget = scheduler_check_budget();
    if (!has_budget && thread_is_runnable(kernel.current))
        thread_set_state(kernel.current, THREAD_RESTART);
    return has_budget;
}

/** Gives up the rest of the time slice. */
void scheduler_yield(void) {
    struct sched_context *sc = kernel.current_sc;
    uint64_t consumed = sc->consumed + kernel.consumed;
    charge_budget(refill_head(sc)->amount, false);
    sc->consumed = consumed;
}
