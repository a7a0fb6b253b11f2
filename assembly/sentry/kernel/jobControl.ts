// SPDX-License-Identifier: Apache-2.0
//
// Stopping and continuing processes by signals.

import { CLD_CONTINUED, CLD_STOPPED, SA_NOCLDSTOP, SIGCHLD, SIGCONT, SIGHUP } from "../signals/numbers";
import { sendSignalToGroup, sendToProcess } from "../signals/send";
import { SignalInfo } from "../signals/signalQueue";
import { forgetAnswer, saveMessage } from "./answer";
import { Process, processes } from "./process";
import {
    makeReady,
    queueReady,
    Thread,
    THREAD_ANSWERED,
    THREAD_BLOCKED,
    THREAD_HELD,
    THREAD_RUNNING,
    THREAD_SUSPENDED,
} from "./thread";
import { resumeThread, suspendThread } from "./threadObjects";

/** Tells the parent of a stop or a continuation. */
function notifyParent(process: Process, code: i32, status: i32): void {
    const parent = process.parent;
    if (parent === null) return;
    parent.children.wake();
    if ((parent.signalActions.get(SIGCHLD).flags & SA_NOCLDSTOP) != 0) return;
    const info = new SignalInfo(SIGCHLD, code, process.pid, process.credentials.realUser);
    info.value = status;
    sendToProcess(parent, info);
}

/**
 * Stops a process. Threads that run are suspended; those that wait stay where they are and are held when they wake; the
 * current one holds itself (deliver.ts).
 */
export function stopProcess(process: Process, signal: i32): void {
    process.stopped = true;
    process.stopSignal = signal;
    process.stopUnreported = true;
    process.continueUnreported = false;
    for (let i = 0; i < process.threads.length; i++) {
        const thread = process.threads[i];
        if (thread.state == THREAD_RUNNING) {
            suspendThread(thread);
            thread.state = THREAD_SUSPENDED;
        } else if (thread.state == THREAD_ANSWERED) {
            forgetAnswer(thread);
            saveMessage(thread);
            thread.state = THREAD_HELD;
        }
    }
    notifyParent(process, CLD_STOPPED, signal);
}

/** SIGCONT, or SIGKILL, to a stopped process. */
export function continueProcess(process: Process): void {
    process.stopped = false;
    process.stopUnreported = false;
    process.continueUnreported = true;
    for (let i = 0; i < process.threads.length; i++) {
        const thread = process.threads[i];
        if (thread.state == THREAD_SUSPENDED) {
            thread.state = THREAD_RUNNING;
            resumeThread(thread);
        } else if (thread.state == THREAD_HELD) {
            queueReady(thread);
        } else if (thread.state == THREAD_BLOCKED) {
            // It may have been woken while the process was stopped.
            makeReady(thread);
        }
    }
    notifyParent(process, CLD_CONTINUED, SIGCONT);
}

/** Keeps a thread of a stopped process from going on. */
export function holdThread(thread: Thread): void {
    thread.state = THREAD_HELD;
}

/** Whether no process of a group, `ignored` apart, has a parent in the same session but in another group: nobody controls it. */
export function isOrphanedGroup(group: i32, ignored: Process | null): bool {
    for (let i = 0; i < processes.length; i++) {
        const member = processes[i];
        const parent = member.parent;
        if (member === ignored || member.processGroup != group || member.exited || parent === null) continue;
        if (parent.processGroup != group && parent.session == member.session) return false;
    }
    return true;
}

/**
 * A process has ended, or its parent has: when that leaves its group without control and a member is stopped, nobody
 * could ever continue it, so that all of them get SIGHUP and SIGCONT (setpgid(2)). `parent`: whom it had until now.
 */
export function hangUpIfOrphaned(process: Process, parent: Process): void {
    const group = process.processGroup;
    if (parent.processGroup == group || parent.session != process.session) return;
    if (!isOrphanedGroup(group, process.exited ? process : null)) return;
    let anyStopped = false;
    for (let i = 0; i < processes.length; i++) {
        const member = processes[i];
        if (member.processGroup == group && member.stopped) anyStopped = true;
    }
    if (!anyStopped) return;
    sendSignalToGroup(group, SIGHUP);
    sendSignalToGroup(group, SIGCONT);
}
