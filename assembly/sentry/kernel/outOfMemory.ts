// SPDX-License-Identifier: Apache-2.0
//
// What happens when a page cannot be had because the container's memory is used up: as in a memory control group of Linux, the
// process that has most of it is killed, and whoever wanted the page goes on. Where that is pid 1, the container ends.

import { quotaBytes } from "../capabilities/quota";
import { PAGE_BITS } from "../../std/pages";
import { SIGKILL } from "../signals/numbers";
import { forceSignal, kernelSignal } from "../signals/send";
import { reportMemoryUsedUp } from "./container";
import { endProcess } from "./exit";
import { Process, processes } from "./process";
import { current, Thread } from "./thread";

/** oom_score_adj: a process with the least value is never killed; each unit is a thousandth of all memory. */
export const SCORE_ADJUSTMENT_MINIMUM: i32 = -1000;
export const SCORE_ADJUSTMENT_MAXIMUM: i32 = 1000;

let kills: u64 = 0;

/** Processes killed so far (oom_kill of memory.events and /proc/vmstat). */
export function outOfMemoryKills(): u64 {
    return kills;
}

/** How likely a process is to be killed: pages, adjusted; at least 1, or 0 for one that is spared. */
export function memoryScore(process: Process): i64 {
    if (process.exited || process.scoreAdjustment == SCORE_ADJUSTMENT_MINIMUM) return 0;
    const total = <i64>(quotaBytes() >> PAGE_BITS);
    const pages = <i64>process.addressSpace.pages.count + (total * process.scoreAdjustment) / 1000;
    return max<i64>(pages, 1);
}

/** The process with the highest score, among equals the latest, as on Linux: pid 1 is the last to go. Null: all are spared. */
function findVictim(): Process | null {
    let victim: Process | null = null;
    let highest: i64 = 0;
    for (let i = 0; i < processes.length; i++) {
        const score = memoryScore(processes[i]);
        if (score == 0 || score < highest) continue;
        highest = score;
        victim = processes[i];
    }
    return victim;
}

/**
 * The current thread's process could not get a page in the middle of a system call. True: another process was killed and there
 * is room; false: its own process is the one to be killed, when the call ends.
 */
export function makeRoom(): bool {
    const victim = findVictim();
    if (victim === null || victim.addressSpace === current.process.addressSpace) return false;
    return killForMemory(current);
}

/**
 * The current thread could not get a page. True: another process was killed, and the thread is to try again; false: its own
 * process is being killed.
 */
export function killForMemory(thread: Thread): bool {
    const own = thread.process;
    let victim = findVictim();
    if (victim === null) victim = own;
    kills++;
    const space = victim.addressSpace;
    reportMemoryUsedUp(victim, (<u64>space.pages.count) << PAGE_BITS);
    if (own.addressSpace === space) {
        forceSignal(thread, kernelSignal(SIGKILL));
        return false;
    }
    // Processes that share the memory (vfork) end together: nothing is won as long as one of them holds it.
    for (let i = processes.length - 1; i >= 0; i--) {
        if (i >= processes.length) continue;
        const process = processes[i];
        if (!process.exited && process.addressSpace === space) endProcess(process, SIGKILL);
    }
    return true;
}
