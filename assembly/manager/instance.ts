// SPDX-License-Identifier: Apache-2.0

import { CNode, Notification, SchedContext, TCB, capability } from "../sel4/capabilities";
import { STATISTIC_COUNT } from "../std/statistics";
import { Console } from "./console";
import { LIMIT_PERIOD, ProcessorLimit } from "./processorLimit";
import { Quota } from "./quota";
import { SentryPages } from "./sentryPages";

// Bits of a sentry's notification (contract of the two sides: sentry/kernel).
export const NOTIFY_INPUT: u32 = 0;
export const NOTIFY_TIMER: u32 = 1;
export const NOTIFY_SIGNALS: u32 = 2;
export const NOTIFY_STATISTICS: u32 = 3;
export const NOTIFY_TERMINAL_SIZE: u32 = 4;
export const NOTIFY_EXEC: u32 = 5;
export const NOTIFY_BITS: u32 = 6;

/** No timer is set. */
export const NO_DEADLINE: u64 = u64.MAX_VALUE;

/**
 * A container while it runs: its quota, its capabilities in the manager's CSpace, and what the manager keeps for its sentry. A container
 * that is started again gets another one.
 */
export class Instance {
    readonly quota: Quota = new Quota();
    /** The console of its first process. */
    readonly console: Console;
    readonly statistics: StaticArray<u64> = new StaticArray<u64>(STATISTIC_COUNT);
    /** The sentry's first-level CNode with its guard: what its CSpace is addressed through. */
    root: CNode = capability<CNode>(0);
    tcb: TCB = capability<TCB>(0);
    /** The sentry's scheduling context, and what it has used as far as the kernel was asked: microseconds. */
    schedContext: SchedContext = capability<SchedContext>(0);
    sentryTime: u64 = 0;
    /** Slot of the first of NOTIFY_BITS badged capabilities of the sentry's notification. */
    notificationSlot: u32 = 0;
    /** A slot for capabilities that are moved or copied out of the sentry's CSpace for a moment. */
    transferSlot: u32 = 0;
    /** The sentry's pages that are mapped as they are touched. */
    pages: SentryPages | null = null;
    /** Where the exchange page is in the manager's window. */
    exchange: usize = 0;
    /** When the sentry wants to be woken. */
    deadline: u64 = NO_DEADLINE;
    /** The limit of its CPU time, or null. */
    processorLimit: ProcessorLimit | null = null;
    /** When the limit is to be divided anew. */
    divisionDue: u64 = NO_DEADLINE;
    /** The first-level entry of the manager's CSpace with the container's capabilities. */
    entry: u32 = 0;
    /** The sentry has been asked for its statistics and has not answered. */
    statisticsWanted: bool = false;
    /** Address spaces that its processes were given, and may be. */
    addressSpaces: u32 = 0;
    addressSpacesMaximum: u32 = 0;
    /** A fault of the sentry was turned into a Wasm trap; the next one is the end. */
    faulted: bool = false;
    /** The first process has ended, or the container was ended; the result is below. */
    ended: bool = false;
    exitCode: i32 = 0;
    /** Linux wait status; 0 where the engine's own exit code says what happened. */
    waitStatus: i32 = 0;
    message: string = "";

    constructor(
        /** The container's number. */
        readonly number: u32,
        readonly name: string,
        /** The container's layers, the lowest first: numbers of the store's. */
        readonly layers: i32[],
    ) {
        this.console = new Console(number);
    }

    /** Wakes the sentry for one of the NOTIFY_ reasons. */
    notify(reason: u32): void {
        capability<Notification>(this.notificationSlot + reason).signal();
    }

    /** Microseconds that the sentry has used, and all threads of a limited container; those of others their sentry counts. */
    processorTime(): u64 {
        const limit = this.processorLimit;
        if (limit === null) {
            this.sentryTime += this.schedContext.consumed();
            return this.sentryTime;
        }
        limit.collect();
        return limit.sentryTime + limit.threadsTime;
    }

    /** Limits its CPU time from `now` on. */
    limit(processorLimit: ProcessorLimit, now: u64): void {
        this.processorLimit = processorLimit;
        this.divisionDue = now + LIMIT_PERIOD * 1000;
    }

    /** Ends the container as SIGKILL does. */
    kill(): void {
        this.exit(9, "");
    }

    /** Ends the container because of `message`; nothing more of it is answered. */
    fail(message: string, exitCode: i32): void {
        if (this.ended) return;
        this.ended = true;
        this.exitCode = exitCode;
        this.waitStatus = 0;
        this.message = message;
    }

    /** Ends the container with a Linux wait status. */
    exit(waitStatus: i32, message: string): void {
        if (this.ended) return;
        this.ended = true;
        this.waitStatus = waitStatus;
        // wait(2): the low 7 bits are a signal, else bits 8 to 15 are the exit code.
        this.exitCode = (waitStatus & 0x7f) != 0 ? 128 + (waitStatus & 0x7f) : (waitStatus >> 8) & 0xff;
        this.message = message;
    }

    /** The signal that ended the first process, or 0. */
    get signal(): i32 {
        return this.waitStatus & 0x7f;
    }
}
