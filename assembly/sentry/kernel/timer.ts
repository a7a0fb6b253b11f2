// SPDX-License-Identifier: Apache-2.0
//
// Deadlines. The manager keeps one timer for the sentry; it is asked only when the earliest deadline becomes earlier
// than what it was asked for. Deadlines that are given up leave the timer armed: it then wakes the sentry once for nothing.

import { setTimer } from "../manager";
import { Alarm } from "./alarm";
import { now } from "./clock";
import { makeReady, threads } from "./thread";

const NEVER: u64 = u64.MAX_VALUE;

/** What the manager was asked for. */
let armed: u64 = NEVER;

/** Has checkDeadlines called at clock time `deadline` (nanoseconds) or soon after. */
export function armTimer(deadline: u64): void {
    if (deadline >= armed) return;
    armed = deadline;
    setTimer(deadline);
}

/** Wakes every thread whose deadline has passed, expires alarms, and arms the timer for the next. */
export function checkDeadlines(): void {
    const time = now();
    armed = NEVER;
    let earliest = Alarm.expireDue(time);
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null || thread.deadline == 0) continue;
        if (thread.deadline <= time) makeReady(thread);
        else if (thread.deadline < earliest) earliest = thread.deadline;
    }
    if (earliest != NEVER) armTimer(earliest);
}
