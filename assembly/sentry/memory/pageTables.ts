// SPDX-License-Identifier: Apache-2.0
//
// Page table objects that no address space uses, by level (1 is the leaf). Their only cost is memory, so they are made
// one at a time when a mapping asks for one.

import { allocateSlot, freeSlot } from "../capabilities/slots";
import {
    account,
    objectBits,
    OBJECT_PAGE_TABLE,
    OWNER_NONE,
    OWNER_PAGE_TABLES,
    retype,
} from "../capabilities/quota";

export const LEVELS: u32 = 3;

/** Free tables of each level: capability slots. */
const free: StaticArray<u32[]> = [[], [], [], []];

/** A page table of `level` that is mapped nowhere, or 0 when memory is used up. */
export function takePageTable(level: u32): u32 {
    const list = free[level];
    const type = OBJECT_PAGE_TABLE + level - 1;
    if (list.length > 0) {
        account(OWNER_NONE, OWNER_PAGE_TABLES, (<i64>1) << objectBits(type));
        return list.pop();
    }
    const slot = allocateSlot();
    if (slot == 0) return 0;
    if (retype(type, 0, slot, 1, OWNER_PAGE_TABLES)) return slot;
    freeSlot(slot);
    return 0;
}

/** Gives back a table that has been unmapped. */
export function returnPageTable(level: u32, slot: u32): void {
    account(OWNER_PAGE_TABLES, OWNER_NONE, (<i64>1) << objectBits(OBJECT_PAGE_TABLE + level - 1));
    free[level].push(slot);
}
