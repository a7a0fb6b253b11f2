// SPDX-License-Identifier: Apache-2.0
//
// mremap(2).

import { SYS_mremap } from "../arch/systemCalls";
import { USER_END } from "../arch/machine";
import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from "../kernel/errno";
import { Region, REGION_LOCKED, REGION_LOCKED_ON_FAULT, REGION_SHARED, REGION_VDSO } from "../memory/region";
import {
    isMappable,
    isPageAligned,
    isUserRange,
    mayExpand,
    mayLock,
    pageUp,
    populate,
    REGIONS_MAXIMUM,
    space,
} from "./mapping";
import { define } from "./table";

const MREMAP_MAYMOVE: u32 = 1;
const MREMAP_FIXED: u32 = 2;
const MREMAP_DONTUNMAP: u32 = 4;

/** Regions that a move may add (Linux keeps as many back). */
const MOVE_REGIONS: i32 = 6;

function mremap(address: u64, oldLength: u64, newLength: u64, flags_: u64, target: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags_ & ~(<u64>(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))) != 0) return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0 && (flags & MREMAP_MAYMOVE) == 0) return -EINVAL;
    if ((flags & MREMAP_DONTUNMAP) != 0 && oldLength != newLength) return -EINVAL;
    if (!isPageAligned(address)) return -EINVAL;
    let oldSize = pageUp(oldLength);
    const newSize = pageUp(newLength);
    if (newSize == 0 || newSize > USER_END) return -EINVAL;
    const own = space();
    if (own.find(address) === null) return -EFAULT;
    if (oldSize > USER_END || !isUserRange(address, oldSize)) return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) {
        if (!isPageAligned(target) || !isUserRange(target, newSize)) return -EINVAL;
        if (address + oldSize > target && target + newSize > address) return -EINVAL;
        if (own.regions.length + MOVE_REGIONS > REGIONS_MAXIMUM) return -ENOMEM;
    }
    if ((flags & MREMAP_FIXED) != 0) {
        if (!isMappable(target)) return -EPERM;
        own.unmap(target, target + newSize);
    }
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) == 0 || oldSize > newSize) {
        // What is given up need not be one mapping.
        if (oldSize >= newSize) {
            if (oldSize > newSize) own.unmap(address + newSize, address + oldSize);
            if ((flags & MREMAP_FIXED) == 0) return address;
            oldSize = newSize;
        }
    }
    const region = own.find(address);
    if (region === null) return -EFAULT;
    const error = checkResize(region, address, oldSize, newSize, (flags & MREMAP_DONTUNMAP) != 0);
    if (error != 0) return error;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) == 0 && growInPlace(region, address, oldSize, newSize))
        return address;
    if ((flags & MREMAP_MAYMOVE) == 0) return -ENOMEM;
    if (own.regions.length + MOVE_REGIONS > REGIONS_MAXIMUM) return -ENOMEM;
    let start = target;
    if ((flags & MREMAP_FIXED) == 0) {
        start = own.findGap(newSize, (flags & MREMAP_DONTUNMAP) != 0 ? target : 0);
        if (start == 0) return -ENOMEM;
    }
    return move(region, address, oldSize, start, newSize, (flags & MREMAP_DONTUNMAP) != 0);
}

/** Whether what `region` has at `address` may have another size. 0 or a negative errno. */
function checkResize(region: Region, address: u64, oldSize: u64, newSize: u64, keeps: bool): i64 {
    // A length of 0 stands for a second mapping of the same shared pages.
    if (oldSize == 0 && (region.flags & REGION_SHARED) == 0) return -EINVAL;
    if (oldSize > region.end - address) return -EFAULT;
    if (newSize > oldSize && (region.flags & REGION_VDSO) != 0) return -EFAULT;
    const added = keeps ? newSize : newSize > oldSize ? newSize - oldSize : 0;
    if (added == 0) return 0;
    if (region.offset + (address - region.start) + newSize < newSize) return -EINVAL;
    if (region.isLocked && !mayLock(added)) return -EAGAIN;
    return mayExpand(region, added) ? 0 : -ENOMEM;
}

/** Makes a mapping that ends where the old range does longer, if there is room behind it. */
function growInPlace(region: Region, address: u64, oldSize: u64, newSize: u64): bool {
    if (newSize == oldSize) return true;
    const own = space();
    const end = region.end;
    if (address + oldSize != end || !isUserRange(address, newSize) || !own.isFree(end, address + newSize))
        return false;
    const grown = extension(region, end, address + newSize);
    own.add(grown);
    if ((region.flags & (REGION_LOCKED | REGION_LOCKED_ON_FAULT)) == REGION_LOCKED)
        populate(end, address + newSize, false);
    return true;
}

function move(region: Region, address: u64, oldSize: u64, start: u64, newSize: u64, keeps: bool): i64 {
    const own = space();
    const moved = extension(region, address, address + newSize);
    moved.start = start;
    moved.end = start + newSize;
    moved.fileEnd = moved.end;
    const isLocked = (region.flags & (REGION_LOCKED | REGION_LOCKED_ON_FAULT)) == REGION_LOCKED;
    own.add(moved);
    own.movePages(address, start, min(oldSize, newSize));
    if (keeps) {
        if (region.isLocked) {
            own.splitAt(address);
            own.splitAt(address + oldSize);
            const left = own.find(address);
            if (left !== null) {
                own.count(left, oldSize, -1);
                left.flags &= ~(REGION_LOCKED | REGION_LOCKED_ON_FAULT);
                own.count(left, oldSize, 1);
            }
        }
    } else if (oldSize != 0) {
        own.unmap(address, address + oldSize);
    }
    if (isLocked && newSize > oldSize) populate(start + oldSize, start + newSize, false);
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

export function registerRemapCalls(): void {
    define(SYS_mremap, mremap, "puuxp");
}
