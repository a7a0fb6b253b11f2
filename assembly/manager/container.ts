// SPDX-License-Identifier: Apache-2.0

import { CNode, Notification, SchedContext, TCB, capability } from "../sel4/capabilities";
import { STATISTIC_COUNT } from "../std/statistics";
import { LayerStore } from "./layerStore";
import { ProcessorLimit } from "./processorLimit";
import { Quota } from "./quota";
import { INPUT_CAPACITY, StandardInput } from "./standardInput";

// Bits of a sentry's notification (contract of the two sides: sentry/kernel).
export const NOTIFY_INPUT: u32 = 0;
export const NOTIFY_TIMER: u32 = 1;
export const NOTIFY_SIGNALS: u32 = 2;
export const NOTIFY_STATISTICS: u32 = 3;
export const NOTIFY_TERMINAL_SIZE: u32 = 4;
export const NOTIFY_BITS: u32 = 5;

/** No timer is set. */
export const NO_DEADLINE: u64 = u64.MAX_VALUE;

/** A container that exists: its capabilities in the manager's CSpace and what the manager keeps for it. */
export class Container {
    readonly quota: Quota = new Quota();
    readonly input: StandardInput = new StandardInput();
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
    /** Where the exchange page is in the manager's window. */
    exchange: usize = 0;
    /** When the sentry wants to be woken. */
    deadline: u64 = NO_DEADLINE;
    /** The limit of its CPU time, or null. */
    processorLimit: ProcessorLimit | null = null;
    /** When the limit is to be divided anew. */
    divisionDue: u64 = NO_DEADLINE;
    /** Signals from the host that the sentry has not taken, a bit for each number. */
    signals: u64 = 0;
    /** The size of the terminal that its console is, as the host said last. */
    terminalRows: u32 = 0;
    terminalColumns: u32 = 0;
    /** Bytes of input that the container read since the host was last given credit. */
    readSinceCredit: u32 = 0;
    /** A fault of the sentry was turned into a Wasm trap; the next one is the end. */
    faulted: bool = false;
    /** The first process has ended, or the container was ended; the result is below. */
    ended: bool = false;
    exitCode: i32 = 0;
    /** Linux wait status; 0 where the engine's own exit code says what happened. */
    waitStatus: i32 = 0;
    message: string = "";

    constructor(
        /** Below 256. */
        readonly number: u8,
        readonly name: string,
        readonly store: LayerStore,
    ) {}

    /** Wakes the sentry for one of the NOTIFY_ reasons. */
    notify(reason: u32): void {
        capability<Notification>(this.notificationSlot + reason).signal();
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

    /** Credit is given back in halves of the buffer, so that it costs few frames. */
    creditDue(read: u32): u32 {
        this.readSinceCredit += read;
        if (this.readSinceCredit < INPUT_CAPACITY / 2 && !this.input.isEmpty) return 0;
        const due = this.readSinceCredit;
        this.readSinceCredit = 0;
        return due;
    }
}
