// SPDX-License-Identifier: Apache-2.0
//
// Putting a prepared program (execute.ts) into a process: the second half of execve(2), which cannot fail but by killing
// the process, and the start of pid 1.

import { CONTEXT_SIZE, startContext } from "../arch/machine";
import { interruptThread } from "../kernel/answer";
import { endOtherThreads, endProcess, releaseVforkParent } from "../kernel/exit";
import { addGarbage } from "../kernel/garbage";
import { Process } from "../kernel/process";
import { SS_DISABLE, Thread, THREAD_RUNNING } from "../kernel/thread";
import { dropTcb, makeTcb, startThread } from "../kernel/threadObjects";
import { SIGCHLD, SIGKILL } from "../signals/numbers";
import { hasSignal } from "../signals/send";
import { deletePosixTimers } from "../signals/timers";
import { ACCESS_EXECUTE, ACCESS_WRITE } from "../memory/addressSpace";
import { Program } from "./execute";
import { reserveCommonBuffer } from "../memory/buffers";

/** Managed memory that a change of programs leaves behind, roughly. */
const EXEC_GARBAGE: i32 = 2048;

/** A seL4_UserContext. */
const context: usize = reserveCommonBuffer(CONTEXT_SIZE);

/** `thread`, the current one, becomes the only thread of its process, and the process runs `program`. */
export function replaceProgram(thread: Thread, program: Program): void {
    const process = thread.process;
    endOtherThreads(process);
    thread.tid = process.pid;
    thread.name = null;
    const old = process.addressSpace;
    process.residentPeak = max(process.residentPeak, old.pages.count);
    deletePosixTimers(process);
    process.addressSpace = program.space;
    process.signalActions = process.signalActions.copyForExec();
    process.credentials = program.credentials;
    if (process.fileDescriptors.isShared) {
        const own = process.fileDescriptors.clone();
        process.fileDescriptors.release();
        process.fileDescriptors = own;
    }
    process.fileDescriptors.closeOnExec();
    process.name = program.name;
    process.hasExecuted = true;
    const credentials = program.credentials;
    const changesIdentity =
        credentials.effectiveUser != credentials.realUser ||
        credentials.effectiveGroup != credentials.realGroup;
    // As with the default of fs.suid_dumpable.
    process.dumpable = changesIdentity || !program.isReadable ? 0 : 1;
    if (changesIdentity) process.parentDeathSignal = 0;
    process.exitSignal = SIGCHLD;
    thread.alternateStackFlags = SS_DISABLE;
    thread.alternateStack = 0;
    thread.alternateStackSize = 0;
    thread.clearChildTid = 0;
    thread.robustList = 0;
    thread.inSystemCall = false;
    thread.progress = 0;
    thread.deadline = 0;
    // A new TCB has a new program's FPU state; seL4 has no other way to reset it.
    dropTcb(thread);
    if (program.space.vspace.exists) old.release();
    else old.passOn(program.space);
    releaseVforkParent(process);
    addGarbage(EXEC_GARBAGE);
    startProgram(process, thread, program);
}

/** Has a thread without a TCB run a program's first instruction. */
export function startProgram(process: Process, thread: Thread, program: Program): void {
    const space = program.space;
    space.adoptKept();
    // The program's first instruction and its first push would fault: a trap each that need not be. What cannot be mapped
    // will fault, and is answered then.
    space.handleFault(program.entry, ACCESS_EXECUTE);
    space.handleFault(space.stackStart, ACCESS_WRITE);
    if (!makeTcb(thread, space.vspace)) {
        endProcess(process, SIGKILL);
        return;
    }
    startContext(context, program.entry, space.stackStart);
    startThread(thread, context);
    thread.state = THREAD_RUNNING;
    if (hasSignal(thread)) interruptThread(thread);
}
