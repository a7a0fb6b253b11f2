// SPDX-License-Identifier: Apache-2.0
//
// System V shared memory: shmget, shmat, shmdt, shmctl.

import { SYS_shmat, SYS_shmctl, SYS_shmdt, SYS_shmget } from "../arch/systemCalls";
import { EACCES, EFAULT, EINVAL, ENOMEM, ENOSPC, EPERM } from "../kernel/errno";
import { RLIMIT_MEMLOCK } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import {
    checkOwner,
    IPC_INFO,
    IPC_PRIVATE,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    MAY_ALTER,
    MAY_READ,
    outcome,
    PERMISSION_SIZE,
    readForSet,
} from "../ipc/objects";
import {
    residentSegmentPages,
    secondsNow,
    Segment,
    SEGMENT_SIZE_MAXIMUM,
    segmentPages,
    segments,
    SEGMENTS_MAXIMUM,
    SHM_LOCKED,
} from "../ipc/sharedMemory";
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_NEVER_WRITABLE,
    REGION_SEGMENT,
    REGION_SHARED,
} from "../memory/region";
import { copyOut } from "../memory/userMemory";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../../std/pages";
import {
    checkSplits,
    isMappable,
    isPageAligned,
    isUserRange,
    mayExpand,
    PAGE_MASK,
    pageUp,
    REGIONS_MAXIMUM,
    space,
} from "./mapping";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

const SHM_RDONLY: u32 = 0o10000;
const SHM_RND: u32 = 0o20000;
const SHM_REMAP: u32 = 0o40000;
const SHM_EXEC: u32 = 0o100000;
const SHM_HUGETLB: u32 = 0o4000;

const SHM_LOCK: i32 = 11;
const SHM_UNLOCK: i32 = 12;
const SHM_STAT: i32 = 13;
const SHM_INFO: i32 = 14;
const SHM_STAT_ANY: i32 = 15;

/** Linux's SHMMAX and SHMALL: no limit but memory. */
export const SHMMAX: u64 = u64.MAX_VALUE - (1 << 24);

/** struct shmid64_ds: permission, size, three times, two pids, attachments, two reserved words. */
const STATUS_SIZE: i32 = 112;
/** struct shminfo64, struct shm_info. */
const LIMITS_SIZE: i32 = 72;
const USAGE_SIZE: i32 = 48;
const scratch: usize = reserveBuffer(STATUS_SIZE);

// Partial: SHM_HUGETLB is EINVAL.
function shmget(key: u64, size: u64, flags_: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    const found = segments.lookUp(<i32>key, flags);
    if (found !== null) {
        if (size > changetype<Segment>(found).size) return -EINVAL;
        return found.permits(flags) ? found.id : -EACCES;
    }
    if (outcome != 0) return outcome;
    if (size == 0 || size > SHMMAX) return -EINVAL;
    if ((flags & SHM_HUGETLB) != 0) return unsupported("shmget: SHM_HUGETLB", EINVAL);
    if (size > SEGMENT_SIZE_MAXIMUM) return -ENOMEM;
    if (segments.count >= SEGMENTS_MAXIMUM) return -ENOSPC;
    return segments.add(new Segment(flags, size), <i32>key);
}

function shmat(id: u64, address: u64, flags_: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if (<i32>id < 0) return -EINVAL;
    let start = address;
    if (start != 0) {
        if (!isPageAligned(start)) {
            if ((flags & SHM_RND) == 0) return -EINVAL;
            start &= PAGE_MASK;
            if (start == 0 && (flags & SHM_REMAP) != 0) return -EINVAL;
        }
    } else if ((flags & SHM_REMAP) != 0) {
        return -EINVAL;
    }
    let protection = PROT_READ;
    let wanted = MAY_READ;
    let kind = REGION_SHARED | REGION_SEGMENT;
    if ((flags & SHM_RDONLY) == 0) {
        protection |= PROT_WRITE;
        wanted |= MAY_ALTER;
    } else {
        kind |= REGION_NEVER_WRITABLE;
    }
    if ((flags & SHM_EXEC) != 0) {
        protection |= PROT_EXEC;
        wanted |= 0o111;
    }
    const object = segments.get(<i32>id);
    if (object === null) return -EINVAL;
    if (!object.permits(wanted)) return -EACCES;
    const segment = changetype<Segment>(object);
    const size = pageUp(segment.size);
    const own = space();
    if (start != 0) {
        if (start + size < start) return -EINVAL;
        if ((flags & SHM_REMAP) == 0 && !own.isUnmapped(start, start + size)) return -EINVAL;
        if (!isUserRange(start, size)) return -ENOMEM;
        if (!isMappable(start)) return -EPERM;
    } else {
        start = own.findGap(size, 0);
        if (start == 0) return -ENOMEM;
    }
    if (own.regions.length >= REGIONS_MAXIMUM || checkSplits(start, start + size) != 0) return -ENOMEM;
    const region = new Region(start, start + size, protection, kind);
    if (!mayExpand(region, size)) return -ENOMEM;
    if ((flags & SHM_REMAP) != 0) own.unmap(start, start + size);
    region.shared = segment.pages.retain();
    own.add(region);
    return start;
}

function shmdt(address: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (!isPageAligned(address)) return -EINVAL;
    const own = space();
    // The first region that shows the segment as it would lie if attached here; then all of it that is left.
    for (let i = own.indexAfter(address); i < own.regions.length; i++) {
        const region = own.regions[i];
        if ((region.flags & REGION_SEGMENT) == 0 || region.start - address != region.offset) continue;
        const pages = region.shared;
        let end = region.end;
        for (let k = i + 1; k < own.regions.length; k++) {
            const next = own.regions[k];
            if (next.shared === pages && next.start - address == next.offset) end = next.end;
        }
        // Other mappings may have been made in between.
        for (let k = i; k < own.regions.length && own.regions[k].start < end;) {
            const part = own.regions[k];
            if (part.shared === pages && part.start - address == part.offset) own.unmap(part.start, part.end);
            else k++;
        }
        return 0;
    }
    return -EINVAL;
}

function writeStatus(segment: Segment): void {
    memory.fill(scratch, 0, STATUS_SIZE);
    segment.writePermission(scratch);
    const at = scratch + PERMISSION_SIZE;
    store<u64>(at, segment.size);
    store<u64>(at, segment.attachTime, 8);
    store<u64>(at, segment.detachTime, 16);
    store<u64>(at, segment.changeTime, 24);
    store<i32>(at, segment.creatorPid, 32);
    store<i32>(at, segment.lastPid, 36);
    store<u64>(at, segment.pages.attachments, 40);
}

function limits(address: u64): i64 {
    memory.fill(scratch, 0, LIMITS_SIZE);
    store<u64>(scratch, SHMMAX);
    store<u64>(scratch, 1, 8);
    store<u64>(scratch, SEGMENTS_MAXIMUM, 16);
    store<u64>(scratch, SEGMENTS_MAXIMUM, 24);
    store<u64>(scratch, SHMMAX, 32);
    if (copyOut(address, scratch, LIMITS_SIZE) != 0) return -EFAULT;
    return segments.highest;
}

function usage(address: u64): i64 {
    memory.fill(scratch, 0, USAGE_SIZE);
    store<i32>(scratch, segments.count);
    store<u64>(scratch, segmentPages, 8);
    store<u64>(scratch, residentSegmentPages(), 16);
    if (copyOut(address, scratch, USAGE_SIZE) != 0) return -EFAULT;
    return segments.highest;
}

function shmctl(id_: u64, command_: u64, address: u64, d: u64, e: u64, f: u64): i64 {
    const id = <i32>id_;
    const command = <i32>command_;
    if (id < 0 || command < 0) return -EINVAL;
    switch (command) {
        case IPC_INFO:
            return limits(address);
        case SHM_INFO:
            return usage(address);
        case SHM_STAT:
        case SHM_STAT_ANY: {
            const object = segments.at(id & 0x7fff);
            if (object === null) return -EINVAL;
            if (command == SHM_STAT && !object.permits(MAY_READ)) return -EACCES;
            writeStatus(changetype<Segment>(object));
            return copyOut(address, scratch, STATUS_SIZE) != 0 ? -EFAULT : object.id;
        }
        case IPC_STAT: {
            const object = segments.get(id);
            if (object === null) return -EINVAL;
            if (!object.permits(MAY_READ)) return -EACCES;
            writeStatus(changetype<Segment>(object));
            return copyOut(address, scratch, STATUS_SIZE);
        }
        case IPC_SET: {
            if (readForSet(scratch, address, STATUS_SIZE) != 0) return -EFAULT;
            const object = segments.get(id);
            if (object === null) return -EINVAL;
            const error = checkOwner(object);
            if (error != 0) return error;
            object.readPermission(scratch);
            object.changeTime = secondsNow();
            return 0;
        }
        case IPC_RMID: {
            const object = segments.get(id);
            if (object === null) return -EINVAL;
            const error = checkOwner(object);
            if (error != 0) return error;
            changetype<Segment>(object).destroy();
            return 0;
        }
        case SHM_LOCK:
        case SHM_UNLOCK: {
            const object = segments.get(id);
            if (object === null) return -EINVAL;
            if (!object.isOwned()) return -EPERM;
            if (command == SHM_LOCK) {
                if (current.process.limits.soft[RLIMIT_MEMLOCK] == 0) return -EPERM;
                object.mode |= SHM_LOCKED;
            } else {
                object.mode &= ~SHM_LOCKED;
            }
            return 0;
        }
        default:
            return -EINVAL;
    }
}

export function registerSharedMemoryCalls(): void {
    // Partial: SHM_HUGETLB is refused.
    define(SYS_shmget, shmget, "xux");
    define(SYS_shmat, shmat, "dpx");
    define(SYS_shmdt, shmdt, "p");
    define(SYS_shmctl, shmctl, "ddp");
}
