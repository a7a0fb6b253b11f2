// SPDX-License-Identifier: Apache-2.0
//
// Notifications: a word of flags, threads that wait for it, and a thread or scheduling context bound to it.
#include "kernel.h"

/** Lends the notification's scheduling context to a thread that has none. */
static void maybe_donate(struct notification *notification, struct thread *thread) {
    struct sched_context *sc = notification->sched_context;
    if (thread->sched_context || !sc || sc->thread)
        return;
    sched_context_donate(sc, thread);
    sched_context_resume(sc);
}

static void unblock_budget(struct thread *thread) {
    struct sched_context *sc = thread->sched_context;
    if (sched_context_is_sporadic(sc) && sc != kernel.current_sc)
        refill_unblock(sc);
}

/** Wakes a thread with a badge. */
static void wake(struct notification *notification, struct thread *thread, uint64_t badge) {
    thread_set_state(thread, THREAD_RUNNING);
    thread->registers[REGISTER_BADGE] = badge;
    maybe_donate(notification, thread);
    if (thread_is_schedulable(thread))
        scheduler_possible_switch(thread);
    unblock_budget(thread);
}

static void dequeue(struct notification *notification, struct thread *thread) {
    queue_remove(&notification->queue, thread);
    if (!notification->queue.head)
        notification->state = NOTIFICATION_IDLE;
}

void notification_signal(struct notification *notification, uint64_t badge) {
    struct thread *thread;
    switch (notification->state) {
    case NOTIFICATION_IDLE:
        thread = notification->bound_thread;
        if (thread && thread->state == THREAD_BLOCKED_ON_RECEIVE) {
            ipc_cancel(thread);
            wake(notification, thread, badge);
        } else {
            notification->state = NOTIFICATION_ACTIVE;
            notification->badge = badge;
        }
        break;
    case NOTIFICATION_WAITING:
        thread = notification->queue.head;
        check(thread);
        dequeue(notification, thread);
        wake(notification, thread, badge);
        break;
    case NOTIFICATION_ACTIVE:
        notification->badge |= badge;
        break;
    }
}

void notification_wait(struct thread *thread, struct notification *notification, bool is_blocking) {
    if (notification->state == NOTIFICATION_ACTIVE) {
        thread->registers[REGISTER_BADGE] = notification->badge;
        notification->state = NOTIFICATION_IDLE;
        maybe_donate(notification, thread);
        unblock_budget(thread);
    } else if (is_blocking) {
        thread->state = THREAD_BLOCKED_ON_NOTIFICATION;
        thread->blocked_on = notification;
        thread_state_changed(thread);
        queue_insert_by_priority(&notification->queue, thread);
        notification->state = NOTIFICATION_WAITING;
        notification_return_sched_context(notification, thread);
    } else {
        ipc_receive_failed(thread);
    }
}

/** Gives a bound thread, which is receiving, the signal that has already come. */
void notification_complete(struct notification *notification, struct thread *thread) {
    check(notification->state == NOTIFICATION_ACTIVE);
    thread->registers[REGISTER_BADGE] = notification->badge;
    notification->state = NOTIFICATION_IDLE;
    maybe_donate(notification, thread);
    if (thread->sched_context == notification->sched_context)
        unblock_budget(thread);
}

/** A thread that runs on the notification's scheduling context gives it back when it waits. */
void notification_return_sched_context(struct notification *notification, struct thread *thread) {
    struct sched_context *sc = notification->sched_context;
    if (!sc || sc != thread->sched_context)
        return;
    thread->sched_context = NULL;
    sc->thread = NULL;
    if (thread == kernel.current)
        scheduler_reschedule();
}

void notification_cancel_all(struct notification *notification) {
    if (notification->state != NOTIFICATION_WAITING)
        return;
    for (struct thread *thread = notification->queue.head, *next; thread; thread = next) {
        next = thread->queue_next;
        dequeue(notification, thread);
        thread_set_state(thread, THREAD_RESTART);
        unblock_budget(thread);
        scheduler_possible_switch(thread);
    }
    scheduler_reschedule();
}

void notification_cancel(struct notification *notification, struct thread *thread) {
    check(notification->state == NOTIFICATION_WAITING);
    dequeue(notification, thread);
    thread_set_state(thread, THREAD_INACTIVE);
}

/** Puts a thread whose priority has changed in its new place. */
void notification_reorder(struct notification *notification, struct thread *thread) {
    queue_remove(&notification->queue, thread);
    queue_insert_by_priority(&notification->queue, thread);
}

void notification_bind(struct thread *thread, struct notification *notification) {
    notification->bound_thread = thread;
    thread->bound_notification = notification;
}

void notification_unbind_thread(struct thread *thread) {
    if (!thread->bound_notification)
        return;
    thread->bound_notification->bound_thread = NULL;
    thread->bound_notification = NULL;
}

void notification_finalise(struct notification *notification) {
    if (notification->sched_context)
        sched_context_unbind_notification(notification->sched_context);
    if (notification->bound_thread)
        notification_unbind_thread(notification->bound_thread);
    notification_cancel_all(notification);
}
