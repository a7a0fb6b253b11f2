// SPDX-License-Identifier: Apache-2.0
//
// signalfd(2): takes waiting signals of whoever reads it.

import { EAGAIN, EINVAL } from "../kernel/errno";
import { current } from "../kernel/thread";
import { waitOn, WaitQueue } from "../kernel/wait";
import { SIGNAL_INFORMATION_SIZE, writeSignalInformation } from "../signals/information";
import { takeSignal } from "../signals/take";
import { anonymousInode } from "./anonymousInode";
import { IoBuffer } from "./ioBuffer";
import { O_RDWR, POLLIN, POLLRDNORM } from "./openFile";
import { StreamFile } from "./streamFile";
import { reserveBuffer } from "../memory/buffers";

const scratch: usize = reserveBuffer(SIGNAL_INFORMATION_SIZE);

export class SignalFile extends StreamFile {
    constructor(
        /** Signals that it takes: a bit for each. */
        public mask: u64,
        flags: u32,
    ) {
        super(anonymousInode(), O_RDWR | flags);
    }

    anonymousName(): string {
        return "[signalfd]";
    }

    receive(buffer: IoBuffer): i64 {
        let room = buffer.length / SIGNAL_INFORMATION_SIZE;
        if (room == 0) return -EINVAL;
        let done: i64 = 0;
        for (; room > 0; room--) {
            const info = takeSignal(current, this.mask);
            if (info === null) break;
            writeSignalInformation(scratch, info);
            const error = buffer.put(done, scratch, SIGNAL_INFORMATION_SIZE);
            if (error != 0) return done > 0 ? done : error;
            done += SIGNAL_INFORMATION_SIZE;
        }
        return done > 0 ? done : -EAGAIN;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        return -EINVAL;
    }

    /** There is no position; asking for one is no error. */
    seek(offset: i64, whence: i32): i64 {
        return 0;
    }

    readiness(): u32 {
        const waiting = (current.pending.set | current.process.pending.set) & this.mask;
        return waiting != 0 ? POLLIN | POLLRDNORM : 0;
    }

    /** The queue belongs to the process that asks, not to the file. */
    waitQueue(): WaitQueue | null {
        return current.process.signalArrival;
    }

    joinQueues(): void {
        waitOn(current.process.signalArrival);
    }
}
