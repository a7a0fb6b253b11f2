// SPDX-License-Identifier: Apache-2.0
//
// The window: the part of the sentry's linear memory below its heap where it maps frames to touch their bytes. Pages
// are handed out densely from its end downwards, so that a small container's frames share the page tables that the exchange page
// and the heap already need.

import { missingTableLevel, windowMap, windowTableMap } from "../../sel4/generated/host";
import { CONFIGURATION_ADDRESS } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { returnPageTable, takePageTable } from "./pageTables";

/** Address 0 stands for none. */
const WINDOW_FIRST: usize = PAGE_SIZE;
/** The configuration lies behind, and then the exchange page. */
const WINDOW_END: usize = CONFIGURATION_ADDRESS;

/** seL4_FailedLookup: a page table is missing. */
const ERROR_FAILED_LOOKUP: u32 = 6;

/** The lowest page that is handed out. */
let lowest: usize = WINDOW_END;

/** Maps a frame at a new page of the window; its address, or 0 when there is no memory for a page table. */
export function mapInWindow(slot: u32, writable: bool): usize {
    if (lowest <= WINDOW_FIRST || !mapAt(slot, lowest - PAGE_SIZE, writable)) return 0;
    lowest -= PAGE_SIZE;
    return lowest;
}

/** Reserves `pages` adjacent pages; their address, or 0 when the window is full. */
export function reserveInWindow(pages: u32): usize {
    if (<u64>pages * PAGE_SIZE > lowest - WINDOW_FIRST) return 0;
    lowest -= <usize>pages * PAGE_SIZE;
    return lowest;
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
