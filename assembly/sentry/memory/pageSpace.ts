// SPDX-License-Identifier: Apache-2.0
//
// The pages of an address space that have a frame, and what becomes of them when regions are unmapped, protected or moved.
//
// - A page with a frame is not necessarily mapped in the VSpace: fork gives the child the parent's frames, and each is
//   mapped when the child faults on it.
// - Copy-on-write: a page is PAGE_WRITABLE only while its frame belongs to it alone. fork takes that away on both
//   sides; a write then copies the frame, or just takes it over when nobody else holds it any more.

import { Layout } from "../arch/machine";
import { PATCHES_CODE, writePatchedCall } from "../arch/systemCallSites";
import { OpenFile } from "../fs/openFile";
import { EXCHANGE_ADDRESS } from "../../std/containerConfiguration";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { executableFrame, patchInPlace } from "./executablePages";
import {
    allocateFrame,
    commonFrame,
    frameAddress,
    frameReferences,
    isFilesFrame,
    isImageFrame,
    releaseFrame,
    retainFrame,
    returnMapping,
    takeMapping,
} from "./frames";
import { PROT_EXEC, PROT_READ, PROT_WRITE, Region, REGION_SHARED } from "./region";
import { RegionList } from "./regionList";
import {
    Block,
    BLOCK_BITS,
    BLOCK_PAGES,
    Page,
    PAGE_EXECUTABLE,
    PAGE_MAPPED_WRITABLE,
    PAGE_READABLE,
    PAGE_SHARED,
    PAGE_WRITABLE,
    ResidentPages,
} from "./residentPages";
import { VSpace } from "./vspaces";

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

// Why a page cannot be had.
/** No region there: SIGSEGV, SEGV_MAPERR. */
export const FAULT_UNMAPPED: i32 = 1;
/** The region does not allow it: SIGSEGV, SEGV_ACCERR. */
export const FAULT_FORBIDDEN: i32 = 2;
/** Behind the end of a mapped file: SIGBUS, BUS_ADRERR. */
export const FAULT_BEYOND_FILE: i32 = 3;
/** The quota is used up: a process is killed, as Linux's out-of-memory killer does. */
export const FAULT_NO_MEMORY: i32 = 4;

export class PageSpace extends RegionList {
    vspace: VSpace;
    readonly pages: ResidentPages = new ResidentPages();
    /** The most pages that there have been (VmHWM). */
    pagesPeak: u32 = 0;
    /** What the latest failed touch or resolve ran into: a FAULT_ constant. */
    fault: i32 = 0;

    constructor(vspace: VSpace, layout: Layout) {
        super(layout);
        this.vspace = vspace;
    }

    /** Removes every region and page from `start` to `end` (page-aligned). */
    unmap(start: u64, end: u64): void {
        this.splitAt(start);
        this.splitAt(end);
        const first = this.indexAfter(start);
        let last = first;
        while (last < this.regions.length && this.regions[last].start < end) {
            const region = this.regions[last++];
            this.count(region, region.end - region.start, -1);
            region.release();
        }
        if (last == first) return;
        this.removeAt(first, last - first);
        this.freed(start);
        this.dropPages(start, end);
    }

    /** Unmaps and releases the pages of a range; the regions stay. */
    dropPages(start: u64, end: u64): void {
        const pages = this.pages;
        if (pages.count == 0) return;
        if (pages.count > this.pagesPeak) this.pagesPeak = pages.count;
        const first = start >> PAGE_BITS;
        const last = end >> PAGE_BITS;
        const before = pages.count;
        if ((last - first) >> BLOCK_BITS <= pages.capacity) {
            for (let number = first >> BLOCK_BITS; number << BLOCK_BITS < last; number++) {
                const block = pages.findBlock(number);
                if (block !== null) this.dropFromBlock(block, first, last);
            }
        } else {
            for (let i: u32 = 0; i < pages.capacity; i++) {
                const block = pages.blockAt(i);
                if (block !== null) this.dropFromBlock(block, first, last);
            }
        }
        if (pages.count != before) pages.sweep();
    }

    /** Unmaps and releases those pages of a block whose numbers are from `first` up to, not including, `last`. */
    protected dropFromBlock(block: Block, first: u64, last: u64): void {
        const base = block.firstPage;
        for (let i: u32 = 0; i < BLOCK_PAGES && block.used > 0; i++) {
            const page = block.page(i);
            if (page.frame == 0 || base + i < first || base + i >= last) continue;
            if (page.slot != 0) returnMapping(page.frame, page.slot);
            releaseFrame(page.frame);
            this.pages.remove(block, page);
        }
    }

    /** Unmaps and releases the page `number` if it shows `frame`, or any page of an image where `frame` is 0. */
    dropPage(number: u64, frame: u32): void {
        const block = this.pages.findBlock(number >> BLOCK_BITS);
        if (block === null) return;
        const page = block.page((<u32>number) & (BLOCK_PAGES - 1));
        if (page.frame == 0 || (frame == 0 ? !isFilesFrame(page.frame) : page.frame != frame)) return;
        if (page.slot != 0) returnMapping(page.frame, page.slot);
        releaseFrame(page.frame);
        this.pages.remove(block, page);
    }

    /** mprotect(2): regions cover the whole range. */
    protect(start: u64, end: u64, protection: u32): void {
        this.splitAt(start);
        this.splitAt(end);
        const first = this.indexAfter(start);
        let last = first;
        while (last < this.regions.length && this.regions[last].start < end) {
            const region = this.regions[last++];
            if (region.protection == protection) continue;
            const becomesCode = PATCHES_CODE && (protection & ~region.protection & PROT_EXEC) != 0;
            this.count(region, region.end - region.start, -1);
            region.protection = protection;
            this.count(region, region.end - region.start, 1);
            if (becomesCode) this.patchPages(region);
            this.protectPages(region);
        }
        for (let i = last; i >= first && i > 0; i--) this.joinWithNext(i - 1);
    }

    /**
     * Pages of a range that the program has written and can only read now, of a private mapping of a file: those that were relocated
     * (PT_GNU_RELRO). Where the manager has a frame with the same bytes for all containers, the page gets it in place of one of the quota. A
     * page that becomes writable again is copied as one of the file's would be.
     */
    shareRelocated(start: u64, end: u64): void {
        for (let number = start >> PAGE_BITS; number < end >> PAGE_BITS; number++) {
            const page = this.pages.find(number);
            if (page === null || isImageFrame(page.frame) || frameReferences(page.frame) > 1) continue;
            const address = number << PAGE_BITS;
            const region = this.find(address)!;
            if (region.file === null || region.protection != PROT_READ || (region.flags & REGION_SHARED) != 0)
                continue;
            const bytes = frameAddress(page.frame);
            if (bytes == 0) return;
            memory.copy(EXCHANGE_ADDRESS, bytes, PAGE_SIZE);
            const common = commonFrame();
            if (common == 0) return;
            this.changeFrame(page, common);
            page.state = (page.state & ~PAGE_FLAGS_KEPT) | flagsFor(region, common);
            if (!this.mapPage(page, address)) return;
        }
    }

    /** Takes the pages of a region's changed protection into account. */
    private protectPages(region: Region): void {
        const pages = this.pages;
        const first = region.start >> PAGE_BITS;
        const last = region.end >> PAGE_BITS;
        const few = (last - first) >> BLOCK_BITS <= pages.capacity;
        const count = few ? ((last - 1) >> BLOCK_BITS) - (first >> BLOCK_BITS) + 1 : <u64>pages.capacity;
        for (let i: u64 = 0; i < count; i++) {
            const block = few ? pages.findBlock((first >> BLOCK_BITS) + i) : pages.blockAt(<u32>i);
            if (block === null) continue;
            const base = block.firstPage;
            for (let k: u32 = 0; k < BLOCK_PAGES; k++) {
                const page = block.page(k);
                if (page.frame == 0 || base + k < first || base + k >= last) continue;
                this.protectPage(region, page, (base + k) << PAGE_BITS);
            }
        }
    }

    /**
     * The region's pages become executable. A file's pages are given up where another frame is to be executed, and come
     * back with the next fault; memory of the program itself is patched where it is.
     */
    private patchPages(region: Region): void {
        const pages = this.pages;
        for (let i: u32 = 0; i < pages.capacity; i++) {
            const block = pages.blockAt(i);
            if (block === null) continue;
            for (let k: u32 = 0; k < BLOCK_PAGES && block.used > 0; k++) {
                const page = block.page(k);
                const address = (block.firstPage + k) << PAGE_BITS;
                if (page.frame == 0 || address < region.start || address >= region.end) continue;
                const file = region.file;
                const ofFile =
                    file !== null &&
                    address < region.fileEnd &&
                    file.mappableFrame(region.pageIndex(address)) == page.frame;
                if (!ofFile && (page.has(PAGE_SHARED) || this.makeWritable(region, page, address) !== null)) {
                    if (patchInPlace(page.frame)) continue;
                }
                if (!ofFile) continue;
                if (page.slot != 0) returnMapping(page.frame, page.slot);
                releaseFrame(page.frame);
                pages.remove(block, page);
            }
        }
        pages.sweep();
    }

    /** Patches the one system call instruction at `address`, where nothing else could tell it from data. */
    patchCall(address: u64): void {
        const region = this.find(address);
        const page = this.pages.find(address >> PAGE_BITS);
        const within = <usize>(address & (PAGE_SIZE - 1));
        if (region === null || page === null || within + 1 == PAGE_SIZE) return;
        if (!page.has(PAGE_SHARED) && this.makeWritable(region, page, address) === null) return;
        const bytes = frameAddress(page.frame);
        if (bytes != 0 && !isImageFrame(page.frame)) writePatchedCall(bytes + within);
        this.mapPage(page, address);
    }

    private protectPage(region: Region, page: Page, address: u64): void {
        page.state = (page.state & ~PAGE_FLAGS_KEPT) | flagsFor(region, page.frame);
        if (page.slot == 0) return;
        if (!page.has(PAGE_READABLE)) {
            returnMapping(page.frame, page.slot);
            page.slot = 0;
            page.state &= ~PAGE_MAPPED_WRITABLE;
        } else {
            // In place, with what is allowed now; a page that becomes writable is made so by its next fault.
            const writable = page.has(PAGE_MAPPED_WRITABLE) && page.has(PAGE_WRITABLE);
            this.vspace.map(page.slot, address, writable, page.has(PAGE_EXECUTABLE));
            if (!writable) page.state &= ~PAGE_MAPPED_WRITABLE;
        }
    }

    /** Copy-on-write: gives the page a frame of its own, or the one it has if nobody else holds it. */
    protected makeWritable(region: Region, page: Page, address: u64): Page | null {
        const old = page.frame;
        if ((region.flags & REGION_SHARED) != 0) {
            // A page that was mapped from an image, or read where the file had a hole, gets the file's own frame.
            const file = region.file;
            const frame = file === null ? 0 : file.writableFrame(region.pageIndex(address));
            if (frame == 0) {
                this.fault = file === null ? FAULT_FORBIDDEN : FAULT_NO_MEMORY;
                return null;
            }
            // That may have taken the page away: its frame is not the file's any more.
            if (page.frame == 0) {
                retainFrame(frame);
                return this.pages.add(address >> PAGE_BITS, frame, flagsFor(region, frame));
            }
            if (frame != old) {
                retainFrame(frame);
                this.changeFrame(page, frame);
            }
        } else if (isImageFrame(old) || frameReferences(old) > 1) {
            const copy = copyOfFrame(old, PAGE_SIZE);
            if (copy == 0) {
                this.fault = FAULT_NO_MEMORY;
                return null;
            }
            this.changeFrame(page, copy);
        }
        page.state |= PAGE_WRITABLE;
        return page;
    }

    private changeFrame(page: Page, frame: u32): void {
        if (page.slot != 0) returnMapping(page.frame, page.slot);
        releaseFrame(page.frame);
        page.frame = frame;
        page.slot = 0;
        page.state &= ~PAGE_MAPPED_WRITABLE;
    }

    /** Maps a page in the VSpace, or makes its mapping writable, as far as its flags allow. False: no memory. */
    mapPage(page: Page, address: u64): bool {
        const writable = page.has(PAGE_WRITABLE);
        let slot = page.slot;
        if (slot != 0 && writable == page.has(PAGE_MAPPED_WRITABLE)) return true;
        const fresh = slot == 0;
        if (fresh) slot = takeMapping(page.frame);
        if (slot == 0) return false;
        if (!this.vspace.map(slot, address & PAGE_MASK, writable, page.has(PAGE_EXECUTABLE))) {
            if (fresh) returnMapping(page.frame, slot);
            return false;
        }
        page.slot = slot;
        if (writable) page.state |= PAGE_MAPPED_WRITABLE;
        return true;
    }

    /**
     * Maps the page that is executed at `address` once more, as it is mapped: instruction fetches then see what was written
     * before (runtime-c/sel4/vspace.h). A page that is not mapped is so when it will be.
     */
    renewCode(address: u64): void {
        const page = this.pages.find(address >> PAGE_BITS);
        if (page === null || page.slot == 0 || !page.has(PAGE_EXECUTABLE)) return;
        this.vspace.map(page.slot, address & PAGE_MASK, page.has(PAGE_MAPPED_WRITABLE), true);
    }

    /** Moves the pages of a range to `to` (mremap); they are mapped again when touched. */
    movePages(from: u64, to: u64, length: u64): void {
        const pages = this.pages;
        const first = from >> PAGE_BITS;
        const last = (from + length) >> PAGE_BITS;
        const offset = (to >> PAGE_BITS) - first;
        if ((last - first) >> BLOCK_BITS <= pages.capacity) {
            for (let number = first >> BLOCK_BITS; number << BLOCK_BITS < last; number++) {
                const block = pages.findBlock(number);
                if (block !== null) this.moveFromBlock(block, first, last, offset);
            }
            pages.sweep();
            return;
        }
        // Adding pages moves blocks about in the table: first those to be moved are gathered.
        const numbers = new StaticArray<u64>(<i32>pages.count);
        let count = 0;
        for (let i: u32 = 0; i < pages.capacity; i++) {
            const block = pages.blockAt(i);
            if (block === null || block.used == 0) continue;
            if (block.firstPage + BLOCK_PAGES > first && block.firstPage < last)
                unchecked((numbers[count++] = block.number));
        }
        for (let i = 0; i < count; i++) {
            const block = pages.findBlock(unchecked(numbers[i]));
            if (block !== null) this.moveFromBlock(block, first, last, offset);
        }
        pages.sweep();
    }

    private moveFromBlock(block: Block, first: u64, last: u64, offset: u64): void {
        const base = block.firstPage;
        for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
            const page = block.page(i);
            if (page.frame == 0 || base + i < first || base + i >= last) continue;
            if (page.slot != 0) returnMapping(page.frame, page.slot);
            // Added first: a block without pages could be freed by it.
            this.pages.add(base + i + offset, page.frame, page.state & PAGE_FLAGS_KEPT);
            this.pages.remove(block, page);
        }
    }
}

/** Flags of a page that do not depend on how it is mapped. */
export const PAGE_FLAGS_KEPT: u32 = PAGE_READABLE | PAGE_WRITABLE | PAGE_SHARED | PAGE_EXECUTABLE;

/**
 * The frame of a file's page that a mapping shows to all processes, not retained; 0 = none, or no memory. NOT_PATCHED_YET only
 * where the page is not needed now (executableFrame).
 */
export function imageFrame(region: Region, file: OpenFile, address: u64, isNeeded: bool = true): u32 {
    const index = region.pageIndex(address);
    const frame = file.mappableFrame(index);
    if (!PATCHES_CODE || frame == 0 || (region.protection & PROT_EXEC) == 0) return frame;
    return executableFrame(file, index, frame, address > region.start, isNeeded);
}

/** Whether a page of a mapping may have system calls that are not patched. */
export function mustLookForCalls(region: Region, frame: u32): bool {
    return (
        PATCHES_CODE &&
        (region.protection & PROT_EXEC) != 0 &&
        !isImageFrame(frame) &&
        // What several write together is executed as they write it.
        (region.flags & REGION_SHARED) == 0
    );
}

/** The flags of a page of `region` with `frame`. */
export function flagsFor(region: Region, frame: u32): u32 {
    const protection = region.protection;
    if (protection == 0) return (region.flags & REGION_SHARED) != 0 ? PAGE_SHARED : 0;
    let flags = PAGE_READABLE;
    if ((protection & PROT_EXEC) != 0) flags |= PAGE_EXECUTABLE;
    if ((region.flags & REGION_SHARED) != 0) {
        flags |= PAGE_SHARED;
        if ((protection & PROT_WRITE) != 0 && !isImageFrame(frame)) flags |= PAGE_WRITABLE;
    } else if ((protection & PROT_WRITE) != 0 && !isImageFrame(frame) && frameReferences(frame) == 1) {
        flags |= PAGE_WRITABLE;
    }
    return flags;
}

/** A frame with the first `bytes` bytes of another and zeros behind, or 0. */
export function copyOfFrame(source: u32, bytes: u32): u32 {
    const from = frameAddress(source);
    if (from == 0) return 0;
    const copy = allocateFrame();
    if (copy == 0) return 0;
    const to = frameAddress(copy);
    if (to == 0) {
        releaseFrame(copy);
        return 0;
    }
    memory.copy(to, from, bytes);
    return copy;
}
