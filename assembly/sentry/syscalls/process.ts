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
import { E2BIG, EACCES, EBADF, EFAULT, EINVAL, ENOENT, ENOTDIR, EPERM, ESRCH } from "../kernel/errno";
import { endProcess, exitProcess, exitThread } from "../kernel/exit";
import { addGarbage } from "../kernel/garbage";
import {
    clone,
    CLONE3_FLAGS,
    CLONE_CLEAR_SIGHAND,
    CLONE_INTO_CGROUP,
    CLONE_NEWTIME,
    CLONE_PARENT,
    CLONE_PARENT_SETTID,
    CLONE_PIDFD,
    CLONE_SIGHAND,
    CLONE_THREAD,
    CLONE_VFORK,
    CLONE_VM,
    CSIGNAL,
} from "../kernel/fork";
import { findProcess, Process, processes } from "../kernel/process";
import { current } from "../kernel/thread";
import { NO_ANSWER } from "../kernel/wait";
import { copyIn, copyInString, copyInStringError } from "../memory/userMemory";
import { SIGCHLD, SIGNAL_MAXIMUM, SIGSEGV } from "../signals/numbers";
import { strace, traceNow } from "../strace/trace";
import { define } from "./table";
import { PATH_MAXIMUM, reserveBuffer } from "../memory/buffers";

const AT_FDCWD: i32 = -100;
const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
const AT_EMPTY_PATH: u32 = 0x1000;
/** struct clone_args without what was added to it later, and all of it: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup. */
const CLONE_ARGUMENTS_MINIMUM: u64 = 64;
const CLONE_ARGUMENTS_SIZE: i32 = 88;
const PAGE: u64 = 4096;

const scratch: usize = reserveBuffer(128);

function sysClone(flags: u64, stack: u64, parentTid: u64, d: u64, e: u64, f: u64): i64 {
    const childTid = CLONE_TLS_ARGUMENT == 4 ? d : e;
    const tls = CLONE_TLS_ARGUMENT == 4 ? e : d;
    // 32 bits of flags; what clone3 has beside them has no place here.
    flags &= 0xffff_ffff;
    if ((flags & CLONE_PIDFD) != 0 && (flags & CLONE_PARENT_SETTID) != 0) return -EINVAL;
    return clone(flags & ~CSIGNAL, <i32>(flags & CSIGNAL), stack, parentTid, parentTid, childTid, tls);
}

/** Whether the bytes of a structure that are not known here are zero. 0, -E2BIG or -EFAULT. */
function checkTail(address: u64, size: u64): i64 {
    for (let at: u64 = <u64>CLONE_ARGUMENTS_SIZE; at < size; at++) {
        if (copyIn(scratch, address + at, 1) != 0) return -EFAULT;
        if (load<u8>(scratch) != 0) return -E2BIG;
    }
    return 0;
}

/** clone3(2): the same with a structure. */
function sysClone3(arguments_: u64, size: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (size > PAGE) return -E2BIG;
    if (size < CLONE_ARGUMENTS_MINIMUM) return -EINVAL;
    const tailError = checkTail(arguments_, size);
    if (tailError != 0) return tailError;
    memory.fill(scratch, 0, CLONE_ARGUMENTS_SIZE);
    const error = copyIn(scratch, arguments_, min(<i32>size, CLONE_ARGUMENTS_SIZE));
    if (error != 0) return error;
    const flags = load<u64>(scratch);
    const exitSignal = load<u64>(scratch, 32);
    const setTid = load<u64>(scratch, 64);
    const setTidSize = load<u64>(scratch, 72);
    if (setTidSize > 32 || (setTid == 0) != (setTidSize == 0)) return -EINVAL;
    if (exitSignal > <u64>SIGNAL_MAXIMUM) return -EINVAL;
    if ((flags & ~CLONE3_FLAGS) != 0 || (flags & CSIGNAL & ~CLONE_NEWTIME) != 0) return -EINVAL;
    if ((flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) == (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
        return -EINVAL;
    if ((flags & (CLONE_THREAD | CLONE_PARENT)) != 0 && exitSignal != 0) return -EINVAL;
    const stack = load<u64>(scratch, 40);
    const stackSize = load<u64>(scratch, 48);
    if ((stack == 0) != (stackSize == 0)) return -EINVAL;
    // Choosing a pid is CAP_CHECKPOINT_RESTORE's, which containers have not.
    if (setTidSize != 0) return -EPERM;
    if ((flags & CLONE_INTO_CGROUP) != 0) return -EBADF;
    return clone(
        flags,
        <i32>exitSignal,
        stack + stackSize,
        load<u64>(scratch, 24),
        load<u64>(scratch, 8),
        load<u64>(scratch, 16),
        load<u64>(scratch, 56),
    );
}

function fork(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return clone(0, SIGCHLD, 0, 0, 0, 0, 0);
}

function vfork(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return clone(CLONE_VFORK | CLONE_VM, SIGCHLD, 0, 0, 0, 0, 0);
}

function callerOf(process: Process): Caller {
    return new Caller(process.credentials, process.limits, process.noNewPrivileges, process.addressSpace);
}

function finishExecve(program: Program | null): i64 {
    // Address space, page table, strings: what preparing left behind.
    addGarbage(1024);
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
    process.terminal = null;
    process.processGroup = process.pid;
    return process.pid;
}

function setTidAddress(address: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    current.clearChildTid = address;
    return current.tid;
}

export function registerProcessCalls(): void {
    // Its arguments are printed by name: strace/trace.ts.
    // Partial: namespaces (CLONE_NEW...) are EPERM, as for an unprivileged user.
    define(SYS_clone, sysClone, "");
    // Partial: as clone; CLONE_INTO_CGROUP is refused.
    define(SYS_clone3, sysClone3, "pu");
    define(SYS_fork, fork, "");
    define(SYS_vfork, vfork, "");
    define(SYS_execve, execve, "sae");
    define(SYS_execveat, execveat, "DsaeA");
    define(SYS_exit, exit, "d");
    define(SYS_exit_group, exitGroup, "d");
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
