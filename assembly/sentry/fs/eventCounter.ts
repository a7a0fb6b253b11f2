// SPDX-License-Identifier: Apache-2.0
//
// eventfd(2).

import { EAGAIN, EINVAL } from "../kernel/errno";
import { WaitQueue } from "../kernel/wait";
import { anonymousInode } from "./anonymousInode";
import { IoBuffer } from "./ioBuffer";
import { O_RDWR, POLLIN, POLLOUT } from "./openFile";
import { addByte, addHexadecimalColumn, addNumber, addText } from "./proc/textBuilder";
import { StreamFile } from "./streamFile";
import { reserveBuffer } from "../memory/buffers";

/** The counter is never higher. */
const COUNTER_MAXIMUM: u64 = 0xffff_ffff_ffff_fffe;
/** Reads and writes transfer one u64. */
const VALUE_SIZE: i64 = 8;

const scratch: usize = reserveBuffer(8);

export class EventCounter extends StreamFile {
    private counter: u64;
    /** EFD_SEMAPHORE: a read takes 1, not all. */
    private readonly semaphore: bool;
    private readonly queue: WaitQueue = new WaitQueue();

    constructor(initial: u64, semaphore: bool, flags: u32) {
        super(anonymousInode(), O_RDWR | flags);
        this.counter = initial;
        this.semaphore = semaphore;
    }

    anonymousName(): string {
        return "[eventfd]";
    }

    describe(): void {
        addText("eventfd-count: ");
        addHexadecimalColumn(this.counter, 16);
        addText("\neventfd-semaphore: ");
        addNumber(this.semaphore ? 1 : 0);
        addByte(10);
    }

    receive(buffer: IoBuffer): i64 {
        if (buffer.length < VALUE_SIZE) return -EINVAL;
        if (this.counter == 0) return -EAGAIN;
        const value = this.semaphore ? 1 : this.counter;
        store<u64>(scratch, value);
        const error = buffer.put(0, scratch, <i32>VALUE_SIZE);
        if (error != 0) return error;
        this.counter -= value;
        this.queue.wake(POLLOUT);
        return VALUE_SIZE;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        if (buffer.length != VALUE_SIZE) return -EINVAL;
        const error = buffer.take(0, scratch, <i32>VALUE_SIZE);
        if (error != 0) return error;
        const value = load<u64>(scratch);
        if (value == u64.MAX_VALUE) return -EINVAL;
        if (value > COUNTER_MAXIMUM - this.counter) return -EAGAIN;
        this.counter += value;
        this.queue.wake(POLLIN);
        return VALUE_SIZE;
    }

    /** There is no position; asking for one is no error. */
    seek(offset: i64, whence: i32): i64 {
        return 0;
    }

    readiness(): u32 {
        let events: u32 = 0;
        if (this.counter > 0) events |= POLLIN;
        if (this.counter < COUNTER_MAXIMUM) events |= POLLOUT;
        return events;
    }

    waitQueue(): WaitQueue | null {
        return this.queue;
    }
}
