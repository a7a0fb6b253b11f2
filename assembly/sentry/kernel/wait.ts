// SPDX-License-Identifier: Apache-2.0
//
// Blocking. A system call that cannot finish puts its thread on wait queues and returns BLOCKED; the event loop keeps
// the thread's reply object. When one of the queues is woken, the deadline passes or a signal arrives, the *same
// system call is executed again from its start with the same arguments*: there are no continuations, only
//
//     current.progress   what the earlier executions achieved (bytes, normally); 0 at the first
//     current.deadline   set once by the first execution (blockUntil); 0 = none
//
// both of which the event loop resets when the call returns anything but BLOCKED. A system call function reads:
//
//     try;   if (it would block) return blockOn(queue);
//
// or, with several queues and a timeout (poll):
//
//     if (something is ready) return it;
//     if (deadlineReached()) return 0;
//     waitOn(first); waitOn(second);
//     return blockUntil(deadline, -ERESTARTNOHAND);
//
// Waiters come from a free list, so blocking allocates only when more threads wait than ever before.

import { EINTR, ERESTARTSYS } from "./errno";
import { now } from "./clock";
import { current, makeReady, Thread, THREAD_BLOCKED } from "./thread";
import { armTimer } from "./timer";
import { SIGKILL, signalBit } from "../signals/numbers";
import { hasSignal } from "../signals/send";

/** What a system call returns when its thread waits. Not a possible result: results are >= -4095 or addresses. */
export const BLOCKED: i64 = i64.MIN_VALUE;
/** What a system call returns when its thread has ended or been started anew (exit, execve): nothing is answered. */
export const NO_ANSWER: i64 = i64.MIN_VALUE + 1;

/** A thread's place in one queue: a doubly linked list per queue, a singly linked one per thread. */
export class Waiter {
    thread: Thread | null = null;
    queue: WaitQueue | null = null;
    next: Waiter | null = null;
    previous: Waiter | null = null;
    nextOfThread: Waiter | null = null;
}

let freeWaiters: Waiter | null = null;

/** Threads waiting for one thing. Embed one in every object that can make a system call wait. */
export class WaitQueue {
    first: Waiter | null = null;
    last: Waiter | null = null;
    /** How often the queue has been woken: edge-triggered epoll asks for changes. */
    wakes: u32 = 0;

    /** Has every waiting thread execute its system call again, oldest first. Cheap when nobody waits. */
    wake(): void {
        this.wakes++;
        let waiter = this.first;
        while (waiter !== null) {
            makeReady(waiter.thread!);
            waiter = waiter.next;
        }
    }

    /** As wake, but at most `count` threads. The result is how many. */
    wakeSome(count: i32): i32 {
        let woken = 0;
        let waiter = this.first;
        while (waiter !== null && woken < count) {
            const next = waiter.next;
            if (makeReady(waiter.thread!)) woken++;
            waiter = next;
        }
        return woken;
    }

    get isEmpty(): bool {
        return this.first === null;
    }
}

/** Puts `current` on a queue; a blocking result must follow (blockOn, blockUntil). */
export function waitOn(queue: WaitQueue): void {
    let waiter = freeWaiters;
    if (waiter === null) waiter = new Waiter();
    else freeWaiters = waiter.next;
    waiter.thread = current;
    append(waiter, queue);
    waiter.nextOfThread = current.waiters;
    current.waiters = waiter;
}

function append(waiter: Waiter, queue: WaitQueue): void {
    waiter.queue = queue;
    waiter.next = null;
    waiter.previous = queue.last;
    if (queue.last === null) queue.first = waiter;
    else queue.last!.next = waiter;
    queue.last = waiter;
}

function remove(waiter: Waiter): void {
    const queue = waiter.queue!;
    const previous = waiter.previous;
    const next = waiter.next;
    if (previous === null) queue.first = next;
    else previous.next = next;
    if (next === null) queue.last = previous;
    else next.previous = previous;
}

/** Moves a waiting thread's place to the end of another queue. The thread goes on waiting. */
export function moveWaiter(waiter: Waiter, queue: WaitQueue): void {
    remove(waiter);
    append(waiter, queue);
}

/** Takes a thread off all its queues. */
export function leaveQueues(thread: Thread): void {
    let waiter = thread.waiters;
    thread.waiters = null;
    while (waiter !== null) {
        const following = waiter.nextOfThread;
        remove(waiter);
        waiter.thread = null;
        waiter.queue = null;
        waiter.previous = null;
        waiter.nextOfThread = null;
        waiter.next = freeWaiters;
        freeWaiters = waiter;
        waiter = following;
    }
}

/**
 * Ends this execution of the system call: `current` waits on the queues it joined. The result is to be returned as it
 * is: BLOCKED, or, when a signal has to be delivered first, `current.progress` if that is not 0 and otherwise
 * `onSignal` (-ERESTARTSYS: restart if the handler allows it; -ERESTARTNOHAND: EINTR).
 */
export function block(onSignal: i64 = -ERESTARTSYS): i64 {
    if (hasSignal(current)) {
        leaveQueues(current);
        return current.progress != 0 ? current.progress : onSignal;
    }
    current.state = THREAD_BLOCKED;
    return BLOCKED;
}

/** As blockOn, but only SIGKILL ends the wait (-EINTR, which the dying thread never sees). */
export function blockUnlessKilled(queue: WaitQueue): i64 {
    if (((current.pending.set | current.process.pending.set) & signalBit(SIGKILL)) != 0) return -EINTR;
    waitOn(queue);
    current.state = THREAD_BLOCKED;
    return BLOCKED;
}

/** Waits on one queue. */
export function blockOn(queue: WaitQueue, onSignal: i64 = -ERESTARTSYS): i64 {
    waitOn(queue);
    return block(onSignal);
}

/**
 * Waits on the queues joined before, until clock time `deadline` (nanoseconds of clock.now; u64.MAX_VALUE = for ever)
 * at the latest. The first execution's deadline holds: test deadlineReached() before.
 */
export function blockUntil(deadline: u64, onSignal: i64 = -ERESTARTSYS): i64 {
    if (current.deadline == 0 && deadline != u64.MAX_VALUE) {
        current.deadline = deadline;
        armTimer(deadline);
    }
    return block(onSignal);
}

/** Whether the deadline that an earlier execution of this system call set has passed. */
export function deadlineReached(): bool {
    return current.deadline != 0 && now() >= current.deadline;
}
