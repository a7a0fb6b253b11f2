// SPDX-License-Identifier: Apache-2.0
//
// A container's limit of CPU time: so many microseconds in every period, for everything it runs, its sentry included.
//
// The kernel enforces it. A limited container has two scheduling contexts with time, whatever number of threads it has: its
// sentry's, and one that the sentry moves among the threads. Their budgets add up to the limit. SchedControl, without which a
// context has no time, is the manager's alone.
//
// How the limit divides between the two is the manager's to choose (budgetDivision.ts). Once in a period it asks the kernel what
// each has used.

import { SchedContext, capability } from "../sel4/capabilities";
import { ERROR_NONE, OBJECT_SCHED_CONTEXT } from "../sel4/objects";
import { Failure } from "../std/failure";
import { decimal } from "../std/numberText";
import { BudgetDivision } from "./budgetDivision";
import { machine } from "./machine";

/**
 * Microseconds. Linux's default: what programs read in cpu.max is what they know, no pause is longer than there, and what a
 * kernel's timer is late by is a small part of it.
 */
export const LIMIT_PERIOD: u64 = 100_000;

/** CPUs of the machine: kernels are built for one. */
const PROCESSORS: u64 = 1;
const NANO: u64 = 1_000_000_000;
/** 0.01 CPU, as container engines have it: 1 ms of a period, from which both contexts get what a kernel needs to switch. */
const NANO_CPUS_MINIMUM: u64 = 10_000_000;

/**
 * The contexts of limited containers are eight times the smallest size. A budget comes back in the pieces in which it was used;
 * those for which there is no room are put together, and come late.
 */
export const LIMITED_CONTEXT_EXTRA_BITS: u32 = 3;
/** Bytes of a refill on every 64-bit kernel. */
const REFILL_BYTES: u32 = 16;

/** Refills of a limited container's context beyond the two that the smallest has. */
function extraRefills(): u32 {
    const smallest: u32 = (<u32>1) << machine().objectBits(OBJECT_SCHED_CONTEXT);
    return ((smallest << LIMITED_CONTEXT_EXTRA_BITS) - smallest) / REFILL_BYTES;
}

/** What is wrong with a number of CPUs (in units of 10⁻⁹; 0 is no limit), or null. */
export function checkNanoCpus(nanoCpus: u64): Failure | null {
    if (nanoCpus > PROCESSORS * NANO)
        return new Failure(
            "the CPU limit of " +
                decimal(nanoCpus / 1_000_000) +
                " thousandths is more than the machine has (1 CPU); give at most --cpus 1",
        );
    if (nanoCpus != 0 && nanoCpus < NANO_CPUS_MINIMUM)
        return new Failure("the CPU limit is too low to run anything; give at least --cpus 0.01");
    return null;
}

/** Microseconds of each LIMIT_PERIOD for a checked number of CPUs: the whole period where that is no limit. */
export function limitBudget(nanoCpus: u64): u64 {
    return nanoCpus == 0 ? LIMIT_PERIOD : min<u64>((nanoCpus * LIMIT_PERIOD) / NANO, LIMIT_PERIOD);
}

/** The two scheduling contexts of a limited container. */
export class ProcessorLimit {
    private sentryContext: SchedContext = capability<SchedContext>(0);
    private threadsContext: SchedContext = capability<SchedContext>(0);
    private readonly division: BudgetDivision;
    /** Microseconds that the sentry and its threads have used, ever and when the border was last looked at. */
    sentryTime: u64 = 0;
    threadsTime: u64 = 0;
    private sentryDivided: u64 = 0;
    private threadsDivided: u64 = 0;

    /** `budget` microseconds in every LIMIT_PERIOD, fewer than all. */
    constructor(budget: u64) {
        this.division = new BudgetDivision(budget);
    }

    /** Gives both contexts their first time. The result is the kernel's error. */
    begin(sentryContext: SchedContext, threadsContext: SchedContext): u32 {
        this.sentryContext = sentryContext;
        this.threadsContext = threadsContext;
        const error = this.configure(sentryContext, this.division.sentryShare);
        return error != ERROR_NONE ? error : this.configure(threadsContext, this.division.threadsShare);
    }

    /** Moves the border by what has been used. To be called once in a period. */
    divideAnew(): void {
        const before = this.division.sentryShare;
        this.collect();
        const sentryUsed = this.sentryTime - this.sentryDivided;
        const threadsUsed = this.threadsTime - this.threadsDivided;
        this.sentryDivided = this.sentryTime;
        this.threadsDivided = this.threadsTime;
        if (!this.division.note(sentryUsed, threadsUsed)) return;
        // Taking comes before giving, so that the sum is never more than the limit.
        const shrinks = this.division.sentryShare < before;
        if (shrinks) this.configure(this.sentryContext, this.division.sentryShare);
        this.configure(this.threadsContext, this.division.threadsShare);
        if (!shrinks) this.configure(this.sentryContext, this.division.sentryShare);
    }

    /** Asks the kernel what has been used: it tells each microsecond once. */
    collect(): void {
        this.sentryTime += this.sentryContext.consumed();
        this.threadsTime += this.threadsContext.consumed();
    }

    private configure(context: SchedContext, budget: u64): u32 {
        return machine().schedControl.configure(context, budget, LIMIT_PERIOD, extraRefills());
    }
}
