// SPDX-License-Identifier: Apache-2.0
//
// Taking a signal that waits: to deliver it, or because the program asked for it (sigtimedwait(2), signalfd(2)).

import { Thread } from "../kernel/thread";
import { MASK_SYNCHRONOUS, SIGALRM } from "./numbers";
import { SignalInfo, SignalQueue } from "./signalQueue";

/** Takes the signal of `mask` that a thread gets next, as Linux does: its own before its process's, faults first, then by number. */
export function takeSignal(thread: Thread, mask: u64): SignalInfo | null {
    let info = takeFrom(thread.pending, mask);
    if (info === null) {
        info = takeFrom(thread.process.pending, mask);
        if (info === null) return null;
        if (info.signal == SIGALRM) {
            const realTimer = thread.process.realTimer;
            if (realTimer !== null) realTimer.signalTaken();
        }
    }
    const timer = info.timer;
    if (timer !== null) timer.signalTaken(info);
    return info;
}

function takeFrom(queue: SignalQueue, mask: u64): SignalInfo | null {
    const waiting = queue.set & mask;
    if (waiting == 0) return null;
    const first = (waiting & MASK_SYNCHRONOUS) != 0 ? waiting & MASK_SYNCHRONOUS : waiting;
    return queue.take(<i32>ctz(first) + 1);
}
