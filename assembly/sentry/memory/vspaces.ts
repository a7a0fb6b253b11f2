// SPDX-License-Identifier: Apache-2.0
//
// VSpaces: seL4's address spaces with the page tables mapped in them. A VSpace that a process leaves behind keeps its page
// tables, its address space identifier, and its read-only pages of the image's files, since the next process of the
// container will most likely need them at the same places (AddressSpace.adoptKept).

import { missingTableLevel, pageTableMap, pageTableUnmap } from "../../sel4/generated/host";
import { allocateSlot, deleteCapability, freeSlot } from "../capabilities/slots";
import { OBJECT_VSPACE, OWNER_PAGE_TABLES, retype } from "../capabilities/quota";
import { assignAsid } from "../manager";
import { mapFrame } from "./frames";
import { ResidentPages } from "./residentPages";
import { returnPageTable, takePageTable } from "./pageTables";

/** seL4_FailedLookup: a page table is missing. */
const ERROR_FAILED_LOOKUP: u32 = 6;

/** Leaf tables that a VSpace keeps for its next user; what a small program needs. */
const KEPT_TABLES: i32 = 10;

export class VSpace {
    /** Its capability; 0: an absent one (absentVSpace). */
    readonly slot: u32;
    /** Page tables in the order of their mapping: level << 24 | capability slot. */
    private tables: u32[] = [];
    /** Pages of the layer store that the last process left mapped; null while a process uses the VSpace. */
    kept: ResidentPages | null = null;
    /** The next in the pool. */
    next: VSpace | null = null;

    constructor(slot: u32) {
        this.slot = slot;
    }

    /** Maps a frame with the page tables that takes. False when memory for one is missing. */
    map(frameSlot: u32, address: u64, writable: bool, execute: bool): bool {
        while (true) {
            const error = mapFrame(frameSlot, this.slot, address, writable, execute);
            if (error == 0) return true;
            if (error != ERROR_FAILED_LOOKUP) return false;
            const level = missingTableLevel();
            const table = takePageTable(level);
            if (table == 0) return false;
            if (pageTableMap(table, level, this.slot, address) != 0) {
                returnPageTable(level, table);
                return false;
            }
            this.tables.push((level << 24) | table);
        }
    }

    /** Whether pages can be mapped in it. */
    get exists(): bool {
        return this.slot != 0;
    }

    /** Whether the next process gets all page tables, and can have the pages that are mapped in them. */
    get keepsTables(): bool {
        return this.tables.length <= KEPT_TABLES;
    }

    /** Takes leaf tables beyond KEPT_TABLES out. No page is mapped. */
    trim(): void {
        let kept = 0;
        for (let i = 0; i < this.tables.length; i++) {
            const level = this.tables[i] >> 24;
            const table = this.tables[i] & 0xffffff;
            if (level == 1 && i >= KEPT_TABLES && pageTableUnmap(table, level) == 0) {
                returnPageTable(level, table);
            } else {
                this.tables[kept++] = this.tables[i];
            }
        }
        this.tables.length = kept;
    }
}

let pool: VSpace | null = null;

const absent: VSpace = new VSpace(0);

/** What an address space has until it gets a VSpace: nothing can be mapped in it. */
export function absentVSpace(): VSpace {
    return absent;
}

/** A VSpace without pages but those in `kept`, or null when memory is used up. */
export function takeVSpace(): VSpace | null {
    const vspace = pool;
    if (vspace !== null) {
        pool = vspace.next;
        vspace.next = null;
        return vspace;
    }
    const slot = allocateSlot();
    if (slot == 0) return null;
    if (!retype(OBJECT_VSPACE, 0, slot, 1, OWNER_PAGE_TABLES)) {
        freeSlot(slot);
        return null;
    }
    if (!assignAsid(slot)) {
        deleteCapability(slot);
        return null;
    }
    return new VSpace(slot);
}

/** Gives back a VSpace, trimmed, from which every page but those in `kept` has been unmapped. An absent one is nobody's. */
export function returnVSpace(vspace: VSpace): void {
    if (!vspace.exists) return;
    vspace.next = pool;
    pool = vspace;
}
