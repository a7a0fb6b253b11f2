// SPDX-License-Identifier: Apache-2.0
//
// Endpoints: a queue, in order of priority, of threads that all want to send or all want to receive.
#include "kernel.h"

static struct thread_queue queue_of(const struct endpoint *endpoint) {
    return (struct thread_queue){(struct thread *)(uintptr_t)endpoint->head,
                                 (struct thread *)(uintptr_t)endpoint->tail};
}

static void set_queue(struct endpoint *endpoint, struct thread_queue queue) {
    endpoint->head = (uint64_t)(uintptr_t)queue.head;
    endpoint->tail = (uint64_t)(uintptr_t)queue.tail;
}

static void enqueue(struct endpoint *endpoint, struct thread *thread, enum endpoint_state state) {
    struct thread_queue queue = queue_of(endpoint);
    queue_insert_by_priority(&queue, thread);
    set_queue(endpoint, queue);
    endpoint->state = state;
}

void endpoint_remove(struct endpoint *endpoint, struct thread *thread) {
    struct thread_queue queue = queue_of(endpoint);
    queue_remove(&queue, thread);
    set_queue(endpoint, queue);
    if (!queue.head)
        endpoint->state = ENDPOINT_IDLE;
}

/** Puts a thread whose priority has changed in its new place. */
void endpoint_reorder(struct endpoint *endpoint, struct thread *thread) {
    enum endpoint_state state = endpoint->state;
    endpoint_remove(endpoint, thread);
    enqueue(endpoint, thread, state);
}

static bool has_fault(const struct thread *thread) {
    return thread->fault.label != seL4_Fault_NullFault;
}

/** Hands a message to the first receiver. */
static void deliver(bool is_call, uint64_t badge, bool can_grant, bool can_grant_reply, bool can_donate,
                    struct thread *thread, struct endpoint *endpoint) {
    struct thread *receiver = queue_of(endpoint).head;
    check(receiver);
    endpoint_remove(endpoint, receiver);
    ipc_transfer(thread, endpoint, badge, can_grant, receiver);
    struct reply *reply = receiver->reply;
    if (reply)
        reply_unlink(reply, receiver);

    if (is_call || has_fault(thread)) {
        if (reply && (can_grant || can_grant_reply))
            reply_push(thread, receiver, reply, can_donate);
        else
            thread_set_state(thread, THREAD_INACTIVE);
    } else if (can_donate && !receiver->sched_context) {
        sched_context_donate(thread->sched_context, receiver);
    }
    thread_set_state(receiver, THREAD_RUNNING);
    struct sched_context *sc = receiver->sched_context;
    if (sched_context_is_sporadic(sc) && sc != kernel.current_sc)
        refill_unblock(sc);
    scheduler_possible_switch(receiver);
}

void endpoint_send(bool is_blocking, bool is_call, uint64_t badge, bool can_grant, bool can_grant_reply,
                   bool can_donate, struct thread *thread, struct endpoint *endpoint) {
    if (endpoint->state == ENDPOINT_RECEIVING) {
        deliver(is_call, badge, can_grant, can_grant_reply, can_donate, thread, endpoint);
        return;
    }
    if (!is_blocking)
        return;
    thread->state = THREAD_BLOCKED_ON_SEND;
    thread->blocked_on = endpoint;
    thread->blocked_badge = badge;
    thread->blocked_can_grant = can_grant;
    thread->blocked_can_grant_reply = can_grant_reply;
    thread->blocked_is_call = is_call;
    thread_state_changed(thread);
    enqueue(endpoint, thread, ENDPOINT_SENDING);
}

/** Takes the message of the first sender. */
static void accept(struct thread *thread, struct endpoint *endpoint, struct reply *reply) {
    struct thread *sender = queue_of(endpoint).head;
    check(sender);
    endpoint_remove(endpoint, sender);
    ipc_transfer(sender, endpoint, sender->blocked_badge, sender->blocked_can_grant, thread);
    if (sched_context_is_sporadic(sender->sched_context))
        refill_unblock(sender->sched_context);
    if (sender->blocked_is_call || has_fault(sender)) {
        if ((sender->blocked_can_grant || sender->blocked_can_grant_reply) && reply) {
            bool can_donate = sender->sched_context && sender->fault.label != seL4_Fault_Timeout;
            reply_push(sender, thread, reply, can_donate);
        } else {
            thread_set_state(sender, THREAD_INACTIVE);
        }
    } else {
        thread_set_state(sender, THREAD_RUNNING);
        scheduler_possible_switch(sender);
    }
}

/** @param reply where a caller's reply will wait; NULL if the receiver gave none */
void endpoint_receive(struct thread *thread, struct endpoint *endpoint, bool is_blocking,
                      struct reply *reply) {
    // A reply object can wait for one caller only: who waited on it before never gets a reply.
    if (reply && reply->thread && reply->thread != thread)
        ipc_cancel(reply->thread);
    struct notification *notification = thread->bound_notification;
    if (notification && notification->state == NOTIFICATION_ACTIVE) {
        notification_complete(notification, thread);
        return;
    }
    if (notification && is_blocking)
        notification_return_sched_context(notification, thread);
    if (endpoint->state == ENDPOINT_SENDING) {
        accept(thread, endpoint, reply);
        return;
    }
    if (!is_blocking) {
        ipc_receive_failed(thread);
        return;
    }
    thread->state = THREAD_BLOCKED_ON_RECEIVE;
    thread->blocked_on = endpoint;
    thread->reply = reply;
    thread_state_changed(thread);
    if (reply)
        reply->thread = thread;
    enqueue(endpoint, thread, ENDPOINT_RECEIVING);
}

/** A thread that waited in vain does its system call again; one that had faulted stays stopped. */
static void restart_unless_faulted(struct thread *thread) {
    if (has_fault(thread)) {
        thread_set_state(thread, THREAD_INACTIVE);
        return;
    }
    thread_set_state(thread, THREAD_RESTART);
    if (sched_context_is_sporadic(thread->sched_context) && thread->sched_context != kernel.current_sc)
        refill_unblock(thread->sched_context);
    scheduler_possible_switch(thread);
}

/** Empties the queue: the endpoint is going away. */
void endpoint_cancel_all(struct endpoint *endpoint) {
    if (endpoint->state == ENDPOINT_IDLE)
        return;
    for (struct thread *thread = queue_of(endpoint).head, *next; thread; thread = next) {
        next = thread->queue_next;
        endpoint_remove(endpoint, thread);
        if (thread->state == THREAD_BLOCKED_ON_RECEIVE && thread->reply)
            reply_unlink(thread->reply, thread);
        restart_unless_faulted(thread);
    }
    scheduler_reschedule();
}

void endpoint_cancel_badged_sends(struct endpoint *endpoint, uint64_t badge) {
    if (endpoint->state != ENDPOINT_SENDING)
        return;
    for (struct thread *thread = queue_of(endpoint).head, *next; thread; thread = next) {
        next = thread->queue_next;
        if (thread->blocked_badge != badge)
            continue;
        endpoint_remove(endpoint, thread);
        restart_unless_faulted(thread);
    }
    scheduler_reschedule();
}
