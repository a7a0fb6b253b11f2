// SPDX-License-Identifier: Apache-2.0
//
// What programs are told of a signal: siginfo_t (sigaction(2)) and struct signalfd_siginfo (signalfd(2)).

import {
    CLD_CONTINUED,
    CLD_EXITED,
    SI_KERNEL,
    SI_TIMER,
    SIGBUS,
    SIGCHLD,
    SIGFPE,
    SIGILL,
    SIGSEGV,
    SIGTRAP,
} from "./numbers";
import { SignalInfo } from "./signalQueue";

/** Bytes of either. */
export const SIGNAL_INFORMATION_SIZE: i32 = 128;

/** Whether it is the report of a fault, with an address. */
function isFault(info: SignalInfo): bool {
    if (info.code <= 0 || info.code == SI_KERNEL) return false;
    const signal = info.signal;
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

/** Whether it is the report of a child's change of state. */
function isOfChild(info: SignalInfo): bool {
    return info.signal == SIGCHLD && info.code >= CLD_EXITED && info.code <= CLD_CONTINUED;
}

/** siginfo_t: signal, errno, code, then a union that signal and code decide. */
export function writeSignalInfo(at: usize, info: SignalInfo): void {
    memory.fill(at, 0, SIGNAL_INFORMATION_SIZE);
    store<i32>(at, info.signal);
    store<i32>(at, info.errno, 4);
    store<i32>(at, info.code, 8);
    if (isFault(info)) {
        store<u64>(at, info.address, 16);
        return;
    }
    store<i32>(at, info.pid, 16);
    store<u32>(at, info.uid, 20);
    if (isOfChild(info)) {
        store<i32>(at, <i32>info.value, 24);
        store<u64>(at, info.userTicks, 32);
        store<u64>(at, info.systemTicks, 40);
    } else {
        store<u64>(at, info.value, 24);
    }
}

/** struct signalfd_siginfo. */
export function writeSignalInformation(at: usize, info: SignalInfo): void {
    memory.fill(at, 0, SIGNAL_INFORMATION_SIZE);
    store<i32>(at, info.signal);
    store<i32>(at, info.errno, 4);
    store<i32>(at, info.code, 8);
    if (isFault(info)) {
        store<u64>(at, info.address, 72);
        return;
    }
    if (info.code == SI_TIMER) {
        store<i32>(at, info.pid, 24);
        store<u32>(at, info.uid, 32);
    } else {
        store<i32>(at, info.pid, 12);
        store<u32>(at, info.uid, 16);
    }
    if (isOfChild(info)) {
        store<i32>(at, <i32>info.value, 40);
        store<u64>(at, info.userTicks, 56);
        store<u64>(at, info.systemTicks, 64);
    } else if (info.code < 0) {
        store<i32>(at, <i32>info.value, 44);
        store<u64>(at, info.value, 48);
    }
}
