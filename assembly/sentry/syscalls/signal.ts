// SPDX-License-Identifier: Apache-2.0
//
// Signals: actions, masks, sending, waiting for them.

import {
    SYS_kill,
    SYS_pause,
    SYS_restart_syscall,
    SYS_rt_sigaction,
    SYS_rt_sigpending,
    SYS_rt_sigprocmask,
    SYS_rt_sigqueueinfo,
    SYS_rt_sigreturn,
    SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait,
    SYS_rt_tgsigqueueinfo,
    SYS_sigaltstack,
    SYS_signalfd,
    SYS_signalfd4,
    SYS_tgkill,
    SYS_tkill,
} from "../arch/systemCalls";
import {
    RESTORER_REQUIRED,
    SIGACTION_MASK,
    SIGACTION_SIZE,
    SIGNAL_INFO_SIZE,
    stackPointer,
} from "../arch/machine";
import { O_CLOEXEC, O_NONBLOCK } from "../fs/openFile";
import { SignalFile } from "../fs/signalFile";
import { NANOSECONDS, now } from "../kernel/clock";
import { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EPERM, ERESTARTNOHAND, ESRCH } from "../kernel/errno";
import { findProcess, Process } from "../kernel/process";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current, findThread, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK } from "../kernel/thread";
import { block, blockUntil, deadlineReached } from "../kernel/wait";
import { copyIn, copyIn64, copiedIn, copyOut, copyOut64 } from "../memory/userMemory";
import { onAlternateStack, returnFromHandler, setAlternateStack } from "../signals/deliver";
import { writeSignalInfo } from "../signals/information";
import {
    DEFAULT_IGNORE,
    defaultAction,
    MASK_UNBLOCKABLE,
    SA_RESTORER,
    SI_TKILL,
    SIGKILL,
    SIGNAL_MAXIMUM,
    signalBit,
    SIGSTOP,
} from "../signals/numbers";
import {
    dropPending,
    hasSignal,
    killGroup,
    killProcess,
    maySignal,
    sendToProcess,
    sendToThread,
    userSignal,
} from "../signals/send";
import { SIG_DFL, SIG_IGN, SignalAction } from "../signals/signalActions";
import { SignalInfo } from "../signals/signalQueue";
import { takeSignal } from "../signals/take";
import { define } from "./table";
import { reserveCommonBuffer } from "../memory/buffers";

/** sizeof(sigset_t) of the kernel. */
const MASK_SIZE: u64 = 8;
/** Longer waits are cut: 285 years. */
const SECONDS_MAXIMUM: u64 = 9_000_000_000;
const SIG_BLOCK: i32 = 0;
const SIG_UNBLOCK: i32 = 1;
const SIG_SETMASK: i32 = 2;

const scratch: usize = reserveCommonBuffer(128);

// @ts-ignore: decorator
@inline
function isSignal(number: i32): bool {
    return number >= 1 && number <= SIGNAL_MAXIMUM;
}

function rtSigaction(signal_: u64, action: u64, old: u64, size: u64, e: u64, f: u64): i64 {
    const signal = <i32>signal_;
    if (size != MASK_SIZE || !isSignal(signal)) return -EINVAL;
    if (action != 0 && (signal == SIGKILL || signal == SIGSTOP)) return -EINVAL;
    const actions = current.process.signalActions;
    const before = actions.get(signal);
    let after: SignalAction | null = null;
    if (action != 0) {
        // struct kernel_sigaction: handler, flags, restorer where there are restorers, mask.
        if (copyIn(scratch, action, SIGACTION_SIZE) != 0) return -EFAULT;
        after = new SignalAction(
            load<u64>(scratch),
            load<u64>(scratch, 8),
            load<u64>(scratch, 16),
            load<u64>(scratch, SIGACTION_MASK) & ~MASK_UNBLOCKABLE,
        );
        if (RESTORER_REQUIRED && after.handler > SIG_IGN && (after.flags & SA_RESTORER) == 0) {
            // Without a restorer a handler could never return; every libc of this architecture gives one.
            return -EINVAL;
        }
    }
    if (old != 0) {
        store<u64>(scratch, before.handler);
        store<u64>(scratch, before.flags, 8);
        store<u64>(scratch, before.restorer, 16);
        store<u64>(scratch, before.mask, SIGACTION_MASK);
        if (copyOut(old, scratch, SIGACTION_SIZE) != 0) return -EFAULT;
    }
    if (after !== null) {
        actions.set(signal, after);
        // A signal that is now ignored does not wait any longer (sigaction(2)).
        const ignored =
            after.handler == SIG_IGN || (after.handler == SIG_DFL && defaultAction(signal) == DEFAULT_IGNORE);
        if (ignored) dropPending(current.process, signalBit(signal));
    }
    return 0;
}

function rtSigprocmask(how: u64, set: u64, old: u64, size: u64, e: u64, f: u64): i64 {
    if (size != MASK_SIZE) return -EINVAL;
    const before = current.signalMask;
    if (set != 0) {
        if (copyIn64(set) != 0) return -EFAULT;
        const mask = copiedIn & ~MASK_UNBLOCKABLE;
        switch (<i32>how) {
            case SIG_BLOCK:
                current.signalMask = before | mask;
                break;
            case SIG_UNBLOCK:
                current.signalMask = before & ~mask;
                break;
            case SIG_SETMASK:
                current.signalMask = mask;
                break;
            default:
                return -EINVAL;
        }
    }
    return old != 0 ? copyOut64(old, before) : 0;
}

function rtSigpending(set: u64, size: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (size > MASK_SIZE) return -EINVAL;
    store<u64>(scratch, (current.pending.set | current.process.pending.set) & current.signalMask);
    return copyOut(set, scratch, <i32>size);
}

function rtSigsuspend(set: u64, size: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (size != MASK_SIZE) return -EINVAL;
    if (copyIn64(set) != 0) return -EFAULT;
    if (!current.maskSaved) {
        current.savedMask = current.signalMask;
        current.maskSaved = true;
    }
    current.signalMask = copiedIn & ~MASK_UNBLOCKABLE;
    return block(-ERESTARTNOHAND);
}

function pause(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return block(-ERESTARTNOHAND);
}

function rtSigreturn(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    current.inSystemCall = false;
    returnFromHandler(current);
    return 0;
}

function rtSigtimedwait(set: u64, information: u64, timeout: u64, size: u64, e: u64, f: u64): i64 {
    if (size != MASK_SIZE) return -EINVAL;
    if (copyIn64(set) != 0) return -EFAULT;
    const wanted = copiedIn & ~MASK_UNBLOCKABLE;
    // The signals waited for are let through to the thread while it waits; others interrupt it.
    if (current.maskSaved) current.signalMask = current.savedMask;
    current.maskSaved = false;
    current.waitedSignals = 0;
    let deadline = u64.MAX_VALUE;
    if (timeout != 0) {
        if (copyIn(scratch, timeout, 16) != 0) return -EFAULT;
        if (load<u64>(scratch, 8) >= NANOSECONDS || load<i64>(scratch) < 0) return -EINVAL;
        const seconds = min(load<u64>(scratch), SECONDS_MAXIMUM);
        deadline = now() + seconds * NANOSECONDS + load<u64>(scratch, 8);
        if (seconds == 0 && load<u64>(scratch, 8) == 0) deadline = 0;
    }
    const info = takeSignal(current, wanted);
    if (info !== null) {
        if (information != 0) {
            writeSignalInfo(scratch, info);
            if (copyOut(information, scratch, SIGNAL_INFO_SIZE) != 0) return -EFAULT;
        }
        return info.signal;
    }
    if (deadlineReached() || deadline == 0) return -EAGAIN;
    if (hasSignal(current)) return -EINTR;
    current.savedMask = current.signalMask;
    current.maskSaved = true;
    current.waitedSignals = wanted;
    current.signalMask &= ~wanted;
    return blockUntil(deadline, -EINTR);
}

function sigaltstack(stack: u64, old: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const pointer = stackPointer(current.message);
    const oldStack = current.alternateStack;
    const oldSize = current.alternateStackSize;
    const oldFlags: u32 =
        (oldSize == 0 ? SS_DISABLE : onAlternateStack(current, pointer) ? SS_ONSTACK : 0) |
        (current.alternateStackFlags & SS_AUTODISARM);
    if (stack != 0) {
        if (copyIn(scratch, stack, 24) != 0) return -EFAULT;
        const start = load<u64>(scratch);
        const error = setAlternateStack(
            current,
            start,
            load<u64>(scratch, 16),
            load<u32>(scratch, 8),
            pointer,
        );
        if (error != 0) return error;
    }
    if (old == 0) return 0;
    store<u64>(scratch, oldStack);
    store<u64>(scratch, oldFlags, 8);
    store<u64>(scratch, oldSize, 16);
    return copyOut(old, scratch, 24);
}

// ---------------------------------------------------------------- sending

/** The process with the number, or with a thread of that number: signals to it are the process's. */
function processOf(pid: i32): Process | null {
    const process = findProcess(pid);
    if (process !== null) return process;
    const thread = findThread(pid);
    return thread === null ? null : thread.process;
}

function kill(pid_: u64, signal_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const pid = <i32>pid_;
    const signal = <i32>signal_;
    if (signal < 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
    if (pid > 0) {
        const process = processOf(pid);
        return process === null ? -ESRCH : killProcess(process, signal);
    }
    if (pid == 0) return killGroup(current.process.processGroup, signal);
    return killGroup(pid == -1 ? -1 : -pid, signal);
}

function signalThread(group: i32, tid: i32, signal: i32): i64 {
    if (tid <= 0 || signal < 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
    const thread = findThread(tid);
    if (thread === null || (group != 0 && thread.process.pid != group)) return -ESRCH;
    if (!maySignal(thread.process, signal)) return -EPERM;
    if (signal == 0) return 0;
    return sendToThread(thread, userSignal(signal, SI_TKILL)) ? 0 : -EAGAIN;
}

function tgkill(group: u64, tid: u64, signal: u64, d: u64, e: u64, f: u64): i64 {
    return <i32>group <= 0 ? -EINVAL : signalThread(<i32>group, <i32>tid, <i32>signal);
}

function tkill(tid: u64, signal: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return signalThread(0, <i32>tid, <i32>signal);
}

/** A siginfo_t that the sender filled in: only with codes that cannot be mistaken for the kernel's, except to itself. */
export function readSignalInfo(signal: i32, information: u64): SignalInfo | null {
    if (copyIn(scratch, information, SIGNAL_INFO_SIZE) != 0) return null;
    const info = new SignalInfo(
        signal,
        load<i32>(scratch, 8),
        load<i32>(scratch, 16),
        load<u32>(scratch, 20),
    );
    info.errno = load<i32>(scratch, 4);
    info.value = load<u64>(scratch, 24);
    return info;
}

/** Calls are restarted without it here (kernel/wait.ts): whoever makes it has nothing to restart. */
function restartSyscall(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EINTR;
}

/** Signal 0 asks whether a signal could be sent. */
function rtSigqueueinfo(pid: u64, signal_: u64, information: u64, d: u64, e: u64, f: u64): i64 {
    const signal = <i32>signal_;
    const info = readSignalInfo(signal, information);
    if (info === null) return -EFAULT;
    const process = processOf(<i32>pid);
    if ((info.code >= 0 || info.code == SI_TKILL) && process !== current.process) return -EPERM;
    if (process === null) return -ESRCH;
    if (signal < 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
    if (!maySignal(process, signal)) return -EPERM;
    if (signal == 0) return 0;
    return sendToProcess(process, info) ? 0 : -EAGAIN;
}

function rtTgsigqueueinfo(group: u64, tid: u64, signal_: u64, information: u64, e: u64, f: u64): i64 {
    const signal = <i32>signal_;
    const info = readSignalInfo(signal, information);
    if (info === null) return -EFAULT;
    if (<i32>group <= 0 || <i32>tid <= 0) return -EINVAL;
    const thread = findThread(<i32>tid);
    if ((info.code >= 0 || info.code == SI_TKILL) && (thread === null || thread.process !== current.process))
        return -EPERM;
    if (thread === null || thread.process.pid != <i32>group) return -ESRCH;
    if (signal < 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
    if (!maySignal(thread.process, signal)) return -EPERM;
    if (signal == 0) return 0;
    return sendToThread(thread, info) ? 0 : -EAGAIN;
}

// ---------------------------------------------------------------- signalfd

function signalfd(descriptor: u64, set: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    return signalfd4(descriptor, set, size, 0, 0, 0);
}

function signalfd4(descriptor: u64, set: u64, size: u64, flags_: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if (size != MASK_SIZE) return -EINVAL;
    if (copyIn64(set) != 0) return -EFAULT;
    const mask = copiedIn & ~MASK_UNBLOCKABLE;
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
    const process = current.process;
    if (<i32>descriptor != -1) {
        const before = process.fileDescriptors.get(<i32>descriptor);
        if (before === null) return -EBADF;
        if (!(before instanceof SignalFile)) return -EINVAL;
        (<SignalFile>before).mask = mask;
        process.signalArrival.wake();
        return <i32>descriptor;
    }
    const file = new SignalFile(mask, flags & O_NONBLOCK);
    const limit = process.limits.soft[RLIMIT_NOFILE];
    const added = process.fileDescriptors.add(file, (flags & O_CLOEXEC) != 0, limit);
    if (added < 0) file.release();
    return added;
}

export function registerSignalCalls(): void {
    define(SYS_rt_sigaction, rtSigaction, "SgGd");
    define(SYS_rt_sigprocmask, rtSigprocmask, "hmnd");
    define(SYS_rt_sigpending, rtSigpending, "nd");
    define(SYS_rt_sigsuspend, rtSigsuspend, "md");
    define(SYS_rt_sigreturn, rtSigreturn, "");
    define(SYS_rt_sigtimedwait, rtSigtimedwait, "mptd");
    define(SYS_rt_sigqueueinfo, rtSigqueueinfo, "dSp");
    define(SYS_rt_tgsigqueueinfo, rtTgsigqueueinfo, "ddSp");
    define(SYS_sigaltstack, sigaltstack, "pp");
    define(SYS_restart_syscall, restartSyscall, "");
    define(SYS_pause, pause, "");
    define(SYS_signalfd, signalfd, "dmd");
    define(SYS_signalfd4, signalfd4, "dmdx");
    define(SYS_kill, kill, "dS");
    define(SYS_tgkill, tgkill, "ddS");
    define(SYS_tkill, tkill, "dS");
}
