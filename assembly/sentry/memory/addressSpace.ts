// SPDX-License-Identifier: Apache-2.0
//
// An address space: the regions that the program has asked for, and the pages that have a frame.
//
// - A region without a page costs nothing: pages get their frame at the first touch, by the program (a fault) or by
//   the sentry on its behalf (touch).
// - A page with a frame is not necessarily mapped in the VSpace: fork gives the child the parent's frames, and each is
//   mapped when the child faults on it.
// - Copy-on-write: a page is PAGE_WRITABLE only while its frame belongs to it alone. fork takes that away on both
//   sides; a write then copies the frame, or just takes it over when nobody else holds it any more.
//
// Threads and vfork children share the object; `users` counts processes.

import { OpenFile } from "../fs/openFile";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import {
    allocateFrame,
    frameAddress,
    frameReferences,
    isImageFrame,
    releaseFrame,
    retainFrame,
    returnMapping,
    STORE_BATCH,
    takeMapping,
} from "./frames";
import { FORBIDS_EXECUTION, Layout, USER_END } from "../arch/machine";
import { PATCHES_CODE, writePatchedCall } from "../arch/systemCallSites";
import { callsInFile, executableFrame, patchedFrame, patchInPlace } from "./executablePages";
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
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_DONT_FORK,
    REGION_SHARED,
    REGION_VDSO,
} from "./region";
import { RegionList } from "./regionList";
import { vdsoFrame } from "./vdso";
import { returnVSpace, VSpace } from "./vspaces";

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

// What an access needs, and what became of it.
export const ACCESS_READ: u32 = PROT_READ;
export const ACCESS_WRITE: u32 = PROT_WRITE;
export const ACCESS_EXECUTE: u32 = PROT_EXEC;

/** No region there: SIGSEGV, SEGV_MAPERR. */
export const FAULT_UNMAPPED: i32 = 1;
/** The region does not allow it: SIGSEGV, SEGV_ACCERR. */
export const FAULT_FORBIDDEN: i32 = 2;
/** Behind the end of a mapped file: SIGBUS, BUS_ADRERR. */
export const FAULT_BEYOND_FILE: i32 = 3;
/** The quota is used up: the process is killed, as Linux's out-of-memory killer does. */
export const FAULT_NO_MEMORY: i32 = 4;

export class AddressSpace extends RegionList {
    readonly vspace: VSpace;
    readonly pages: ResidentPages = new ResidentPages();
    users: i32 = 1;

    /** The brk heap's first address and its present end. */
    breakStart: u64 = 0;
    breakEnd: u64 = 0;
    // What /proc/PID shows and prctl(PR_SET_MM) would change.
    codeStart: u64 = 0;
    codeEnd: u64 = 0;
    stackStart: u64 = 0;
    argumentsStart: u64 = 0;
    argumentsEnd: u64 = 0;
    environmentStart: u64 = 0;
    environmentEnd: u64 = 0;
    /** What the latest failed touch or resolve ran into: a FAULT_ constant. */
    fault: i32 = 0;

    constructor(vspace: VSpace, layout: Layout) {
        super(layout);
        this.vspace = vspace;
    }

    share(): AddressSpace {
        this.users++;
        return this;
    }

    /**
     * One user fewer; the last one frees everything but the mapped pages of the layer store: they stay mapped in the VSpace
     * (`kept`), because its next process will most likely run the same program.
     */
    release(): void {
        if (--this.users > 0) return;
        const pages = this.pages;
        for (let i: u32 = 0; i < pages.capacity; i++) {
            const block = pages.blockAt(i);
            if (block !== null) this.dropPrivateFromBlock(block);
        }
        pages.sweep();
        for (let i = 0; i < this.regions.length; i++) this.regions[i].release();
        this.regions = [];
        this.vspace.kept = pages;
        returnVSpace(this.vspace);
    }

    private dropPrivateFromBlock(block: Block): void {
        for (let i: u32 = 0; i < BLOCK_PAGES && block.used > 0; i++) {
            const page = block.page(i);
            if (page.frame == 0 || (page.slot != 0 && isImageFrame(page.frame))) continue;
            if (page.slot != 0) returnMapping(page.frame, page.slot);
            releaseFrame(page.frame);
            this.pages.remove(block, page);
        }
    }

    /**
     * Takes over the pages that the VSpace's last process left mapped where this one would map the same frames, and unmaps
     * all others. To be called when the regions are there, and before the program runs.
     */
    adoptKept(): void {
        const kept = this.vspace.kept;
        if (kept === null) return;
        this.vspace.kept = null;
        for (let i: u32 = 0; i < kept.capacity; i++) {
            const block = kept.blockAt(i);
            if (block === null) continue;
            for (let k: u32 = 0; k < BLOCK_PAGES; k++) {
                const page = block.page(k);
                if (page.frame == 0) continue;
                if (!this.adoptPage(block.firstPage + k, page)) returnMapping(page.frame, page.slot);
                releaseFrame(page.frame);
            }
        }
        kept.free();
    }

    private adoptPage(number: u64, kept: Page): bool {
        const frame = kept.frame;
        const own = this.pages.find(number);
        if (own !== null) {
            if (own.frame != frame || own.slot != 0 || own.has(PAGE_EXECUTABLE) != kept.has(PAGE_EXECUTABLE))
                return false;
            own.slot = kept.slot;
            return true;
        }
        const address = number << PAGE_BITS;
        const region = this.find(address);
        if (region === null) return false;
        const file = region.file;
        if ((region.flags & REGION_VDSO) != 0) {
            if (frame != vdsoFrame() || region.protection != (PROT_READ | PROT_EXEC)) return false;
            retainFrame(frame);
            this.pages.add(number, frame, PAGE_READABLE | PAGE_EXECUTABLE | kept.slot);
            return true;
        }
        if (file === null || address + PAGE_SIZE > region.fileEnd || region.protection == 0) return false;
        const flags = flagsFor(region, frame);
        if ((flags & PAGE_EXECUTABLE) != (kept.state & PAGE_EXECUTABLE)) return false;
        if (imageFrame(region, file, address) != frame) return false;
        retainFrame(frame);
        this.pages.add(number, frame, flags | kept.slot);
        return true;
    }

    /** Removes every region and page from `start` to `end` (page-aligned). */
    unmap(start: u64, end: u64): void {
        this.splitAt(start);
        this.splitAt(end);
        const first = this.indexAfter(start);
        let last = first;
        while (last < this.regions.length && this.regions[last].start < end) {
            this.mappedBytes -= this.regions[last].end - this.regions[last].start;
            this.regions[last].release();
            last++;
        }
        if (last == first) return;
        this.regions.splice(first, last - first);
        this.dropPages(start, end);
    }

    /** Unmaps and releases the pages of a range; the regions stay. */
    dropPages(start: u64, end: u64): void {
        const pages = this.pages;
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
    private dropFromBlock(block: Block, first: u64, last: u64): void {
        const base = block.firstPage;
        for (let i: u32 = 0; i < BLOCK_PAGES && block.used > 0; i++) {
            const page = block.page(i);
            if (page.frame == 0 || base + i < first || base + i >= last) continue;
            if (page.slot != 0) returnMapping(page.frame, page.slot);
            releaseFrame(page.frame);
            this.pages.remove(block, page);
        }
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
            region.protection = protection;
            if (becomesCode) this.patchPages(region);
            this.protectPages(region);
        }
        for (let i = last; i >= first && i > 0; i--) this.joinWithNext(i - 1);
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
                if (!ofFile && (page.has(PAGE_SHARED) || this.makeWritable(region, page) !== null)) {
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
        if (!page.has(PAGE_SHARED) && this.makeWritable(region, page) === null) return;
        const bytes = frameAddress(page.frame);
        if (bytes != 0 && !isImageFrame(page.frame)) writePatchedCall(bytes + within);
        this.mapPage(page, address);
    }

    private protectPage(region: Region, page: Page, address: u64): void {
        page.state = (page.state & ~FLAGS) | flagsFor(region, page.frame);
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

    /**
     * Where the sentry can touch the byte at `address` as the program could (see userMemory.ts), or 0 with `fault` set.
     */
    touch(address: u64, write: bool): usize {
        let page = this.pages.find(address >> PAGE_BITS);
        if (page === null || !page.has(write ? PAGE_WRITABLE : PAGE_READABLE)) {
            page = this.resolve(address, write ? ACCESS_WRITE : ACCESS_READ);
            if (page === null) return 0;
        }
        const base = frameAddress(page.frame);
        if (base == 0) {
            this.fault = FAULT_NO_MEMORY;
            return 0;
        }
        return base + <usize>(address & (PAGE_SIZE - 1));
    }

    /** Copies `length` bytes of the sentry to the address space, as the program could write them. False: `fault` says why. */
    write(address: u64, source: usize, length: i32): bool {
        while (length > 0) {
            const part = min(length, <i32>(PAGE_SIZE - <u32>(address & (PAGE_SIZE - 1))));
            const to = this.touch(address, true);
            if (to == 0) return false;
            memory.copy(to, source, part);
            address += part;
            source += part;
            length -= part;
        }
        return true;
    }

    /**
     * The page at `address` with a frame that allows the access, made where needed; or null with `fault` set. The page
     * may still have to be mapped (mapPage).
     */
    resolve(address: u64, access: u32): Page | null {
        let region = this.find(address);
        if (region === null) {
            region = this.growStack(address);
            if (region === null) {
                this.fault = FAULT_UNMAPPED;
                return null;
            }
        }
        // Any access right implies reading, and on some processors execution.
        const allowed = region.protection;
        if (
            allowed == 0 ||
            (access == ACCESS_WRITE && (allowed & PROT_WRITE) == 0) ||
            (FORBIDS_EXECUTION && access == ACCESS_EXECUTE && (allowed & PROT_EXEC) == 0)
        ) {
            this.fault = FAULT_FORBIDDEN;
            return null;
        }
        const number = address >> PAGE_BITS;
        const page = this.pages.find(number);
        if (page !== null) {
            if (access != ACCESS_WRITE || page.has(PAGE_WRITABLE)) return page;
            return this.makeWritable(region, page);
        }
        const frame = this.frameFor(region, address & PAGE_MASK, access == ACCESS_WRITE);
        if (frame == 0) return null;
        return this.pages.add(number, frame, flagsFor(region, frame));
    }

    /** Makes the frame of a page that has none: held once for the page. 0 with `fault` set. */
    private frameFor(region: Region, address: u64, write: bool): u32 {
        let frame: u32 = 0;
        const shared = region.shared;
        const file = region.file;
        if (shared !== null) {
            frame = shared.frame(region.pageIndex(address));
            if (frame != 0) retainFrame(frame);
        } else if ((region.flags & REGION_VDSO) != 0) {
            frame = vdsoFrame();
            if (frame != 0) retainFrame(frame);
        } else if (file === null || address >= region.fileEnd) {
            frame = allocateFrame();
        } else {
            const index = region.pageIndex(address);
            const source =
                (region.flags & REGION_SHARED) != 0 && (region.protection & PROT_WRITE) != 0
                    ? file.writableFrame(index)
                    : imageFrame(region, file, address);
            if (source == 0) {
                this.fault = (<u64>index) << PAGE_BITS < file.size() ? FAULT_NO_MEMORY : FAULT_BEYOND_FILE;
                return 0;
            }
            const whole = address + PAGE_SIZE <= region.fileEnd;
            if (mustLookForCalls(region, source)) {
                const calls = callsInFile(file, index, source, address > region.start);
                if (calls != 0) {
                    const bytes = whole ? PAGE_SIZE : <u32>(region.fileEnd - address);
                    frame = calls > 0 ? patchedFrame(bytes, false) : 0;
                    if (frame == 0) this.fault = FAULT_NO_MEMORY;
                    return frame;
                }
            }
            if (whole && (!write || (region.flags & REGION_SHARED) != 0)) {
                retainFrame(source);
                return source;
            }
            // Held while the copy is made: making room for it must not take it away.
            retainFrame(source);
            const bytes = whole ? PAGE_SIZE : <u32>(region.fileEnd - address);
            frame = copyOfFrame(source, bytes);
            releaseFrame(source);
        }
        if (frame == 0) this.fault = FAULT_NO_MEMORY;
        return frame;
    }

    /** Copy-on-write: gives the page a frame of its own, or the one it has if nobody else holds it. */
    private makeWritable(region: Region, page: Page): Page | null {
        if ((region.flags & REGION_SHARED) != 0 && region.file !== null && !page.has(PAGE_SHARED)) {
            this.fault = FAULT_FORBIDDEN;
            return null;
        }
        const old = page.frame;
        if (isImageFrame(old) || frameReferences(old) > 1) {
            const copy = copyOfFrame(old, PAGE_SIZE);
            if (copy == 0) {
                this.fault = FAULT_NO_MEMORY;
                return null;
            }
            if (page.slot != 0) returnMapping(old, page.slot);
            releaseFrame(old);
            page.frame = copy;
            page.slot = 0;
            page.state &= ~PAGE_MAPPED_WRITABLE;
        }
        page.state |= PAGE_WRITABLE;
        return page;
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

    /** The program faulted on `address`. 0 when it can go on, else a FAULT_ constant. */
    handleFault(address: u64, access: u32): i32 {
        if (address >= USER_END) return FAULT_UNMAPPED;
        const page = this.resolve(address, access);
        if (page === null) return this.fault;
        if (!this.mapPage(page, address)) return FAULT_NO_MEMORY;
        const region = this.find(address)!;
        if (region.file !== null) this.mapAround(region, address);
        return 0;
    }

    /**
     * Maps the other file pages of the batch that `address` lies in: the manager hands their frames out together, and a
     * fault costs more than several mappings.
     */
    private mapAround(region: Region, address: u64): void {
        const file = region.file!;
        const batch = <u64>STORE_BATCH * PAGE_SIZE;
        // Batches are aligned in the layer's pages, and files begin anywhere: align in the file, which is near enough.
        const offset = region.offset + (address - region.start);
        const batchStart = address - (offset & (batch - 1) & PAGE_MASK) - (address & (PAGE_SIZE - 1));
        let start = batchStart < region.start || batchStart > address ? region.start : batchStart;
        const limit = region.fileEnd & PAGE_MASK;
        const end = batchStart + batch < limit ? batchStart + batch : limit;
        if ((region.flags & REGION_SHARED) != 0 && (region.protection & PROT_WRITE) != 0) return;
        for (; start < end; start += PAGE_SIZE) {
            const number = start >> PAGE_BITS;
            let page = this.pages.find(number);
            if (page === null) {
                const frame = imageFrame(region, file, start);
                if (frame == 0) return;
                // Its own fault looks for system calls.
                if (mustLookForCalls(region, frame)) continue;
                retainFrame(frame);
                page = this.pages.add(number, frame, flagsFor(region, frame));
            }
            if (page.slot == 0 && !this.mapPage(page, start)) return;
        }
    }

    /** fork(2): a copy that shares all frames. Null when memory for a VSpace is missing (then nothing changed). */
    copyTo(vspace: VSpace): AddressSpace {
        const copy = new AddressSpace(vspace, this.layout);
        copy.breakStart = this.breakStart;
        copy.breakEnd = this.breakEnd;
        copy.stackLimit = this.stackLimit;
        copy.codeStart = this.codeStart;
        copy.codeEnd = this.codeEnd;
        copy.stackStart = this.stackStart;
        copy.argumentsStart = this.argumentsStart;
        copy.argumentsEnd = this.argumentsEnd;
        copy.environmentStart = this.environmentStart;
        copy.environmentEnd = this.environmentEnd;
        for (let i = 0; i < this.regions.length; i++) {
            const region = this.regions[i];
            if ((region.flags & REGION_DONT_FORK) != 0) continue;
            copy.regions.push(region.part(region.start, region.end));
            copy.mappedBytes += region.end - region.start;
        }
        const pages = this.pages;
        for (let i: u32 = 0; i < pages.capacity; i++) {
            const block = pages.blockAt(i);
            if (block === null) continue;
            const base = block.firstPage;
            for (let k: u32 = 0; k < BLOCK_PAGES; k++) {
                if (block.page(k).frame != 0) this.sharePage(copy, block.page(k), base + k);
            }
        }
        copy.adoptKept();
        return copy;
    }

    /** Gives a page to the child of a fork. */
    private sharePage(copy: AddressSpace, page: Page, number: u64): void {
        const address = number << PAGE_BITS;
        if (copy.find(address) === null) return;
        if (!page.has(PAGE_SHARED)) {
            page.state &= ~PAGE_WRITABLE;
            if (page.has(PAGE_MAPPED_WRITABLE)) {
                // Page_Map again on the same capability takes the right to write away in place.
                this.vspace.map(page.slot, address, false, page.has(PAGE_EXECUTABLE));
                page.state &= ~PAGE_MAPPED_WRITABLE;
            }
        }
        retainFrame(page.frame);
        copy.pages.add(number, page.frame, page.state & FLAGS);
    }

    /** Moves pages from `from` to `to` (mremap); they are mapped again when touched. */
    movePages(from: u64, to: u64, length: u64): void {
        for (let offset: u64 = 0; offset < length; offset += PAGE_SIZE) {
            const number = (from + offset) >> PAGE_BITS;
            const block = this.pages.findBlock(number >> BLOCK_BITS);
            if (block === null) continue;
            const page = block.page((<u32>number) & (BLOCK_PAGES - 1));
            if (page.frame == 0) continue;
            if (page.slot != 0) returnMapping(page.frame, page.slot);
            const frame = page.frame;
            const state = page.state & FLAGS;
            this.pages.remove(block, page);
            this.pages.add((to + offset) >> PAGE_BITS, frame, state);
        }
        this.pages.sweep();
    }
}

const FLAGS: u32 = PAGE_READABLE | PAGE_WRITABLE | PAGE_SHARED | PAGE_EXECUTABLE;

/** The frame of a file's page that a mapping shows to all processes, not retained; 0 = none, or no memory. */
function imageFrame(region: Region, file: OpenFile, address: u64): u32 {
    const index = region.pageIndex(address);
    const frame = file.mappableFrame(index);
    if (!PATCHES_CODE || frame == 0 || (region.protection & PROT_EXEC) == 0) return frame;
    return executableFrame(file, index, frame, address > region.start);
}

/** Whether a page of a mapping may have system calls that are not patched. */
function mustLookForCalls(region: Region, frame: u32): bool {
    return (
        PATCHES_CODE &&
        (region.protection & PROT_EXEC) != 0 &&
        !isImageFrame(frame) &&
        // What several write together is executed as they write it.
        (region.flags & REGION_SHARED) == 0
    );
}

/** The flags of a page of `region` with `frame`. */
function flagsFor(region: Region, frame: u32): u32 {
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
function copyOfFrame(source: u32, bytes: u32): u32 {
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
