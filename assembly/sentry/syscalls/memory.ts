// SPDX-License-Identifier: Apache-2.0
//
// Address spaces: brk, mmap, munmap, mprotect, protection keys, remap_file_pages.

import {
    SYS_brk,
    SYS_mmap,
    SYS_mprotect,
    SYS_munmap,
    SYS_pkey_alloc,
    SYS_pkey_free,
    SYS_pkey_mprotect,
    SYS_remap_file_pages,
    SYS_riscv_flush_icache,
} from "../arch/systemCalls";
import { ELF_MACHINE, instructionPointer, MINIMUM_ADDRESS, USER_END } from "../arch/machine";
import { contentRead } from "../fs/fileTime";
import { O_NOATIME, O_PATH, OpenFile } from "../fs/openFile";
import { asRegular, F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from "../fs/regularInode";
import {
    EACCES,
    EAGAIN,
    EBADF,
    EEXIST,
    EINVAL,
    ENOMEM,
    ENOSPC,
    EOPNOTSUPP,
    EOVERFLOW,
    EPERM,
} from "../kernel/errno";
import { isInit } from "../kernel/process";
import { RLIMIT_DATA, RLIMIT_MEMLOCK } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_GROWS_DOWN,
    REGION_HEAP,
    REGION_LOCKED,
    REGION_LOCKED_ON_FAULT,
    REGION_NEVER_EXECUTABLE,
    REGION_NEVER_WRITABLE,
    REGION_SHARED,
} from "../memory/region";
import { SharedPages } from "../memory/sharedPages";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import {
    checkSplits,
    isMappable,
    isPageAligned,
    isUserRange,
    mayExpand,
    mayLock,
    PAGE_MASK,
    pageUp,
    populate,
    REGIONS_MAXIMUM,
    space,
} from "./mapping";
import { define } from "./table";

const MAP_SHARED: u32 = 0x01;
const MAP_PRIVATE: u32 = 0x02;
const MAP_SHARED_VALIDATE: u32 = 0x03;
const MAP_TYPE: u32 = 0x0f;
const MAP_FIXED: u32 = 0x10;
const MAP_ANONYMOUS: u32 = 0x20;
/** x86_64 alone; elsewhere the bit means nothing. */
const MAP_32BIT: u32 = 0x40;
const TWO_GIBIBYTES: u64 = 1 << 31;
const EM_X86_64: u16 = 62;
const MAP_GROWSDOWN: u32 = 0x100;
const MAP_LOCKED: u32 = 0x2000;
const MAP_POPULATE: u32 = 0x8000;
const MAP_NONBLOCK: u32 = 0x10000;
const MAP_HUGETLB: u32 = 0x40000;
const MAP_FIXED_NOREPLACE: u32 = 0x100000;
/** What MAP_SHARED_VALIDATE knows: every flag from before it came, with the sizes of huge pages, and no other. */
const MAP_VALIDATED: u32 = 0x7c07_f973;

const PROT_ALL: u32 = PROT_READ | PROT_WRITE | PROT_EXEC;
/** PROT_SEM: accepted, and of no effect. */
const PROT_SEM: u32 = 8;
const PROT_GROWSDOWN: u32 = 0x0100_0000;
const PROT_GROWSUP: u32 = 0x0200_0000;

/** SYS_RISCV_FLUSH_ICACHE_LOCAL: only for the calling thread. */
const FLUSH_LOCAL: u64 = 1;

function brk(address: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const own = space();
    if (address < own.breakStart || address > USER_END - PAGE_SIZE) return own.breakEnd;
    const oldEnd = pageUp(own.breakEnd);
    const newEnd = pageUp(address);
    if (newEnd > oldEnd) {
        const limit = current.process.limits.soft[RLIMIT_DATA];
        const heap_ = new Region(oldEnd, newEnd, PROT_READ | PROT_WRITE, REGION_HEAP | own.futureFlags);
        if (address - own.breakStart > limit || !mayExpand(heap_, newEnd - oldEnd)) return own.breakEnd;
        if (heap_.isLocked && !mayLock(newEnd - oldEnd)) return own.breakEnd;
        if (own.regions.length >= REGIONS_MAXIMUM) return own.breakEnd;
        // A page stays free behind the heap, as Linux asks.
        if (!own.isFree(oldEnd, newEnd + PAGE_SIZE)) return own.breakEnd;
        own.add(heap_);
        if ((own.futureFlags & REGION_LOCKED) != 0) populate(oldEnd, newEnd, true);
    } else if (newEnd < oldEnd) {
        own.unmap(newEnd, oldEnd);
    }
    own.breakEnd = address;
    return address;
}

/** The flags of a region that maps `file`, or a negative errno where mmap(2) refuses it. */
function checkFile(file: OpenFile, flags: u32, protection: u32): i64 {
    const type = flags & MAP_TYPE;
    let kind: u32 = 0;
    if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
        if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_VALIDATED) != 0) return -EOPNOTSUPP;
        if ((protection & PROT_WRITE) != 0 && !file.isWritable()) return -EACCES;
        kind = REGION_SHARED;
        if (!file.isWritable()) kind |= REGION_NEVER_WRITABLE;
    } else if (type != MAP_PRIVATE) {
        return -EINVAL;
    }
    if (!file.isReadable()) return -EACCES;
    if (file.inode.fileSystem.forbidsExecution) {
        if ((protection & PROT_EXEC) != 0) return -EPERM;
        kind |= REGION_NEVER_EXECUTABLE;
    }
    const error = file.mappable();
    if (error != 0) return error;
    if ((flags & MAP_GROWSDOWN) != 0) return -EINVAL;
    const regular = asRegular(file.inode);
    if (kind != 0 && regular !== null && (regular.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) {
        if ((kind & REGION_SHARED) != 0) {
            if ((protection & PROT_WRITE) != 0) return -EPERM;
            kind |= REGION_NEVER_WRITABLE;
        }
    }
    return kind;
}

/** Where a mapping of `size` bytes goes, or a negative errno. */
function placeMapping(address: u64, size: u64, flags: u32): i64 {
    const own = space();
    if (size > USER_END) return -ENOMEM;
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
        if (!isUserRange(address, size)) return -ENOMEM;
        if (!isPageAligned(address)) return -EINVAL;
        if (!isMappable(address)) return -EPERM;
        if ((flags & MAP_FIXED_NOREPLACE) != 0 && !own.isUnmapped(address, address + size)) return -EEXIST;
        return address;
    }
    // A wish below what may be mapped is one for the lowest address.
    const hint = (address & PAGE_MASK) != 0 && address < MINIMUM_ADDRESS ? MINIMUM_ADDRESS : address;
    const start = own.findGap(size, hint);
    if (start == 0) return -ENOMEM;
    if ((flags & MAP_32BIT) != 0 && start + size > TWO_GIBIBYTES && ELF_MACHINE == EM_X86_64) return -ENOMEM;
    return start;
}

function mmap(address: u64, length: u64, protection_: u64, flags_: u64, descriptor: u64, offset: u64): i64 {
    const flags = <u32>flags_;
    const protection = (<u32>protection_) & PROT_ALL;
    if (!isPageAligned(offset)) return -EINVAL;
    let file: OpenFile | null = null;
    if ((flags & MAP_ANONYMOUS) == 0) {
        file = current.process.fileDescriptors.get(<i32>descriptor);
        if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
        if ((flags & MAP_HUGETLB) != 0) return -EINVAL;
    } else if ((flags & MAP_HUGETLB) != 0) {
        // There are no huge pages, as on a Linux whose pool of them is empty.
        return length == 0 ? -EINVAL : -ENOMEM;
    }
    if (length == 0) return -EINVAL;
    const size = pageUp(length);
    if (size == 0) return -ENOMEM;
    if (offset + size < offset) return -EOVERFLOW;
    const own = space();
    if (own.regions.length > REGIONS_MAXIMUM) return -ENOMEM;
    const placed = placeMapping(address, size, flags);
    if (placed < 0) return placed;
    let kind = own.futureFlags;
    if ((flags & MAP_LOCKED) != 0) {
        if (current.process.limits.soft[RLIMIT_MEMLOCK] == 0) return -EPERM;
        kind |= REGION_LOCKED;
    }
    if ((kind & REGION_LOCKED) != 0 && !mayLock(size)) return -EAGAIN;
    let shared: bool;
    if (file !== null) {
        const checked = checkFile(file, flags, protection);
        if (checked < 0) return checked;
        kind |= <u32>checked;
        shared = (kind & REGION_SHARED) != 0;
        // A mapping of /dev/zero is one of anonymous memory.
        if (file.mapsAnonymously()) file = null;
    } else {
        shared = (flags & MAP_TYPE) == MAP_SHARED;
        if (!shared && (flags & MAP_TYPE) != MAP_PRIVATE) return -EINVAL;
        if ((flags & MAP_GROWSDOWN) != 0) {
            if (shared) return -EINVAL;
            kind |= REGION_GROWS_DOWN;
        }
        if (shared) kind |= REGION_SHARED;
    }
    const start = <u64>placed;
    const end = start + size;
    const region = new Region(start, end, protection, kind);
    if ((flags & MAP_FIXED) != 0 && !own.isUnmapped(start, end)) {
        const error = checkSplits(start, end);
        if (error != 0) return error;
        own.unmap(start, end);
    }
    if (!mayExpand(region, size)) return -ENOMEM;
    if (file !== null) {
        region.file = file.retain();
        region.offset = offset;
        // Reads through the mapping are not seen: making it counts as one, as on Linux.
        if ((file.flags & O_NOATIME) == 0) contentRead(file.inode);
    } else if (shared) {
        region.shared = new SharedPages();
    }
    own.add(region);
    if (
        (kind & REGION_LOCKED) != 0
            ? (kind & REGION_LOCKED_ON_FAULT) == 0
            : (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE
    ) {
        // What cannot be brought in is an error only when it is touched.
        populate(start, end, (protection & PROT_WRITE) != 0);
        own.fault = 0;
    }
    return start;
}

function munmap(address: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (!isPageAligned(address) || address > USER_END || length > USER_END - address) return -EINVAL;
    const size = pageUp(length);
    if (size == 0) return -EINVAL;
    const error = checkSplits(address, address + size);
    if (error != 0) return error;
    space().unmap(address, address + size);
    return 0;
}

/** Bytes that a program's or library's relocated pages may be. */
const RELOCATED_MAXIMUM: u64 = 1 << 20;

function mprotect(start: u64, length: u64, protection_: u64, d: u64, e: u64, f: u64): i64 {
    const protection = <u32>protection_;
    const grows = protection & (PROT_GROWSDOWN | PROT_GROWSUP);
    if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || !isPageAligned(start)) return -EINVAL;
    if (length == 0) return 0;
    const size = pageUp(length);
    const end = start + size;
    if (end <= start) return -ENOMEM;
    if ((protection & ~(PROT_ALL | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP)) != 0) return -EINVAL;
    const own = space();
    let index = own.indexAfter(start);
    if (index == own.regions.length) return -ENOMEM;
    const first = own.regions[index];
    if (grows == PROT_GROWSDOWN) {
        if (first.start >= end) return -ENOMEM;
        if ((first.flags & REGION_GROWS_DOWN) == 0) return -EINVAL;
        start = first.start;
    } else {
        if (first.start > start) return -ENOMEM;
        // No region grows upwards.
        if (grows == PROT_GROWSUP) return -EINVAL;
    }
    const error = checkSplits(start, min(end, USER_END));
    if (error != 0) return error;
    const wanted = protection & PROT_ALL;
    // Regions before the first that refuses are changed, as on Linux.
    let at = start;
    let result: i64 = 0;
    while (at < end) {
        if (index == own.regions.length || own.regions[index].start > at) {
            result = -ENOMEM;
            break;
        }
        const region = own.regions[index];
        if (
            ((wanted & PROT_WRITE) != 0 && (region.flags & REGION_NEVER_WRITABLE) != 0) ||
            ((wanted & PROT_EXEC) != 0 && (region.flags & REGION_NEVER_EXECUTABLE) != 0)
        ) {
            result = -EACCES;
            break;
        }
        if (
            (wanted & PROT_WRITE) != 0 &&
            (region.protection & PROT_WRITE) == 0 &&
            (region.flags & (REGION_SHARED | REGION_GROWS_DOWN)) == 0
        ) {
            const bytes = min(region.end, end) - at;
            const limit = current.process.limits.soft[RLIMIT_DATA];
            if (bytes > limit || own.dataBytes > limit - bytes) {
                result = -ENOMEM;
                break;
            }
        }
        at = region.end;
        index++;
    }
    if (at > start) own.protect(start, min(at, end), wanted);
    // It costs more than a command that ends soon is worth: the container's first process stays.
    const relocates = wanted == PROT_READ && at - start <= RELOCATED_MAXIMUM;
    if (relocates && isInit(current.process)) own.shareRelocated(start, min(at, end));
    return result;
}

// ---------------------------------------------------------------- protection keys

/** The key that every page has where the processor knows no keys. */
const PKEY_DEFAULT: i32 = 0;
const PKEY_NONE: i32 = -1;
/** PKEY_DISABLE_ACCESS, PKEY_DISABLE_WRITE. */
const PKEY_ACCESS_MASK: u64 = 3;

/** As on a processor without protection keys: none can be allocated. */
function pkeyAlloc(flags: u64, rights: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return flags != 0 || (rights & ~PKEY_ACCESS_MASK) != 0 ? -EINVAL : -ENOSPC;
}

function pkeyFree(key: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EINVAL;
}

function pkeyMprotect(start: u64, length: u64, protection: u64, key: u64, e: u64, f: u64): i64 {
    if (<i32>key != PKEY_NONE && <i32>key != PKEY_DEFAULT) return -EINVAL;
    return mprotect(start, length, protection, 0, 0, 0);
}

// ---------------------------------------------------------------- remap_file_pages

/** Linux since 4.0 makes an ordinary mapping of it: the range shows the object from page `offset` on. */
function remapFilePages(start: u64, length: u64, protection: u64, offset: u64, flags: u64, f: u64): i64 {
    if (protection != 0) return -EINVAL;
    const at = start & PAGE_MASK;
    const size = length & PAGE_MASK;
    if (at + size <= at) return -EINVAL;
    if (offset + (size >> PAGE_BITS) < offset || offset >= (<u64>1) << 52) return -EINVAL;
    const own = space();
    const region = own.find(at);
    if (region === null || (region.flags & REGION_SHARED) == 0) return -EINVAL;
    // The whole range must lie in mappings of the one object.
    for (let i = own.indexAfter(at), from = at; from < at + size; i++) {
        if (i == own.regions.length) return -EINVAL;
        const other = own.regions[i];
        if (other.start > from || other.file !== region.file || other.shared !== region.shared)
            return -EINVAL;
        if (other.flags != region.flags) return -EINVAL;
        from = other.end;
    }
    const error = checkSplits(at, at + size);
    if (error != 0) return error;
    const moved = new Region(at, at + size, region.protection, region.flags);
    const file = region.file;
    if (file !== null) moved.file = file.retain();
    const shared = region.shared;
    if (shared !== null) moved.shared = shared.retain();
    moved.offset = offset << PAGE_BITS;
    own.unmap(at, at + size);
    own.add(moved);
    return 0;
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
    define(SYS_pkey_alloc, pkeyAlloc, "xx");
    define(SYS_pkey_free, pkeyFree, "d");
    define(SYS_pkey_mprotect, pkeyMprotect, "purd");
    define(SYS_remap_file_pages, remapFilePages, "purux");
    define(SYS_riscv_flush_icache, flushInstructionCache, "ppx");
}
