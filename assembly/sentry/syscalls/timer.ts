// SPDX-License-Identifier: Apache-2.0
//
// Timers: setitimer(2), timer_create(2), timerfd_create(2).

import {
    SYS_alarm,
    SYS_getitimer,
    SYS_setitimer,
    SYS_timer_create,
    SYS_timer_delete,
    SYS_timer_getoverrun,
    SYS_timer_gettime,
    SYS_timer_settime,
    SYS_timerfd_create,
    SYS_timerfd_gettime,
    SYS_timerfd_settime,
} from "../arch/systemCalls";
import { O_CLOEXEC, O_NONBLOCK } from "../fs/openFile";
import { TimerFile } from "../fs/timerFile";
import { NANOSECONDS, now } from "../kernel/clock";
import {
    CLOCK_BOOTTIME,
    CLOCK_BOOTTIME_ALARM,
    CLOCK_MONOTONIC,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_MONOTONIC_RAW,
    CLOCK_NONE,
    CLOCK_REALTIME,
    CLOCK_REALTIME_ALARM,
    CLOCK_REALTIME_COARSE,
    findClock,
    foundProcess,
    foundThread,
    foundUserOnly,
} from "../kernel/clocks";
import { EAGAIN, EBADF, EFAULT, EINVAL, EOPNOTSUPP, EPERM } from "../kernel/errno";
import { addGarbage } from "../kernel/garbage";
import { Process } from "../kernel/process";
import { RLIM_INFINITY, RLIMIT_NOFILE, RLIMIT_SIGPENDING } from "../kernel/resourceLimits";
import { current, findThread, Thread } from "../kernel/thread";
import { copyIn, copyOut, copyOut32 } from "../memory/userMemory";
import { SIGALRM, SIGNAL_MAXIMUM } from "../signals/numbers";
import { PosixTimer } from "../signals/posixTimer";
import { pendingSignalsOf } from "../signals/send";
import { ProcessorTimer, RealTimer } from "../signals/timers";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const ITIMER_REAL: i32 = 0;
const ITIMER_VIRTUAL: i32 = 1;
const ITIMER_PROF: i32 = 2;
const MICROSECONDS: u64 = 1_000_000;
/** Longer times are cut: 285 years, so that nanoseconds since the epoch fit in 63 bits. */
const SECONDS_MAXIMUM: u64 = 7_000_000_000;
const TIMER_ABSTIME: u32 = 1;
const TFD_TIMER_CANCEL_ON_SET: u32 = 2;

// struct sigevent: value, signal, notification, thread.
const SIGEVENT_SIZE: i32 = 64;
const SIGEV_SIGNAL: i32 = 0;
const SIGEV_NONE: i32 = 1;
const SIGEV_THREAD: i32 = 2;
const SIGEV_THREAD_ID: i32 = 4;

/** Managed memory of a timer, roughly. */
const TIMER_BYTES: i32 = 256;

const scratch: usize = reserveBuffer(64);

// ---------------------------------------------------------------- interval timers

function realTimerOf(process: Process): RealTimer {
    if (process.realTimer === null) process.realTimer = new RealTimer(process);
    return process.realTimer!;
}

/** Seconds that are left, rounded to the nearest as Linux does, but at least 1 while a timer runs. */
function alarm(seconds: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const timer = realTimerOf(current.process);
    const rest = timer.left;
    let left = (rest + NANOSECONDS / 2) / NANOSECONDS;
    if (left == 0 && rest != 0) left = 1;
    const wanted = <u64>(<u32>seconds);
    timer.set(wanted == 0 ? 0 : now() + wanted * NANOSECONDS, 0);
    return left;
}

/** Writes struct itimerval (`unit` 1000) or itimerspec (1) to the scratch memory. */
function storeTimes(interval: u64, left: u64, unit: u64): void {
    store<u64>(scratch, interval / NANOSECONDS);
    store<u64>(scratch, (interval % NANOSECONDS) / unit, 8);
    store<u64>(scratch, left / NANOSECONDS, 16);
    store<u64>(scratch, (left % NANOSECONDS) / unit, 24);
}

function storeIntervalTimer(process: Process, which: i32): void {
    let interval: u64 = 0;
    let left: u64 = 0;
    if (which == ITIMER_REAL) {
        const timer = process.realTimer;
        if (timer !== null) {
            interval = timer.interval;
            left = timer.left;
        }
    } else {
        const timer = which == ITIMER_VIRTUAL ? process.virtualTimer : process.profilingTimer;
        if (timer !== null) {
            interval = timer.interval;
            left = timer.left;
        }
    }
    storeTimes(interval, left, 1000);
}

function getitimer(which: u64, value: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<u32>which > <u32>ITIMER_PROF) return -EINVAL;
    storeIntervalTimer(current.process, <i32>which);
    return copyOut(value, scratch, 32);
}

/** The nanoseconds of seconds and parts (`unit` nanoseconds each), cut to what fits. */
// @ts-ignore: decorator
@inline
function nanosecondsOf(seconds: u64, parts: u64, unit: u64): u64 {
    return min(seconds, SECONDS_MAXIMUM) * NANOSECONDS + parts * unit;
}

function setitimer(which_: u64, value: u64, old: u64, d: u64, e: u64, f: u64): i64 {
    const which = <i32>which_;
    const process = current.process;
    let left: u64 = 0;
    let interval: u64 = 0;
    if (value != 0) {
        if (copyIn(scratch, value, 32) != 0) return -EFAULT;
        if (load<u64>(scratch, 8) >= MICROSECONDS || load<u64>(scratch, 24) >= MICROSECONDS) return -EINVAL;
        if (load<i64>(scratch) < 0 || load<i64>(scratch, 16) < 0) return -EINVAL;
        interval = nanosecondsOf(load<u64>(scratch), load<u64>(scratch, 8), 1000);
        left = nanosecondsOf(load<u64>(scratch, 16), load<u64>(scratch, 24), 1000);
    }
    if (<u32>which > <u32>ITIMER_PROF) return -EINVAL;
    if (old != 0) storeIntervalTimer(process, which);
    if (which == ITIMER_REAL) {
        realTimerOf(process).set(left == 0 ? 0 : now() + left, interval);
    } else if (which == ITIMER_VIRTUAL) {
        if (process.virtualTimer === null) process.virtualTimer = new ProcessorTimer(process, true);
        process.virtualTimer!.set(left, interval);
    } else {
        if (process.profilingTimer === null) process.profilingTimer = new ProcessorTimer(process, false);
        process.profilingTimer!.set(left, interval);
    }
    return old != 0 ? copyOut(old, scratch, 32) : 0;
}

// ---------------------------------------------------------------- timer_create

function findTimer(id: i32): PosixTimer | null {
    const timers = current.process.timers;
    for (let i = 0; i < timers.length; i++) {
        if (timers[i].id == id) return timers[i];
    }
    return null;
}

/** 0, or the negative errno for a clock that timers cannot follow. */
function checkTimerClock(clock: i32): i64 {
    switch (clock) {
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_MONOTONIC_COARSE:
            return -EOPNOTSUPP;
        case CLOCK_REALTIME_ALARM:
        case CLOCK_BOOTTIME_ALARM:
            // CAP_WAKE_ALARM is not a container's.
            return -EPERM;
        default:
            return findClock(clock) == CLOCK_NONE ? -EINVAL : 0;
    }
}

function timerCreate(clock_: u64, event: u64, result: u64, d: u64, e: u64, f: u64): i64 {
    const clock = <i32>clock_;
    const process = current.process;
    const error = checkTimerClock(clock);
    if (error != 0) return error;
    const limit = process.limits.soft[RLIMIT_SIGPENDING];
    if (limit != RLIM_INFINITY && pendingSignalsOf(process.credentials.realUser) >= limit) return -EAGAIN;
    const id = process.nextTimer;
    let signal = SIGALRM;
    let value = <u64>id;
    let target: Thread | null = null;
    if (event != 0) {
        if (copyIn(scratch, event, SIGEVENT_SIZE) != 0) return -EFAULT;
        value = load<u64>(scratch);
        signal = load<i32>(scratch, 8);
        const notify = load<i32>(scratch, 12);
        switch (notify) {
            case SIGEV_THREAD_ID | SIGEV_SIGNAL:
                target = findThread(load<i32>(scratch, 16));
                if (target === null || target.process !== process) return -EINVAL;
                if (signal <= 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
                break;
            case SIGEV_SIGNAL:
            case SIGEV_THREAD:
                if (signal <= 0 || signal > SIGNAL_MAXIMUM) return -EINVAL;
                break;
            case SIGEV_NONE:
                signal = 0;
                break;
            default:
                return -EINVAL;
        }
    }
    const kind = findClock(clock);
    const timer = new PosixTimer(process, id, kind, signal, value, target);
    timer.clockProcess = foundProcess;
    timer.clockThread = foundThread;
    timer.clockUserOnly = foundUserOnly;
    if (copyOut32(result, id) != 0) return -EFAULT;
    process.nextTimer = id == i32.MAX_VALUE ? 0 : id + 1;
    process.timers.push(timer);
    return 0;
}

/** What readTimes read: struct itimerspec. */
let intervalRead: u64 = 0;
let valueRead: u64 = 0;

/** 0 or a negative errno. */
function readTimes(address: u64): i64 {
    if (copyIn(scratch, address, 32) != 0) return -EFAULT;
    if (load<i64>(scratch) < 0 || load<u64>(scratch, 8) >= NANOSECONDS) return -EINVAL;
    if (load<i64>(scratch, 16) < 0 || load<u64>(scratch, 24) >= NANOSECONDS) return -EINVAL;
    intervalRead = nanosecondsOf(load<u64>(scratch), load<u64>(scratch, 8), 1);
    valueRead = nanosecondsOf(load<u64>(scratch, 16), load<u64>(scratch, 24), 1);
    return 0;
}

function timerSettime(id: u64, flags: u64, value: u64, old: u64, e: u64, f: u64): i64 {
    if (value == 0) return -EINVAL;
    const error = readTimes(value);
    if (error != 0) return error;
    const timer = findTimer(<i32>id);
    if (timer === null) return -EINVAL;
    if (old != 0) storeTimes(timer.interval, timer.left, 1);
    timer.set(valueRead, intervalRead, ((<u32>flags) & TIMER_ABSTIME) == 0);
    return old != 0 ? copyOut(old, scratch, 32) : 0;
}

function timerGettime(id: u64, value: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const timer = findTimer(<i32>id);
    if (timer === null) return -EINVAL;
    storeTimes(timer.interval, timer.left, 1);
    return copyOut(value, scratch, 32);
}

function timerGetoverrun(id: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const timer = findTimer(<i32>id);
    return timer === null ? -EINVAL : timer.overrun;
}

function timerDelete(id: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const timer = findTimer(<i32>id);
    if (timer === null) return -EINVAL;
    timer.end();
    const timers = current.process.timers;
    timers.splice(timers.indexOf(timer), 1);
    addGarbage(TIMER_BYTES);
    return 0;
}

// ---------------------------------------------------------------- timerfd

function timerfdCreate(clock_: u64, flags_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const clock = <i32>clock_;
    const flags = <u32>flags_;
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
    if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) return -EPERM;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) return -EINVAL;
    const file = new TimerFile(clock == CLOCK_REALTIME, flags & O_NONBLOCK);
    const process = current.process;
    const descriptor = process.fileDescriptors.add(
        file,
        (flags & O_CLOEXEC) != 0,
        process.limits.soft[RLIMIT_NOFILE],
    );
    addGarbage(TIMER_BYTES);
    if (descriptor < 0) file.release();
    return descriptor;
}

/** The negative errno of a findTimerFile that returned null. */
let fileError: i64 = 0;

function findTimerFile(descriptor: i32): TimerFile | null {
    const file = current.process.fileDescriptors.get(descriptor);
    fileError = file === null ? -EBADF : -EINVAL;
    return file instanceof TimerFile ? <TimerFile>file : null;
}

/** TFD_TIMER_CANCEL_ON_SET is without effect: nobody sets the clock of a container. */
function timerfdSettime(descriptor: u64, flags: u64, value: u64, old: u64, e: u64, f: u64): i64 {
    if (copyIn(scratch, value, 32) != 0) return -EFAULT;
    if (((<u32>flags) & ~(TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) return -EINVAL;
    const error = readTimes(value);
    if (error != 0) return error;
    const file = findTimerFile(<i32>descriptor);
    if (file === null) return fileError;
    if (old != 0) storeTimes(file.interval, file.left, 1);
    file.set(valueRead, intervalRead, ((<u32>flags) & TIMER_ABSTIME) == 0);
    return old != 0 ? copyOut(old, scratch, 32) : 0;
}

function timerfdGettime(descriptor: u64, value: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = findTimerFile(<i32>descriptor);
    if (file === null) return fileError;
    storeTimes(file.interval, file.left, 1);
    return copyOut(value, scratch, 32);
}

export function registerTimerCalls(): void {
    define(SYS_alarm, alarm, "u");
    define(SYS_getitimer, getitimer, "dp");
    define(SYS_setitimer, setitimer, "dpp");
    define(SYS_timer_create, timerCreate, "Cpw");
    define(SYS_timer_settime, timerSettime, "dxpp");
    define(SYS_timer_gettime, timerGettime, "dp");
    define(SYS_timer_getoverrun, timerGetoverrun, "d");
    define(SYS_timer_delete, timerDelete, "d");
    define(SYS_timerfd_create, timerfdCreate, "Cx");
    define(SYS_timerfd_settime, timerfdSettime, "fxpp");
    define(SYS_timerfd_gettime, timerfdGettime, "fp");
}
