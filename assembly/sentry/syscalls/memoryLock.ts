// SPDX-License-Identifier: Apache-2.0
//
// mlock, mlock2, munlock, mlockall, munlockall. Nothing is ever swapped out: a locked page is one that has been brought in, and
// what is locked counts against RLIMIT_MEMLOCK.

import { SYS_mlock, SYS_mlock2, SYS_mlockall, SYS_munlock, SYS_munlockall } from "../arch/systemCalls";
import { EAGAIN, EINVAL, ENOMEM, EPERM } from "../kernel/errno";
import { RLIMIT_MEMLOCK } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { FAULT_NO_MEMORY } from "../memory/addressSpace";
import {
    PROT_WRITE,
    Region,
    REGION_LOCKED,
    REGION_LOCKED_ON_FAULT,
    REGION_SHARED,
    REGION_VDSO,
} from "../memory/region";
import { PAGE_SIZE } from "../../std/pages";
import { checkSplits, PAGE_MASK, pageUp, populate, space } from "./mapping";
import { define } from "./table";

const MLOCK_ONFAULT: u64 = 1;
const MCL_CURRENT: u64 = 1;
const MCL_FUTURE: u64 = 2;
const MCL_ONFAULT: u64 = 4;

const LOCK_FLAGS: u32 = REGION_LOCKED | REGION_LOCKED_ON_FAULT;

/** Bytes of `start` to `end` that are locked already. */
function lockedWithin(start: u64, end: u64): u64 {
    const own = space();
    let bytes: u64 = 0;
    for (let i = own.indexAfter(start); i < own.regions.length && own.regions[i].start < end; i++) {
        const region = own.regions[i];
        if (region.isLocked) bytes += min(region.end, end) - max(region.start, start);
    }
    return bytes;
}

/** Gives the regions from `start` to `end` the lock flags `flags`, up to the first gap. 0 or a negative errno. */
function setLockFlags(start: u64, end: u64, flags: u32): i64 {
    const own = space();
    const error = checkSplits(start, end);
    if (error != 0) return error;
    own.splitAt(start);
    own.splitAt(end);
    let at = start;
    for (let i = own.indexAfter(start); at < end; i++) {
        if (i == own.regions.length || own.regions[i].start > at) break;
        const region = own.regions[i];
        own.count(region, region.end - region.start, -1);
        region.flags = (region.flags & ~LOCK_FLAGS) | flags;
        own.count(region, region.end - region.start, 1);
        at = region.end;
    }
    own.joinWithin(start, end);
    return at < end ? -ENOMEM : 0;
}

/** Brings in what has been locked. 0, or the negative errno that mlock(2) gives where that fails. */
function bringIn(start: u64, end: u64): i64 {
    const own = space();
    for (let at = start; at < end;) {
        const region = own.find(at);
        if (region === null) return -ENOMEM;
        const stop = min(region.end, end);
        const fault = populate(at, stop, writesWhenLocked(region));
        if (fault != 0) {
            own.fault = 0;
            return fault == FAULT_NO_MEMORY ? -EAGAIN : -ENOMEM;
        }
        at = stop;
    }
    return 0;
}

/** Copies of private pages are made at once, so that locked memory has no faults later. */
function writesWhenLocked(region: Region): bool {
    return (region.protection & PROT_WRITE) != 0 && (region.flags & REGION_SHARED) == 0;
}

function lockRange(address: u64, length: u64, flags: u32): i64 {
    const limit = current.process.limits.soft[RLIMIT_MEMLOCK];
    if (limit == 0) return -EPERM;
    const start = address & PAGE_MASK;
    const size = pageUp(length + (address - start));
    const end = start + size;
    const own = space();
    if (size > limit || own.lockedBytes > limit - size) {
        if (own.lockedBytes - lockedWithin(start, end) + size > limit) return -ENOMEM;
    }
    if (end < start) return -EINVAL;
    if (end == start) return 0;
    const error = setLockFlags(start, end, flags);
    if (error != 0) return error;
    return (flags & REGION_LOCKED_ON_FAULT) != 0 ? 0 : bringIn(start, end);
}

function mlock(address: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return lockRange(address, length, REGION_LOCKED);
}

function mlock2(address: u64, length: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if (((<u32>flags) & ~MLOCK_ONFAULT) != 0) return -EINVAL;
    return lockRange(
        address,
        length,
        (flags & MLOCK_ONFAULT) != 0 ? REGION_LOCKED | REGION_LOCKED_ON_FAULT : REGION_LOCKED,
    );
}

function munlock(address: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const start = address & PAGE_MASK;
    const end = start + pageUp(length + (address - start));
    if (end < start) return -EINVAL;
    return end == start ? 0 : setLockFlags(start, end, 0);
}

/** Sets the lock flags of every region that there is. */
function setAllLockFlags(flags: u32): void {
    const own = space();
    for (let i = 0; i < own.regions.length; i++) {
        const region = own.regions[i];
        if ((region.flags & REGION_VDSO) != 0) continue;
        own.count(region, region.end - region.start, -1);
        region.flags = (region.flags & ~LOCK_FLAGS) | flags;
        own.count(region, region.end - region.start, 1);
    }
}

function mlockall(flags_: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u64>(<u32>flags_);
    if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0 || flags == MCL_ONFAULT)
        return -EINVAL;
    const limit = current.process.limits.soft[RLIMIT_MEMLOCK];
    if (limit == 0) return -EPERM;
    const own = space();
    if ((flags & MCL_CURRENT) != 0 && own.mappedBytes > limit) return -ENOMEM;
    const kind = (flags & MCL_ONFAULT) != 0 ? LOCK_FLAGS : REGION_LOCKED;
    own.futureFlags = (flags & MCL_FUTURE) != 0 ? kind : 0;
    if ((flags & MCL_CURRENT) == 0) return 0;
    setAllLockFlags(kind);
    if (kind != REGION_LOCKED) return 0;
    // Regions without access stay as they are; what cannot be brought in is no error here.
    for (let i = 0; i < own.regions.length; i++) {
        const region = own.regions[i];
        if (region.protection != 0) populate(region.start, region.end, writesWhenLocked(region));
    }
    own.fault = 0;
    return 0;
}

function munlockall(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    space().futureFlags = 0;
    setAllLockFlags(0);
    return 0;
}

export function registerLockCalls(): void {
    define(SYS_mlock, mlock, "pu");
    define(SYS_mlock2, mlock2, "pux");
    define(SYS_munlock, munlock, "pu");
    define(SYS_mlockall, mlockall, "x");
    define(SYS_munlockall, munlockall, "");
}
