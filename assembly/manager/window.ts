// SPDX-License-Identifier: Apache-2.0
//
// The manager's window: what is mapped where below 2 GiB of its linear memory.

import { Frame, capability } from "../sel4/capabilities";
import { mapWindowPage } from "../sel4/mapping";
import { ERROR_NONE, OBJECT_FRAME } from "../sel4/objects";
import { UntypedBlock } from "../sel4/untypedPool";
import { GrowingArea } from "../std/growingArea";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { machine } from "./machine";

/** Exchange pages of containers, one page each, by container number. */
export const EXCHANGE_PAGES: usize = 0x0010_0000;
/** Configuration pages of the container that is being made. */
export const CONFIGURATION_PAGES: usize = 0x0030_0000;
/** A page for a moment: what is copied into a frame that is mapped elsewhere. */
export const SCRATCH_PAGE: usize = 0x0037_0000;
// From 0x38_0000 the boot has put the data of sentries (SENTRY_DATA_WINDOW).
// Pages that are shared with the domain that unpacks a layer (std/unpackerProtocol.ts).
export const UNPACKING_EXCHANGE: usize = 0x0400_0000;
export const UNPACKING_PACKED: usize = 0x0401_0000;
export const UNPACKING_CONTENT: usize = 0x0402_0000;
/** The table that finds equal pages (uniquePages.ts), for as many frames as the store can have. */
export const UNIQUE_PAGES: usize = 0x0d00_0000;
export const UNIQUE_PAGES_LIMIT: u32 = 0x0080_0000;
/** Page maps of all layers (pageMaps.ts): for 16 GiB of contents. */
export const PAGE_MAPS: usize = 0x0e00_0000;
export const PAGE_MAPS_LIMIT: u32 = 0x0100_0000;
/** Frames of the layer store, in the order in which they were made, to the window's end. */
export const STORE_FRAMES: usize = 0x0ff0_0000;
export const STORE_FRAMES_END: usize = 0x8000_0000;

/** Maps a frame in the window. False when there is no memory for page tables. */
export function mapInWindow(slot: u32, address: usize, writable: bool): bool {
    return mapWindowPage(capability<Frame>(slot), address, writable, machine().tables) == ERROR_NONE;
}

/** A table in the window, which grows by a page at a time. */
export class WindowArea extends GrowingArea {
    private backed: u32 = 0;
    private readonly blocks: UntypedBlock[] = new Array<UntypedBlock>();
    private readonly slots: u32[] = new Array<u32>();

    /** `owner` is whose account the memory is on. */
    constructor(
        base: usize,
        limit: u32,
        private readonly owner: i32,
    ) {
        super(base, limit);
    }

    ensure(bytes: u32): bool {
        while (this.backed < bytes) {
            if (this.backed >= this.limit || !this.grow()) return false;
        }
        return true;
    }

    /** Gives the memory back. */
    release(): void {
        const pool = machine().pool;
        while (this.blocks.length > 0) pool.release(this.blocks.pop());
        while (this.slots.length > 0) pool.cspace.free(this.slots.pop());
        this.backed = 0;
    }

    private grow(): bool {
        const pool = machine().pool;
        const block = pool.allocate(PAGE_BITS, this.owner);
        if (block === null) return false;
        this.blocks.push(block);
        const slot = pool.cspace.allocate();
        if (slot == 0) return false;
        this.slots.push(slot);
        if (pool.cspace.retype(block.untyped, OBJECT_FRAME, 0, slot, 1) != ERROR_NONE) return false;
        if (!mapInWindow(slot, this.base + this.backed, true)) return false;
        this.backed += PAGE_SIZE;
        return true;
    }
}
