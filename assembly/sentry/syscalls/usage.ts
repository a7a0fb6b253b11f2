// SPDX-License-Identifier: Apache-2.0
//
// struct rusage (getrusage(2)), for getrusage, wait4 and waitid.

import { measuredSystem, measuredUser, measureProcess, measureThread } from "../kernel/processorTime";
import { Process } from "../kernel/process";
import { Thread } from "../kernel/thread";
import { copyOut } from "../memory/userMemory";
import { PAGE_SIZE } from "../../std/pages";
import { reserveBuffer } from "../memory/buffers";

/** Two timevals and fourteen longs. */
const USAGE_SIZE: i32 = 144;
const usage: usize = reserveBuffer(USAGE_SIZE);

function fill(user: u64, system: u64, residentPages: u32, faults: u64, switches: u64): void {
    memory.fill(usage, 0, USAGE_SIZE);
    store<u64>(usage, user / 1_000_000_000);
    store<u64>(usage, (user / 1000) % 1_000_000, 8);
    store<u64>(usage, system / 1_000_000_000, 16);
    store<u64>(usage, (system / 1000) % 1_000_000, 24);
    store<u64>(usage, (<u64>residentPages * PAGE_SIZE) >> 10, 32);
    store<u64>(usage, faults, 64);
    store<u64>(usage, switches, 128);
}

function residentPeak(process: Process): u32 {
    if (process.exited) return process.residentPeak;
    return max(process.residentPeak, process.addressSpace.pages.count);
}

/** RUSAGE_SELF. */
export function fillOwnUsage(process: Process): void {
    measureProcess(process);
    let switches = process.voluntarySwitches;
    for (let i = 0; i < process.threads.length; i++) switches += process.threads[i].voluntarySwitches;
    fill(measuredUser, measuredSystem, residentPeak(process), process.minorFaults, switches);
}

/** RUSAGE_THREAD. */
export function fillThreadUsage(thread: Thread): void {
    measureThread(thread);
    const process = thread.process;
    fill(measuredUser, measuredSystem, residentPeak(process), process.minorFaults, thread.voluntarySwitches);
}

/** RUSAGE_CHILDREN. */
export function fillChildrenUsage(process: Process): void {
    fill(
        process.childrenUserTime,
        process.childrenSystemTime,
        process.childrenResidentPeak,
        process.childrenMinorFaults,
        process.childrenVoluntarySwitches,
    );
}

/** What wait4 tells of a child: its own use and that of the children it has waited for. */
export function fillWaitedUsage(child: Process): void {
    measureProcess(child);
    fill(
        measuredUser + child.childrenUserTime,
        measuredSystem + child.childrenSystemTime,
        max(residentPeak(child), child.childrenResidentPeak),
        child.minorFaults + child.childrenMinorFaults,
        child.voluntarySwitches + child.childrenVoluntarySwitches,
    );
}

/** Copies what was filled to the program. 0 or -EFAULT. */
export function copyOutUsage(address: u64): i32 {
    return copyOut(address, usage, USAGE_SIZE);
}
