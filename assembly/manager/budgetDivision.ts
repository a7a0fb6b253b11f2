// SPDX-License-Identifier: Apache-2.0
//
// How a container's limit of CPU time divides between its sentry and its threads: arithmetic only, in microseconds of one
// period. The two shares always add up to the limit. Who runs short gets what the other does not use.
//
// A change is not free: the kernel begins a period anew, and what was left of the old one comes later. So the sentry's share grows
// at once, when the sentry runs short, but shrinks only to what it has not needed for some periods, with a reserve.

/** The least that either side keeps: a fiftieth of the limit, but what some tens of kernel entries take. */
const SHARE_PARTS: u64 = 50;
const SHARE_MINIMUM: u64 = 200;

/** Periods after which a share that was not needed is given away: soon for a person, rarely for the kernel. */
const WINDOW: u32 = 5;

/** Whether a side has used all but an eighth of what it may. */
function isShort(used: u64, share: u64): bool {
    return used >= share - share / 8;
}

export class BudgetDivision {
    /** The sentry's share; the threads have the rest. */
    sentryShare: u64;
    private periods: u32 = 0;
    /** Of `periods`, those in which the threads ran short. */
    private shortPeriods: u32 = 0;
    /** The most that the sentry has used in one of `periods`. */
    private peak: u64 = 0;

    /** The sentry begins with half: a start is mostly its work. */
    constructor(readonly budget: u64) {
        this.sentryShare = budget / 2;
    }

    get threadsShare(): u64 {
        return this.budget - this.sentryShare;
    }

    /** Takes what both have used in a period. Whether the shares have changed. */
    note(usedBySentry: u64, usedByThreads: u64): bool {
        const threadsAreShort = isShort(usedByThreads, this.threadsShare);
        if (isShort(usedBySentry, this.sentryShare)) {
            this.beginWindow();
            const twice = 2 * this.sentryShare;
            if (threadsAreShort) {
                // Neither has enough: equal shares are as far as the sentry gets.
                return this.change(max<u64>(this.sentryShare, min<u64>(twice, this.budget / 2)));
            }
            const proportional = (this.budget * usedBySentry) / (usedBySentry + usedByThreads);
            return this.change(max<u64>(twice, proportional));
        }
        this.periods++;
        if (threadsAreShort) this.shortPeriods++;
        this.peak = max<u64>(this.peak, usedBySentry);
        if (this.periods < WINDOW) return false;
        const enough = this.peak + this.peak / 2;
        const gives = this.shortPeriods > WINDOW / 2;
        this.beginWindow();
        return gives && this.change(min<u64>(enough, this.sentryShare));
    }

    private beginWindow(): void {
        this.periods = 0;
        this.shortPeriods = 0;
        this.peak = 0;
    }

    private change(wanted: u64): bool {
        const least = max<u64>(this.budget / SHARE_PARTS, SHARE_MINIMUM);
        const share = min<u64>(max<u64>(wanted, least), this.budget - least);
        const difference = share > this.sentryShare ? share - this.sentryShare : this.sentryShare - share;
        // What the least share is worth is not worth a change.
        if (difference < least) return false;
        this.sentryShare = share;
        return true;
    }
}
