// SPDX-License-Identifier: Apache-2.0
//
// New processes and threads: clone(2), of which fork and vfork are cases.

import { childContext, CONTEXT_SIZE } from "../arch/machine";
import { loadStateFirst, savesStateFirst } from "../arch/forkState";
import { AddressSpace } from "../memory/addressSpace";
import { copyOut32, userAddress } from "../memory/userMemory";
import { takeVSpace } from "../memory/vspaces";
import { ensureStub } from "../signals/deliver";
import { MASK_UNBLOCKABLE } from "../signals/numbers";
import { watchProcessorLimit } from "../signals/timers";
import { openProcess } from "../fs/processHandle";
import { EAGAIN, EFAULT, EINVAL, EMFILE, ENOMEM, EPERM } from "./errno";
import { now } from "./clock";
import { allocatePid, isInit, Process, processes } from "./process";
import { RLIM_INFINITY, RLIMIT_NOFILE, RLIMIT_NPROC } from "./resourceLimits";
import { countProcess } from "./statistics";
import { ANSWER_REGISTERS, current, Thread, THREAD_RUNNING, threads } from "./thread";
import { freeThreadNumber, makeTcb, readContext, startThread } from "./threadObjects";
import { blockUnlessKilled } from "./wait";
import { reserveBuffer } from "../memory/buffers";

// clone(2) flags (sched.h).
export const CSIGNAL: u64 = 0xff;
export const CLONE_VM: u64 = 0x100;
export const CLONE_FS: u64 = 0x200;
export const CLONE_FILES: u64 = 0x400;
export const CLONE_SIGHAND: u64 = 0x800;
export const CLONE_PIDFD: u64 = 0x1000;
export const CLONE_VFORK: u64 = 0x4000;
export const CLONE_PARENT: u64 = 0x8000;
export const CLONE_THREAD: u64 = 0x10000;
export const CLONE_NEWNS: u64 = 0x20000;
export const CLONE_NEWUSER: u64 = 0x10000000;
export const CLONE_NEWPID: u64 = 0x20000000;
export const CLONE_SYSVSEM: u64 = 0x40000;
export const CLONE_SETTLS: u64 = 0x80000;
export const CLONE_PARENT_SETTID: u64 = 0x100000;
export const CLONE_CHILD_CLEARTID: u64 = 0x200000;
export const CLONE_CHILD_SETTID: u64 = 0x1000000;
/** New namespaces of any kind: not offered in a container. */
export const CLONE_NAMESPACES: u64 = 0x7e020000;
export const CLONE_NEWTIME: u64 = 0x80;
export const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
export const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
/** CLONE_DETACHED, which means nothing any more. */
const CLONE_DETACHED: u64 = 0x400000;
/** Flags that clone3 knows: all of 32 bits but CSIGNAL's and CLONE_DETACHED, and its own. */
export const CLONE3_FLAGS: u64 = (0x3_ffff_ffff & ~CSIGNAL & ~CLONE_DETACHED) | CLONE_NEWTIME;

/** Threads of a container: numbers are badges, and each has kernel objects of about 2.5 KiB. */
const THREADS_MAXIMUM: u32 = 4096;

/** A seL4_UserContext. */
const context: usize = reserveBuffer(CONTEXT_SIZE);

/** 0, or the negative errno for flags that cannot go together, or that a container may not use. */
function checkFlags(flags: u64): i64 {
    // Implications that clone(2) names: threads share handlers, handlers need shared memory.
    if ((flags & CLONE_THREAD) != 0 && (flags & CLONE_SIGHAND) == 0) return -EINVAL;
    if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_VM) == 0) return -EINVAL;
    if ((flags & CLONE_FS) != 0 && (flags & (CLONE_NEWNS | CLONE_NEWUSER)) != 0) return -EINVAL;
    // Pid 1 has no siblings.
    if ((flags & CLONE_PARENT) != 0 && isInit(current.process)) return -EINVAL;
    if ((flags & CLONE_THREAD) != 0 && (flags & (CLONE_NEWUSER | CLONE_NEWPID)) != 0) return -EINVAL;
    if ((flags & CLONE_PIDFD) != 0 && (flags & (CLONE_DETACHED | CLONE_THREAD)) != 0) return -EINVAL;
    return (flags & CLONE_NAMESPACES) != 0 ? -EPERM : 0;
}

/** Whether a user has as many threads as RLIMIT_NPROC allows. Root is not limited. */
function isProcessLimitReached(process: Process): bool {
    const user = process.credentials.realUser;
    const limit = process.limits.soft[RLIMIT_NPROC];
    if (limit == RLIM_INFINITY || user == 0) return false;
    let count: u64 = 0;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread !== null && thread.process.credentials.realUser == user) count++;
    }
    return count >= limit;
}

/**
 * Makes a process or a thread like the current one. `stack` 0: the caller's. The result is its id or a negative errno; for
 * vfork BLOCKED until the child has executed a program or ended.
 */
export function clone(
    flags: u64,
    exitSignal: i32,
    stack: u64,
    parentTid: u64,
    descriptorAddress: u64,
    childTid: u64,
    tls: u64,
): i64 {
    const waitedFor = current.vforkChild;
    if (waitedFor !== null) {
        if (!waitedFor.vforkDone) return blockUnlessKilled(waitedFor.vforkWaiters);
        current.vforkChild = null;
        return waitedFor.pid;
    }
    const error = checkFlags(flags);
    if (error != 0) return error;
    if (freeThreadNumber() >= THREADS_MAXIMUM || isProcessLimitReached(current.process)) return -EAGAIN;
    if ((flags & CLONE_PIDFD) != 0) {
        if (userAddress(descriptorAddress, true) == 0) return -EFAULT;
        if (!current.process.fileDescriptors.hasRoom(current.process.limits.soft[RLIMIT_NOFILE]))
            return -EMFILE;
    }

    const stub = current.process.addressSpace.layout.stubs;
    current.isSavingState = false;
    const copiesState = (flags & CLONE_VM) == 0 && ensureStub(current.process);
    if (copiesState && savesStateFirst(current, stub, stack, (flags & CLONE_SETTLS) != 0, tls)) {
        current.answer = ANSWER_REGISTERS;
        current.inSystemCall = false;
        current.isSavingState = true;
        return 0;
    }
    const isThread = (flags & CLONE_THREAD) != 0;
    const process = isThread ? current.process : copyProcess(flags, exitSignal);
    if (process === null) return -ENOMEM;
    const tid = isThread ? allocatePid() : process.pid;
    const thread = new Thread(process, freeThreadNumber(), tid);
    if (!makeTcb(thread, process.addressSpace.vspace)) {
        if (!isThread) abandon(process);
        return -ENOMEM;
    }
    threads[thread.number] = thread;
    process.threads.push(thread);
    thread.scheduling = current.scheduling.forChild();
    if (isThread) thread.name = current.name === null ? process.name : current.name;
    thread.signalMask = current.signalMask & ~MASK_UNBLOCKABLE;
    if ((flags & CLONE_VM) == 0 || (flags & CLONE_VFORK) != 0) {
        thread.alternateStack = current.alternateStack;
        thread.alternateStackSize = current.alternateStackSize;
        thread.alternateStackFlags = current.alternateStackFlags;
    }
    if ((flags & CLONE_CHILD_CLEARTID) != 0) thread.clearChildTid = childTid;
    if ((flags & CLONE_PARENT_SETTID) != 0) copyOut32(parentTid, tid);
    if ((flags & CLONE_CHILD_SETTID) != 0) {
        const at = process.addressSpace.touch(childTid, true);
        // Linux, too, starts the child whether or not the word can be written.
        if (at != 0) store<u32>(at, tid);
    }
    readContext(current, context);
    childContext(current.message, context, stack, (flags & CLONE_SETTLS) != 0, tls);
    if (copiesState) loadStateFirst(context, stub);
    thread.state = THREAD_RUNNING;
    startThread(thread, context);
    if (!isThread) {
        processes.push(process);
        countProcess();
        watchProcessorLimit(process);
        if ((flags & CLONE_PIDFD) != 0) copyOut32(descriptorAddress, openProcess(process, 0));
    }
    if ((flags & CLONE_VFORK) != 0) {
        current.vforkChild = process;
        return blockUnlessKilled(process.vforkWaiters);
    }
    return tid;
}

/** The parent of a process for a sibling of it: pid 1 where the parent is outside the container. */
function parentOf(process: Process): Process {
    const parent = process.parent;
    return parent === null ? processes[0] : parent;
}

/** A process that shares or copies what the flags say, without a thread and not yet in the table; null: no memory. */
function copyProcess(flags: u64, exitSignal: i32): Process | null {
    const parent = current.process;
    if ((flags & CLONE_FILES) == 0 && !parent.fileDescriptors.canClone()) return null;
    let space: AddressSpace;
    if ((flags & CLONE_VM) != 0) {
        space = parent.addressSpace.share();
    } else {
        const vspace = takeVSpace();
        if (vspace === null) return null;
        const copy = parent.addressSpace.copyTo(vspace);
        if (copy === null) return null;
        space = copy;
    }
    let actions = parent.signalActions;
    if ((flags & CLONE_CLEAR_SIGHAND) != 0) actions = actions.copyForExec();
    else if ((flags & CLONE_SIGHAND) == 0) actions = actions.copy();
    const child = new Process(
        allocatePid(),
        (flags & CLONE_PARENT) != 0 ? parentOf(parent) : parent,
        space,
        (flags & CLONE_FILES) != 0 ? parent.fileDescriptors.share() : parent.fileDescriptors.clone(),
        (flags & CLONE_FS) != 0 ? parent.files.share() : parent.files.clone(),
        parent.credentials,
        parent.limits,
        actions,
    );
    child.processGroup = parent.processGroup;
    child.session = parent.session;
    child.terminal = parent.terminal;
    const name = current.name;
    child.name = name === null ? parent.name : name;
    child.creator = current.tid;
    child.exitSignal = exitSignal;
    if ((flags & CLONE_PARENT) != 0) {
        child.creator = parent.creator;
        child.exitSignal = parent.exitSignal;
    }
    child.dumpable = parent.dumpable;
    child.noNewPrivileges = parent.noNewPrivileges;
    child.forbidsHugePages = parent.forbidsHugePages;
    child.personality = parent.personality;
    child.scoreAdjustment = parent.scoreAdjustment;
    child.memoryPolicy = parent.memoryPolicy;
    child.memoryNodes = parent.memoryNodes;
    child.startTime = now();
    return child;
}

/** Gives up a process that never had a thread. */
function abandon(process: Process): void {
    process.fileDescriptors.release();
    process.files.release();
    process.addressSpace.release();
}
