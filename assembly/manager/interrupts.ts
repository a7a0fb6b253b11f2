// SPDX-License-Identifier: Apache-2.0
//
// Interrupts that came while somebody else than the service waited: the manager's one bound notification brings them to every receive.

let postponed: u64 = 0;

/** Keeps the badge of a notification for the service. */
export function postponeInterrupts(badge: u64): void {
    postponed |= badge;
}

/** What was kept. */
export function takePostponedInterrupts(): u64 {
    const badge = postponed;
    postponed = 0;
    return badge;
}
