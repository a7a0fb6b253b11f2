// SPDX-License-Identifier: Apache-2.0
//
// Processor time, read when somebody asks.
//
// User time is what the kernel has charged a thread's scheduling context. System time is the sentry's own: the manager knows
// how much that was altogether, and it is shared out by the number of system calls and faults. Where CPU time is limited, all
// threads have one context between them, of which the manager knows the sum as well; it is shared out by how long each thread
// had the context.

import { schedContextConsumed } from "../../sel4/generated/host";
import { fetchProcessorTime, sentryMicroseconds, threadsMicroseconds } from "../manager";
import { now } from "./clock";
import { Process, processes } from "./process";
import { Thread, threads } from "./thread";
import { isProcessorLimited } from "./turns";

/** The manager is not asked more often: nanoseconds. */
const SETTLE_INTERVAL: u64 = 1_000_000;
const MICROSECOND: u64 = 1000;
/** What the host function returns where the kernel refuses. */
const REFUSED: u64 = u64.MAX_VALUE;

let lastSettled: u64 = 0;
let sentrySettled: u64 = 0;
let threadsSettled: u64 = 0;
/** Microseconds that contexts of single threads have told, those included of threads that have ended. */
let collected: u64 = 0;

/** Adds what the kernel has charged a thread since it was last asked. */
function collect(thread: Thread): void {
    if (thread.schedulingContext == 0) return;
    const used = schedContextConsumed(thread.schedulingContext);
    if (used == REFUSED) return;
    collected += used;
    thread.userTime += used * MICROSECOND;
}

/** Microseconds that all threads have used so far; 0 where CPU time is limited, for there the manager knows. */
export function collectThreads(): u64 {
    if (isProcessorLimited) return 0;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread !== null) collect(thread);
    }
    return collected;
}

/** Shares out the time that only the manager knows, unless that was done just now. */
function settle(): void {
    const time = now();
    if (lastSettled != 0 && time - lastSettled < SETTLE_INTERVAL) return;
    lastSettled = time;
    fetchProcessorTime();
    const sentryTime = (sentryMicroseconds - sentrySettled) * MICROSECOND;
    const threadsTime = (threadsMicroseconds - threadsSettled) * MICROSECOND;
    let traps: u64 = 0;
    let held: u64 = 0;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null) continue;
        traps += thread.traps;
        held += thread.heldTime;
    }
    for (let i = 0; i < processes.length; i++) {
        traps += processes[i].traps;
        held += processes[i].heldTime;
    }
    if (traps != 0) sentrySettled = sentryMicroseconds;
    if (held != 0) threadsSettled = threadsMicroseconds;
    // The products of f64 do not overflow, and lose nothing that matters here.
    const perTrap = traps == 0 ? 0 : <f64>sentryTime / <f64>traps;
    const perHeld = held == 0 ? 0 : <f64>threadsTime / <f64>held;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null) continue;
        thread.systemTime += <u64>(<f64>thread.traps * perTrap);
        thread.userTime += <u64>(<f64>thread.heldTime * perHeld);
        thread.traps = 0;
        thread.heldTime = 0;
    }
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        process.systemTime += <u64>(<f64>process.traps * perTrap);
        process.userTime += <u64>(<f64>process.heldTime * perHeld);
        process.traps = 0;
        process.heldTime = 0;
    }
}

/** Nanoseconds, as the latest call of measureThread or measureProcess found them. */
export let measuredUser: u64 = 0;
export let measuredSystem: u64 = 0;

/** Measures what a thread has used. */
export function measureThread(thread: Thread): void {
    if (!isProcessorLimited) collect(thread);
    settle();
    measuredUser = thread.userTime;
    measuredSystem = thread.systemTime;
}

/** Measures what all threads of a process have used, those that have ended included. */
export function measureProcess(process: Process): void {
    settle();
    measuredUser = process.userTime;
    measuredSystem = process.systemTime;
    for (let i = 0; i < process.threads.length; i++) {
        const thread = process.threads[i];
        if (!isProcessorLimited) collect(thread);
        measuredUser += thread.userTime;
        measuredSystem += thread.systemTime;
    }
}

/** Both kinds of time of a process together. */
export function processorTimeOf(process: Process): u64 {
    measureProcess(process);
    return measuredUser + measuredSystem;
}

/** Moves the account of a thread that ends to its process. Its scheduling context may be another thread's next. */
export function closeAccount(thread: Thread): void {
    collect(thread);
    const process = thread.process;
    process.userTime += thread.userTime;
    process.systemTime += thread.systemTime;
    process.traps += thread.traps;
    process.heldTime += thread.heldTime;
    process.voluntarySwitches += thread.voluntarySwitches;
    thread.userTime = 0;
    thread.systemTime = 0;
    thread.traps = 0;
    thread.heldTime = 0;
    thread.voluntarySwitches = 0;
}

/** A child has been waited for: what it and its own children have used is its parent's children's. */
export function inheritAccount(parent: Process, child: Process): void {
    measureProcess(child);
    parent.childrenUserTime += measuredUser + child.childrenUserTime;
    parent.childrenSystemTime += measuredSystem + child.childrenSystemTime;
    parent.childrenMinorFaults += child.minorFaults + child.childrenMinorFaults;
    parent.childrenVoluntarySwitches += child.voluntarySwitches + child.childrenVoluntarySwitches;
    parent.childrenResidentPeak = max(
        parent.childrenResidentPeak,
        max(child.residentPeak, child.childrenResidentPeak),
    );
    // What is not shared out yet is lost to nobody: the parent's is shared out with it.
    parent.traps += child.traps;
    parent.heldTime += child.heldTime;
}

/** Measures what all processes have used, those included that have been waited for. */
export function measureContainer(): void {
    let user: u64 = 0;
    let system: u64 = 0;
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        measureProcess(process);
        user += measuredUser + process.childrenUserTime;
        system += measuredSystem + process.childrenSystemTime;
    }
    measuredUser = user;
    measuredSystem = system;
}
