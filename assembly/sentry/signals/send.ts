// SPDX-License-Identifier: Apache-2.0
//
// Sending signals. A signal that would do nothing is dropped here; any other waits in the queue of its thread or process,
// and a thread that can take it is brought to the event loop's ready list, where deliver.ts takes it out.

import { refillHeapSource } from "../capabilities/quota";
import { CAP_KILL } from "../kernel/capabilities";
import { EAGAIN, EPERM, ESRCH } from "../kernel/errno";
import { continueProcess } from "../kernel/jobControl";
import { isInit, Process, processes } from "../kernel/process";
import { RLIM_INFINITY, RLIMIT_SIGPENDING } from "../kernel/resourceLimits";
import { interruptThread } from "../kernel/answer";
import { current, Thread, THREAD_DEAD } from "../kernel/thread";
import {
    DEFAULT_IGNORE,
    DEFAULT_STOP,
    DEFAULT_TERMINATE,
    defaultAction,
    MASK_STOP,
    MASK_UNBLOCKABLE,
    SI_KERNEL,
    SI_USER,
    SIGCONT,
    SIGKILL,
    signalBit,
    SIGRTMIN,
} from "./numbers";
import { DEFAULT_ACTION, SIG_DFL, SIG_IGN } from "./signalActions";
import { SignalInfo, SignalQueue } from "./signalQueue";

/** Whether any signal can be delivered to the thread now. */
// @ts-ignore: decorator
@inline
export function hasSignal(thread: Thread): bool {
    const waiting = (thread.pending.set | thread.process.pending.set) & ~thread.signalMask;
    return waiting != 0 && (!thread.isSavingState || (waiting & signalBit(SIGKILL)) != 0);
}

/** A signal from `current`'s process (kill(2)). */
export function userSignal(signal: i32, code: i32 = SI_USER): SignalInfo {
    return new SignalInfo(signal, code, current.process.pid, current.process.credentials.realUser);
}

/** A signal from the sentry itself. */
export function kernelSignal(signal: i32): SignalInfo {
    return new SignalInfo(signal, SI_KERNEL, 0, 0);
}

/** Whether sending has no effect at all: nobody handles it and by default nothing happens. */
function isIgnored(process: Process, signal: i32, forced: bool): bool {
    const handler = process.signalActions.get(signal).handler;
    if (handler == SIG_IGN) return true;
    if (handler != SIG_DFL) return false;
    const action = defaultAction(signal);
    if (action == DEFAULT_IGNORE) return true;
    // Linux's init: signals without a handler do nothing to pid 1, unless a person at the host must have it end.
    return isInit(process) && !forced && (action == DEFAULT_TERMINATE || action == DEFAULT_STOP);
}

/** Effects that sending has even on a blocked or ignored signal: stop and continue cancel each other. */
function prepare(process: Process, signal: i32): void {
    if (signal == SIGCONT || signal == SIGKILL) {
        if (signal == SIGCONT) dropPending(process, MASK_STOP);
        if (process.stopped) continueProcess(process);
    } else if ((MASK_STOP & signalBit(signal)) != 0) {
        dropPending(process, signalBit(SIGCONT));
    }
}

/** Takes signals out of the queues of a process and its threads. */
export function dropPending(process: Process, mask: u64): void {
    process.pending.drop(mask);
    for (let i = 0; i < process.threads.length; i++) process.threads[i].pending.drop(mask);
}

/** Signals that wait for the processes of a user, and timers that could send one: what RLIMIT_SIGPENDING limits. */
export function pendingSignalsOf(user: u32): u64 {
    let count: u64 = 0;
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        if (process.credentials.realUser != user) continue;
        count += process.pending.count + process.timers.length;
        for (let t = 0; t < process.threads.length; t++) count += process.threads[t].pending.count;
    }
    return count;
}

/** Whether one more signal may wait. Of a standard signal one always may; real-time signals are limited. */
function hasRoom(process: Process, queue: SignalQueue, info: SignalInfo): bool {
    if (info.signal < SIGRTMIN || info.timer !== null) return true;
    // kill(2) never fails for want of room: the signal waits at least once.
    if (info.code == SI_USER && (queue.set & signalBit(info.signal)) == 0) return true;
    const limit = process.limits.soft[RLIMIT_SIGPENDING];
    return limit == RLIM_INFINITY || pendingSignalsOf(process.credentials.realUser) < limit;
}

/**
 * Sends to a process: some thread that does not block the signal takes it. `fromOutside`: from a person at the host, whose
 * signals pid 1 cannot shrug off. False when the queue is full.
 */
export function sendToProcess(process: Process, info: SignalInfo, fromOutside: bool = false): bool {
    if (process.exited || process.exiting) return true;
    prepare(process, info.signal);
    const bit = signalBit(info.signal);
    let taker: Thread | null = null;
    let blockedByAll = true;
    for (let i = 0; i < process.threads.length; i++) {
        const thread = process.threads[i];
        if (thread.state == THREAD_DEAD) continue;
        if ((thread.signalMask & bit & ~MASK_UNBLOCKABLE) != 0) continue;
        if ((thread.waitedSignals & bit) == 0) blockedByAll = false;
        if (taker === null || thread === current) taker = thread;
    }
    if (!blockedByAll && isIgnored(process, info.signal, fromOutside)) return true;
    if (!hasRoom(process, process.pending, info)) return info.code == SI_USER;
    if (fromOutside) process.forcedSignals |= bit;
    process.pending.add(info);
    process.signalArrival.wake();
    if (taker !== null) interruptThread(taker);
    return true;
}

/** Sends to one thread (tgkill, faults of its own making, SIGPIPE). */
export function sendToThread(thread: Thread, info: SignalInfo): bool {
    const process = thread.process;
    if (thread.state == THREAD_DEAD || process.exiting) return true;
    prepare(process, info.signal);
    const blocked = (thread.signalMask & signalBit(info.signal) & ~MASK_UNBLOCKABLE) != 0;
    const waited = (thread.waitedSignals & signalBit(info.signal)) != 0;
    if (!blocked && !waited && isIgnored(process, info.signal, false)) return true;
    if (!hasRoom(process, thread.pending, info)) return info.code == SI_USER;
    thread.pending.add(info);
    process.signalArrival.wake();
    if (!blocked) interruptThread(thread);
    return true;
}

/** A signal that `current` has caused by what it did (SIGPIPE, SIGXFSZ): to that thread. */
export function sendSignalToThread(thread: Thread, signal: i32): void {
    sendToThread(thread, userSignal(signal));
}

/**
 * A fault's signal: cannot be blocked or ignored; doing so makes it deadly, for the instruction would only fault again.
 */
export function forceSignal(thread: Thread, info: SignalInfo): void {
    thread.isSavingState = false;
    const bit = signalBit(info.signal);
    const actions = thread.process.signalActions;
    const blocked = (thread.signalMask & bit) != 0;
    if (blocked || actions.get(info.signal).handler == SIG_IGN) actions.set(info.signal, DEFAULT_ACTION);
    thread.signalMask &= ~bit;
    if (actions.get(info.signal).handler == SIG_DFL) thread.process.forcedSignals |= bit;
    thread.pending.add(info);
}

/** Sends to every process of a process group; the number of processes. */
export function sendSignalToGroup(group: i32, signal: i32, fromOutside: bool = false): i32 {
    let count = 0;
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        if (process.processGroup != group || process.exited) continue;
        sendToProcess(process, kernelSignal(signal), fromOutside);
        count++;
    }
    return count;
}

/** Whether `current` may send `signal` to the process (kill(2)). */
export function maySignal(process: Process, signal: i32): bool {
    const sender = current.process.credentials;
    const target = process.credentials;
    if (sender.has(CAP_KILL)) return true;
    if (signal == SIGCONT && process.session == current.process.session) return true;
    return (
        sender.realUser == target.realUser ||
        sender.realUser == target.savedUser ||
        sender.effectiveUser == target.realUser ||
        sender.effectiveUser == target.savedUser
    );
}

/** kill(2) for one process; signal 0 only checks. 0 or a negative errno. */
export function killProcess(process: Process, signal: i32): i64 {
    if (!maySignal(process, signal)) return -EPERM;
    if (signal == 0) return 0;
    return sendToProcess(process, userSignal(signal)) ? 0 : -EAGAIN;
}

/** kill(2) for the processes of a group, or for all but pid 1 and the sender (`group` -1). 0 or a negative errno. */
export function killGroup(group: i32, signal: i32): i64 {
    let found = false;
    let permitted = false;
    // A copy: a signal may end processes at once.
    const targets = processes.slice(0);
    for (let i = 0; i < targets.length; i++) {
        const process = targets[i];
        // What waits at each of them takes memory, and there may be thousands.
        if ((i & 31) == 0) refillHeapSource();
        if (group == -1) {
            if (process.pid == 1 || process === current.process) continue;
        } else if (process.processGroup != group) {
            continue;
        }
        found = true;
        if (killProcess(process, signal) == 0) permitted = true;
    }
    if (!found) return -ESRCH;
    return permitted ? 0 : -EPERM;
}
