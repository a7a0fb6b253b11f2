// SPDX-License-Identifier: Apache-2.0
//
// Files whose reads and writes may have to wait: pipes, the console, event counters. They say what can be done now;
// waiting, O_NONBLOCK and partial writes are the same for all of them.

import { EAGAIN, ESPIPE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { blockOn, WaitQueue } from "../kernel/wait";
import { IoBuffer } from "./ioBuffer";
import { AT_POSITION, OpenFile } from "./openFile";

export abstract class StreamFile extends OpenFile {
    /** Reads what is there: the number of bytes (0 = end), a negative errno, or -EAGAIN when there is nothing yet. */
    abstract receive(buffer: IoBuffer): i64;

    /**
     * Writes what has room from position `from` of the buffer on: the number of bytes, at least 1 if any are left, a
     * negative errno, or -EAGAIN when there is no room.
     */
    abstract send(buffer: IoBuffer, from: i64): i64;

    /** Where threads wait in read(2) and in write(2), if not where everybody waits for the file. */
    readersQueue(): WaitQueue | null {
        return this.waitQueue();
    }

    writersQueue(): WaitQueue | null {
        return this.waitQueue();
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        if (offset != AT_POSITION) return -ESPIPE;
        const count = this.receive(buffer);
        if (count != -EAGAIN || this.isNonBlocking()) return count;
        const queue = this.readersQueue();
        return queue === null ? count : blockOn(queue);
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        if (offset != AT_POSITION) return -ESPIPE;
        let done = current.progress;
        do {
            const count = this.send(buffer, done);
            if (count >= 0) {
                done += count;
                continue;
            }
            if (count == -EAGAIN && !this.isNonBlocking()) {
                const queue = this.writersQueue();
                if (queue !== null) {
                    current.progress = done;
                    return blockOn(queue);
                }
            }
            return done > 0 ? done : count;
        } while (done < buffer.length);
        return done;
    }
}
