// SPDX-License-Identifier: Apache-2.0
//
// A region: a range of an address space with one purpose, as a line of /proc/PID/maps shows it (Linux's VMA).

import { OpenFile } from "../fs/openFile";
import { NO_PAGE } from "../fs/pageTree";
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
/** The stack that the program was started with; it grows down as others do, and has its room reserved. */
export const REGION_STACK: u32 = 32;
/** The child of a fork finds zeros (madvise MADV_WIPEONFORK). */
export const REGION_WIPE_ON_FORK: u32 = 64;
/** Its pages stay (mlock), and whether they are brought in at once or when they are touched (MLOCK_ONFAULT). */
export const REGION_LOCKED: u32 = 128;
export const REGION_LOCKED_ON_FAULT: u32 = 256;
/** mprotect may not make it writable: of a file that is not open for writing, or a sealed one. */
export const REGION_NEVER_WRITABLE: u32 = 512;
/** mprotect may not make it executable: of a file on a filesystem mounted noexec. */
export const REGION_NEVER_EXECUTABLE: u32 = 1024;
/** An attached System V segment: shmdt finds it, and it is never joined with another. */
export const REGION_SEGMENT: u32 = 2048;
/** madvise MADV_DONTDUMP, for /proc/PID/smaps. */
export const REGION_DONT_DUMP: u32 = 4096;

export class Region {
    start: u64;
    /** First address behind. */
    end: u64;
    protection: u32;
    flags: u32;
    private mappedFile: OpenFile | null = null;
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

    /** The mapped file, null: anonymous memory. Whoever sets it has retained the file; its inode knows that it is mapped. */
    @inline get file(): OpenFile | null {
        return this.mappedFile;
    }

    set file(file: OpenFile | null) {
        const before = this.mappedFile;
        if (before !== null) before.inode.mappings--;
        if (file !== null) file.inode.mappings++;
        this.mappedFile = file;
    }

    /** Whether it counts as data (RLIMIT_DATA): private and writable, and no stack. */
    @inline get isData(): bool {
        return (this.protection & PROT_WRITE) != 0 && (this.flags & (REGION_SHARED | REGION_GROWS_DOWN)) == 0;
    }

    @inline get isLocked(): bool {
        return (this.flags & REGION_LOCKED) != 0;
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
        this.file = null;
        if (file !== null) file.release();
        const shared = this.shared;
        if (shared !== null) shared.release();
        this.shared = null;
    }

    /** Page of the file that lies at `address`; NO_PAGE where its number has more than 32 bits: no file is so long. */
    @inline pageIndex(address: u64): u32 {
        const index = (this.offset + (address - this.start)) >> PAGE_BITS;
        return index < <u64>NO_PAGE ? <u32>index : NO_PAGE;
    }

    /** Whether `following` begins where this one ends and could be one with it. */
    joins(following: Region): bool {
        return (
            this.end == following.start &&
            this.protection == following.protection &&
            this.flags == following.flags &&
            (this.flags & REGION_SEGMENT) == 0 &&
            this.file === following.file &&
            this.shared === following.shared &&
            (this.file === null || this.fileEnd == this.end) &&
            ((this.file === null && this.shared === null) ||
                this.offset + (this.end - this.start) == following.offset)
        );
    }
}
