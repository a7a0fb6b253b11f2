// SPDX-License-Identifier: Apache-2.0

import { Failure } from "../std/failure";

/** Bytes that come in order, once. */
export abstract class ByteStream {
    /** Why `read` gave -1. */
    failure: Failure | null = null;

    /** Copies at most `length` bytes to `to`: how many, 0 at the end, -1 after a failure. Fewer than asked is no end. */
    abstract read(to: usize, length: u32): i32;

    /** Reads until `length` bytes are there or the stream ends: how many, or -1. */
    readFully(to: usize, length: u32): i32 {
        let done: u32 = 0;
        while (done < length) {
            const count = this.read(to + done, length - done);
            if (count < 0) return -1;
            if (count == 0) break;
            done += count;
        }
        return <i32>done;
    }

    /**
     * Goes over `length` bytes: how many there were, or -1. A stream that cannot jump reads them into `scratch`, which
     * has `scratchSize` bytes.
     */
    skip(length: u64, scratch: usize, scratchSize: u32): i64 {
        let done: u64 = 0;
        while (done < length) {
            const count = this.read(scratch, <u32>min<u64>(length - done, scratchSize));
            if (count < 0) return -1;
            if (count == 0) break;
            done += count;
        }
        return <i64>done;
    }
}

/** Bytes that lie in memory already. */
export class MemoryStream extends ByteStream {
    private at: usize;

    constructor(
        start: usize,
        private left: u32,
    ) {
        super();
        this.at = start;
    }

    read(to: usize, length: u32): i32 {
        const count = min(length, this.left);
        memory.copy(to, this.at, count);
        this.at += count;
        this.left -= count;
        return <i32>count;
    }
}
