// SPDX-License-Identifier: Apache-2.0
//
// Descriptors of processes (pidfd_open(2) and its relatives), and kcmp(2).

import { SYS_kcmp, SYS_pidfd_getfd, SYS_pidfd_open, SYS_pidfd_send_signal } from "../arch/systemCalls";
import { EventPoll } from "../fs/eventPoll";
import { O_NONBLOCK, OpenFile } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { ProcessDirectory } from "../fs/proc/processDirectories";
import { openProcess, ProcessHandle } from "../fs/processHandle";
import { EAGAIN, EBADF, EFAULT, EINVAL, EOPNOTSUPP, EPERM, ESRCH } from "../kernel/errno";
import { findProcess, Process } from "../kernel/process";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current, findThread } from "../kernel/thread";
import { copyIn } from "../memory/userMemory";
import { SI_TKILL, SIGNAL_MAXIMUM } from "../signals/numbers";
import { SIGNAL_INFORMATION_SIZE } from "../signals/information";
import { maySignal, sendToProcess, userSignal } from "../signals/send";
import { readSignalInfo } from "./signal";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const scratch: usize = reserveBuffer(SIGNAL_INFORMATION_SIZE);

/** The process of a descriptor, or null (EBADF). */
export function processOfDescriptor(descriptor: i32): Process | null {
    const file = current.process.fileDescriptors.get(descriptor);
    return file instanceof ProcessHandle ? (<ProcessHandle>file).process : null;
}

function pidfdOpen(pid_: u64, flags: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const pid = <i32>pid_;
    if (((<u32>flags) & ~O_NONBLOCK) != 0 || pid <= 0) return -EINVAL;
    const process = findProcess(pid);
    // Threads have no descriptors.
    if (process === null) return findThread(pid) === null ? -ESRCH : -EINVAL;
    return openProcess(process, (<u32>flags) & O_NONBLOCK);
}

/** The process that a descriptor, or an open directory of /proc, stands for; or null (EBADF). */
function signalledProcess(descriptor: u64): Process | null {
    const file = fileOf(descriptor);
    if (file === null) return null;
    if (file instanceof ProcessHandle) return (<ProcessHandle>file).process;
    const inode = file.inode;
    return inode instanceof ProcessDirectory ? (<ProcessDirectory>inode).signalled : null;
}

function pidfdSendSignal(descriptor: u64, signal_: u64, information: u64, flags: u64, e: u64, f: u64): i64 {
    if (<u32>flags != 0) return -EINVAL;
    const signal = <i32>signal_;
    const process = signalledProcess(descriptor);
    if (process === null) return -EBADF;
    let info = userSignal(signal);
    if (information != 0) {
        const given = readSignalInfo(signal, information);
        if (given === null) return -EFAULT;
        if (copyIn(scratch, information, 4) != 0) return -EFAULT;
        if (load<i32>(scratch) != signal) return -EINVAL;
        if ((given.code >= 0 || given.code == SI_TKILL) && process !== current.process) return -EPERM;
        info = given;
    }
    if (signal < 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
    // A process that has been waited for is no more.
    if (findProcess(process.pid) !== process) return -ESRCH;
    if (!maySignal(process, signal)) return -EPERM;
    if (signal == 0) return 0;
    return sendToProcess(process, info) ? 0 : -EAGAIN;
}

/** Whether the current process may look into another one, as ptrace(2) is allowed. */
export function mayAccess(process: Process): bool {
    if (process === current.process) return true;
    const own = current.process.credentials;
    const other = process.credentials;
    return (
        process.dumpable == 1 &&
        own.realUser == other.realUser &&
        own.realUser == other.effectiveUser &&
        own.realUser == other.savedUser &&
        own.realGroup == other.realGroup &&
        own.realGroup == other.effectiveGroup &&
        own.realGroup == other.savedGroup
    );
}

function pidfdGetfd(descriptor: u64, target: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if (<u32>flags != 0) return -EINVAL;
    const process = processOfDescriptor(<i32>descriptor);
    if (process === null) return -EBADF;
    if (process.exited) return -ESRCH;
    if (!mayAccess(process)) return -EPERM;
    const file = process.fileDescriptors.get(<i32>target);
    if (file === null) return -EBADF;
    const own = current.process;
    const copy = own.fileDescriptors.add(file.retain(), true, own.limits.soft[RLIMIT_NOFILE]);
    if (copy < 0) file.release();
    return copy;
}

const KCMP_FILE: i32 = 0;
const KCMP_VM: i32 = 1;
const KCMP_FILES: i32 = 2;
const KCMP_FS: i32 = 3;
const KCMP_SIGHAND: i32 = 4;
const KCMP_IO: i32 = 5;
const KCMP_SYSVSEM: i32 = 6;
const KCMP_EPOLL_TFD: i32 = 7;

/** 0: the same; 1 and 2: an order that is always the same. */
function compare(first: usize, second: usize): i64 {
    return first == second ? 0 : first < second ? 1 : 2;
}

function kcmpProcess(pid: i32): Process | null {
    const thread = findThread(pid);
    return thread === null ? null : thread.process;
}

function kcmp(pid1: u64, pid2: u64, type: u64, index1: u64, index2: u64, f: u64): i64 {
    const one = kcmpProcess(<i32>pid1);
    const two = kcmpProcess(<i32>pid2);
    if (one === null || two === null) return -ESRCH;
    if (!mayAccess(one) || !mayAccess(two)) return -EPERM;
    switch (<i32>type) {
        case KCMP_FILE: {
            const file1: OpenFile | null = one.fileDescriptors.get(<i32>index1);
            const file2: OpenFile | null = two.fileDescriptors.get(<i32>index2);
            if (file1 === null || file2 === null) return -EBADF;
            return compare(changetype<usize>(file1), changetype<usize>(file2));
        }
        case KCMP_VM:
            return compare(changetype<usize>(one.addressSpace), changetype<usize>(two.addressSpace));
        case KCMP_FILES:
            return compare(changetype<usize>(one.fileDescriptors), changetype<usize>(two.fileDescriptors));
        case KCMP_FS:
            return compare(changetype<usize>(one.files), changetype<usize>(two.files));
        case KCMP_SIGHAND:
            return compare(changetype<usize>(one.signalActions), changetype<usize>(two.signalActions));
        case KCMP_IO:
        case KCMP_SYSVSEM:
            // Contexts that no process has before it uses them: all the same nothing.
            return 0;
        case KCMP_EPOLL_TFD: {
            const file = two.fileDescriptors.get(<i32>index1);
            return file instanceof EventPoll ? -EOPNOTSUPP : -EBADF;
        }
        default:
            return -EINVAL;
    }
}

export function registerProcessHandleCalls(): void {
    define(SYS_pidfd_open, pidfdOpen, "dx");
    define(SYS_pidfd_send_signal, pidfdSendSignal, "fSpx");
    define(SYS_pidfd_getfd, pidfdGetfd, "fdx");
    // Partial: KCMP_EPOLL_TFD is EOPNOTSUPP, as in a kernel without epoll.
    define(SYS_kcmp, kcmp, "dddxx");
}
