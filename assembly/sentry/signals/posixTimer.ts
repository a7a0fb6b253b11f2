// SPDX-License-Identifier: Apache-2.0
//
// Timers of timer_create(2). A timer has one signal: while that waits to be taken, the timer stands still, and what it has
// missed meanwhile is the overrun count that comes with the signal.

import { Alarm } from "../kernel/alarm";
import { now, realtimeNow } from "../kernel/clock";
import { CLOCK_OF_DAY, CLOCK_OF_PROCESS, CLOCK_SINCE_BOOT, readProcessorClock } from "../kernel/clocks";
import { Process } from "../kernel/process";
import { Thread, THREAD_DEAD } from "../kernel/thread";
import { SI_TIMER } from "./numbers";
import { sendToProcess, sendToThread } from "./send";
import { SignalInfo } from "./signalQueue";
import { TICK } from "./timers";

/** Linux's DELAYTIMER_MAX. */
const OVERRUN_MAXIMUM: u64 = 0x7fff_ffff;

export class PosixTimer extends Alarm {
    /** The clock's time of the next or, while the signal waits, latest expiry; 0 = not set. */
    private expiry: u64 = 0;
    interval: u64 = 0;
    /** Periods that passed unseen before the signal that was taken last. */
    overrun: i32 = 0;
    /** The signal that waits, or the latest; null: none is sent (SIGEV_NONE). */
    private info: SignalInfo | null = null;
    /** Of processor time: whose, if it is one thread's. */
    clockThread: Thread | null = null;
    clockProcess: Process | null = null;
    clockUserOnly: bool = false;

    constructor(
        readonly process: Process,
        readonly id: i32,
        /** A CLOCK_OF_ constant. */
        readonly clock: i32,
        /** 0 = none. */
        readonly signal: i32,
        readonly value: u64,
        /** SIGEV_THREAD_ID: who gets the signal; else null. */
        readonly target: Thread | null,
    ) {
        super();
    }

    private read(): u64 {
        if (this.clock == CLOCK_OF_DAY) return realtimeNow();
        if (this.clock == CLOCK_SINCE_BOOT) return now();
        const process = this.clockProcess;
        return readProcessorClock(
            process === null ? this.process : process,
            this.clockThread,
            this.clockUserOnly,
        );
    }

    /** Waits for the clock to show `expiry`. */
    private start(): void {
        if (this.signal == 0) return;
        const time = this.read();
        const left = this.expiry > time ? this.expiry - time : 0;
        this.setAlarm(now() + (this.clock >= CLOCK_OF_PROCESS && left != 0 ? max(left, TICK) : left));
    }

    /** timer_settime(2): the clock's time of the first expiry (0 = off; `relative`: from now), and the interval. */
    set(value: u64, interval: u64, relative: bool): void {
        this.clearAlarm();
        this.interval = interval;
        this.overrun = 0;
        // A signal that still waits is not this setting's.
        const info = this.info;
        if (info !== null) info.timer = null;
        this.info = null;
        if (value == 0) {
            this.expiry = 0;
            return;
        }
        this.expiry = relative ? this.read() + value : value;
        if (this.expiry < value) this.expiry = i64.MAX_VALUE;
        this.start();
    }

    expire(time: u64): void {
        const reading = this.read();
        if (reading < this.expiry) {
            this.start();
            return;
        }
        const info = new SignalInfo(this.signal, SI_TIMER, this.id, 0);
        info.value = this.value;
        info.timer = this;
        this.info = info;
        const target = this.target;
        let sent: bool;
        if (target === null) sent = sendToProcess(this.process, info);
        else sent = target.state != THREAD_DEAD && sendToThread(target, info);
        // A signal that is ignored, or for which there is no room, is not waited for.
        if (this.interval == 0) {
            this.expiry = 0;
        } else if (!sent || !info.isQueued) {
            this.passOver(reading);
            this.setAlarm(time + max(this.expiry - reading, TICK));
        }
    }

    /** Moves the expiry behind `reading`. The result is how many periods that is beyond one. */
    private passOver(reading: u64): u64 {
        const periods = this.expiry > reading ? 1 : (reading - this.expiry) / this.interval + 1;
        this.expiry += periods * this.interval;
        return periods - 1;
    }

    /** The signal is being taken: it gets its overrun count, and the timer goes on. */
    signalTaken(info: SignalInfo): void {
        info.timer = null;
        this.overrun = 0;
        if (this.interval != 0) {
            this.overrun = <i32>min(this.passOver(this.read()), OVERRUN_MAXIMUM);
            this.start();
        }
        info.uid = this.overrun;
    }

    /** The signal waits no longer because it is ignored now: the timer goes on without it. */
    signalDropped(): void {
        this.info = null;
        if (this.interval != 0 && this.expiry != 0) this.setAlarm(now() + TICK);
    }

    /** Nanoseconds until the next expiry; 0: not set, or (of a timer without an interval) expired. */
    get left(): u64 {
        if (this.expiry == 0) return 0;
        const reading = this.read();
        if (this.expiry > reading) return this.expiry - reading;
        if (this.interval == 0) return this.signal == 0 ? 0 : 1;
        return this.interval - ((reading - this.expiry) % this.interval);
    }

    /** The timer is deleted. */
    end(): void {
        this.clearAlarm();
        const info = this.info;
        if (info !== null) info.timer = null;
        this.info = null;
        this.expiry = 0;
    }
}
