// SPDX-License-Identifier: Apache-2.0
//
// timerfd_create(2): a timer whose expirations are read from a descriptor. Like Linux's it stands still between an expiration
// and the read that takes it; what it has missed is counted then.

import { Alarm } from "../kernel/alarm";
import { now, realtimeNow } from "../kernel/clock";
import { EAGAIN, EINVAL } from "../kernel/errno";
import { WaitQueue } from "../kernel/wait";
import { anonymousInode } from "./anonymousInode";
import { IoBuffer } from "./ioBuffer";
import { O_RDWR, POLLIN, POLLRDNORM } from "./openFile";
import { StreamFile } from "./streamFile";
import { reserveBuffer } from "../memory/buffers";

/** A read transfers one u64. */
const VALUE_SIZE: i64 = 8;

const scratch: usize = reserveBuffer(8);

/** The alarm of a TimerFile. */
class FileAlarm extends Alarm {
    constructor(readonly file: TimerFile) {
        super();
    }

    expire(time: u64): void {
        this.file.expired();
    }
}

export class TimerFile extends StreamFile {
    /** Clock time (of the timer's clock) of the next or latest expiration; 0 = off. */
    private expiry: u64 = 0;
    interval: u64 = 0;
    /** Expirations that have not been read. */
    private ticks: u64 = 0;
    private alarm: FileAlarm | null = null;
    private readonly queue: WaitQueue = new WaitQueue();

    constructor(
        /** Whether it follows CLOCK_REALTIME; otherwise time since boot. */
        private readonly isOfDay: bool,
        flags: u32,
    ) {
        super(anonymousInode(), O_RDWR | flags);
    }

    anonymousName(): string {
        return "[timerfd]";
    }

    protected close(): void {
        const alarm = this.alarm;
        if (alarm !== null) alarm.clearAlarm();
    }

    private read64(): u64 {
        return this.isOfDay ? realtimeNow() : now();
    }

    private start(): void {
        if (this.alarm === null) this.alarm = new FileAlarm(this);
        const time = this.read64();
        this.alarm!.setAlarm(now() + (this.expiry > time ? this.expiry - time : 0));
    }

    /** timerfd_settime(2): as PosixTimer.set. */
    set(value: u64, interval: u64, relative: bool): void {
        const alarm = this.alarm;
        if (alarm !== null) alarm.clearAlarm();
        this.interval = interval;
        this.ticks = 0;
        this.expiry = 0;
        if (value == 0) return;
        this.expiry = relative ? this.read64() + value : value;
        if (this.expiry < value) this.expiry = i64.MAX_VALUE;
        this.start();
    }

    expired(): void {
        this.ticks++;
        this.queue.wake();
    }

    /** Adds the periods that have passed since the expiration, and waits for the next. */
    private goOn(): void {
        if (this.interval == 0) {
            this.expiry = 0;
            return;
        }
        const time = this.read64();
        const periods = this.expiry > time ? 1 : (time - this.expiry) / this.interval + 1;
        this.expiry += periods * this.interval;
        this.ticks += periods - 1;
        this.start();
    }

    /** Nanoseconds until the next expiration; 0: off. */
    get left(): u64 {
        if (this.expiry == 0) return 0;
        // If it stands still, asking sets it going, as on Linux.
        if (this.ticks != 0 && !this.alarm!.isSet) {
            this.goOn();
            if (this.expiry == 0) return 0;
        }
        const time = this.read64();
        return this.expiry > time ? this.expiry - time : 1;
    }

    receive(buffer: IoBuffer): i64 {
        if (buffer.length < VALUE_SIZE) return -EINVAL;
        if (this.ticks == 0) return -EAGAIN;
        if (this.expiry != 0 && !this.alarm!.isSet) this.goOn();
        store<u64>(scratch, this.ticks);
        this.ticks = 0;
        const error = buffer.put(0, scratch, <i32>VALUE_SIZE);
        return error != 0 ? error : VALUE_SIZE;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        return -EINVAL;
    }

    /** There is no position; asking for one is no error. */
    seek(offset: i64, whence: i32): i64 {
        return 0;
    }

    readiness(): u32 {
        return this.ticks > 0 ? POLLIN | POLLRDNORM : 0;
    }

    waitQueue(): WaitQueue | null {
        return this.queue;
    }
}
