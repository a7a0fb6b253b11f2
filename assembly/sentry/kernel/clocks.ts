// SPDX-License-Identifier: Apache-2.0
//
// Clock numbers (clock_gettime(2)): those of the machine, those of the caller's processor time, and the negative ones that
// name a process or thread whose processor time they show (clock_getcpuclockid(3)).

import { now, realtimeNow } from "./clock";
import { findProcess, Process } from "./process";
import { measuredSystem, measuredUser, measureProcess, measureThread } from "./processorTime";
import { current, findThread, Thread } from "./thread";

export const CLOCK_REALTIME: i32 = 0;
export const CLOCK_MONOTONIC: i32 = 1;
export const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
export const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
export const CLOCK_MONOTONIC_RAW: i32 = 4;
export const CLOCK_REALTIME_COARSE: i32 = 5;
export const CLOCK_MONOTONIC_COARSE: i32 = 6;
export const CLOCK_BOOTTIME: i32 = 7;
export const CLOCK_REALTIME_ALARM: i32 = 8;
export const CLOCK_BOOTTIME_ALARM: i32 = 9;
export const CLOCK_TAI: i32 = 11;

// Kinds of clocks, as findClock tells.
export const CLOCK_NONE: i32 = 0;
/** CLOCK_REALTIME and its relatives. */
export const CLOCK_OF_DAY: i32 = 1;
/** Time since boot. */
export const CLOCK_SINCE_BOOT: i32 = 2;
/** Processor time of foundProcess. */
export const CLOCK_OF_PROCESS: i32 = 3;
/** Processor time of foundThread. */
export const CLOCK_OF_THREAD: i32 = 4;

// Of a negative clock number: all bits of the id but three, inverted; a thread's rather than a process's; which time.
const CLOCK_PER_THREAD: i32 = 4;
const CLOCK_WHICH: i32 = 3;
/** User and system time, user time only, what the scheduler counts (here both again). */
const WHICH_VIRTUAL: i32 = 1;
const WHICH_MAXIMUM: i32 = 2;

/** Whose processor time the clock found shows, and whether only user time. */
export let foundProcess: Process | null = null;
export let foundThread: Thread | null = null;
export let foundUserOnly: bool = false;

/** What kind of clock a number is for the current thread: a CLOCK_ constant above. CLOCK_NONE: there is none such. */
export function findClock(clock: i32): i32 {
    foundProcess = null;
    foundThread = null;
    foundUserOnly = false;
    if (clock < 0) return findProcessorClock(clock);
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_REALTIME_ALARM:
        case CLOCK_TAI:
            return CLOCK_OF_DAY;
        case CLOCK_MONOTONIC:
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_MONOTONIC_COARSE:
        case CLOCK_BOOTTIME:
        case CLOCK_BOOTTIME_ALARM:
            return CLOCK_SINCE_BOOT;
        case CLOCK_PROCESS_CPUTIME_ID:
            foundProcess = current.process;
            return CLOCK_OF_PROCESS;
        case CLOCK_THREAD_CPUTIME_ID:
            foundThread = current;
            return CLOCK_OF_THREAD;
        default:
            return CLOCK_NONE;
    }
}

function findProcessorClock(clock: i32): i32 {
    const id = ~(clock >> 3);
    const which = clock & CLOCK_WHICH;
    if (which > WHICH_MAXIMUM) return CLOCK_NONE;
    foundUserOnly = which == WHICH_VIRTUAL;
    if ((clock & CLOCK_PER_THREAD) != 0) {
        // Only threads of the caller's own process.
        const thread = id == 0 ? current : findThread(id);
        if (thread === null || thread.process !== current.process) return CLOCK_NONE;
        foundThread = thread;
        return CLOCK_OF_THREAD;
    }
    foundProcess = id == 0 ? current.process : findProcess(id);
    return foundProcess === null ? CLOCK_NONE : CLOCK_OF_PROCESS;
}

/** Nanoseconds that the clock found last shows. */
export function readFoundClock(kind: i32): u64 {
    switch (kind) {
        case CLOCK_OF_DAY:
            return realtimeNow();
        case CLOCK_SINCE_BOOT:
            return now();
        case CLOCK_OF_PROCESS:
            measureProcess(foundProcess!);
            break;
        default:
            measureThread(foundThread!);
    }
    return foundUserOnly ? measuredUser : measuredUser + measuredSystem;
}

/** Nanoseconds of processor time that a process or, if not null, a thread has used. */
export function readProcessorClock(process: Process, thread: Thread | null, userOnly: bool): u64 {
    if (thread !== null) measureThread(thread);
    else measureProcess(process);
    return userOnly ? measuredUser : measuredUser + measuredSystem;
}
