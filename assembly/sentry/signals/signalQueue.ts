// SPDX-License-Identifier: Apache-2.0
//
// Signals that wait to be delivered to a thread or a process. A standard signal waits at most once; real-time signals wait
// as often as they were sent.

import { SIGRTMIN, signalBit } from "./numbers";

/** What siginfo_t says of one signal. */
export class SignalInfo {
    next: SignalInfo | null = null;
    /** SIGCHLD: wait status or exit code; sigqueue: value. */
    value: u64 = 0;
    /** Faults: the address. */
    address: u64 = 0;

    constructor(
        readonly signal: i32,
        /** si_code. */
        readonly code: i32,
        /** Sender, or the child. */
        readonly pid: i32,
        readonly uid: u32,
    ) {}
}

/** Real-time signals that one queue holds; Linux's default RLIMIT_SIGPENDING is of this order. */
const QUEUE_MAXIMUM: i32 = 1024;

export class SignalQueue {
    /** Signals with an entry below. */
    set: u64 = 0;
    private first: SignalInfo | null = null;
    private last: SignalInfo | null = null;
    private count: i32 = 0;

    /** False when a real-time signal does not fit any more (EAGAIN). */
    add(info: SignalInfo): bool {
        const bit = signalBit(info.signal);
        if ((this.set & bit) != 0 && info.signal < SIGRTMIN) return true;
        if (this.count >= QUEUE_MAXIMUM) return false;
        this.set |= bit;
        this.count++;
        if (this.last === null) this.first = info;
        else this.last!.next = info;
        this.last = info;
        return true;
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
        let other = this.first;
        while (other !== null && other.signal != signal) other = other.next;
        if (other === null) this.set &= ~signalBit(signal);
        return info;
    }

    /** Drops all entries of the signals in `mask`. */
    drop(mask: u64): void {
        while ((this.set & mask) != 0) this.take(<i32>ctz(this.set & mask) + 1);
    }
}
