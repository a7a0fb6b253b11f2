// SPDX-License-Identifier: Apache-2.0
//
// The regions of an address space, and where new ones are placed. Regions lie in an array sorted by address: they are
// found by bisection, and thousands of them are moved aside by one copy of memory.

import { Layout, MINIMUM_ADDRESS, USER_END } from "../arch/machine";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { Region, REGION_GROWS_DOWN, REGION_STACK } from "./region";

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

/** Bytes kept free below a region that grows downwards (Linux's stack_guard_gap). */
export const STACK_GUARD: u64 = 1 << 20;

/** Sizes of gaps, in pages, that have an entry of their own in `searchFrom`; then there is one for each power of two. */
const EXACT_SIZES: u32 = 16;
const EXACT_BITS: u32 = 4;
const SIZE_CLASSES: u32 = EXACT_SIZES + 48;

export class RegionList {
    /** Sorted by address; they do not overlap. */
    regions: Region[] = [];
    readonly layout: Layout;
    /** How far down the stack may grow. */
    stackLimit: u64 = 0;
    /** Bytes of all regions, for RLIMIT_AS and /proc; and the most that there have been. */
    mappedBytes: u64 = 0;
    mappedPeak: u64 = 0;
    /** Bytes of private writable regions but the stack, for RLIMIT_DATA. */
    dataBytes: u64 = 0;
    /** Bytes of regions that are locked (mlock(2)). */
    lockedBytes: u64 = 0;
    /**
     * For each class of sizes: there is no gap of that size below the address (and above mappingsStart). Null until mappings are
     * many.
     */
    private searchFrom: StaticArray<u64> | null = null;

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

    /** Counts a region's bytes in (`sign` 1) or out (-1). */
    count(region: Region, bytes: u64, sign: i64): void {
        const change = <i64>bytes * sign;
        this.mappedBytes += change;
        if (this.mappedBytes > this.mappedPeak) this.mappedPeak = this.mappedBytes;
        if (region.isData) this.dataBytes += change;
        if (region.isLocked) this.lockedBytes += change;
    }

    /** Adds a region where nothing is mapped; joins it with its neighbours where they are alike. */
    add(region: Region): void {
        this.count(region, region.end - region.start, 1);
        let index = this.indexAfter(region.start);
        if (index > 0 && this.regions[index - 1].joins(region)) {
            index--;
            const before = this.regions[index];
            before.end = region.end;
            before.fileEnd = region.fileEnd;
            region.release();
        } else {
            this.insert(index, region);
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
        this.removeAt(index + 1, 1);
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
        this.insert(index + 1, upper);
    }

    /** How many regions there would be more if one began at `address` and one at `end`. */
    splitsAt(start: u64, end: u64): i32 {
        const first = this.find(start);
        const last = this.find(end);
        return (first !== null && first.start < start ? 1 : 0) + (last !== null && last.start < end ? 1 : 0);
    }

    /** Joins regions that are alike, from the one before `start` to the one behind `end`. */
    joinWithin(start: u64, end: u64): void {
        let index = this.indexAfter(end);
        if (index >= this.regions.length) index = this.regions.length - 1;
        for (; index >= 0 && this.regions[index].end >= start; index--) this.joinWithNext(index);
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

    /** The lowest address that a region's growth may need. */
    private floorOf(region: Region): u64 {
        if ((region.flags & REGION_GROWS_DOWN) == 0) return region.start;
        let floor = region.start;
        if ((region.flags & REGION_STACK) != 0 && this.stackLimit < floor) floor = this.stackLimit;
        return floor > STACK_GUARD ? floor - STACK_GUARD : 0;
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
        const pages = length >> PAGE_BITS;
        const sizeClass = classOf(pages);
        const smallest = smallestOf(sizeClass) << PAGE_BITS;
        let searchFrom = this.searchFrom;
        if (searchFrom === null) {
            searchFrom = new StaticArray<u64>(SIZE_CLASSES);
            for (let i: u32 = 0; i < SIZE_CLASSES; i++) searchFrom[i] = this.layout.mappingsStart;
            this.searchFrom = searchFrom;
        }
        let start = unchecked(searchFrom[sizeClass]);
        // The first gap that something of this class could fit in: the next search begins there.
        let first: u64 = 0;
        const regions = this.regions;
        let index = this.indexAfter(start);
        if (index < regions.length && unchecked(regions[index]).start <= start) {
            start = unchecked(regions[index]).end;
            index++;
        }
        for (; index < regions.length; index++) {
            const region = unchecked(regions[index]);
            const floor = this.floorOf(region);
            if (floor > start) {
                if (first == 0 && floor - start >= smallest) first = start;
                if (floor - start >= length) break;
            }
            start = region.end;
        }
        unchecked((searchFrom[sizeClass] = first == 0 ? start : first));
        if (start < USER_END && length <= USER_END - start) return start;
        return this.lowGap(length);
    }

    /** As Linux does when its usual place for mappings is full: the lowest gap there is, or 0. */
    private lowGap(length: u64): u64 {
        let start = MINIMUM_ADDRESS;
        const regions = this.regions;
        for (let i = 0; i < regions.length; i++) {
            const floor = this.floorOf(unchecked(regions[i]));
            if (floor > start && floor - start >= length) return start;
            start = max(start, unchecked(regions[i]).end);
        }
        return 0;
    }

    /** Whether nothing is mapped from `start` to `end`, the room for growth of what lies behind included. */
    isFree(start: u64, end: u64): bool {
        const index = this.indexAfter(start);
        return index == this.regions.length || this.floorOf(this.regions[index]) >= end;
    }

    /** Whether no region lies within `start` to `end`. */
    isUnmapped(start: u64, end: u64): bool {
        const index = this.indexAfter(start);
        return index == this.regions.length || this.regions[index].start >= end;
    }

    /**
     * The region that grows downwards and begins above `address`, with nothing mapped between; null where there is none. It
     * may grow unless it would come too near to what lies below.
     */
    growsTo(address: u64): Region | null {
        const index = this.indexAfter(address);
        if (index == this.regions.length) return null;
        const region = this.regions[index];
        if ((region.flags & REGION_GROWS_DOWN) == 0 || region.start <= address) return null;
        const start = address & PAGE_MASK;
        if (start < MINIMUM_ADDRESS) return null;
        if (index > 0) {
            const before = this.regions[index - 1];
            // A region that grows as well may be near: its own end is not guarded. Memory without access needs no gap.
            if (
                before.end > start ||
                ((before.flags & REGION_GROWS_DOWN) == 0 &&
                    before.protection != 0 &&
                    start - before.end < STACK_GUARD)
            )
                return null;
        }
        return region;
    }

    private insert(index: i32, region: Region): void {
        const regions = this.regions;
        regions.push(region);
        const last = regions.length - 1;
        if (index == last) return;
        // Array.splice cannot insert in AssemblyScript. The runtime's collector marks: it need not be told of moves.
        const at = regions.dataStart + ((<usize>index) << alignof<usize>());
        memory.copy(at + sizeof<usize>(), at, (<usize>(last - index)) << alignof<usize>());
        unchecked((regions[index] = region));
    }

    /** Takes `count` regions out of the list. What they leave free is known to searches from then on. */
    protected removeAt(index: i32, count: i32): void {
        if (count == 0) return;
        const regions = this.regions;
        const at = regions.dataStart + ((<usize>index) << alignof<usize>());
        memory.copy(
            at,
            at + ((<usize>count) << alignof<usize>()),
            (<usize>(regions.length - index - count)) << alignof<usize>(),
        );
        regions.length = regions.length - count;
    }

    /** A gap has come up at, or grown to include, `start`. */
    protected freed(start: u64): void {
        const searchFrom = this.searchFrom;
        if (searchFrom === null) return;
        const index = this.indexAfter(start);
        const from = index > 0 ? unchecked(this.regions[index - 1]).end : 0;
        const bottom = this.layout.mappingsStart;
        const gap = from < bottom ? bottom : from;
        const end = index < this.regions.length ? unchecked(this.regions[index]).start : USER_END;
        if (end <= gap) return;
        const last = classOf((end - gap) >> PAGE_BITS);
        for (let i: u32 = 0; i <= last; i++) {
            if (unchecked(searchFrom[i]) > gap) unchecked((searchFrom[i] = gap));
        }
    }
}

/** The class of gaps of `pages` pages: what has a class fits in every gap of a higher one. */
function classOf(pages: u64): u32 {
    return pages < EXACT_SIZES ? <u32>pages : EXACT_SIZES + <u32>(63 - clz(pages)) - EXACT_BITS;
}

/** Pages of the smallest gap of a class. */
function smallestOf(sizeClass: u32): u64 {
    return sizeClass < EXACT_SIZES ? sizeClass : (<u64>1) << (sizeClass - EXACT_SIZES + EXACT_BITS);
}
