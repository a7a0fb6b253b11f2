// SPDX-License-Identifier: Apache-2.0
//
// A container's health, as container engines have it: checks one after another; so many failures in a row make it unhealthy, one
// success makes it healthy; in the start period failures do not count.

import { HealthOptions } from "../oci/health";

/** Nanoseconds of a millisecond, HealthOptions' unit. */
const MILLISECOND: u64 = 1_000_000;

export enum Health {
    Starting,
    Healthy,
    Unhealthy,
}

export class HealthState {
    status: Health = Health.Starting;
    failingStreak: u32 = 0;
    /** Exit code of the last check, or -1 before there was one. */
    exitCode: i32 = -1;
    /** Channel of the check that runs; 0: none does. */
    channel: u32 = 0;
    /** Clock time of the next check's start, or by which the present one must have ended. */
    due: u64 = 0;

    constructor(
        readonly options: HealthOptions,
        private readonly started: u64,
    ) {
        this.due = started + this.interval(started);
    }

    /** A check has begun at `now`. */
    noteStart(channel: u32, now: u64): void {
        this.channel = channel;
        this.due = now + this.options.timeout * MILLISECOND;
    }

    /** A check has ended at `now`, or could not be made. Whether the status has changed. */
    noteEnd(exitCode: i32, now: u64): bool {
        const before = this.status;
        this.channel = 0;
        this.exitCode = exitCode;
        if (exitCode == 0) {
            this.failingStreak = 0;
            this.status = Health.Healthy;
        } else if (!this.isStarting(now)) {
            this.failingStreak++;
            if (this.failingStreak >= this.options.retries) this.status = Health.Unhealthy;
        }
        this.due = now + this.interval(now);
        return this.status != before;
    }

    /** Failures do not count yet: the period ends with the first success, too. */
    private isStarting(now: u64): bool {
        return this.status == Health.Starting && now - this.started < this.options.startPeriod * MILLISECOND;
    }

    private interval(now: u64): u64 {
        return (this.isStarting(now) ? this.options.startInterval : this.options.interval) * MILLISECOND;
    }
}

/** The status's name in messages to the host. */
export function healthName(state: HealthState | null): string {
    if (state === null) return "none";
    return state.status == Health.Healthy
        ? "healthy"
        : state.status == Health.Unhealthy
          ? "unhealthy"
          : "starting";
}
