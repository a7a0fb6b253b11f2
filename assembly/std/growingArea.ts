// SPDX-License-Identifier: Apache-2.0

/**
 * A table's memory: adjacent addresses that are backed as they are needed, so that a table grows without being copied
 * and its records keep their addresses. Memory comes zeroed.
 */
export abstract class GrowingArea {
    constructor(
        /** First address. */
        readonly base: usize,
        /** Bytes that the area can grow to. */
        readonly limit: u32,
    ) {}

    /** Sees to it that the first `bytes` bytes are backed. False when memory or addresses are used up. */
    abstract ensure(bytes: u32): bool;
}

/** An area in the module's heap, backed from the start: for tests and tables of known size. */
export class HeapArea extends GrowingArea {
    constructor(limit: u32) {
        super(heap.alloc(limit), limit);
        memory.fill(this.base, 0, limit);
    }

    ensure(bytes: u32): bool {
        return bytes <= this.limit;
    }
}
