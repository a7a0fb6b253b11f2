// SPDX-License-Identifier: Apache-2.0
//
// Mapping pages. The kernel says which level of page table is missing; tables are made then, from the pool of whoever
// pays for the address space.

import { missingTableLevel, pageMap, pageTableMap, windowMap, windowTableMap } from "./generated/host";
import { ERROR_FAILED_LOOKUP, OBJECT_PAGE_TABLE } from "./objects";
import { UntypedPool } from "./untyped";

/** Another protection domain's address space. */
export class VSpace {
    /** Bytes of page tables made for it, the root not included. */
    tables: u32 = 0;

    constructor(
        readonly slot: u32,
        private readonly pool: UntypedPool,
    ) {}

    /** Maps a frame. The result is seL4_Error, 10 (not enough memory) also when no page table could be made. */
    map(frame: u32, address: u64, rights: u32, execute: bool): u32 {
        while (true) {
            const error = pageMap(frame, this.slot, address, rights, execute ? 1 : 0);
            if (error != ERROR_FAILED_LOOKUP) return error;
            const level = missingTableLevel();
            const table = this.pool.make(OBJECT_PAGE_TABLE + level - 1, 0);
            if (table == 0) return 10;
            const failed = pageTableMap(table, level, this.slot, address);
            if (failed != 0) return failed;
            this.tables += 4096;
        }
    }
}

/** The window of the manager's own linear memory (wit/sealift.wit, interface memory). */
export class Window {
    /** Bytes of page tables made for it. */
    tables: u32 = 0;
    private next: usize;

    constructor(
        private readonly pool: UntypedPool,
        first: usize,
        private readonly end: usize,
    ) {
        this.next = first;
    }

    /** Addresses for `pages` pages that nothing else uses, or 0. Addresses are not given back: there are 2 GiB. */
    reserve(pages: u32): usize {
        const bytes = <usize>pages << 12;
        if (bytes > this.end - this.next) return 0;
        const address = this.next;
        this.next += bytes;
        return address;
    }

    /** Maps a frame at a page-aligned window address. The result is seL4_Error. */
    map(frame: u32, address: usize, writable: bool): u32 {
        while (true) {
            const error = windowMap(frame, <u32>address, writable ? 1 : 0);
            if (error != ERROR_FAILED_LOOKUP) return error;
            const level = missingTableLevel();
            const table = this.pool.make(OBJECT_PAGE_TABLE + level - 1, 0);
            if (table == 0) return 10;
            const failed = windowTableMap(table, level, <u32>address);
            if (failed != 0) return failed;
            this.tables += 4096;
        }
    }
}
