// SPDX-License-Identifier: Apache-2.0
//
// Turns of the threads of a container whose CPU time is limited. Only one scheduling context has time for its threads
// (THREADS_CONTEXT_SLOT; the manager gives none to any other), so that one thread at a time can run: the sentry binds the
// context to it. The kernel charges that context and stops it when the limit is used up, whatever the sentry does here; this
// module only decides who of the container runs.
//
// A thread keeps the context as long as it is runnable, for a turn where others wait. Turns end by the sentry's timer. Who is
// woken by something from outside the container (a timer, input, a signal of the host) runs at once.

import { schedContextBind, schedContextUnbind } from "../../sel4/generated/host";
import {
    containerConfiguration,
    THREADS_CONTEXT_SLOT,
    TURN_MICROSECONDS,
} from "../../std/containerConfiguration";
import { now } from "./clock";
import { Thread, THREAD_ANSWERED, THREAD_RUNNING, threads } from "./thread";
import { armTimer } from "./timer";

const ERROR_NONE: u32 = 0;
const TURN: u64 = TURN_MICROSECONDS * 1000;

/** Without a limit every thread has a scheduling context, and nothing here is used. */
export let isProcessorLimited: bool = false;

/** The thread that the context is bound to, or null. */
let holder: Thread | null = null;
/** When its turn began. */
let turnStart: u64 = 0;
/** Whether a thread other than the holder may be runnable. */
let othersRun: bool = false;
/** Who is to run next whatever is left of the holder's turn, or null. */
let preferred: Thread | null = null;

/** To be called before the first thread is made. */
export function startTurns(): void {
    isProcessorLimited = containerConfiguration().isProcessorLimited;
}

/** A thread can run, or will when its answer is sent. */
// @ts-ignore: decorator
@inline
export function noteRunnable(thread: Thread): void {
    if (isProcessorLimited && thread !== holder) othersRun = true;
}

/** The thread was woken from outside the container: it runs before the others. */
export function preferThread(thread: Thread): void {
    preferred = thread;
}

/** The holder lets others run (sched_yield). */
export function endTurn(): void {
    turnStart = 0;
}

/** The thread's TCB is being deleted, which unbinds the context. */
export function leaveTurns(thread: Thread): void {
    if (holder === thread) holder = null;
    if (preferred === thread) preferred = null;
}

function isRunnable(thread: Thread | null): bool {
    return thread !== null && (thread.state == THREAD_RUNNING || thread.state == THREAD_ANSWERED);
}

/** The first runnable thread behind the holder, by number; null where there is none but the holder. */
function findOther(): Thread | null {
    const count = <u32>threads.length;
    const first: u32 = holder === null ? count - 1 : holder!.number;
    for (let i: u32 = 1; i <= count; i++) {
        const thread = threads[(first + i) % count];
        if (thread !== holder && isRunnable(thread)) return thread;
    }
    return null;
}

/** The thread that is to get the context now, before the sentry waits; null: it stays where it is. */
export function nextTurn(): Thread | null {
    const wanted = preferred;
    preferred = null;
    if (wanted !== null && wanted !== holder && isRunnable(wanted)) return wanted;
    if (isRunnable(holder)) {
        if (!othersRun) return null;
        if (now() - turnStart < TURN) {
            armTimer(turnStart + TURN);
            return null;
        }
    }
    const other = findOther();
    if (other === null) othersRun = false;
    return other;
}

/** The sentry waits from now on; the holder runs, if it can. The result is for stopHolding. */
export function startHolding(): u64 {
    return isRunnable(holder) ? now() : 0;
}

/** The sentry has received something: the holder has had the context since `start`. */
export function stopHolding(start: u64): void {
    const thread = holder;
    if (start != 0 && thread !== null) thread.heldTime += now() - start;
}

/** Binds the context to a thread, whose answer has been sent. */
export function giveTurn(thread: Thread): void {
    schedContextUnbind(THREADS_CONTEXT_SLOT);
    // Refused only where the thread has sent a message that has not been received and the limit is used up: it is received next.
    holder = schedContextBind(THREADS_CONTEXT_SLOT, thread.tcb) == ERROR_NONE ? thread : null;
    othersRun = true;
    turnStart = now();
    armTimer(turnStart + TURN);
}
