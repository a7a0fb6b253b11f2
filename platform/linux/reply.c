// SPDX-License-Identifier: Apache-2.0
//
// Reply objects. While calls are nested, their replies form a stack that a donated scheduling context has
// gone up: every reply gives it back to the caller below. Taking a reply out of the middle breaks the stack
// there.
#include "kernel.h"

/** Ends a thread's wait on a reply object, for a call or for the reply itself. */
void reply_unlink(struct reply *reply, struct thread *thread) {
    check(reply->thread == thread && thread->reply == reply);
    reply->thread = NULL;
    thread_set_state(thread, THREAD_INACTIVE);
}

static void clear_links(struct reply *reply) {
    reply->previous = NULL;
    reply->next = NULL;
    reply->is_head = false;
}

static void clear_next(struct reply *reply) {
    if (!reply)
        return;
    reply->next = NULL;
    reply->is_head = false;
}

/** Makes `caller` wait for its reply, and lends its scheduling context to a callee that has none. */
void reply_push(struct thread *caller, struct thread *callee, struct reply *reply, bool can_donate) {
    struct sched_context *sc = caller->sched_context;
    check(!reply->thread && !reply->previous && !reply->next);
    reply->thread = caller;
    thread_set_blocked_on_reply(caller, reply);
    if (!sc || callee->sched_context || !can_donate)
        return;
    struct reply *below = sc->reply;
    if (below) {
        check(below->is_head && below->sched_context == sc);
        below->next = reply;
        below->is_head = false;
    }
    reply->previous = below;
    reply->sched_context = sc;
    reply->is_head = true;
    sc->reply = reply;
    sched_context_donate(sc, callee);
}

/** Takes the top reply off the stack and returns the scheduling context, unless the caller has got another.
 */
static void pop(struct reply *reply, struct thread *thread) {
    struct sched_context *sc = reply->sched_context;
    struct reply *below = reply->previous;
    sc->reply = below;
    if (below) {
        below->sched_context = sc;
        below->is_head = true;
    }
    clear_links(reply);
    if (!thread->sched_context)
        sched_context_donate(sc, thread);
    reply_unlink(reply, thread);
}

/** Takes a reply from wherever it is on the stack; the thread waits no more. */
void reply_remove(struct reply *reply, struct thread *thread) {
    check(reply->thread == thread && thread->state == THREAD_BLOCKED_ON_REPLY);
    if (reply->next && reply->is_head) {
        pop(reply, thread);
        return;
    }
    if (reply->next)
        reply->next->previous = NULL;
    clear_next(reply->previous);
    clear_links(reply);
    reply_unlink(reply, thread);
}

/** As reply_remove(), but because the caller gives up: a scheduling context stays where it is. */
void reply_remove_thread(struct thread *thread) {
    struct reply *reply = thread->reply;
    check(thread->state == THREAD_BLOCKED_ON_REPLY);
    if (reply->next && reply->is_head)
        reply->sched_context->reply = NULL;
    else if (reply->next)
        reply->next->previous = NULL;
    clear_next(reply->previous);
    clear_links(reply);
    reply_unlink(reply, thread);
}

void reply_finalise(struct reply *reply) {
    struct thread *thread = reply->thread;
    if (!thread)
        return;
    if (thread->state == THREAD_BLOCKED_ON_REPLY)
        reply_remove(reply, thread);
    else
        ipc_cancel(thread);
}
