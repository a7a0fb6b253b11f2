// SPDX-License-Identifier: Apache-2.0
//
// Processes: clone, fork, execve, exit, wait, process groups and sessions.

import {
    SYS_clone,
    SYS_clone3,
    SYS_execve,
    SYS_execveat,
    SYS_exit,
    SYS_exit_group,
    SYS_fork,
    SYS_getpgid,
    SYS_getpgrp,
    SYS_getpid,
    SYS_getppid,
    SYS_getsid,
    SYS_gettid,
    SYS_set_tid_address,
    SYS_setpgid,
    SYS_setsid,
    SYS_vfork,
    SYS_wait4,
    SYS_waitid,
} from "../arch/systemCalls";
import { CLONE_TLS_ARGUMENT } from "../arch/machine";
import {
    Caller,
    executionError,
    executionIsFatal,
    lastComponent,
    prepareFile,
    prepareProgram,
    Program,
} from "../exec/execute";
import { UserStrings } from "../exec/arguments";
import { replaceProgram } from "../exec/replace";
import { openExecutable, openForExecAt, openForExecError } from "../fs/exec";
import { Directory } from "../fs/inode";
import { locateAt } from "../fs/open";
import { OpenFile } from "../fs/openFile";
import { EACCES, EBADF, ECHILD, EFAULT, EINVAL, ENOENT, ENOTDIR, EPERM, ESRCH } from "../kernel/errno";
import { endProcess, exitProcess, exitThread } from "../kernel/exit";
import { addGarbage } from "../kernel/garbage";
import {
    clone,
    CLONE_INTO_CGROUP,
    CLONE_NAMESPACES,
    CLONE_PIDFD,
    CLONE_VFORK,
    CLONE_VM,
} from "../kernel/fork";
import { findProcess, Process, processes, removeProcess } from "../kernel/process";
import { current } from "../kernel/thread";
import { blockOn, NO_ANSWER } from "../kernel/wait";
import { clearOut, copyIn, copyInString, copyInStringError, copyOut, copyOut32 } from "../memory/userMemory";
import { CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCHLD, SIGSEGV } from "../signals/numbers";
import { writeSignalInfo } from "../signals/deliver";
import { SignalInfo } from "../signals/signalQueue";
import { strace, traceNow } from "../strace/trace";
import { define } from "./table";

const PATH_MAXIMUM: i32 = 4096;
const AT_FDCWD: i32 = -100;
const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
const AT_EMPTY_PATH: u32 = 0x1000;
/** struct rusage: two timevals and fourteen longs. */
const USAGE_SIZE: i32 = 144;
const USAGE_MINOR_FAULTS: u64 = 64;
/** struct clone_args, without the fields added later. */
const CLONE_ARGUMENTS_MINIMUM: u64 = 64;
const CLONE_ARGUMENTS_MAXIMUM: i32 = 88;

const WNOHANG: u32 = 1;
const WUNTRACED: u32 = 2;
const WEXITED: u32 = 4;
const WCONTINUED: u32 = 8;
const WNOWAIT: u32 = 0x0100_0000;
/** __WNOTHREAD, __WALL, __WCLONE: which children of threads count; all count here. */
const WAIT_THREADS: u32 = 0xe000_0000;

const P_ALL: i32 = 0;
const P_PID: i32 = 1;
const P_PGID: i32 = 2;

const scratch: usize = memory.data(128, 8);

function sysClone(flags: u64, stack: u64, parentTid: u64, d: u64, e: u64, f: u64): i64 {
    const childTid = CLONE_TLS_ARGUMENT == 4 ? d : e;
    const tls = CLONE_TLS_ARGUMENT == 4 ? e : d;
    if ((flags & CLONE_NAMESPACES) != 0) return -EPERM;
    if ((flags & CLONE_PIDFD) != 0) return -EINVAL;
    return clone(flags, stack, parentTid, childTid, tls);
}

/** clone3(2): the same with a structure; what it adds (pidfds, set_tid, cgroups) is refused. */
function sysClone3(arguments_: u64, size: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (size < CLONE_ARGUMENTS_MINIMUM) return -EINVAL;
    memory.fill(scratch, 0, CLONE_ARGUMENTS_MAXIMUM);
    const error = copyIn(scratch, arguments_, min(<i32>size, CLONE_ARGUMENTS_MAXIMUM));
    if (error != 0) return error;
    const flags = load<u64>(scratch) | load<u64>(scratch, 32);
    if ((flags & CLONE_NAMESPACES) != 0) return -EPERM;
    if ((flags & (CLONE_PIDFD | CLONE_INTO_CGROUP)) != 0 || load<u64>(scratch, 72) != 0) return -EINVAL;
    const stack = load<u64>(scratch, 40);
    const stackSize = load<u64>(scratch, 48);
    if ((stack == 0) != (stackSize == 0)) return -EINVAL;
    return clone(
        flags,
        stack + stackSize,
        load<u64>(scratch, 24),
        load<u64>(scratch, 16),
        load<u64>(scratch, 56),
    );
}

function fork(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return clone(SIGCHLD, 0, 0, 0, 0);
}

function vfork(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return clone(CLONE_VFORK | CLONE_VM | SIGCHLD, 0, 0, 0, 0);
}

function callerOf(process: Process): Caller {
    return new Caller(process.credentials, process.limits, process.noNewPrivileges);
}

function finishExecve(program: Program | null): i64 {
    // Address space, page table, strings: what preparing left behind.
    addGarbage(2048);
    if (program === null) {
        if (!executionIsFatal) return executionError;
        if (strace) traceNow(current, NO_ANSWER);
        endProcess(current.process, SIGSEGV);
        return NO_ANSWER;
    }
    if (strace) traceNow(current, 0);
    replaceProgram(current, program);
    return NO_ANSWER;
}

function execve(path: u64, arguments_: u64, environment: u64, d: u64, e: u64, f: u64): i64 {
    const name = copyInString(path, PATH_MAXIMUM);
    if (name === null) return copyInStringError;
    const process = current.process;
    const space = process.addressSpace;
    return finishExecve(
        prepareProgram(
            callerOf(process),
            name,
            new UserStrings(space, arguments_),
            new UserStrings(space, environment),
        ),
    );
}

/** The negative errno of an openAt that returned null. */
let openError: i32 = 0;

/** The program of execveat(2): by path, from a directory descriptor, or an open file itself. */
function openAt(descriptor: i32, name: string, flags: u32): OpenFile | null {
    const process = current.process;
    let directory: Directory = process.files.workingDirectory;
    if (name.length == 0 && (flags & AT_EMPTY_PATH) == 0) {
        openError = -ENOENT;
        return null;
    }
    if (descriptor == AT_FDCWD && name.length == 0) {
        openError = -EACCES;
        return null;
    }
    if (descriptor != AT_FDCWD && !name.startsWith("/")) {
        const base = process.fileDescriptors.get(descriptor);
        if (base === null) {
            openError = -EBADF;
            return null;
        }
        if (name.length == 0) {
            const same = openExecutable(base.inode);
            openError = openForExecError;
            if (same !== null) locateAt(same, base.location);
            return same;
        }
        if (!base.inode.isDirectory()) {
            openError = -ENOTDIR;
            return null;
        }
        directory = <Directory>base.inode;
    }
    const file = openForExecAt(directory, name, (flags & AT_SYMLINK_NOFOLLOW) == 0);
    openError = openForExecError;
    return file;
}

function execveat(directory: u64, path: u64, arguments_: u64, environment: u64, flags: u64, f: u64): i64 {
    if (((<u32>flags) & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) return -EINVAL;
    const name = copyInString(path, PATH_MAXIMUM);
    if (name === null) return copyInStringError;
    const file = openAt(<i32>directory, name, <u32>flags);
    if (file === null) return openError;
    const process = current.process;
    const space = process.addressSpace;
    // What is found from a descriptor has a name through /dev/fd, unless the descriptor is closed.
    const byDescriptor = <i32>directory != AT_FDCWD && !name.startsWith("/");
    let known = name;
    let title = lastComponent(name);
    if (byDescriptor) {
        known = "/dev/fd/" + (<i32>directory).toString();
        if (name.length > 0) known = known + "/" + name;
        else title = "";
    }
    return finishExecve(
        prepareFile(
            callerOf(process),
            file,
            known,
            title,
            new UserStrings(space, arguments_),
            new UserStrings(space, environment),
            !byDescriptor || !process.fileDescriptors.isCloseOnExec(<i32>directory),
        ),
    );
}

function exit(code: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (strace) traceNow(current, NO_ANSWER);
    exitThread(<i32>code);
    return NO_ANSWER;
}

function exitGroup(code: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (strace) traceNow(current, NO_ANSWER);
    exitProcess(current.process, <i32>code);
    return NO_ANSWER;
}

// ---------------------------------------------------------------- waiting

/** What the latest findChild found: 0 nothing, or a CLD_ code, and the child. */
let foundCode: i32 = 0;
let foundChild: Process | null = null;

/** Whether a child is one that the caller asks for: wait4's convention. */
function matches(child: Process, wanted: i32): bool {
    if (wanted > 0) return child.pid == wanted;
    if (wanted == -1) return true;
    return child.processGroup == (wanted == 0 ? current.process.processGroup : -wanted);
}

/** Looks for a child with news. False: there is no child to wait for. */
function findChild(wanted: i32, options: u32): bool {
    let any = false;
    foundCode = 0;
    foundChild = null;
    for (let i = 0; i < processes.length; i++) {
        const child = processes[i];
        if (child.parent !== current.process || !matches(child, wanted)) continue;
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
        current.process.childrenMinorFaults += child.minorFaults + child.childrenMinorFaults;
        removeProcess(child);
    }
    foundChild = null;
}

function writeUsage(address: u64, faults: u64): i32 {
    if (address == 0) return 0;
    const error = clearOut(address, USAGE_SIZE);
    if (error != 0) return error;
    store<u64>(scratch, faults);
    return copyOut(address + USAGE_MINOR_FAULTS, scratch, 8);
}

function wait4(pid: u64, status: u64, options: u64, usage: u64, e: u64, f: u64): i64 {
    const flags = <u32>options;
    if ((flags & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_THREADS)) != 0) return -EINVAL;
    if (<i32>pid == i32.MIN_VALUE) return -ESRCH;
    if (!findChild(<i32>pid, flags | WEXITED)) return -ECHILD;
    const child = foundChild;
    if (child === null) {
        if ((flags & WNOHANG) != 0) return 0;
        return blockOn(current.process.children);
    }
    if (status != 0 && copyOut32(status, foundStatus()) != 0) return -EFAULT;
    if (writeUsage(usage, child.minorFaults) != 0) return -EFAULT;
    const result = child.pid;
    consume(child);
    return result;
}

function waitid(kind: u64, id: u64, information: u64, options: u64, usage: u64, f: u64): i64 {
    const flags = <u32>options;
    if ((flags & ~(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | WAIT_THREADS)) != 0) return -EINVAL;
    if ((flags & (WUNTRACED | WEXITED | WCONTINUED)) == 0) return -EINVAL;
    let wanted = <i32>id;
    if (<i32>kind == P_ALL) wanted = -1;
    else if (<i32>kind == P_PGID) wanted = wanted == 0 ? 0 : -wanted;
    else if (<i32>kind != P_PID || wanted <= 0) return -EINVAL;
    if (!findChild(wanted, flags)) return -ECHILD;
    const child = foundChild;
    if (child === null) {
        if ((flags & WNOHANG) == 0) return blockOn(current.process.children);
        return information == 0 ? 0 : clearOut(information, 128);
    }
    if (information != 0) {
        const info = new SignalInfo(SIGCHLD, foundCode, child.pid, child.credentials.realUser);
        const status = foundStatus();
        if (foundCode == CLD_EXITED || foundCode == CLD_STOPPED) info.value = (status >> 8) & 0xff;
        else info.value = foundCode == CLD_CONTINUED ? 18 : status & 0x7f;
        writeSignalInfo(scratch, info);
        if (copyOut(information, scratch, 128) != 0) return -EFAULT;
    }
    if (writeUsage(usage, child.minorFaults) != 0) return -EFAULT;
    if ((flags & WNOWAIT) == 0) consume(child);
    return 0;
}

// ---------------------------------------------------------------- ids, groups, sessions

function getpid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return current.process.pid;
}

function gettid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return current.tid;
}

function getppid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const parent = current.process.parent;
    return parent === null ? 0 : parent.pid;
}

/** Pid 0 stands for the caller. */
function processOf(pid: i32): Process | null {
    return pid == 0 ? current.process : findProcess(pid);
}

function getpgid(pid: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const process = processOf(<i32>pid);
    return process === null ? -ESRCH : process.processGroup;
}

function getpgrp(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return current.process.processGroup;
}

function getsid(pid: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const process = processOf(<i32>pid);
    return process === null ? -ESRCH : process.session;
}

function setpgid(pid: u64, group: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i32>group < 0) return -EINVAL;
    const process = processOf(<i32>pid);
    if (process === null) return -ESRCH;
    const caller = current.process;
    if (process !== caller) {
        if (process.parent !== caller) return -ESRCH;
        if (process.session != caller.session) return -EPERM;
        if (process.hasExecuted) return -EACCES;
    }
    if (process.session == process.pid) return -EPERM;
    const target = <i32>group == 0 ? process.pid : <i32>group;
    if (target != process.pid) {
        let exists = false;
        for (let i = 0; i < processes.length; i++) {
            const member = processes[i];
            if (member.processGroup == target && member.session == caller.session) exists = true;
        }
        if (!exists) return -EPERM;
    }
    process.processGroup = target;
    return 0;
}

function setsid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const process = current.process;
    for (let i = 0; i < processes.length; i++) {
        if (processes[i].processGroup == process.pid) return -EPERM;
    }
    process.session = process.pid;
    process.processGroup = process.pid;
    return process.pid;
}

function setTidAddress(address: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    current.clearChildTid = address;
    return current.tid;
}

export function registerProcessCalls(): void {
    // Its arguments are printed by name: strace/trace.ts.
    define(SYS_clone, sysClone, "");
    define(SYS_clone3, sysClone3, "pu");
    define(SYS_fork, fork, "");
    define(SYS_vfork, vfork, "");
    define(SYS_execve, execve, "sae");
    define(SYS_execveat, execveat, "DsaeA");
    define(SYS_exit, exit, "d");
    define(SYS_exit_group, exitGroup, "d");
    define(SYS_wait4, wait4, "dWip");
    define(SYS_waitid, waitid, "ddpip");
    define(SYS_getpid, getpid, "");
    define(SYS_gettid, gettid, "");
    define(SYS_getppid, getppid, "");
    define(SYS_getpgid, getpgid, "d");
    define(SYS_getpgrp, getpgrp, "");
    define(SYS_getsid, getsid, "d");
    define(SYS_setpgid, setpgid, "dd");
    define(SYS_setsid, setsid, "");
    define(SYS_set_tid_address, setTidAddress, "p");
}
