// SPDX-License-Identifier: Apache-2.0
//
// Deadlines. The manager keeps one timer for the sentry; it is asked only when the earliest deadline becomes earlier
// than what it was asked for. Deadlines that are given up leave the timer armed: it then wakes the sentry once for nothing.

import { setTimer } from "../manager";
import { now } from "./clock";
import { processes } from "./process";
import { makeReady, threads } from "./thread";
import { expireRealTimer } from "../signals/timers";

const NEVER: u64 = u64.MAX_VALUE;

/** What the manager was asked for. */
let armed: u64 = NEVER;

/** Has checkDeadlines called at clock time `deadline` (nanoseconds) or soon after. */
export function armTimer(deadline: u64): void {
    if (deadline >= armed) return;
    armed = deadline;
    setTimer(deadline);
}

/** Wakes every thread whose deadline has passed, sends SIGALRM for expired timers, and arms the timer for the next. */
export function checkDeadlines(): void {
    const time = now();
    armed = NEVER;
    let earliest = NEVER;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null || thread.deadline == 0) continue;
        if (thread.deadline <= time) makeReady(thread);
        else if (thread.deadline < earliest) earliest = thread.deadline;
    }
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        if (process.realTimer != 0 && process.realTimer <= time) expireRealTimer(process, time);
        if (process.realTimer != 0 && process.realTimer < earliest) earliest = process.realTimer;
    }
    if (earliest != NEVER) armTimer(earliest);
}
