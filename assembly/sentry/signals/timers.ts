// SPDX-License-Identifier: Apache-2.0
//
// The three interval timers of a process (setitimer(2)) and its limit of processor time (RLIMIT_CPU).
//
// Processor time passes only while threads run, and nothing tells the sentry when it has: a timer of it looks whether it has
// expired at the earliest moment at which it could have, which is as long away as the time that is left.

import { Alarm } from "../kernel/alarm";
import { NANOSECONDS, now } from "../kernel/clock";
import { Process } from "../kernel/process";
import { measuredSystem, measuredUser, measureProcess } from "../kernel/processorTime";
import { RLIM_INFINITY, RLIMIT_CPU } from "../kernel/resourceLimits";
import { SIGALRM, SIGKILL, SIGPROF, signalBit, SIGVTALRM, SIGXCPU } from "./numbers";
import { kernelSignal, sendToProcess } from "./send";

/**
 * Shortest time between two looks at a timer whose signal is ignored, or at one of processor time: a tick of Linux with 250 of
 * them in a second. It keeps a program's tiny interval from occupying the sentry.
 */
export const TICK: u64 = 4_000_000;

/** The next expiry behind `time` of a timer that expired at `expiry` and has an `interval`. */
export function nextExpiry(expiry: u64, interval: u64, time: u64): u64 {
    if (expiry > time) return expiry;
    return expiry + ((time - expiry) / interval + 1) * interval;
}

/** ITIMER_REAL. Like Linux's it is set again only when its signal is taken: then missed periods are passed over. */
export class RealTimer extends Alarm {
    /** Clock time of the next or, while SIGALRM waits, latest expiry; 0 = off. */
    expiry: u64 = 0;
    interval: u64 = 0;

    constructor(readonly process: Process) {
        super();
    }

    /** First expiry at clock time `expiry` (0 = off), then every `interval` nanoseconds (0 = once). */
    set(expiry: u64, interval: u64): void {
        this.expiry = expiry;
        this.interval = interval;
        if (expiry != 0) this.setAlarm(expiry);
        else this.clearAlarm();
    }

    expire(time: u64): void {
        sendToProcess(this.process, kernelSignal(SIGALRM));
        if (this.interval == 0) {
            this.expiry = 0;
        } else if ((this.process.pending.set & signalBit(SIGALRM)) == 0) {
            // Ignored: there will be nobody who takes it.
            this.expiry = max(nextExpiry(this.expiry, this.interval, time), time + TICK);
            this.setAlarm(this.expiry);
        }
    }

    /** SIGALRM has been taken. */
    signalTaken(): void {
        if (this.isSet || this.expiry == 0 || this.interval == 0) return;
        this.expiry = nextExpiry(this.expiry, this.interval, now());
        this.setAlarm(this.expiry);
    }

    /** Nanoseconds until it expires; 0: off. */
    get left(): u64 {
        if (this.expiry == 0) return 0;
        const time = now();
        const expiry = this.interval == 0 ? this.expiry : nextExpiry(this.expiry, this.interval, time);
        // A timer that is on never shows 0.
        return expiry > time ? expiry - time : 1000;
    }
}

/** What a process has used, for ITIMER_VIRTUAL (user time) or ITIMER_PROF (all). */
function usedBy(process: Process, userOnly: bool): u64 {
    measureProcess(process);
    return userOnly ? measuredUser : measuredUser + measuredSystem;
}

/** ITIMER_VIRTUAL, ITIMER_PROF. */
export class ProcessorTimer extends Alarm {
    /** Processor time of the next expiry; 0 = off. */
    private expiry: u64 = 0;
    interval: u64 = 0;

    constructor(
        readonly process: Process,
        readonly userOnly: bool,
    ) {
        super();
    }

    /** First expiry after `value` nanoseconds of processor time (0 = off), then every `interval`. */
    set(value: u64, interval: u64): void {
        this.interval = interval;
        this.expiry = value == 0 ? 0 : usedBy(this.process, this.userOnly) + value;
        if (value != 0) this.setAlarm(now() + value);
        else this.clearAlarm();
    }

    expire(time: u64): void {
        const used = usedBy(this.process, this.userOnly);
        if (used >= this.expiry) {
            sendToProcess(this.process, kernelSignal(this.userOnly ? SIGVTALRM : SIGPROF));
            this.expiry = this.interval == 0 ? 0 : nextExpiry(this.expiry, this.interval, used);
            if (this.expiry == 0) return;
        }
        this.setAlarm(time + max(this.expiry - used, TICK));
    }

    /** Nanoseconds of processor time until it expires; 0: off. */
    get left(): u64 {
        if (this.expiry == 0) return 0;
        const used = usedBy(this.process, this.userOnly);
        return this.expiry > used ? this.expiry - used : 1000;
    }
}

/** RLIMIT_CPU: SIGXCPU every second from the soft limit on, SIGKILL at the hard limit. */
export class ProcessorLimit extends Alarm {
    /** Seconds at which SIGXCPU is due next. */
    private warning: u64;

    constructor(readonly process: Process) {
        super();
        this.warning = process.limits.soft[RLIMIT_CPU];
        // A limit of 0 is treated as one of a second (setrlimit(2)).
        if (this.warning == 0) this.warning = 1;
        this.look(now());
    }

    expire(time: u64): void {
        if (!this.process.exited) this.look(time);
    }

    private look(time: u64): void {
        const used = usedBy(this.process, false);
        const hard = this.process.limits.hard[RLIMIT_CPU];
        if (hard != RLIM_INFINITY && used / NANOSECONDS >= hard) {
            sendToProcess(this.process, kernelSignal(SIGKILL));
            return;
        }
        if (used / NANOSECONDS >= this.warning) {
            sendToProcess(this.process, kernelSignal(SIGXCPU));
            this.warning = used / NANOSECONDS + 1;
        }
        const seconds = min(this.warning, hard);
        // Limits beyond the clock's range are never reached.
        if (seconds >= u64.MAX_VALUE / NANOSECONDS) return;
        this.setAlarm(time + max(seconds * NANOSECONDS - used, TICK));
    }
}

/** Has the process's limit of processor time watched, if it has any. To be called when the limit or the process is new. */
export function watchProcessorLimit(process: Process): void {
    const before = process.processorLimit;
    if (before !== null) before.clearAlarm();
    process.processorLimit = null;
    const limits = process.limits;
    if (limits.soft[RLIMIT_CPU] == RLIM_INFINITY && limits.hard[RLIMIT_CPU] == RLIM_INFINITY) return;
    process.processorLimit = new ProcessorLimit(process);
}

/** The process ends: its timers do too. */
export function endTimers(process: Process): void {
    const real = process.realTimer;
    if (real !== null) real.clearAlarm();
    const virtual = process.virtualTimer;
    if (virtual !== null) virtual.clearAlarm();
    const profiling = process.profilingTimer;
    if (profiling !== null) profiling.clearAlarm();
    const limit = process.processorLimit;
    if (limit !== null) limit.clearAlarm();
    process.realTimer = null;
    process.virtualTimer = null;
    process.profilingTimer = null;
    process.processorLimit = null;
    deletePosixTimers(process);
}

/** Those of timer_create(2) end at execve, too. */
export function deletePosixTimers(process: Process): void {
    for (let i = 0; i < process.timers.length; i++) process.timers[i].end();
    process.timers = [];
}
