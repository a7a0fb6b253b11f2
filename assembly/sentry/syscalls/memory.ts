// SPDX-License-Identifier: Apache-2.0
//
// Address spaces: brk, mmap, munmap, mprotect, mremap, madvise, msync, mincore, mlock.

import {
    SYS_brk,
    SYS_madvise,
    SYS_mincore,
    SYS_mlock,
    SYS_mlock2,
    SYS_mlockall,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_msync,
    SYS_munlock,
    SYS_munlockall,
    SYS_munmap,
    SYS_riscv_flush_icache,
} from "../arch/systemCalls";
import { instructionPointer, MINIMUM_ADDRESS, USER_END } from "../arch/machine";
import { OpenFile } from "../fs/openFile";
import { EACCES, EBADF, EEXIST, EFAULT, EINVAL, ENOMEM } from "../kernel/errno";
import { RLIMIT_AS, RLIMIT_DATA } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { AddressSpace } from "../memory/addressSpace";
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_DONT_FORK,
    REGION_GROWS_DOWN,
    REGION_HEAP,
    REGION_SHARED,
} from "../memory/region";
import { SharedPages } from "../memory/sharedPages";
import { copyOut } from "../memory/userMemory";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { define } from "./table";

const MAP_SHARED: u32 = 0x01;
const MAP_PRIVATE: u32 = 0x02;
const MAP_SHARED_VALIDATE: u32 = 0x03;
const MAP_TYPE: u32 = 0x0f;
const MAP_FIXED: u32 = 0x10;
const MAP_ANONYMOUS: u32 = 0x20;
const MAP_GROWSDOWN: u32 = 0x100;
const MAP_POPULATE: u32 = 0x8000;
const MAP_HUGETLB: u32 = 0x40000;
const MAP_FIXED_NOREPLACE: u32 = 0x100000;

const PROT_ALL: u32 = PROT_READ | PROT_WRITE | PROT_EXEC;
/** PROT_GROWSDOWN, PROT_GROWSUP of mprotect. */
const PROT_GROWS: u32 = 0x0300_0000;

const MREMAP_MAYMOVE: u32 = 1;
const MREMAP_FIXED: u32 = 2;

const MADV_NORMAL: i32 = 0;
const MADV_DONTNEED: i32 = 4;
const MADV_FREE: i32 = 8;
const MADV_DONTFORK: i32 = 10;
const MADV_DOFORK: i32 = 11;
/** MADV_DODUMP, the last of the advices that change nothing a program can see. */
const MADV_DODUMP: i32 = 17;

/** SYS_RISCV_FLUSH_ICACHE_LOCAL: only for the calling thread. */
const FLUSH_LOCAL: u64 = 1;

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

// @ts-ignore: decorator
@inline
function pageUp(value: u64): u64 {
    return (value + PAGE_SIZE - 1) & PAGE_MASK;
}

// @ts-ignore: decorator
@inline
function space(): AddressSpace {
    return current.process.addressSpace;
}

/** Whether `bytes` more may be mapped (RLIMIT_AS). */
function withinLimit(bytes: u64): bool {
    const limit = current.process.limits.soft[RLIMIT_AS];
    return bytes <= limit && space().mappedBytes <= limit - bytes;
}

/** Whether a range from user land is page-aligned and within user memory; its length is rounded up already. */
function isRange(start: u64, length: u64): bool {
    return (start & (PAGE_SIZE - 1)) == 0 && length <= USER_END && start <= USER_END - length;
}

function brk(address: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const own = space();
    const oldEnd = pageUp(own.breakEnd);
    const newEnd = pageUp(address);
    if (address < own.breakStart || newEnd > USER_END) return own.breakEnd;
    if (newEnd > oldEnd) {
        const limit = current.process.limits.soft[RLIMIT_DATA];
        if (address - own.breakStart > limit || !withinLimit(newEnd - oldEnd)) return own.breakEnd;
        // A page stays free behind the heap, as Linux's stack guard gap asks.
        if (!own.isFree(oldEnd, newEnd + PAGE_SIZE)) return own.breakEnd;
        own.add(new Region(oldEnd, newEnd, PROT_READ | PROT_WRITE, REGION_HEAP));
    } else if (newEnd < oldEnd) {
        own.unmap(newEnd, oldEnd);
    }
    own.breakEnd = address;
    return address;
}

function mmap(address: u64, length: u64, protection: u64, flags_: u64, descriptor: u64, offset: u64): i64 {
    const flags = <u32>flags_;
    const type = flags & MAP_TYPE;
    if (length == 0) return -EINVAL;
    if (length > USER_END) return -ENOMEM;
    const size = pageUp(length);
    if ((offset & (PAGE_SIZE - 1)) != 0 || offset + size < offset) return -EINVAL;
    if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE) return -EINVAL;
    if ((flags & MAP_HUGETLB) != 0) return -ENOMEM;
    const shared = type != MAP_PRIVATE;
    let file: OpenFile | null = null;
    if ((flags & MAP_ANONYMOUS) == 0) {
        file = current.process.fileDescriptors.get(<i32>descriptor);
        if (file === null) return -EBADF;
        if (!file.isReadable()) return -EACCES;
        if (shared && (protection & PROT_WRITE) != 0 && !file.isWritable()) return -EACCES;
        const error = file.mappable();
        if (error != 0) return error;
    }
    if (!withinLimit(size)) return -ENOMEM;
    const own = space();
    let start = address;
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
        if (!isRange(start, size)) return (start & (PAGE_SIZE - 1)) != 0 ? -EINVAL : -ENOMEM;
        if (start < MINIMUM_ADDRESS) return -EINVAL;
        if ((flags & MAP_FIXED_NOREPLACE) != 0) {
            if (!own.isFree(start, start + size)) return -EEXIST;
        } else {
            own.unmap(start, start + size);
        }
    } else {
        start = own.findGap(size, address);
        if (start == 0) return -ENOMEM;
    }
    let kind: u32 = shared ? REGION_SHARED : 0;
    if (file === null && !shared && (flags & MAP_GROWSDOWN) != 0) kind |= REGION_GROWS_DOWN;
    const region = new Region(start, start + size, (<u32>protection) & PROT_ALL, kind);
    if (file !== null) {
        region.file = file.retain();
        region.offset = offset;
    } else if (shared) {
        region.shared = new SharedPages();
    }
    own.add(region);
    if ((flags & MAP_POPULATE) != 0 && <u32>protection != 0) {
        for (let at = start; at < start + size; at += PAGE_SIZE) {
            if (own.touch(at, false) == 0) break;
        }
    }
    return start;
}

function munmap(address: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (length == 0 || length > USER_END || !isRange(address, pageUp(length))) return -EINVAL;
    space().unmap(address, address + pageUp(length));
    return 0;
}

function mprotect(address: u64, length: u64, protection: u64, d: u64, e: u64, f: u64): i64 {
    if (((<u32>protection) & ~(PROT_ALL | PROT_GROWS)) != 0 || (address & (PAGE_SIZE - 1)) != 0)
        return -EINVAL;
    if (length == 0) return 0;
    if (length > USER_END || !isRange(address, pageUp(length))) return -ENOMEM;
    const end = address + pageUp(length);
    const own = space();
    if (!own.covers(address, end)) return -ENOMEM;
    if ((protection & PROT_WRITE) != 0) {
        for (let i = own.indexAfter(address); i < own.regions.length && own.regions[i].start < end; i++) {
            const region = own.regions[i];
            const file = region.file;
            if ((region.flags & REGION_SHARED) != 0 && file !== null && !file.isWritable()) return -EACCES;
        }
    }
    own.protect(address, end, (<u32>protection) & PROT_ALL);
    return 0;
}

function mremap(address: u64, oldLength: u64, newLength: u64, flags: u64, target: u64, f: u64): i64 {
    const moveFlags = <u32>flags;
    if ((moveFlags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) != 0) return -EINVAL;
    if ((moveFlags & MREMAP_FIXED) != 0 && (moveFlags & MREMAP_MAYMOVE) == 0) return -EINVAL;
    if (newLength == 0 || newLength > USER_END || oldLength > USER_END) return -EINVAL;
    const oldSize = pageUp(oldLength);
    const newSize = pageUp(newLength);
    if (!isRange(address, oldSize)) return -EINVAL;
    const own = space();
    const region = own.find(address);
    // The whole old range must lie in one mapping; duplicating shared pages (old length 0) is not offered.
    if (region === null || oldSize == 0 || address + oldSize > region.end)
        return region === null ? -EFAULT : -EINVAL;
    const fixed = (moveFlags & MREMAP_FIXED) != 0;
    if (!fixed && newSize <= oldSize) {
        if (newSize < oldSize) own.unmap(address + newSize, address + oldSize);
        return address;
    }
    if (newSize > oldSize && !withinLimit(newSize - oldSize)) return -ENOMEM;
    if (!fixed && address + oldSize == region.end && own.isFree(region.end, address + newSize)) {
        const grown = extension(region, region.end, region.end + (newSize - oldSize));
        own.add(grown);
        return address;
    }
    if ((moveFlags & MREMAP_MAYMOVE) == 0) return -ENOMEM;
    let start = target;
    if (fixed) {
        if (!isRange(start, newSize) || start < MINIMUM_ADDRESS) return -EINVAL;
        if (start < address + oldSize && address < start + newSize) return -EINVAL;
        own.unmap(start, start + newSize);
    } else {
        start = own.findGap(newSize, 0);
        if (start == 0) return -ENOMEM;
    }
    // The range may have been part of a larger mapping that MREMAP_FIXED has cut.
    const source = own.find(address);
    if (source === null) return -EFAULT;
    const moved = extension(source, address, address + newSize);
    moved.start = start;
    moved.end = start + newSize;
    moved.fileEnd = moved.end;
    own.add(moved);
    own.movePages(address, start, min(oldSize, newSize));
    own.unmap(address, address + oldSize);
    return start;
}

/** A region with the same purpose that goes on where `region` ends, or beyond. */
function extension(region: Region, start: u64, end: u64): Region {
    const more = new Region(start, end, region.protection, region.flags);
    const file = region.file;
    if (file !== null) more.file = file.retain();
    const shared = region.shared;
    if (shared !== null) more.shared = shared.retain();
    more.offset = region.offset + (start - region.start);
    return more;
}

function madvise(address: u64, length: u64, advice_: u64, d: u64, e: u64, f: u64): i64 {
    const advice = <i32>advice_;
    if ((address & (PAGE_SIZE - 1)) != 0 || length > USER_END || !isRange(address, pageUp(length)))
        return -EINVAL;
    if (advice < MADV_NORMAL) return -EINVAL;
    const end = address + pageUp(length);
    if (end == address) return 0;
    const own = space();
    if (!own.covers(address, end)) return -ENOMEM;
    if (advice == MADV_DONTNEED || advice == MADV_FREE) {
        own.dropPages(address, end);
    } else if (advice == MADV_DONTFORK || advice == MADV_DOFORK) {
        own.splitAt(address);
        own.splitAt(end);
        for (let i = own.indexAfter(address); i < own.regions.length && own.regions[i].start < end; i++) {
            if (advice == MADV_DONTFORK) own.regions[i].flags |= REGION_DONT_FORK;
            else own.regions[i].flags &= ~REGION_DONT_FORK;
        }
    } else if (advice > MADV_DODUMP) {
        return -EINVAL;
    }
    return 0;
}

/** Shared pages are the file's own frames: nothing is ever left to be written. */
function msync(address: u64, length: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if ((address & (PAGE_SIZE - 1)) != 0 || (flags & ~7) != 0 || (flags & 5) == 5) return -EINVAL;
    if (length > USER_END || !isRange(address, pageUp(length))) return -ENOMEM;
    return space().covers(address, address + pageUp(length)) ? 0 : -ENOMEM;
}

const vector: usize = memory.data(64);

function mincore(address: u64, length: u64, result: u64, d: u64, e: u64, f: u64): i64 {
    if ((address & (PAGE_SIZE - 1)) != 0) return -EINVAL;
    if (length > USER_END || !isRange(address, pageUp(length))) return -ENOMEM;
    const own = space();
    if (!own.covers(address, address + pageUp(length))) return -ENOMEM;
    const pages = pageUp(length) >> PAGE_BITS;
    for (let done: u64 = 0; done < pages; done += 64) {
        const part = <i32>min<u64>(64, pages - done);
        for (let i = 0; i < part; i++) {
            const page = own.pages.find((address >> PAGE_BITS) + done + i);
            store<u8>(vector + i, page === null ? 0 : 1);
        }
        if (copyOut(result + done, vector, part) != 0) return -EFAULT;
    }
    return 0;
}

/** Nothing is ever swapped out: memory is locked by touching it. */
function mlock(address: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const start = address & PAGE_MASK;
    if (length > USER_END || !isRange(start, pageUp(length + (address - start)))) return -EINVAL;
    const end = start + pageUp(length + (address - start));
    const own = space();
    if (!own.covers(start, end)) return -ENOMEM;
    for (let at = start; at < end; at += PAGE_SIZE) {
        if (own.touch(at, false) == 0) return -ENOMEM;
    }
    return 0;
}

function mlock2(address: u64, length: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if ((flags & ~1) != 0) return -EINVAL;
    return (flags & 1) != 0 ? 0 : mlock(address, length, 0, 0, 0, 0);
}

function munlock(address: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return 0;
}

function mlockall(flags: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return flags == 0 || (flags & ~7) != 0 ? -EINVAL : 0;
}

/** riscv64 alone: instruction fetches see all that was written before. Linux, too, does not look at the range. */
function flushInstructionCache(start: u64, end: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if ((flags & ~FLUSH_LOCAL) != 0) return -EINVAL;
    // The page that the call itself was fetched from is there.
    space().renewCode(instructionPointer(current.message));
    return 0;
}

export function registerMemoryCalls(): void {
    define(SYS_brk, brk, "p");
    define(SYS_mmap, mmap, "purMfx");
    define(SYS_munmap, munmap, "pu");
    define(SYS_mprotect, mprotect, "pur");
    define(SYS_mremap, mremap, "puuxp");
    define(SYS_madvise, madvise, "pud");
    define(SYS_msync, msync, "pux");
    define(SYS_mincore, mincore, "pup");
    define(SYS_mlock, mlock, "pu");
    define(SYS_mlock2, mlock2, "pux");
    define(SYS_munlock, munlock, "pu");
    define(SYS_mlockall, mlockall, "x");
    define(SYS_munlockall, munlock, "");
    define(SYS_riscv_flush_icache, flushInstructionCache, "ppx");
}
