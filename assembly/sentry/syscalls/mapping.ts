// SPDX-License-Identifier: Apache-2.0
//
// What the calls that make and change mappings have in common: rounding, ranges, limits.

import { MINIMUM_ADDRESS, USER_END } from "../arch/machine";
import { ENOMEM } from "../kernel/errno";
import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { AddressSpace } from "../memory/addressSpace";
import { Region } from "../memory/region";
import { PAGE_SIZE } from "../../std/pages";

export const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

/** Regions of one address space: vm.max_map_count. */
export const REGIONS_MAXIMUM: i32 = 65530;

// @ts-ignore: decorator
@inline
export function pageUp(value: u64): u64 {
    return (value + PAGE_SIZE - 1) & PAGE_MASK;
}

// @ts-ignore: decorator
@inline
export function isPageAligned(value: u64): bool {
    return (value & (PAGE_SIZE - 1)) == 0;
}

// @ts-ignore: decorator
@inline
export function space(): AddressSpace {
    return current.process.addressSpace;
}

/** Whether `length` bytes from `start` (a length that has been rounded up) are user memory. */
export function isUserRange(start: u64, length: u64): bool {
    return length <= USER_END && start <= USER_END - length;
}

/** Whether user memory may begin at `start`: below are addresses that only a privileged process could map (mmap_min_addr). */
export function isMappable(start: u64): bool {
    return start >= MINIMUM_ADDRESS;
}

/** Whether `bytes` more of what `like` is may be mapped (RLIMIT_AS, RLIMIT_DATA). */
export function mayExpand(like: Region, bytes: u64): bool {
    const own = space();
    const limits = current.process.limits;
    const limit = limits.soft[RLIMIT_AS];
    if (bytes > limit || own.mappedBytes > limit - bytes) return false;
    const data = limits.soft[RLIMIT_DATA];
    return !like.isData || (bytes <= data && own.dataBytes <= data - bytes);
}

/** Whether `bytes` more may be locked (RLIMIT_MEMLOCK; no process of a container has CAP_IPC_LOCK). */
export function mayLock(bytes: u64): bool {
    const limit = current.process.limits.soft[RLIMIT_MEMLOCK];
    return bytes <= limit && space().lockedBytes <= limit - bytes;
}

/** 0, or -ENOMEM where taking `start` to `end` out of regions would make too many of them. */
export function checkSplits(start: u64, end: u64): i64 {
    const own = space();
    const splits = own.splitsAt(start, end);
    // One that only makes them fewer goes through, however many there are.
    return splits > 0 && own.regions.length + splits > REGIONS_MAXIMUM ? -ENOMEM : 0;
}

/** Brings the pages of a range in, as far as memory and the regions allow. */
export function populate(start: u64, end: u64, write: bool): i32 {
    const own = space();
    for (let at = start; at < end; at += PAGE_SIZE) {
        if (own.touch(at, write) == 0) return own.fault;
    }
    return 0;
}
