// SPDX-License-Identifier: Apache-2.0
//
// Mapping pages with the page tables they need: a map that fails for want of a table says at which level; the table is
// made and the map tried again.

import { missingTableLevel } from "./generated/host";
import { Frame, PageTable, VSpace } from "./capabilities";
import { ERROR_FAILED_LOOKUP, ERROR_NONE, ERROR_NOT_ENOUGH_MEMORY } from "./objects";

/** Bytes of address space that a leaf page table maps, on all architectures. */
export const TABLE_REACH: u64 = 2 << 20;

/** Levels of page tables below the root, at most. */
const LEVELS: u32 = 3;

/** Where page tables come from. */
export abstract class TableSource {
    /** A new page table of a level (1: its entries are frames), or null when memory is used up. */
    abstract makeTable(level: u32): PageTable | null;
}

/** Maps a frame at an address of a VSpace. An error code. */
export function mapPage(
    frame: Frame,
    vspace: VSpace,
    address: u64,
    rights: u32,
    execute: bool,
    tables: TableSource,
): u32 {
    // A table can be missing at every level, the highest is named first.
    for (let missing: u32 = 0; missing <= LEVELS; missing++) {
        let error = frame.map(vspace, address, rights, execute);
        if (error != ERROR_FAILED_LOOKUP) return error;
        const level = missingTableLevel();
        if (level == 0) return error;
        const table = tables.makeTable(level);
        if (table === null) return ERROR_NOT_ENOUGH_MEMORY;
        error = table.map(level, vspace, address);
        if (error != ERROR_NONE) return error;
    }
    return ERROR_FAILED_LOOKUP;
}

/** Maps a frame in the caller's window. An error code. */
export function mapWindowPage(frame: Frame, address: usize, writable: bool, tables: TableSource): u32 {
    for (let missing: u32 = 0; missing <= LEVELS; missing++) {
        let error = frame.mapInWindow(address, writable);
        if (error != ERROR_FAILED_LOOKUP) return error;
        const level = missingTableLevel();
        if (level == 0) return error;
        const table = tables.makeTable(level);
        if (table === null) return ERROR_NOT_ENOUGH_MEMORY;
        error = table.mapInWindow(level, address);
        if (error != ERROR_NONE) return error;
    }
    return ERROR_FAILED_LOOKUP;
}
