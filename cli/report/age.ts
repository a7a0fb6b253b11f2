// SPDX-License-Identifier: Apache-2.0
//
// Times as container engines show them.

/** Milliseconds since the epoch before which a time can only count from a machine's boot. */
const EPOCH_MINIMUM = 1e12;

/** A time of the target in milliseconds since the epoch: one of a board without a clock counts from `booted`. */
export function epochTime(time: number, booted: number): number {
    return time < EPOCH_MINIMUM ? booted + time : time;
}

/** "5 seconds", "About a minute", "3 hours" */
export function durationText(milliseconds: number): string {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    if (seconds < 1) return 'Less than a second';
    if (seconds === 1) return '1 second';
    if (seconds < 60) return `${seconds} seconds`;
    const minutes = Math.floor(seconds / 60);
    if (minutes === 1) return 'About a minute';
    if (minutes < 60) return `${minutes} minutes`;
    const hours = Math.round(minutes / 60);
    if (hours === 1) return 'About an hour';
    if (hours < 48) return `${hours} hours`;
    const days = Math.floor(hours / 24);
    return days < 14 ? `${days} days` : `${Math.floor(days / 7)} weeks`;
}
