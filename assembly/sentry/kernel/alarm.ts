// SPDX-License-Identifier: Apache-2.0
//
// Alarms: objects that something happens to at a point in time (interval timers, timer_create, timerfd). Those that are set are
// a list that timer.ts looks through when the machine's timer has expired.

import { armTimer } from "./timer";

export abstract class Alarm {
    /** Clock time (clock.now) at which `expire` is called; 0 = not set. */
    private time: u64 = 0;
    private next: Alarm | null = null;
    private previous: Alarm | null = null;

    /** The time has come; the alarm is not set any more, and may be set again. */
    abstract expire(time: u64): void;

    @inline get isSet(): bool {
        return this.time != 0;
    }

    /** Sets the alarm to clock time `time`, whatever it was set to. */
    setAlarm(time: u64): void {
        if (this.time == 0) {
            this.next = first;
            if (first !== null) first!.previous = this;
            first = this;
        }
        this.time = max<u64>(time, 1);
        armTimer(this.time);
    }

    clearAlarm(): void {
        if (this.time == 0) return;
        this.time = 0;
        const next = this.next;
        const previous = this.previous;
        if (next !== null) next.previous = previous;
        if (previous !== null) previous.next = next;
        else first = next;
        this.next = null;
        this.previous = null;
    }

    /** Calls `expire` of every alarm whose time has come. The result is the earliest time of the others, u64.MAX_VALUE: none. */
    static expireDue(time: u64): u64 {
        let earliest = u64.MAX_VALUE;
        let alarm = first;
        while (alarm !== null) {
            // `expire` changes no alarm but its own.
            const next = alarm.next;
            if (alarm.time <= time) {
                alarm.clearAlarm();
                alarm.expire(time);
            } else if (alarm.time < earliest) {
                earliest = alarm.time;
            }
            alarm = next;
        }
        return earliest;
    }
}

let first: Alarm | null = null;
