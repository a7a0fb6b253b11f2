// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait to be delivered to a thread or a process. A standard signal waits at most once; real-time signals wait
// as often as they were sent.

import { SIGRTMIN, signalBit } from "./numbers";
import { PosixTimer } from "./posixTimer";

/** What siginfo_t says of one signal. */
export class SignalInfo {
    next: SignalInfo | null = null;
    /** Whether it is in a queue. */
    isQueued: bool = false;
    /** The timer that stands still until this signal is taken, or null. */
    timer: PosixTimer | null = null;
    /** SIGCHLD: wait status or exit code; sigqueue: value. */
    value: u64 = 0;
    /** Faults: the address. */
    address: u64 = 0;
    /** si_errno, which only rt_sigqueueinfo(2) sets. */
    errno: i32 = 0;
    /** SIGCHLD: the child's processor time in clock ticks. */
    userTicks: u64 = 0;
    systemTicks: u64 = 0;

    constructor(
        readonly signal: i32,
        /** si_code. */
        readonly code: i32,
        /** Sender, or the child; the number of a timer. */
        readonly pid: i32,
        /** Its user; the overrun count of a timer. */
        public uid: u32,
    ) {}
}

export class SignalQueue {
    /** Signals with an entry below. */
    set: u64 = 0;
    private first: SignalInfo | null = null;
    private last: SignalInfo | null = null;
    /** Entries. */
    count: i32 = 0;

    /** Adds a signal; how many may wait is send.ts's to say. */
    add(info: SignalInfo): void {
        const bit = signalBit(info.signal);
        if ((this.set & bit) != 0 && info.signal < SIGRTMIN && info.timer === null) return;
        this.set |= bit;
        info.isQueued = true;
        this.count++;
        if (this.last === null) this.first = info;
        else this.last!.next = info;
        this.last = info;
    }

    /** Takes the oldest entry of `signal`. */
    take(signal: i32): SignalInfo | null {
        let before: SignalInfo | null = null;
        let info = this.first;
        while (info !== null && info.signal != signal) {
            before = info;
            info = info.next;
        }
        if (info === null) return null;
        if (before === null) this.first = info.next;
        else before.next = info.next;
        if (this.last === info) this.last = before;
        this.count--;
        info.next = null;
        info.isQueued = false;
        let other = this.first;
        while (other !== null && other.signal != signal) other = other.next;
        if (other === null) this.set &= ~signalBit(signal);
        return info;
    }

    /** Drops all entries of the signals in `mask`. */
    drop(mask: u64): void {
        while ((this.set & mask) != 0) {
            const timer = this.take(<i32>ctz(this.set & mask) + 1)!.timer;
            if (timer !== null) timer.signalDropped();
        }
    }
}
