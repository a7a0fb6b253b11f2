// SPDX-License-Identifier: Apache-2.0
//
// How a container's limit of CPU time divides between its sentry and its threads: arithmetic only, in microseconds of one
// period. The two shares always add up to the limit. Who runs short gets what the other does not use.
//
// A change is not free. The kernel keeps of a budget what is left of it at that moment, and what is added comes a period later:
// so a change costs the side that runs short up to a period. Hence shares change only for something that is worth more: the
// sentry's grows when it has run into its limit (where the threads compute: repeatedly), and shrinks to what it has not needed
// for some periods, with a reserve.

/** The least that the sentry keeps, of the limit: for the bursts of a container that computes, without a change for each. */
const SENTRY_PARTS: u64 = 16;
/** The least that the threads keep: what shows that they want more. */
const THREADS_PARTS: u64 = 8;
/** Neither keeps less than some tens of kernel entries take, in microseconds. */
const SHARE_MINIMUM: u64 = 200;

/** Periods after which a share that was not needed is given away; and sooner, where it is at least twice what was. */
const WINDOW: u32 = 4;
const SHORT_WINDOW: u32 = 2;
/** Periods for which a share that proved too small while the threads computed is not tried again. */
const MEMORY: u32 = 50;

/** Whether a side has run into its limit. Kernels charge a little more or less than the budget. */
function isSpent(used: u64, share: u64): bool {
    return used >= share - share / 16;
}

export class BudgetDivision {
    /** The sentry's share; the threads have the rest. */
    sentryShare: u64;
    /** The shares have changed in the period that ends now: what was used in it belongs to neither. */
    private hasChanged: bool = false;
    private periods: u32 = 0;
    /** What the threads have used in `periods`. */
    private usedByThreads: u64 = 0;
    /** Of `periods`, those in which the sentry ran into its limit. */
    private spentPeriods: u32 = 0;
    /** The most that the sentry has used in one of `periods`. */
    private peak: u64 = 0;

    /** What the sentry's share does not shrink below for so many more periods. */
    private floor: u64 = 0;
    private floorPeriods: u32 = 0;

    /** The sentry begins with half: a start is mostly its work. */
    constructor(readonly budget: u64) {
        this.sentryShare = budget / 2;
    }

    get threadsShare(): u64 {
        return this.budget - this.sentryShare;
    }

    /** Takes what both have used in a period. Whether the shares have changed. */
    note(usedBySentry: u64, usedByThreads: u64): bool {
        if (this.hasChanged) {
            this.hasChanged = false;
            return false;
        }
        if (isSpent(usedBySentry, this.sentryShare)) {
            if (usedByThreads < this.threadsShare / 2) return this.change(4 * this.sentryShare);
            // Where both want more, a burst of the sentry's can wait, and equal shares are as far as it gets.
            if (++this.spentPeriods == 2) {
                const twice = max<u64>(this.sentryShare, min<u64>(2 * this.sentryShare, this.budget / 2));
                this.floor = min<u64>(twice, this.budget / 4);
                this.floorPeriods = MEMORY;
                return this.change(twice);
            }
        }
        if (this.floorPeriods > 0 && --this.floorPeriods == 0) this.floor = 0;
        this.periods++;
        this.usedByThreads += usedByThreads;
        this.peak = max<u64>(this.peak, usedBySentry);
        if (this.periods < SHORT_WINDOW) return false;
        const enough = max<u64>(this.peak + this.peak / 2, this.floor);
        if (this.periods < WINDOW && enough > this.sentryShare / 2) return false;
        // The sum, because a budget that was overdrawn once leaves nothing for the next period; and half of it, because
        // a kernel's clock may be slower than ours where an emulator has another one than the processor.
        const threadsAreShort = this.usedByThreads >= (this.periods * this.threadsShare) / 2;
        if (this.periods == WINDOW) this.beginWindow();
        return threadsAreShort && this.change(min<u64>(enough, this.sentryShare));
    }

    private beginWindow(): void {
        this.periods = 0;
        this.usedByThreads = 0;
        this.spentPeriods = 0;
        this.peak = 0;
    }

    private change(wanted: u64): bool {
        const least = max<u64>(this.budget / SENTRY_PARTS, SHARE_MINIMUM);
        const most = this.budget - max<u64>(this.budget / THREADS_PARTS, SHARE_MINIMUM);
        const share = min<u64>(max<u64>(wanted, least), most);
        const difference = share > this.sentryShare ? share - this.sentryShare : this.sentryShare - share;
        this.beginWindow();
        // What the least share is worth is not worth a change.
        if (difference < least) return false;
        this.sentryShare = share;
        this.hasChanged = true;
        return true;
    }
}
