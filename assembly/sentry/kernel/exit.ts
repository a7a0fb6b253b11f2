// SPDX-License-Identifier: Apache-2.0
//
// How threads and processes end.

import { CLD_EXITED, CLD_KILLED, SIGCHLD, SIGNAL_MAXIMUM } from "../signals/numbers";
import { kernelSignal, sendToProcess } from "../signals/send";
import { SignalInfo } from "../signals/signalQueue";
import { endTimers } from "../signals/timers";
import { copyOut32 } from "../memory/userMemory";
import { undoSemaphores } from "../ipc/semaphores";
import { wakeFutex } from "./futex";
import { leaveTerminal } from "../tty/controllingTerminal";
import { strace } from "../strace/trace";
import { traceExit } from "../strace/signal";
import { forgetAnswer } from "./answer";
import { containerEnded, containerEnds, execEnded } from "./container";
import { addGarbage } from "./garbage";
import { closeAccount } from "./processorTime";
import { isInit, Process, processes, removeProcess } from "./process";
import { current, Thread, THREAD_DEAD, THREAD_READY, threads } from "./thread";
import { hangUpIfOrphaned } from "./jobControl";
import { releaseRobustList } from "./robustList";
import { dropTcb } from "./threadObjects";
import { leaveQueues, passOn } from "./wait";

/** Clock ticks of siginfo_t. */
const TICK_NANOSECONDS: u64 = 10_000_000;
/** Managed memory that a process leaves behind, roughly: what the collector is told. */
const PROCESS_GARBAGE: i32 = 2560;
const THREAD_GARBAGE: i32 = 512;

/** Ends one thread of a process that goes on or ends with it. */
function endThread(thread: Thread): void {
    if (thread.state == THREAD_READY) passOn(thread);
    leaveQueues(thread);
    forgetAnswer(thread);
    closeAccount(thread);
    dropTcb(thread);
    thread.state = THREAD_DEAD;
    if (thread.saved != 0) heap.free(thread.saved);
    thread.saved = 0;
    threads[thread.number] = null;
    addGarbage(THREAD_GARBAGE);
}

/** exit(2) of `current`: the process ends with its last thread. `code`: 0 to 255. */
export function exitThread(code: i32): void {
    const thread = current;
    const process = thread.process;
    if (process.threads.length == 1) {
        finishProcess(process, (code & 0xff) << 8);
        return;
    }
    if (strace) traceExit(thread, (code & 0xff) << 8);
    releaseRobustList(thread);
    clearChildTid(thread);
    process.threads.splice(process.threads.indexOf(thread), 1);
    endThread(thread);
}

/** CLONE_CHILD_CLEARTID: what pthread_join waits for. The thread is the current one. */
function clearChildTid(thread: Thread): void {
    if (thread.clearChildTid == 0) return;
    if (copyOut32(thread.clearChildTid, 0) == 0)
        wakeFutex(thread.process.addressSpace, thread.clearChildTid, 1);
}

/** exit_group(2). */
export function exitProcess(process: Process, code: i32): void {
    finishProcess(process, (code & 0xff) << 8);
}

/** Ends a process by a signal. */
export function endProcess(process: Process, signal: i32): void {
    finishProcess(process, signal);
}

/** Ends every thread, frees what the process holds, and leaves a zombie for its parent. */
function finishProcess(process: Process, waitStatus: i32): void {
    if (process.exited) return;
    if (isInit(process)) containerEnds();
    process.exiting = true;
    for (let i = 0; i < process.threads.length; i++) {
        const thread = process.threads[i];
        if (strace) traceExit(thread, waitStatus);
        releaseRobustList(thread);
        // A vfork child shares its parent's memory: a joiner there may wait on the word.
        if (thread === current && process.addressSpace.users > 1) clearChildTid(thread);
        endThread(thread);
    }
    process.threads = [];
    process.waitStatus = waitStatus;
    process.residentPeak = max(process.residentPeak, process.addressSpace.pages.count);
    undoSemaphores(process);
    endTimers(process);
    releaseVforkParent(process);
    process.fileDescriptors.release();
    leaveTerminal(process);
    process.files.release();
    process.addressSpace.release();
    process.exited = true;
    process.stopped = false;
    process.exitWaiters.wake();
    addGarbage(PROCESS_GARBAGE);
    if (isInit(process)) {
        containerEnded(waitStatus);
        return;
    }
    adoptChildren(process);
    const parent = process.parent;
    if (parent === null) {
        // Nobody in the container waits for it.
        removeProcess(process);
        execEnded(process, waitStatus);
        return;
    }
    hangUpIfOrphaned(process, parent);
    notifyParent(process, parent);
}

/** Who adopts a process's children: its nearest ancestor that asked for it (PR_SET_CHILD_SUBREAPER), else pid 1. */
function findAdopter(process: Process): Process {
    let ancestor = process.parent;
    while (ancestor !== null) {
        if (ancestor.isSubreaper && !ancestor.exited) return ancestor;
        ancestor = ancestor.parent;
    }
    return processes[0];
}

/** Orphans get a new parent; those that have ended already are its to wait for. */
function adoptChildren(process: Process): void {
    const adopter = findAdopter(process);
    for (let i = 0; i < processes.length; i++) {
        const child = processes[i];
        if (child.parent !== process) continue;
        child.parent = adopter;
        child.creator = adopter.pid;
        // Children whose parent is not the one that made them end as any other.
        child.exitSignal = SIGCHLD;
        if (child.parentDeathSignal != 0) sendToProcess(child, kernelSignal(child.parentDeathSignal));
        if (child.exited) {
            const before = processes.length;
            notifyParent(child, adopter);
            if (processes.length < before) i--;
        } else {
            hangUpIfOrphaned(child, process);
        }
    }
}

function notifyParent(process: Process, parent: Process): void {
    const reaped = process.exitSignal == SIGCHLD && parent.signalActions.reapsChildren;
    // clone(2) takes any byte for it; what is no signal is not sent.
    if (process.exitSignal > 0 && process.exitSignal <= SIGNAL_MAXIMUM) {
        const killed = (process.waitStatus & 0x7f) != 0;
        const info = new SignalInfo(
            process.exitSignal,
            killed ? CLD_KILLED : CLD_EXITED,
            process.pid,
            process.credentials.realUser,
        );
        info.userTicks = process.userTime / TICK_NANOSECONDS;
        info.systemTicks = process.systemTime / TICK_NANOSECONDS;
        info.value = killed ? process.waitStatus & 0x7f : (process.waitStatus >> 8) & 0xff;
        sendToProcess(parent, info);
    }
    if (reaped) removeProcess(process);
    parent.children.wake();
}

/** The thread that waits in vfork for this process goes on: at execve or exit. */
export function releaseVforkParent(process: Process): void {
    process.vforkDone = true;
    process.vforkWaiters.wake();
}

/** Ends every thread but `current`, whose locks are released as well (execve). */
export function endOtherThreads(process: Process): void {
    for (let i = 0; i < process.threads.length; i++) releaseRobustList(process.threads[i]);
    if (process.addressSpace.users > 1) clearChildTid(current);
    for (let i = 0; i < process.threads.length; i++) {
        if (process.threads[i] !== current) endThread(process.threads[i]);
    }
    process.threads = [current];
}
