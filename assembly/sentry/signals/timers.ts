// SPDX-License-Identifier: Apache-2.0
//
// ITIMER_REAL: SIGALRM after an interval of real time (setitimer(2), alarm(2)).

import { Process } from "../kernel/process";
import { armTimer } from "../kernel/timer";
import { SIGALRM } from "./numbers";
import { kernelSignal, sendToProcess } from "./send";

/** Sets the timer: first expiry at clock time `expiry` (0 = off), then every `interval` nanoseconds (0 = once). */
export function setRealTimer(process: Process, expiry: u64, interval: u64): void {
    process.realTimer = expiry;
    process.realTimerInterval = interval;
    if (expiry != 0) armTimer(expiry);
}

/** The timer has expired. Missed periods are not made up for: SIGALRM does not queue. */
export function expireRealTimer(process: Process, time: u64): void {
    const interval = process.realTimerInterval;
    if (interval == 0) process.realTimer = 0;
    else process.realTimer += ((time - process.realTimer) / interval + 1) * interval;
    sendToProcess(process, kernelSignal(SIGALRM));
}
