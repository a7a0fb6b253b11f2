// SPDX-License-Identifier: Apache-2.0
//
// madvise, process_madvise, msync, mincore.

import { SYS_madvise, SYS_mincore, SYS_msync } from "../arch/systemCalls";
import { USER_END } from "../arch/machine";
import { asRegular } from "../fs/regularInode";
import { EACCES, EAGAIN, EBUSY, EFAULT, EINVAL, ENOMEM, EPERM } from "../kernel/errno";
import { FAULT_BEYOND_FILE, FAULT_NO_MEMORY } from "../memory/addressSpace";
import { forgetSharedPage } from "../memory/fileMappings";
import {
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_DONT_DUMP,
    REGION_DONT_FORK,
    REGION_NEVER_WRITABLE,
    REGION_SHARED,
    REGION_VDSO,
    REGION_WIPE_ON_FORK,
} from "../memory/region";
import { copyOut } from "../memory/userMemory";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { checkSplits, isPageAligned, isUserRange, pageUp, populate, space } from "./mapping";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const MADV_NORMAL: i32 = 0;
const MADV_RANDOM: i32 = 1;
const MADV_SEQUENTIAL: i32 = 2;
const MADV_WILLNEED: i32 = 3;
const MADV_DONTNEED: i32 = 4;
const MADV_FREE: i32 = 8;
const MADV_REMOVE: i32 = 9;
const MADV_DONTFORK: i32 = 10;
const MADV_DOFORK: i32 = 11;
const MADV_MERGEABLE: i32 = 12;
const MADV_UNMERGEABLE: i32 = 13;
const MADV_HUGEPAGE: i32 = 14;
const MADV_NOHUGEPAGE: i32 = 15;
const MADV_DONTDUMP: i32 = 16;
const MADV_DODUMP: i32 = 17;
const MADV_WIPEONFORK: i32 = 18;
const MADV_KEEPONFORK: i32 = 19;
const MADV_COLD: i32 = 20;
const MADV_PAGEOUT: i32 = 21;
const MADV_POPULATE_READ: i32 = 22;
const MADV_POPULATE_WRITE: i32 = 23;
const MADV_DONTNEED_LOCKED: i32 = 24;
const MADV_COLLAPSE: i32 = 25;
const MADV_HWPOISON: i32 = 100;
const MADV_SOFT_OFFLINE: i32 = 101;

function isAdvice(advice: i32): bool {
    return (
        (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
        (advice >= MADV_FREE && advice <= MADV_COLLAPSE) ||
        advice == MADV_HWPOISON ||
        advice == MADV_SOFT_OFFLINE
    );
}

function madvise(start: u64, length: u64, advice_: u64, d: u64, e: u64, f: u64): i64 {
    const advice = <i32>advice_;
    if (!isAdvice(advice) || !isPageAligned(start)) return -EINVAL;
    const size = pageUp(length);
    if (length != 0 && size == 0) return -EINVAL;
    const end = start + size;
    if (end < start) return -EINVAL;
    if (size == 0) return 0;
    // Injecting faults takes CAP_SYS_ADMIN.
    if (advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE) return -EPERM;
    if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
        return populateRange(start, end, advice == MADV_POPULATE_WRITE);
    const own = space();
    const error = checkSplits(start, min(end, USER_END));
    if (error != 0) return error;
    // Advice goes to whatever is mapped; a gap is an error in the end.
    let result: i64 = 0;
    let at = start;
    while (at < end) {
        const index = own.indexAfter(at);
        if (index == own.regions.length) return -ENOMEM;
        const region = own.regions[index];
        if (region.start > at) {
            result = -ENOMEM;
            at = region.start;
            continue;
        }
        const stop = min(region.end, end);
        const refused = adviseRegion(region, at, stop, advice);
        if (refused != 0) return refused;
        at = stop;
    }
    return result;
}

/** Advice for a part of one region. 0 or a negative errno. */
function adviseRegion(region: Region, start: u64, end: u64, advice: i32): i64 {
    const own = space();
    switch (advice) {
        case MADV_DONTNEED:
        case MADV_COLD:
        case MADV_PAGEOUT:
            if (region.isLocked) return -EINVAL;
            // There is nowhere to page out to: cold pages stay.
            if (advice == MADV_DONTNEED) own.dropPages(start, end);
            return 0;
        case MADV_DONTNEED_LOCKED:
            own.dropPages(start, end);
            return 0;
        case MADV_FREE:
            if (region.file !== null || region.shared !== null) return -EINVAL;
            own.dropPages(start, end);
            return 0;
        case MADV_REMOVE:
            return removePages(region, start, end);
        case MADV_DONTFORK:
            setFlag(start, end, REGION_DONT_FORK, true);
            return 0;
        case MADV_DOFORK:
            if ((region.flags & REGION_VDSO) != 0) return -EINVAL;
            setFlag(start, end, REGION_DONT_FORK, false);
            return 0;
        case MADV_WIPEONFORK:
            if (region.file !== null || (region.flags & REGION_SHARED) != 0) return -EINVAL;
            setFlag(start, end, REGION_WIPE_ON_FORK, true);
            return 0;
        case MADV_KEEPONFORK:
            setFlag(start, end, REGION_WIPE_ON_FORK, false);
            return 0;
        case MADV_DONTDUMP:
            setFlag(start, end, REGION_DONT_DUMP, true);
            return 0;
        case MADV_DODUMP:
            setFlag(start, end, REGION_DONT_DUMP, false);
            return 0;
        case MADV_COLLAPSE:
            // No range becomes a huge page here.
            return -EINVAL;
        default:
            return 0;
    }
}

function setFlag(start: u64, end: u64, flag: u32, set: bool): void {
    const own = space();
    const region = own.find(start);
    if (region === null || ((region.flags & flag) != 0) == set) return;
    own.splitAt(start);
    own.splitAt(end);
    const part = own.find(start)!;
    if (set) part.flags |= flag;
    else part.flags &= ~flag;
    own.joinWithin(start, end);
}

/** MADV_REMOVE: a hole in the shared object that is mapped. */
function removePages(region: Region, start: u64, end: u64): i64 {
    if (region.isLocked) return -EINVAL;
    const shared = region.shared;
    const file = region.file;
    if (shared === null && file === null) return -EINVAL;
    if ((region.flags & (REGION_SHARED | REGION_NEVER_WRITABLE)) != REGION_SHARED) return -EACCES;
    if (shared !== null) {
        for (let at = start; at < end; at += PAGE_SIZE) forgetSharedPage(shared, region.pageIndex(at));
        return 0;
    }
    const content = asRegular(file!.inode);
    if (content === null) return -EINVAL;
    const offset = region.offset + (start - region.start);
    return content.clearRange(offset, end - start);
}

function populateRange(start: u64, end: u64, write: bool): i64 {
    const own = space();
    let at = start;
    while (at < end) {
        const region = own.find(at);
        if (region === null) return -ENOMEM;
        if ((region.protection & (write ? PROT_WRITE : PROT_READ)) == 0) return -EINVAL;
        const stop = min(region.end, end);
        const fault = populate(at, stop, write);
        if (fault != 0) {
            own.fault = 0;
            return fault == FAULT_NO_MEMORY ? -ENOMEM : -EFAULT;
        }
        at = stop;
    }
    return 0;
}

const MS_ASYNC: u64 = 1;
const MS_INVALIDATE: u64 = 2;
const MS_SYNC: u64 = 4;

/** Shared pages are the file's own frames: nothing is ever left to be written. */
function msync(start: u64, length: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 || !isPageAligned(start)) return -EINVAL;
    if ((flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) return -EINVAL;
    const end = start + pageUp(length);
    if (end < start) return -ENOMEM;
    const own = space();
    let at = start;
    let result: i64 = 0;
    while (at < end) {
        const index = own.indexAfter(at);
        if (index == own.regions.length) return -ENOMEM;
        const region = own.regions[index];
        if (region.start > at) {
            result = -ENOMEM;
            if (flags == MS_ASYNC || region.start >= end) return result;
        }
        if ((flags & MS_INVALIDATE) != 0 && region.isLocked) return -EBUSY;
        at = region.end;
    }
    return result;
}

/** Pages of the vector that are made at a time. */
const VECTOR_PART: i32 = 64;
const vector: usize = reserveBuffer(VECTOR_PART);

/** Whether a page is in memory: as a page of the process, or as one of what it maps. */
function isResident(region: Region, address: u64): bool {
    if (space().pages.find(address >> PAGE_BITS) !== null) return true;
    const index = region.pageIndex(address);
    const shared = region.shared;
    if (shared !== null) return shared.presentFrame(index) != 0;
    const file = region.file;
    if (file === null || address >= region.fileEnd) return false;
    const content = asRegular(file.inode);
    return content !== null && (<u64>index) << PAGE_BITS < content.size && !content.isHole(index);
}

function mincore(start: u64, length: u64, result: u64, d: u64, e: u64, f: u64): i64 {
    if (!isPageAligned(start)) return -EINVAL;
    if (!isUserRange(start, length)) return -ENOMEM;
    const pages = pageUp(length) >> PAGE_BITS;
    if (!isUserRange(result, pages)) return -EFAULT;
    const own = space();
    for (let done: u64 = 0; done < pages; done += VECTOR_PART) {
        const part = <i32>min<u64>(VECTOR_PART, pages - done);
        let region: Region | null = null;
        for (let i = 0; i < part; i++) {
            const address = start + ((done + i) << PAGE_BITS);
            if (region === null || address >= region.end) region = own.find(address);
            if (region === null) return -ENOMEM;
            store<u8>(vector + i, isResident(region, address) ? 1 : 0);
        }
        if (copyOut(result + done, vector, part) != 0) return -EFAULT;
    }
    return 0;
}

export function registerAdviceCalls(): void {
    define(SYS_madvise, madvise, "pud");
    define(SYS_msync, msync, "pux");
    define(SYS_mincore, mincore, "pup");
}
