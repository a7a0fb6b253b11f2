// SPDX-License-Identifier: Apache-2.0
//
// An address space: the regions that the program has asked for, and the pages that have a frame (pageSpace.ts). A region
// without a page costs nothing: pages get their frame at the first touch, by the program (a fault) or by the sentry on its
// behalf (touch).
//
// Threads and vfork children share the object; `users` counts processes.

import { OpenFile } from "../fs/openFile";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import {
    allocateFrame,
    frameAddress,
    isImageFrame,
    mayMapAhead,
    NOT_PATCHED_YET,
    releaseFrame,
    retainFrame,
    returnMapping,
    STORE_BATCH,
} from "./frames";
import { FORBIDS_EXECUTION, Layout, USER_END } from "../arch/machine";
import { keepHeapRoom } from "../capabilities/quota";
import { makeRoom } from "../kernel/outOfMemory";
import { current } from "../kernel/thread";
import { RLIMIT_AS, RLIMIT_STACK } from "../kernel/resourceLimits";
import { callsInFile, patchedFrame } from "./executablePages";
import {
    FAULT_BEYOND_FILE,
    FAULT_FORBIDDEN,
    FAULT_NO_MEMORY,
    FAULT_UNMAPPED,
    copyOfFrame,
    flagsFor,
    imageFrame,
    mustLookForCalls,
    PAGE_FLAGS_KEPT,
    PageSpace,
} from "./pageSpace";
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
} from "./residentPages";
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_DONT_FORK,
    REGION_LOCKED,
    REGION_LOCKED_ON_FAULT,
    REGION_SHARED,
    REGION_STACK,
    REGION_VDSO,
    REGION_WIPE_ON_FORK,
} from "./region";
import { vdsoFrame } from "./vdso";
import { absentVSpace, returnVSpace, VSpace } from "./vspaces";

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

// What an access needs, and what became of it.
export const ACCESS_READ: u32 = PROT_READ;
export const ACCESS_WRITE: u32 = PROT_WRITE;
export const ACCESS_EXECUTE: u32 = PROT_EXEC;

export { FAULT_BEYOND_FILE, FAULT_FORBIDDEN, FAULT_NO_MEMORY, FAULT_UNMAPPED };

/** Pages of a program that touches new memory from one page to the next that are given to it at once, at most. */
const AHEAD_MAXIMUM: u32 = 16;

/** Pages that such a run has at least: small programs get nothing that they do not touch. */
const RUN_MINIMUM: u32 = 16;

/** All address spaces that have users. */
export let firstSpace: AddressSpace | null = null;

export class AddressSpace extends PageSpace {
    users: i32 = 1;
    /** Neighbours in the list of all. */
    nextSpace: AddressSpace | null = null;
    private previousSpace: AddressSpace | null = null;
    /** mlockall(MCL_FUTURE): flags of new regions. */
    futureFlags: u32 = 0;

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
    auxiliaryStart: u64 = 0;
    auxiliaryEnd: u64 = 0;
    /** The program file (/proc/PID/exe): nobody may write to it. */
    executable: OpenFile | null = null;

    constructor(vspace: VSpace, layout: Layout) {
        super(vspace, layout);
        const next = firstSpace;
        this.nextSpace = next;
        if (next !== null) next.previousSpace = this;
        firstSpace = this;
    }

    /** Names the program file, of which the address space takes a reference. */
    setExecutable(file: OpenFile | null): void {
        const before = this.executable;
        if (file !== null) file.retain().inode.executions++;
        this.executable = file;
        if (before === null) return;
        before.inode.executions--;
        before.release();
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
        if (--this.users == 0) returnVSpace(this.giveUp());
    }

    /**
     * As release by the only user, whose program another one replaces: `successor`, laid out without a VSpace, gets this one's. So a process
     * that changes its program needs no second VSpace, and no page tables for it.
     */
    passOn(successor: AddressSpace): void {
        assert(this.users == 1 && !successor.vspace.exists, "a VSpace was passed on while it was used");
        this.users = 0;
        successor.vspace = this.giveUp();
    }

    /** Frees what the address space has; the result is its VSpace, with the pages that its next user may want. */
    private giveUp(): VSpace {
        const next = this.nextSpace;
        const previous = this.previousSpace;
        if (previous === null) firstSpace = next;
        else previous.nextSpace = next;
        if (next !== null) next.previousSpace = previous;
        this.nextSpace = null;
        this.previousSpace = null;
        // An address space that was given up before it was whole: what the last one left must not be forgotten.
        this.adoptKept();
        const pages = this.pages;
        const keep = this.vspace.exists && this.vspace.keepsTables;
        for (let i: u32 = 0; i < pages.capacity; i++) {
            const block = pages.blockAt(i);
            if (block !== null) this.dropForNext(block, keep);
        }
        pages.sweep(true);
        for (let i = 0; i < this.regions.length; i++) this.regions[i].release();
        this.regions = [];
        this.setExecutable(null);
        const vspace = this.vspace;
        if (vspace.exists) {
            vspace.kept = pages;
            vspace.trim();
        }
        this.vspace = absentVSpace();
        return vspace;
    }

    /** Drops what the VSpace's next process cannot use: all but mapped pages of the image, and those, too, unless `keep`. */
    private dropForNext(block: Block, keep: bool): void {
        for (let i: u32 = 0; i < BLOCK_PAGES && block.used > 0; i++) {
            const page = block.page(i);
            if (page.frame == 0 || (keep && page.slot != 0 && isImageFrame(page.frame))) continue;
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
        if (imageFrame(region, file, address, false) != frame) return false;
        retainFrame(frame);
        this.pages.add(number, frame, flags | kept.slot);
        return true;
    }

    /**
     * Where the sentry can touch the byte at `address` as the program could (see userMemory.ts), or 0 with `fault` set.
     */
    touch(address: u64, write: bool): usize {
        let page = this.pages.find(address >> PAGE_BITS);
        if (page === null || !page.has(write ? PAGE_WRITABLE : PAGE_READABLE)) {
            page = this.resolveWithRoom(address, write ? ACCESS_WRITE : ACCESS_READ);
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

    /** As resolve; where memory is missing, other processes are killed as long as they have more than the current one. */
    private resolveWithRoom(address: u64, access: u32): Page | null {
        while (true) {
            const page = this.resolve(address, access);
            if (page !== null || this.fault != FAULT_NO_MEMORY) return page;
            if (this !== current.process.addressSpace || !makeRoom()) return null;
        }
    }

    /**
     * The page at `address` with a frame that allows the access, made where needed; or null with `fault` set. The page
     * may still have to be mapped (mapPage).
     */
    resolve(address: u64, access: u32): Page | null {
        let region = this.find(address);
        if (region === null) {
            region = this.growDown(address);
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
            return this.makeWritable(region, page, address);
        }
        const frame = this.frameFor(region, address & PAGE_MASK, access == ACCESS_WRITE);
        if (frame == 0) return null;
        return this.pages.add(number, frame, flagsFor(region, frame));
    }

    /** Lets a region grow down to `address`, as the stack does; null where none may (RLIMIT_STACK, RLIMIT_AS). */
    private growDown(address: u64): Region | null {
        const region = this.growsTo(address);
        if (region === null) return null;
        const start = address & PAGE_MASK;
        const limits = current.process.limits;
        // The main stack has the room that was reserved for it when the program was started.
        if ((region.flags & REGION_STACK) != 0 && start < this.stackLimit) return null;
        if (region.end - start > limits.soft[RLIMIT_STACK]) return null;
        const bytes = region.start - start;
        const limit = limits.soft[RLIMIT_AS];
        if (bytes > limit || this.mappedBytes > limit - bytes) return null;
        this.count(region, bytes, 1);
        region.offset -= bytes;
        region.start = start;
        return region;
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
            if ((<u64>index) << PAGE_BITS >= file.size()) {
                this.fault = FAULT_BEYOND_FILE;
                return 0;
            }
            const source =
                (region.flags & REGION_SHARED) != 0 && (region.protection & PROT_WRITE) != 0
                    ? file.writableFrame(index)
                    : imageFrame(region, file, address);
            if (source == 0) {
                this.fault = file.inode.fileSystem.isFull ? FAULT_BEYOND_FILE : FAULT_NO_MEMORY;
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

    /** The program faulted on `address`. 0 when it can go on, else a FAULT_ constant. */
    handleFault(address: u64, access: u32): i32 {
        if (address >= USER_END) return FAULT_UNMAPPED;
        const number = address >> PAGE_BITS;
        const known = this.pages.find(number);
        // A child that writes what it shares with its parent will often execute a program next: no more than that page.
        const becomesOwn = known !== null && access == ACCESS_WRITE && !known.has(PAGE_WRITABLE);
        const page = this.resolve(address, access);
        if (page === null) return this.fault;
        if (!this.mapPage(page, address)) return FAULT_NO_MEMORY;
        const region = this.find(address)!;
        if (region.file !== null) this.mapAround(region, address);
        else if (known === null) this.mapAhead(region, number);
        else if (!becomesOwn) this.mapResident(number);
        return 0;
    }

    /**
     * A program that goes through new memory from page to page gets more of it with one fault, as long as there is plenty: half
     * as many pages as the run has that the fault adds to.
     */
    private mapAhead(region: Region, number: u64): void {
        let run: u32 = 0;
        let before = number - 1;
        while (run < AHEAD_MAXIMUM * 2 && this.pages.find(before) !== null) {
            run++;
            before--;
        }
        const count = run >> 1;
        if (run < RUN_MINIMUM || region.shared !== null || !mayMapAhead()) return;
        const last = min(number + 1 + count, region.end >> PAGE_BITS);
        for (let next = number + 1; next < last; next++) {
            if (this.pages.find(next) !== null) return;
            const frame = allocateFrame();
            if (frame == 0) return;
            const page = this.pages.add(next, frame, flagsFor(region, frame));
            if (!this.mapPage(page, next << PAGE_BITS)) return;
        }
    }

    /** Maps the pages beside `number` that have a frame already: after fork, a program reads more than one of them. */
    private mapResident(number: u64): void {
        const block = this.pages.findBlock(number >> BLOCK_BITS);
        if (block === null) return;
        const first = block.firstPage;
        for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
            const page = block.page(i);
            if (page.frame == 0 || page.slot != 0 || !page.has(PAGE_READABLE)) continue;
            if (!this.mapPage(page, (first + i) << PAGE_BITS)) return;
        }
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
                const frame = imageFrame(region, file, start, false);
                if (frame == 0) return;
                // Its own fault looks for system calls, and makes the copy of a page that has some.
                if (frame == NOT_PATCHED_YET || mustLookForCalls(region, frame)) continue;
                retainFrame(frame);
                page = this.pages.add(number, frame, flagsFor(region, frame));
            }
            if (page.slot == 0 && !this.mapPage(page, start)) return;
        }
    }

    /** fork(2): a copy that shares all frames. Null when memory is missing: what there was of the copy is given up. */
    copyTo(vspace: VSpace): AddressSpace | null {
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
        copy.auxiliaryStart = this.auxiliaryStart;
        copy.auxiliaryEnd = this.auxiliaryEnd;
        copy.setExecutable(this.executable);
        for (let i = 0; i < this.regions.length; i++) {
            const region = this.regions[i];
            if ((region.flags & REGION_DONT_FORK) != 0) continue;
            const part = region.part(region.start, region.end);
            part.flags &= ~(REGION_LOCKED | REGION_LOCKED_ON_FAULT);
            copy.regions.push(part);
            copy.count(part, part.end - part.start, 1);
        }
        const pages = this.pages;
        let region: Region | null = null;
        for (let i: u32 = 0; i < pages.capacity; i++) {
            const block = pages.blockAt(i);
            if (block === null || block.used == 0) continue;
            if (!keepHeapRoom()) {
                copy.release();
                return null;
            }
            const base = block.firstPage;
            for (let k: u32 = 0; k < BLOCK_PAGES; k++) {
                const page = block.page(k);
                if (page.frame == 0) continue;
                const address = (base + k) << PAGE_BITS;
                if (region === null || address < region.start || address >= region.end)
                    region = copy.find(address);
                if (region === null || (region.flags & REGION_WIPE_ON_FORK) != 0) continue;
                this.sharePage(copy, page, base + k);
            }
        }
        copy.adoptKept();
        return copy;
    }

    /** Gives a page to the child of a fork. */
    private sharePage(copy: AddressSpace, page: Page, number: u64): void {
        const address = number << PAGE_BITS;
        if (!page.has(PAGE_SHARED)) {
            page.state &= ~PAGE_WRITABLE;
            if (page.has(PAGE_MAPPED_WRITABLE)) {
                // Page_Map again on the same capability takes the right to write away in place.
                this.vspace.map(page.slot, address, false, page.has(PAGE_EXECUTABLE));
                page.state &= ~PAGE_MAPPED_WRITABLE;
            }
        }
        retainFrame(page.frame);
        copy.pages.add(number, page.frame, page.state & PAGE_FLAGS_KEPT);
    }
}
