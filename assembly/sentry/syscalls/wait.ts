// SPDX-License-Identifier: Apache-2.0
//
// Waiting for children: wait4, waitid.

import { SYS_wait4, SYS_waitid } from "../arch/systemCalls";
import { EAGAIN, EBADF, ECHILD, EFAULT, EINVAL, ESRCH } from "../kernel/errno";
import { Process, processes, removeProcess } from "../kernel/process";
import { inheritAccount } from "../kernel/processorTime";
import { current } from "../kernel/thread";
import { blockOn } from "../kernel/wait";
import { copyOut, copyOut32 } from "../memory/userMemory";
import { CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCHLD, SIGCONT } from "../signals/numbers";
import { processOfDescriptor } from "./processHandle";
import { define } from "./table";
import { copyOutUsage, fillWaitedUsage } from "./usage";
import { reserveBuffer } from "../memory/buffers";

const WNOHANG: u32 = 1;
const WUNTRACED: u32 = 2;
const WEXITED: u32 = 4;
const WCONTINUED: u32 = 8;
const WNOWAIT: u32 = 0x0100_0000;
/** Only children of the calling thread. */
const WNOTHREAD: u32 = 0x2000_0000;
/** Children whatever their exit signal. */
const WALL: u32 = 0x4000_0000;
/** Only children whose exit signal is not SIGCHLD. Without: only those whose exit signal is. */
const WCLONE: u32 = 0x8000_0000;
const WAIT_THREADS: u32 = WNOTHREAD | WALL | WCLONE;

const P_ALL: i32 = 0;
const P_PID: i32 = 1;
const P_PGID: i32 = 2;
const P_PIDFD: i32 = 3;

const scratch: usize = reserveBuffer(32);

/** What the latest findChild found: 0 nothing, or a CLD_ code, and the child. */
let foundCode: i32 = 0;
let foundChild: Process | null = null;

/** Whether a child is one that the caller asks for: a kind (P_) with its id, and options. */
function matches(child: Process, kind: i32, id: i32, options: u32): bool {
    if (kind == P_PID && child.pid != id) return false;
    if (kind == P_PGID && child.processGroup != id) return false;
    if ((options & WNOTHREAD) != 0 && child.creator != current.tid) return false;
    return (options & WALL) != 0 || (child.exitSignal != SIGCHLD) == ((options & WCLONE) != 0);
}

/** Looks for a child with news. False: there is no child to wait for. */
function findChild(kind: i32, id: i32, options: u32): bool {
    let any = false;
    foundCode = 0;
    foundChild = null;
    for (let i = 0; i < processes.length; i++) {
        const child = processes[i];
        if (child.parent !== current.process || !matches(child, kind, id, options)) continue;
        any = true;
        if (child.exited) {
            if ((options & WEXITED) == 0) continue;
            foundCode = (child.waitStatus & 0x7f) == 0 ? CLD_EXITED : CLD_KILLED;
        } else if (child.stopped && child.stopUnreported && (options & WUNTRACED) != 0) {
            foundCode = CLD_STOPPED;
        } else if (child.continueUnreported && (options & WCONTINUED) != 0) {
            foundCode = CLD_CONTINUED;
        } else {
            continue;
        }
        foundChild = child;
        return true;
    }
    return any;
}

/** The wait status of what was found, as wait4 shows it. */
function foundStatus(): i32 {
    if (foundCode == CLD_STOPPED) return (foundChild!.stopSignal << 8) | 0x7f;
    if (foundCode == CLD_CONTINUED) return 0xffff;
    return foundChild!.waitStatus;
}

/** The news have been given to the caller. */
function consume(child: Process): void {
    if (foundCode == CLD_STOPPED) {
        child.stopUnreported = false;
    } else if (foundCode == CLD_CONTINUED) {
        child.continueUnreported = false;
    } else {
        inheritAccount(current.process, child);
        removeProcess(child);
    }
    foundChild = null;
}

function writeUsage(address: u64, child: Process): i32 {
    if (address == 0) return 0;
    fillWaitedUsage(child);
    return copyOutUsage(address);
}

function wait4(pid_: u64, status: u64, options: u64, usage: u64, e: u64, f: u64): i64 {
    const flags = <u32>options;
    const pid = <i32>pid_;
    if ((flags & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_THREADS)) != 0) return -EINVAL;
    if (pid == i32.MIN_VALUE) return -ESRCH;
    let kind = P_PID;
    let id = pid;
    if (pid == -1) {
        kind = P_ALL;
    } else if (pid <= 0) {
        kind = P_PGID;
        id = pid == 0 ? current.process.processGroup : -pid;
    }
    if (!findChild(kind, id, flags | WEXITED)) return -ECHILD;
    const child = foundChild;
    if (child === null) {
        if ((flags & WNOHANG) != 0) return 0;
        return blockOn(current.process.children);
    }
    // As on Linux the child is gone even if the result cannot be written.
    const waitStatus = foundStatus();
    const usageError = writeUsage(usage, child);
    consume(child);
    if (usageError != 0) return -EFAULT;
    if (status != 0 && copyOut32(status, waitStatus) != 0) return -EFAULT;
    return child.pid;
}

/** Six fields of siginfo_t: the others stay as they are. */
function writeWaitInfo(address: u64, child: Process | null): i32 {
    memory.fill(scratch, 0, 32);
    if (child !== null) {
        const status = foundStatus();
        store<i32>(scratch, SIGCHLD);
        store<i32>(scratch, foundCode, 8);
        store<i32>(scratch, child.pid, 16);
        store<u32>(scratch, child.credentials.realUser, 20);
        let value = status & 0x7f;
        if (foundCode == CLD_EXITED || foundCode == CLD_STOPPED) value = (status >> 8) & 0xff;
        else if (foundCode == CLD_CONTINUED) value = SIGCONT;
        store<i32>(scratch, value, 24);
    }
    return copyOut(address, scratch, 12) | copyOut(address + 16, scratch + 16, 12);
}

function waitid(kind_: u64, id_: u64, information: u64, options: u64, usage: u64, f: u64): i64 {
    const flags = <u32>options;
    if ((flags & ~(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | WAIT_THREADS)) != 0) return -EINVAL;
    if ((flags & (WUNTRACED | WEXITED | WCONTINUED)) == 0) return -EINVAL;
    let kind = <i32>kind_;
    let id = <i32>id_;
    let nonBlocking = false;
    switch (kind) {
        case P_ALL:
            break;
        case P_PID:
            if (id <= 0) return -EINVAL;
            break;
        case P_PGID:
            if (id < 0) return -EINVAL;
            if (id == 0) id = current.process.processGroup;
            break;
        case P_PIDFD: {
            if (id < 0) return -EINVAL;
            const process = processOfDescriptor(id);
            if (process === null) return -EBADF;
            nonBlocking = current.process.fileDescriptors.get(id)!.isNonBlocking();
            kind = P_PID;
            id = process.pid;
            break;
        }
        default:
            return -EINVAL;
    }
    if (!findChild(kind, id, flags)) return -ECHILD;
    const child = foundChild;
    if (child === null) {
        if ((flags & WNOHANG) != 0) return information == 0 ? 0 : writeWaitInfo(information, null);
        return nonBlocking ? -EAGAIN : blockOn(current.process.children);
    }
    const usageError = writeUsage(usage, child);
    const infoError = information == 0 ? 0 : writeWaitInfo(information, child);
    if ((flags & WNOWAIT) == 0) consume(child);
    return usageError != 0 || infoError != 0 ? -EFAULT : 0;
}

export function registerWaitCalls(): void {
    define(SYS_wait4, wait4, "dWip");
    define(SYS_waitid, waitid, "ddpip");
}
