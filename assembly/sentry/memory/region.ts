// SPDX-License-Identifier: Apache-2.0
//
// A region: a range of an address space with one purpose, as a line of /proc/PID/maps shows it (Linux's VMA).

import { OpenFile } from "../fs/openFile";
import { PAGE_BITS } from "../../std/pages";
import { SharedPages } from "./sharedPages";

export const PROT_READ: u32 = 1;
export const PROT_WRITE: u32 = 2;
export const PROT_EXEC: u32 = 4;

/** MAP_SHARED semantics. */
export const REGION_SHARED: u32 = 1;
/** The stack: grows downwards when touched below. */
export const REGION_GROWS_DOWN: u32 = 2;
/** The brk heap, for its name in /proc/PID/maps. */
export const REGION_HEAP: u32 = 4;
/** The vDSO (vdso.ts). */
export const REGION_VDSO: u32 = 8;
/** fork does not copy it (madvise MADV_DONTFORK). */
export const REGION_DONT_FORK: u32 = 16;

export class Region {
    start: u64;
    /** First address behind. */
    end: u64;
    protection: u32;
    flags: u32;
    /** Null: anonymous memory. */
    file: OpenFile | null = null;
    /** Offset in the file (or in `shared`) of `start`; a multiple of the page size. */
    offset: u64 = 0;
    /** Where the file's bytes end: zeros follow (an ELF segment's tail). `end` if nowhere. */
    fileEnd: u64;
    /** Shared anonymous memory, else null. */
    shared: SharedPages | null = null;

    constructor(start: u64, end: u64, protection: u32, flags: u32) {
        this.start = start;
        this.end = end;
        this.protection = protection;
        this.flags = flags;
        this.fileEnd = end;
    }

    /** A region with the same purpose for `start` to `end`, both within this one. */
    part(start: u64, end: u64): Region {
        const part = new Region(start, end, this.protection, this.flags);
        const file = this.file;
        if (file !== null) {
            part.file = file.retain();
            part.fileEnd = this.fileEnd < end ? (this.fileEnd > start ? this.fileEnd : start) : end;
        }
        const shared = this.shared;
        if (shared !== null) part.shared = shared.retain();
        part.offset = this.offset + (start - this.start);
        return part;
    }

    /** Gives up what the region refers to. */
    release(): void {
        const file = this.file;
        if (file !== null) file.release();
        this.file = null;
        const shared = this.shared;
        if (shared !== null) shared.release();
        this.shared = null;
    }

    /** Page of the file that lies at `address`. */
    @inline pageIndex(address: u64): u32 {
        return <u32>((this.offset + (address - this.start)) >> PAGE_BITS);
    }

    /** Whether `following` begins where this one ends and could be one with it. */
    joins(following: Region): bool {
        return (
            this.end == following.start &&
            this.protection == following.protection &&
            this.flags == following.flags &&
            this.file === following.file &&
            this.shared === following.shared &&
            (this.file === null || this.fileEnd == this.end) &&
            ((this.file === null && this.shared === null) ||
                this.offset + (this.end - this.start) == following.offset)
        );
    }
}
