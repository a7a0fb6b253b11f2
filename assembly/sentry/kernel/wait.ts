// SPDX-License-Identifier: Apache-2.0
//
// Blocking. A system call that cannot finish puts its thread on wait queues and returns BLOCKED; the event loop keeps
// the thread's reply object. When one of the queues is woken, the deadline passes or a signal arrives, the *same
// system call is executed again from its start with the same arguments*: there are no continuations, only
//
//     current.progress   what the earlier executions achieved (bytes, normally); 0 at the first
//     current.deadline   set once by the first execution (blockUntil); 0 = none
//     current.hasWaited  whether this is not the first
//
// all of which the event loop resets when the call returns anything but BLOCKED. A system call function reads:
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

/**
 * Who is to be told at once when a queue is woken, without a thread that waits: an entry of an epoll set. It stays on its
 * queues until it leaves them (stopObserving).
 */
export abstract class Observer {
    waiters: Waiter | null = null;
    /** Of several such observers on a queue a wake-up tells the first that has use for it (EPOLLEXCLUSIVE). */
    isExclusive: bool = false;

    /** The queue was woken; `events` are the POLL bits that may hold now. Whether a thread that waited was woken by that. */
    abstract notice(events: u32): bool;

    /** What it watches is gone. */
    abstract end(): void;
}

/** A place in one queue: a doubly linked list per queue, a singly linked one per thread or observer. */
export class Waiter {
    /** One of the two is not null. */
    thread: Thread | null = null;
    observer: Observer | null = null;
    queue: WaitQueue | null = null;
    next: Waiter | null = null;
    previous: Waiter | null = null;
    nextOfThread: Waiter | null = null;
}

/** Whatever may hold now. */
const ALL_EVENTS: u32 = 0xffff;

let freeWaiters: Waiter | null = null;

/** Threads waiting for one thing. Embed one in every object that can make a system call wait. */
export class WaitQueue {
    first: Waiter | null = null;
    last: Waiter | null = null;

    /** `isForOne`: threads wait here that are woken one at a time. */
    constructor(readonly isForOne: bool = false) {}

    /**
     * Has every waiting thread execute its system call again, oldest first. Cheap when nobody waits. `events`: the POLL
     * bits that may hold now and did not before. The result is whether anybody was woken.
     */
    wake(events: u32 = ALL_EVENTS): bool {
        let woken = false;
        let exclusiveTold = false;
        let waiter = this.first;
        while (waiter !== null) {
            const next = waiter.next;
            const observer = waiter.observer;
            if (observer === null) {
                if (makeReady(waiter.thread!)) woken = true;
            } else if (!observer.isExclusive || !exclusiveTold) {
                const told = observer.notice(events);
                woken = woken || told;
                if (observer.isExclusive) exclusiveTold = told;
            }
            waiter = next;
        }
        return woken;
    }

    /**
     * As wake, for a queue of threads of which one can take all there is: it wakes the next one if it leaves something. A
     * thread that cannot go on hands its turn on (passOn).
     */
    wakeOne(): bool {
        let waiter = this.first;
        while (waiter !== null) {
            if (makeReady(waiter.thread!)) return true;
            waiter = waiter.next;
        }
        return false;
    }

    get isEmpty(): bool {
        return this.first === null;
    }
}

/** Whom waitOn puts on queues in place of `current`. */
let joining: Observer | null = null;

/** What follows puts `observer` on queues (OpenFile.joinQueues), until observe(null). */
export function observe(observer: Observer | null): void {
    joining = observer;
}

/** Takes an observer off all its queues. */
export function stopObserving(observer: Observer): void {
    const waiters = observer.waiters;
    observer.waiters = null;
    freeAll(waiters);
}

/** Puts `current` on a queue; a blocking result must follow (blockOn, blockUntil). */
export function waitOn(queue: WaitQueue): void {
    let waiter = freeWaiters;
    if (waiter === null) waiter = new Waiter();
    else freeWaiters = waiter.next;
    const observer = joining;
    // As on Linux the newest observer is told first, and exclusive ones after all others.
    if (observer !== null && !observer.isExclusive) prepend(waiter, queue);
    else append(waiter, queue);
    if (observer !== null) {
        waiter.observer = observer;
        waiter.nextOfThread = observer.waiters;
        observer.waiters = waiter;
    } else {
        waiter.thread = current;
        waiter.nextOfThread = current.waiters;
        current.waiters = waiter;
    }
}

function prepend(waiter: Waiter, queue: WaitQueue): void {
    waiter.queue = queue;
    waiter.previous = null;
    waiter.next = queue.first;
    if (queue.first === null) queue.last = waiter;
    else queue.first!.previous = waiter;
    queue.first = waiter;
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
    const waiters = thread.waiters;
    thread.waiters = null;
    freeAll(waiters);
}

/** The thread was woken and does not go on, for its process was stopped or ended: what woke it is somebody else's. */
export function passOn(thread: Thread): void {
    let waiter = thread.waiters;
    while (waiter !== null) {
        const queue = waiter.queue!;
        if (queue.isForOne) queue.wakeOne();
        waiter = waiter.nextOfThread;
    }
}

function freeAll(waiter: Waiter | null): void {
    while (waiter !== null) {
        const following = waiter.nextOfThread;
        remove(waiter);
        waiter.thread = null;
        waiter.observer = null;
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
