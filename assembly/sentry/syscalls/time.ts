// SPDX-License-Identifier: Apache-2.0
//
// Clocks and sleeping, and what a process has used.

import {
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_clock_settime,
    SYS_getrusage,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_settimeofday,
    SYS_time,
    SYS_times,
} from "../arch/systemCalls";
import { CLOCK_TICKS } from "../exec/stack";
import { NANOSECONDS, now, realtimeNow } from "../kernel/clock";
import {
    CLOCK_BOOTTIME_ALARM,
    CLOCK_MONOTONIC,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_MONOTONIC_RAW,
    CLOCK_NONE,
    CLOCK_OF_PROCESS,
    CLOCK_OF_THREAD,
    CLOCK_REALTIME,
    CLOCK_REALTIME_ALARM,
    CLOCK_REALTIME_COARSE,
    CLOCK_THREAD_CPUTIME_ID,
    findClock,
    foundThread,
    readFoundClock,
} from "../kernel/clocks";
import { EFAULT, EINVAL, EOPNOTSUPP, EPERM, ERESTARTNOHAND } from "../kernel/errno";
import { measuredSystem, measuredUser, measureProcess } from "../kernel/processorTime";
import { current } from "../kernel/thread";
import { BLOCKED, blockUntil, deadlineReached } from "../kernel/wait";
import { clearOut, copyIn, copyOut, copyOut64 } from "../memory/userMemory";
import { TICK } from "../signals/timers";
import { define } from "./table";
import { copyOutUsage, fillChildrenUsage, fillOwnUsage, fillThreadUsage } from "./usage";
import { reserveBuffer } from "../memory/buffers";

const TIMER_ABSTIME: u64 = 1;
const RUSAGE_CHILDREN: i32 = -1;
const RUSAGE_SELF: i32 = 0;
const RUSAGE_THREAD: i32 = 1;
/** Longer sleeps are cut: nanoseconds since boot must fit in 64 bits. 285 years. */
const SECONDS_MAXIMUM: i64 = 9_000_000_000;
const scratch: usize = reserveBuffer(32);
const timex: usize = reserveBuffer(208);

function copyOutTime(address: u64, seconds: u64, fraction: u64): i64 {
    store<u64>(scratch, seconds);
    store<u64>(scratch, fraction, 8);
    return copyOut(address, scratch, 16);
}

function clockGettime(clock: u64, time: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const kind = findClock(<i32>clock);
    if (kind == CLOCK_NONE) return -EINVAL;
    const value = readFoundClock(kind);
    return copyOutTime(time, value / NANOSECONDS, value % NANOSECONDS);
}

function clockGetres(clock: u64, resolution: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (findClock(<i32>clock) == CLOCK_NONE) return -EINVAL;
    return resolution == 0 ? 0 : copyOutTime(resolution, 0, 1);
}

/** A container does not set the machine's clock. */
function clockSettime(clock: u64, time: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const kind = findClock(<i32>clock);
    // Only clocks that could be set at all are a matter of permission.
    if (<i32>clock != CLOCK_REALTIME && kind != CLOCK_OF_PROCESS && kind != CLOCK_OF_THREAD) return -EINVAL;
    if (copyIn(scratch, time, 16) != 0) return -EFAULT;
    if (load<i64>(scratch) < 0 || load<u64>(scratch, 8) >= NANOSECONDS) return -EINVAL;
    return -EPERM;
}

/** As clock_settime; without a time only the time zone, which is as little the container's. */
function settimeofday(time: u64, zone: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (time != 0) {
        if (copyIn(scratch, time, 16) != 0) return -EFAULT;
        if (load<u64>(scratch, 8) > 1_000_000) return -EINVAL;
    }
    if (zone != 0 && copyIn(scratch + 16, zone, 8) != 0) return -EFAULT;
    if (time != 0 && (load<i64>(scratch) < 0 || load<u64>(scratch, 8) >= 1_000_000)) return -EINVAL;
    return -EPERM;
}

/** struct timex: modes at its beginning. */
const TIMEX_SIZE: i32 = 208;
const TIME_ERROR: i64 = 5;
const STA_UNSYNC: i32 = 0x40;
const ADJ_OFFSET_SS_READ: u32 = 0xa001;

function adjtimex(buffer: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (copyIn(scratch, buffer, 4) != 0) return -EFAULT;
    const modes = load<u32>(scratch);
    if (modes != 0 && modes != ADJ_OFFSET_SS_READ) return -EPERM;
    memory.fill(timex, 0, TIMEX_SIZE);
    const value = realtimeNow();
    store<u32>(timex, modes);
    // Nobody keeps the clock in step: what Linux shows of one that has never been set.
    store<i64>(timex, 16_000_000, 24); // maxerror
    store<i64>(timex, 16_000_000, 32); // esterror
    store<i32>(timex, STA_UNSYNC, 40); // status
    store<i64>(timex, 2, 48); // constant
    store<i64>(timex, 1, 56); // precision
    store<i64>(timex, 32_768_000, 64); // tolerance
    store<u64>(timex, value / NANOSECONDS, 72);
    store<u64>(timex, (value % NANOSECONDS) / 1000, 80);
    store<i64>(timex, 10_000, 88); // tick
    return copyOut(buffer, timex, TIMEX_SIZE) != 0 ? -EFAULT : TIME_ERROR;
}

function clockAdjtime(clock: u64, buffer: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const kind = findClock(<i32>clock);
    if (kind == CLOCK_NONE) return -EINVAL;
    if (<i32>clock != CLOCK_REALTIME) return -EOPNOTSUPP;
    return adjtimex(buffer, 0, 0, 0, 0, 0);
}

function gettimeofday(time: u64, zone: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (time != 0) {
        const value = realtimeNow();
        if (copyOutTime(time, value / NANOSECONDS, (value % NANOSECONDS) / 1000) != 0) return -EFAULT;
    }
    return zone == 0 ? 0 : clearOut(zone, 8);
}

function time(result: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const seconds = realtimeNow() / NANOSECONDS;
    if (result != 0 && copyOut64(result, seconds) != 0) return -EFAULT;
    return seconds;
}

/** Sleeps until `deadline`; what is left of a relative sleep that a handler interrupts goes to `remainder`. */
function sleepUntil(deadline: u64, remainder: u64): i64 {
    if (deadlineReached() || deadline <= now()) return 0;
    const until = current.deadline != 0 ? current.deadline : deadline;
    const result = blockUntil(deadline, -ERESTARTNOHAND);
    if (result == BLOCKED || remainder == 0) return result;
    const time = now();
    const left = until > time ? until - time : 0;
    return copyOutTime(remainder, left / NANOSECONDS, left % NANOSECONDS) != 0 ? -EFAULT : result;
}

function nanosleep(request: u64, remainder: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return clockNanosleep(CLOCK_MONOTONIC, 0, request, remainder, 0, 0);
}

function clockNanosleep(clock_: u64, flags: u64, request: u64, remainder: u64, e: u64, f: u64): i64 {
    const clock = <i32>clock_;
    const kind = findClock(clock);
    if (kind == CLOCK_NONE) return -EINVAL;
    switch (clock) {
        case CLOCK_THREAD_CPUTIME_ID:
            // A thread cannot sleep by its own time (Linux has no such sleep, and says EOPNOTSUPP).
            return -EOPNOTSUPP;
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_MONOTONIC_COARSE:
            return -EOPNOTSUPP;
        case CLOCK_REALTIME_ALARM:
        case CLOCK_BOOTTIME_ALARM:
            return -EPERM;
    }
    if (copyIn(scratch, request, 16) != 0) return -EFAULT;
    const seconds = load<i64>(scratch);
    const nanoseconds = load<u64>(scratch, 8);
    if (seconds < 0 || nanoseconds >= NANOSECONDS) return -EINVAL;
    const wanted = <u64>min(seconds, SECONDS_MAXIMUM) * NANOSECONDS + nanoseconds;
    const absolute = ((<u32>flags) & TIMER_ABSTIME) != 0;
    if (kind == CLOCK_OF_PROCESS || kind == CLOCK_OF_THREAD) {
        if (foundThread === current) return -EINVAL;
        return sleepByProcessor(kind, wanted, absolute, remainder);
    }
    const value = readFoundClock(kind);
    if (absolute) {
        if (wanted <= value) return 0;
        return sleepUntil(now() + (wanted - value), 0);
    }
    return sleepUntil(now() + wanted, remainder);
}

/**
 * Sleeps until a clock of processor time, the one found, shows enough. `progress` is the time that it is to show, `deadline` the
 * earliest moment at which it could.
 */
function sleepByProcessor(kind: i32, wanted: u64, absolute: bool, remainder: u64): i64 {
    const value = readFoundClock(kind);
    if (current.progress == 0) current.progress = max<u64>(absolute ? wanted : value + wanted, 1);
    const end = <u64>current.progress;
    if (value >= end) return 0;
    current.deadline = 0;
    // The mark must not become the result of a sleep that a signal ends.
    current.progress = 0;
    const result = blockUntil(now() + max(end - value, TICK), -ERESTARTNOHAND);
    if (result == BLOCKED) {
        current.progress = end;
        return result;
    }
    if (absolute || remainder == 0) return result;
    const left = end - value;
    return copyOutTime(remainder, left / NANOSECONDS, left % NANOSECONDS) != 0 ? -EFAULT : result;
}

const TICK_NANOSECONDS: u64 = NANOSECONDS / CLOCK_TICKS;

/** struct tms, in clock ticks; the result is elapsed time. */
function times(buffer: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (buffer != 0) {
        const process = current.process;
        measureProcess(process);
        store<u64>(scratch, measuredUser / TICK_NANOSECONDS);
        store<u64>(scratch, measuredSystem / TICK_NANOSECONDS, 8);
        store<u64>(scratch, process.childrenUserTime / TICK_NANOSECONDS, 16);
        store<u64>(scratch, process.childrenSystemTime / TICK_NANOSECONDS, 24);
        if (copyOut(buffer, scratch, 32) != 0) return -EFAULT;
    }
    return now() / TICK_NANOSECONDS;
}

function getrusage(who: u64, usage: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i32>who == RUSAGE_SELF) fillOwnUsage(current.process);
    else if (<i32>who == RUSAGE_THREAD) fillThreadUsage(current);
    else if (<i32>who == RUSAGE_CHILDREN) fillChildrenUsage(current.process);
    else return -EINVAL;
    return copyOutUsage(usage);
}

export function registerTimeCalls(): void {
    define(SYS_clock_gettime, clockGettime, "CT");
    define(SYS_clock_getres, clockGetres, "CT");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_clock_settime, clockSettime, "Ct");
    define(SYS_gettimeofday, gettimeofday, "pp");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_settimeofday, settimeofday, "pp");
    // Partial: reads only; setting is EPERM, as without CAP_SYS_TIME.
    define(SYS_adjtimex, adjtimex, "p");
    // Partial: reads only; setting is EPERM, as without CAP_SYS_TIME.
    define(SYS_clock_adjtime, clockAdjtime, "Cp");
    define(SYS_time, time, "p");
    define(SYS_nanosleep, nanosleep, "tp");
    define(SYS_clock_nanosleep, clockNanosleep, "Cdtp");
    define(SYS_times, times, "p");
    define(SYS_getrusage, getrusage, "dp");
}
