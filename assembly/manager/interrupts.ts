// SPDX-License-Identifier: Apache-2.0
//
// The manager's interrupts: their sources and badges, and those that came while somebody else than the service waited, for the manager's one bound
// notification brings them to every receive.

import { interruptAcknowledge } from "../sel4/generated/host";

// Interrupt sources of interface boot, and the badges they come with.
export const SOURCE_CONSOLE: u32 = 0;
export const SOURCE_TIMER: u32 = 1;
export const BADGE_CONSOLE: u64 = 1;
export const BADGE_TIMER: u64 = 2;

let postponed: u64 = 0;

/** Keeps what a notification's badge says for the service, but for the timer. Whether the timer was among it. */
export function postponeInterrupts(badge: u64): bool {
    postponed |= badge & ~BADGE_TIMER;
    if ((badge & BADGE_TIMER) == 0) return false;
    interruptAcknowledge(SOURCE_TIMER);
    return true;
}

/** What was kept. */
export function takePostponedInterrupts(): u64 {
    const badge = postponed;
    postponed = 0;
    return badge;
}
