// SPDX-License-Identifier: Apache-2.0
//
// Clocks and sleeping. There is no accounting of processor time yet: clocks of processor time stand for elapsed time of the
// process, times(2) and getrusage(2) report no processor time.

import {
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
import { EFAULT, EINVAL, EOPNOTSUPP, EPERM, ERESTARTNOHAND } from "../kernel/errno";
import { current } from "../kernel/thread";
import { BLOCKED, blockUntil, deadlineReached } from "../kernel/wait";
import { clearOut, copyIn, copyOut, copyOut64 } from "../memory/userMemory";
import { define } from "./table";

const CLOCK_REALTIME: i32 = 0;
const CLOCK_MONOTONIC: i32 = 1;
const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
const CLOCK_MONOTONIC_RAW: i32 = 4;
const CLOCK_REALTIME_COARSE: i32 = 5;
const CLOCK_MONOTONIC_COARSE: i32 = 6;
const CLOCK_BOOTTIME: i32 = 7;
const CLOCK_TAI: i32 = 11;
const TIMER_ABSTIME: u64 = 1;
const RUSAGE_CHILDREN: i32 = -1;
const RUSAGE_SELF: i32 = 0;
const RUSAGE_THREAD: i32 = 1;
/** Longer sleeps are cut: nanoseconds since boot must fit in 64 bits. 285 years. */
const SECONDS_MAXIMUM: i64 = 9_000_000_000;
const USAGE_SIZE: i32 = 144;
const USAGE_MINOR_FAULTS: u64 = 64;

const scratch: usize = memory.data(32, 8);

/** Nanoseconds that a clock shows, or all ones where there is no such clock. */
function readClock(clock: i32): u64 {
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_TAI:
            return realtimeNow();
        case CLOCK_MONOTONIC:
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_MONOTONIC_COARSE:
        case CLOCK_BOOTTIME:
            return now();
        case CLOCK_PROCESS_CPUTIME_ID:
        case CLOCK_THREAD_CPUTIME_ID:
            return now() - current.process.startTime;
        default:
            return u64.MAX_VALUE;
    }
}

function copyOutTime(address: u64, seconds: u64, fraction: u64): i64 {
    store<u64>(scratch, seconds);
    store<u64>(scratch, fraction, 8);
    return copyOut(address, scratch, 16);
}

function clockGettime(clock: u64, time: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const value = readClock(<i32>clock);
    if (value == u64.MAX_VALUE) return -EINVAL;
    return copyOutTime(time, value / NANOSECONDS, value % NANOSECONDS);
}

function clockGetres(clock: u64, resolution: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (readClock(<i32>clock) == u64.MAX_VALUE) return -EINVAL;
    return resolution == 0 ? 0 : copyOutTime(resolution, 0, 1);
}

/** A container does not set the machine's clock. */
function clockSettime(clock: u64, time: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EPERM;
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

function clockNanosleep(clock: u64, flags: u64, request: u64, remainder: u64, e: u64, f: u64): i64 {
    if (<i32>clock == CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
    const value = readClock(<i32>clock);
    if (value == u64.MAX_VALUE) return -EINVAL;
    if (<i32>clock == CLOCK_PROCESS_CPUTIME_ID) return -EOPNOTSUPP;
    if (copyIn(scratch, request, 16) != 0) return -EFAULT;
    const seconds = load<i64>(scratch);
    const nanoseconds = load<u64>(scratch, 8);
    if (seconds < 0 || nanoseconds >= NANOSECONDS) return -EINVAL;
    const wanted: u64 =
        seconds > SECONDS_MAXIMUM
            ? <u64>SECONDS_MAXIMUM * NANOSECONDS
            : <u64>seconds * NANOSECONDS + nanoseconds;
    if ((flags & TIMER_ABSTIME) != 0) {
        if (wanted <= value) return 0;
        return sleepUntil(now() + (wanted - value), 0);
    }
    return sleepUntil(now() + wanted, remainder);
}

/** struct tms: no processor time; the result is elapsed time in clock ticks. */
function times(buffer: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (buffer != 0 && clearOut(buffer, 32) != 0) return -EFAULT;
    return now() / (NANOSECONDS / CLOCK_TICKS);
}

function getrusage(who: u64, usage: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const process = current.process;
    let faults: u64;
    if (<i32>who == RUSAGE_SELF || <i32>who == RUSAGE_THREAD) faults = process.minorFaults;
    else if (<i32>who == RUSAGE_CHILDREN) faults = process.childrenMinorFaults;
    else return -EINVAL;
    if (clearOut(usage, USAGE_SIZE) != 0) return -EFAULT;
    return copyOut64(usage + USAGE_MINOR_FAULTS, faults);
}

export function registerTimeCalls(): void {
    define(SYS_clock_gettime, clockGettime, "CT");
    define(SYS_clock_getres, clockGetres, "CT");
    define(SYS_clock_settime, clockSettime, "Ct");
    define(SYS_gettimeofday, gettimeofday, "pp");
    define(SYS_settimeofday, clockSettime, "pp");
    define(SYS_time, time, "p");
    define(SYS_nanosleep, nanosleep, "tp");
    define(SYS_clock_nanosleep, clockNanosleep, "Cdtp");
    define(SYS_times, times, "p");
    define(SYS_getrusage, getrusage, "dp");
}
