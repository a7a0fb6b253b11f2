// SPDX-License-Identifier: Apache-2.0
//
// The window: the part of the sentry's linear memory below its heap where it maps frames to touch their bytes. Pages
// are handed out densely from WINDOW_FIRST, so that a small container's frames share the page table that the exchange page
// already needs.

import { missingTableLevel, windowMap, windowTableMap } from "../../sel4/generated/host";
import { CONFIGURATION_ADDRESS, CONFIGURATION_SIZE_MAXIMUM } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { returnPageTable, takePageTable } from "./pageTables";

/** The first page behind the configuration. */
const WINDOW_FIRST: usize = CONFIGURATION_ADDRESS + CONFIGURATION_SIZE_MAXIMUM;
/** The heap begins at 2 GiB. */
const WINDOW_END: usize = 0x8000_0000;

/** seL4_FailedLookup: a page table is missing. */
const ERROR_FAILED_LOOKUP: u32 = 6;

let next: usize = WINDOW_FIRST;

/** Maps a frame at a new page of the window; its address, or 0 when there is no memory for a page table. */
export function mapInWindow(slot: u32, writable: bool): usize {
    if (next >= WINDOW_END || !mapAt(slot, next, writable)) return 0;
    const address = next;
    next += PAGE_SIZE;
    return address;
}

/** Reserves `pages` adjacent pages; their address, or 0 when the window is full. */
export function reserveInWindow(pages: u32): usize {
    const address = next;
    if (<u64>next + <u64>pages * PAGE_SIZE > WINDOW_END) return 0;
    next += <usize>pages * PAGE_SIZE;
    return address;
}

/** Maps a frame at a window page, with the page tables that takes. */
export function mapAt(slot: u32, address: usize, writable: bool): bool {
    while (true) {
        const error = windowMap(slot, <u32>address, writable ? 1 : 0);
        if (error == 0) return true;
        if (error != ERROR_FAILED_LOOKUP) return false;
        const level = missingTableLevel();
        const table = takePageTable(level);
        if (table == 0) return false;
        if (windowTableMap(table, level, <u32>address) != 0) {
            returnPageTable(level, table);
            return false;
        }
    }
}
