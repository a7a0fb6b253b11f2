// SPDX-License-Identifier: Apache-2.0

import { Failure } from "../std/failure";

/** Bytes that can be read in any order. */
export abstract class RandomAccess {
    abstract get size(): u64;

    /** Copies `length` bytes from `offset` to `to`. The range lies inside. */
    abstract read(offset: u64, to: usize, length: u32): Failure | null;
}

/** Bytes that lie in memory already. */
export class MemoryAccess extends RandomAccess {
    constructor(
        private readonly start: usize,
        private readonly length: u32,
    ) {
        super();
    }

    get size(): u64 {
        return this.length;
    }

    read(offset: u64, to: usize, length: u32): Failure | null {
        memory.copy(to, this.start + <usize>offset, length);
        return null;
    }
}
