// SPDX-License-Identifier: Apache-2.0
//
// The accounting words that the sentry reports (std/statistics.ts).

import { reportInstructions } from "../../sel4/generated/host";
import {
    STATISTIC_COUNT,
    STATISTIC_FILES,
    STATISTIC_FREE,
    STATISTIC_INSTRUCTIONS,
    STATISTIC_KERNEL_OBJECTS,
    STATISTIC_LAYER_PAGES_MAPPED,
    STATISTIC_PAGE_FAULTS,
    STATISTIC_PROCESSES,
    STATISTIC_PROCESSES_NOW,
    STATISTIC_SENTRY_HEAP,
    STATISTIC_SYSTEM_CALLS,
    STATISTIC_THREADS_MICROSECONDS,
} from "../../std/statistics";
import { heapBytes, ownedBytes, quotaBytes } from "../capabilities/quota";
import { storeFramesCached } from "../memory/frames";
import { PAGE_SIZE } from "../../std/pages";
import { reportStatistics } from "../manager";
import { processes } from "./process";
import { collectThreads } from "./processorTime";
import { reserveBuffer } from "../memory/buffers";

let systemCalls: u64 = 0;
let pageFaults: u64 = 0;
let processesMade: u64 = 0;

// @ts-ignore: decorator
@inline
export function countSystemCall(): void {
    systemCalls++;
}

// @ts-ignore: decorator
@inline
export function countPageFault(): void {
    pageFaults++;
}

export function countProcess(): void {
    processesMade++;
}

/** Page faults since the container started (/proc/vmstat). */
export function pageFaultCount(): u64 {
    return pageFaults;
}

/** Processes made since the container started (/proc/stat). */
export function processCount(): u64 {
    return processesMade;
}

/** Processes that have not ended. */
function runningProcesses(): u64 {
    let count: u64 = 0;
    for (let i = 0; i < processes.length; i++) if (!unchecked(processes[i]).exited) count++;
    return count;
}

const words: usize = reserveBuffer(STATISTIC_COUNT * 8);

function setWord(index: i32, value: u64): void {
    store<u64>(words + ((<usize>index) << 3), value);
}

/** Sends the present state to the manager. */
export function sendStatistics(): void {
    let owned = heapBytes();
    setWord(STATISTIC_SENTRY_HEAP, owned);
    // Kernel objects, page tables, capabilities, anonymous, files: their words are adjacent.
    for (let owner = STATISTIC_KERNEL_OBJECTS; owner <= STATISTIC_FILES; owner++) {
        setWord(owner, ownedBytes(owner));
        owned += ownedBytes(owner);
    }
    // Free: what no owner has, in untypeds and in free lists.
    setWord(STATISTIC_FREE, quotaBytes() - owned);
    setWord(STATISTIC_SYSTEM_CALLS, systemCalls);
    setWord(STATISTIC_PAGE_FAULTS, pageFaults);
    setWord(STATISTIC_LAYER_PAGES_MAPPED, <u64>storeFramesCached() * PAGE_SIZE);
    setWord(STATISTIC_PROCESSES, processesMade);
    setWord(STATISTIC_PROCESSES_NOW, runningProcesses());
    setWord(STATISTIC_INSTRUCTIONS, reportInstructions());
    setWord(STATISTIC_THREADS_MICROSECONDS, collectThreads());
    reportStatistics(words, STATISTIC_COUNT);
}
