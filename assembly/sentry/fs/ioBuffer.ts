// SPDX-License-Identifier: Apache-2.0
//
// Where a read puts its bytes and a write takes them from. A file does not know whether that is one range of a
// process's memory, an iovec array, or memory of the sentry itself: one read and one write per file serve read(2),
// readv(2), sendfile(2) and exec. The buffers below are reused from call to call: nothing on the way of a read allocates.

import { copyIn, copyOut } from "../memory/userMemory";
import { EFAULT } from "../kernel/errno";
import { reserveBuffer } from "../memory/buffers";

/** How a transfer that runs into missing memory is repeated: in pieces of this size, then byte by byte. */
const FAULT_STEP: i32 = 64;

const CHECK_BYTES: i32 = 4096;
/** What IoBuffer.check takes. */
const checked: usize = reserveBuffer(CHECK_BYTES);

export abstract class IoBuffer {
    /** Bytes that may be transferred. */
    length: i64 = 0;

    /** Copies `count` bytes from the sentry's address `source` to position `at` of the buffer. 0 or -EFAULT. */
    abstract put(at: i64, source: usize, count: i32): i32;

    /** Copies `count` bytes from position `at` of the buffer to the sentry's address `destination`. 0 or -EFAULT. */
    abstract take(at: i64, destination: usize, count: i32): i32;

    /** Whether all of it can be taken: 0 or -EFAULT. For what is sent and received by nobody. */
    check(): i32 {
        for (let at: i64 = 0; at < this.length; at += CHECK_BYTES) {
            const error = this.take(at, checked, <i32>min<i64>(CHECK_BYTES, this.length - at));
            if (error != 0) return error;
        }
        return 0;
    }

    /** As put, but what lies before memory that the process does not have is put: the number of bytes. */
    putSome(at: i64, source: usize, count: i32): i32 {
        if (this.put(at, source, count) == 0) return count;
        let done = 0;
        for (let step = FAULT_STEP; step > 0; step = step == 1 ? 0 : 1) {
            while (done + step <= count && this.put(at + done, source + done, step) == 0) done += step;
        }
        return done;
    }

    /** As take, but what lies before memory that the process does not have is taken: the number of bytes. */
    takeSome(at: i64, destination: usize, count: i32): i32 {
        if (this.take(at, destination, count) == 0) return count;
        let done = 0;
        for (let step = FAULT_STEP; step > 0; step = step == 1 ? 0 : 1) {
            while (done + step <= count && this.take(at + done, destination + done, step) == 0) done += step;
        }
        return done;
    }
}

/** One range of the calling process's memory. */
export class UserBuffer extends IoBuffer {
    address: u64 = 0;

    at(address: u64, length: i64): UserBuffer {
        this.address = address;
        this.length = length;
        return this;
    }

    put(at: i64, source: usize, count: i32): i32 {
        return copyOut(this.address + <u64>at, source, count);
    }

    take(at: i64, destination: usize, count: i32): i32 {
        return copyIn(destination, this.address + <u64>at, count);
    }
}

/** One range of the sentry's own memory. */
export class SentryBuffer extends IoBuffer {
    address: usize = 0;

    at(address: usize, length: i64): SentryBuffer {
        this.address = address;
        this.length = length;
        return this;
    }

    put(at: i64, source: usize, count: i32): i32 {
        memory.copy(this.address + <usize>at, source, count);
        return 0;
    }

    take(at: i64, destination: usize, count: i32): i32 {
        memory.copy(destination, this.address + <usize>at, count);
        return 0;
    }
}

/** Linux's UIO_MAXIOV: entries of one iovec array. */
export const VECTOR_ENTRIES_MAXIMUM: i32 = 1024;
/** Bytes of a struct iovec: base and length, 8 bytes each. */
const VECTOR_ENTRY_SIZE: i32 = 16;

/** An iovec array in the calling process's memory, seen as one buffer. */
export class UserVector extends IoBuffer {
    /** A copy of the iovec array, so that the process cannot change it between check and use. */
    private entries: usize = 0;
    private capacity: i32 = 0;
    private count: i32 = 0;
    /** The entry of the last transfer and the position at which it begins: transfers come in ascending order. */
    private entry: i32 = 0;
    private entryStart: i64 = 0;

    /** Reads `count` (checked: 0 to VECTOR_ENTRIES_MAXIMUM) entries at `address`. 0 or -EFAULT. `length` is their sum. */
    load(address: u64, count: i32): i32 {
        if (count > this.capacity) {
            if (this.entries != 0) heap.free(this.entries);
            this.entries = heap.alloc(count * VECTOR_ENTRY_SIZE);
            this.capacity = count;
        }
        this.count = count;
        this.entry = 0;
        this.entryStart = 0;
        this.length = 0;
        if (count == 0) return 0;
        return copyIn(this.entries, address, count * VECTOR_ENTRY_SIZE);
    }

    @inline base(index: i32): u64 {
        return load<u64>(this.entries + index * VECTOR_ENTRY_SIZE);
    }

    @inline size(index: i32): i64 {
        return load<i64>(this.entries + index * VECTOR_ENTRY_SIZE, 8);
    }

    /** Cuts entry `index` to `size` bytes: Linux limits one transfer to 0x7ffff000 bytes in all. */
    @inline limit(index: i32, size: i64): void {
        store<i64>(this.entries + index * VECTOR_ENTRY_SIZE, size, 8);
    }

    put(at: i64, source: usize, count: i32): i32 {
        return this.transfer(at, source, count, true);
    }

    take(at: i64, destination: usize, count: i32): i32 {
        return this.transfer(at, destination, count, false);
    }

    private transfer(at: i64, sentryAddress: usize, count: i32, out: bool): i32 {
        if (at < this.entryStart) {
            this.entry = 0;
            this.entryStart = 0;
        }
        while (count > 0) {
            if (this.entry >= this.count) return -EFAULT;
            const size = this.size(this.entry);
            const within = at - this.entryStart;
            if (within >= size) {
                this.entryStart += size;
                this.entry++;
                continue;
            }
            const part = <i32>min<i64>(size - within, count);
            const address = this.base(this.entry) + <u64>within;
            const error = out ? copyOut(address, sentryAddress, part) : copyIn(sentryAddress, address, part);
            if (error != 0) return error;
            at += part;
            sentryAddress += part;
            count -= part;
        }
        return 0;
    }
}

export const userBuffer: UserBuffer = new UserBuffer();
export const userVector: UserVector = new UserVector();
/** For transfers between a file and the sentry while no other such transfer is under way. */
export const sentryBuffer: SentryBuffer = new SentryBuffer();
