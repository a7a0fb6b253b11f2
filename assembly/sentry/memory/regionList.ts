// SPDX-License-Identifier: Apache-2.0
//
// The regions of an address space, and where new ones are placed.

import { Layout, MINIMUM_ADDRESS, USER_END } from "../arch/machine";
import { PAGE_SIZE } from "../../std/pages";
import { Region, REGION_GROWS_DOWN } from "./region";

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

/** Bytes kept free below the stack's lowest address when mappings are placed. */
const STACK_GUARD: u64 = 1 << 20;

export class RegionList {
    /** Sorted by address; they do not overlap. */
    regions: Region[] = [];
    readonly layout: Layout;
    /** How far down the stack may grow. */
    stackLimit: u64 = 0;
    /** Bytes of all regions, for RLIMIT_AS and /proc. */
    mappedBytes: u64 = 0;

    constructor(layout: Layout) {
        this.layout = layout;
    }

    /** Index of the first region that ends above `address`, or regions.length. */
    indexAfter(address: u64): i32 {
        const regions = this.regions;
        let low = 0;
        let high = regions.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            if (unchecked(regions[middle]).end > address) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    /** The region that holds `address`, or null. */
    find(address: u64): Region | null {
        const index = this.indexAfter(address);
        if (index == this.regions.length) return null;
        const region = unchecked(this.regions[index]);
        return region.start <= address ? region : null;
    }

    /** Adds a region where nothing is mapped; joins it with its neighbours where they are alike. */
    add(region: Region): void {
        this.mappedBytes += region.end - region.start;
        let index = this.indexAfter(region.start);
        if (index > 0 && this.regions[index - 1].joins(region)) {
            index--;
            const before = this.regions[index];
            before.end = region.end;
            before.fileEnd = region.fileEnd;
            region.release();
        } else {
            insertRegion(this.regions, index, region);
        }
        this.joinWithNext(index);
    }

    /** Joins the region `index` with the one behind it where they are alike. */
    protected joinWithNext(index: i32): void {
        if (index < 0 || index + 1 >= this.regions.length) return;
        const region = this.regions[index];
        const next = this.regions[index + 1];
        if (!region.joins(next)) return;
        region.end = next.end;
        region.fileEnd = next.fileEnd;
        next.release();
        this.regions.splice(index + 1, 1);
    }

    /** Has a region begin at `address`, if one holds it. */
    splitAt(address: u64): void {
        const index = this.indexAfter(address);
        if (index == this.regions.length) return;
        const region = this.regions[index];
        if (region.start >= address) return;
        const upper = region.part(address, region.end);
        region.end = address;
        if (region.fileEnd > address) region.fileEnd = address;
        insertRegion(this.regions, index + 1, upper);
    }

    /** Whether regions cover `start` to `end` without a gap. */
    covers(start: u64, end: u64): bool {
        let index = this.indexAfter(start);
        while (start < end) {
            if (index == this.regions.length || this.regions[index].start > start) return false;
            start = this.regions[index].end;
            index++;
        }
        return true;
    }

    /** An address for `length` bytes where nothing is mapped, at `hint` if that is possible; 0 when there is none. */
    findGap(length: u64, hint: u64): u64 {
        hint &= PAGE_MASK;
        if (
            hint >= MINIMUM_ADDRESS &&
            hint < USER_END &&
            length <= USER_END - hint &&
            this.isFree(hint, hint + length)
        ) {
            return hint;
        }
        let start = this.layout.mappingsStart;
        for (let i = this.indexAfter(start); i < this.regions.length; i++) {
            const region = unchecked(this.regions[i]);
            let floor = region.start;
            if ((region.flags & REGION_GROWS_DOWN) != 0) floor = this.stackLimit - STACK_GUARD;
            if (floor >= start && floor - start >= length) return start;
            start = region.end;
        }
        return start < USER_END && length <= USER_END - start ? start : 0;
    }

    /** Whether nothing is mapped from `start` to `end`, the stack's room for growth included. */
    isFree(start: u64, end: u64): bool {
        const index = this.indexAfter(start);
        if (index == this.regions.length) return true;
        const region = this.regions[index];
        const floor =
            (region.flags & REGION_GROWS_DOWN) != 0 && this.stackLimit < region.start
                ? this.stackLimit
                : region.start;
        return floor >= end;
    }

    /** Lets the stack grow down to `address`, or null where that is not just below it. */
    protected growStack(address: u64): Region | null {
        if (address < this.stackLimit) return null;
        const index = this.indexAfter(address);
        if (index == this.regions.length) return null;
        const region = this.regions[index];
        // Only the stack itself grows, so that a stray pointer below another mapping is still a fault.
        if ((region.flags & REGION_GROWS_DOWN) == 0 || region.end != this.layout.stackTop) return null;
        const start = address & PAGE_MASK;
        this.mappedBytes += region.start - start;
        region.start = start;
        return region;
    }
}

/** Array.splice cannot insert in AssemblyScript. */
function insertRegion(regions: Region[], index: i32, region: Region): void {
    regions.push(region);
    for (let i = regions.length - 1; i > index; i--) unchecked((regions[i] = regions[i - 1]));
    regions[index] = region;
}
