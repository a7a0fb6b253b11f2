// SPDX-License-Identifier: Apache-2.0
//
// Memory policies (numa(7)) on a machine with one node: every policy means the same, and is checked and remembered.

import {
    SYS_get_mempolicy,
    SYS_mbind,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_set_mempolicy,
    SYS_set_mempolicy_home_node,
} from "../arch/systemCalls";
import { USER_END } from "../arch/machine";
import { E2BIG, EFAULT, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, EPERM, ESRCH } from "../kernel/errno";
import { findProcess } from "../kernel/process";
import { current } from "../kernel/thread";
import { clearOut, copiedIn, copyIn64, copyOut32, copyOut64 } from "../memory/userMemory";
import { PAGE_BITS } from "../../std/pages";
import { isPageAligned, pageUp, space } from "./mapping";
import { define } from "./table";

const MPOL_DEFAULT: u32 = 0;
const MPOL_PREFERRED: u32 = 1;
const MPOL_INTERLEAVE: u32 = 3;
const MPOL_LOCAL: u32 = 4;
const MPOL_LAST: u32 = 6;
const MPOL_F_NUMA_BALANCING: u32 = 1 << 13;
const MPOL_F_RELATIVE_NODES: u32 = 1 << 14;
const MPOL_F_STATIC_NODES: u32 = 1 << 15;
const MODE_FLAGS: u32 = MPOL_F_NUMA_BALANCING | MPOL_F_RELATIVE_NODES | MPOL_F_STATIC_NODES;

const MPOL_F_NODE: u64 = 1;
const MPOL_F_ADDR: u64 = 2;
const MPOL_F_MEMS_ALLOWED: u64 = 4;

const MPOL_MF_STRICT: u64 = 1;
const MPOL_MF_MOVE: u64 = 2;
const MPOL_MF_MOVE_ALL: u64 = 4;

/** Bits of the longest node mask that a program may give: a page of them. */
const MASK_BITS_MAXIMUM: u64 = 4096 * 8;

/** The mask that readMask read: bit 0 is the one node. */
let nodes: u64 = 0;

/** Reads a mask of `bits` - 1 nodes at `address` to `nodes`. 0 or a negative errno: there is one node. */
function readMask(address: u64, bits: u64): i64 {
    nodes = 0;
    if (bits == 0) return 0;
    const count = bits - 1;
    if (count == 0 || address == 0) return 0;
    if (count > MASK_BITS_MAXIMUM) return -EINVAL;
    for (let word: u64 = 0; word << 6 < count; word++) {
        if (copyIn64(address + (word << 3)) != 0) return -EFAULT;
        let value = copiedIn;
        const rest = count - (word << 6);
        if (rest < 64) value &= ((<u64>1) << rest) - 1;
        if (word == 0) nodes = value & 1;
        if ((word == 0 ? value & ~(<u64>1) : value) != 0) return -EINVAL;
    }
    return 0;
}

/** Whether mode and mask of a policy fit together. 0 or a negative errno. */
function checkPolicy(mode: u32, address: u64, bits: u64): i64 {
    const kind = mode & ~MODE_FLAGS;
    if (kind > MPOL_LAST) return -EINVAL;
    if ((mode & MPOL_F_STATIC_NODES) != 0 && (mode & MPOL_F_RELATIVE_NODES) != 0) return -EINVAL;
    const error = readMask(address, bits);
    if (error != 0) return error;
    if (kind == MPOL_DEFAULT || kind == MPOL_LOCAL) return nodes != 0 ? -EINVAL : 0;
    // An empty set means the local node, for MPOL_PREFERRED alone.
    if (nodes == 0) return kind == MPOL_PREFERRED && (mode & MODE_FLAGS) == 0 ? 0 : -EINVAL;
    return 0;
}

function setMempolicy(mode: u64, mask: u64, bits: u64, d: u64, e: u64, f: u64): i64 {
    const error = checkPolicy(<u32>mode, mask, bits);
    if (error != 0) return error;
    current.process.memoryPolicy = <u32>mode;
    current.process.memoryNodes = nodes != 0;
    return 0;
}

/** Writes a mask with the nodes `value` to `bits` - 1 bits at `address`. */
function writeMask(address: u64, bits: u64, value: u64): i64 {
    if (address == 0) return 0;
    if (bits <= 1) return 0;
    const bytes = ((bits - 1 + 63) >> 6) << 3;
    if (bytes > MASK_BITS_MAXIMUM >> 3) return -EINVAL;
    if (clearOut(address, <i32>bytes) != 0) return -EFAULT;
    return copyOut64(address, value);
}

function getMempolicy(mode: u64, mask: u64, bits: u64, address: u64, flags: u64, f: u64): i64 {
    if ((flags & ~(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED)) != 0) return -EINVAL;
    if (mask != 0 && bits < 1) return -EINVAL;
    if ((flags & MPOL_F_MEMS_ALLOWED) != 0) {
        if ((flags & (MPOL_F_NODE | MPOL_F_ADDR)) != 0) return -EINVAL;
        if (mode != 0 && copyOut32(mode, 0) != 0) return -EFAULT;
        return writeMask(mask, bits, 1);
    }
    let policy = current.process.memoryPolicy;
    let used: u64 = current.process.memoryNodes ? 1 : 0;
    if ((flags & MPOL_F_ADDR) != 0) {
        const region = space().find(address);
        if (region === null) return -EFAULT;
        if ((flags & MPOL_F_NODE) != 0) {
            // The page's node.
            if (space().touch(address, false) == 0) return -EFAULT;
            policy = 0;
        }
        used = 0;
        if ((flags & MPOL_F_NODE) == 0) policy = MPOL_DEFAULT;
    } else {
        if (address != 0) return -EINVAL;
        if ((flags & MPOL_F_NODE) != 0) {
            if ((policy & ~MODE_FLAGS) != MPOL_INTERLEAVE) return -EINVAL;
            policy = 0;
        }
    }
    if (mode != 0 && copyOut32(mode, policy) != 0) return -EFAULT;
    return writeMask(mask, bits, used);
}

// Partial: the policy of a range is checked and not remembered.
function mbind(start: u64, length: u64, mode: u64, mask: u64, bits: u64, flags: u64): i64 {
    if ((flags & ~(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)) != 0) return -EINVAL;
    // Moving what other processes use as well takes CAP_SYS_NICE.
    if ((flags & MPOL_MF_MOVE_ALL) != 0) return -EPERM;
    const error = checkPolicy(<u32>mode, mask, bits);
    if (error != 0) return error;
    if (!isPageAligned(start)) return -EINVAL;
    const end = start + pageUp(length);
    if (end < start) return -EINVAL;
    if (end == start) return 0;
    return space().covers(start, end) ? 0 : -EFAULT;
}

function setHomeNode(start: u64, length: u64, node: u64, flags: u64, e: u64, f: u64): i64 {
    if (!isPageAligned(start) || flags != 0 || node != 0) return -EINVAL;
    const end = start + pageUp(length);
    if (end < start) return -EINVAL;
    // No range has a policy for which a home node has a meaning.
    return end == start ? 0 : -EOPNOTSUPP;
}

function migratePages(pid: u64, bits: u64, from: u64, to: u64, e: u64, f: u64): i64 {
    const error = readMask(from, bits);
    if (error != 0) return error;
    const second = readMask(to, bits);
    if (second != 0) return second;
    if (<i32>pid != 0 && findProcess(<i32>pid) === null) return -ESRCH;
    return nodes == 0 ? -EINVAL : 0;
}

/** Linux takes at most so many pages at once. */
const PAGES_MAXIMUM: u64 = 1 << 32;

/** All pages are on the one node: where they are is told, and moving them there is done at once. */
function movePages(pid: u64, count: u64, pages: u64, targets: u64, status: u64, flags: u64): i64 {
    if ((flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)) != 0) return -EINVAL;
    if ((flags & MPOL_MF_MOVE_ALL) != 0) return -EPERM;
    if (count >= PAGES_MAXIMUM) return -E2BIG;
    const process = <i32>pid == 0 ? current.process : findProcess(<i32>pid);
    if (process === null || process.exited) return -ESRCH;
    if (process !== current.process && current.process.credentials.effectiveUser != 0) return -EPERM;
    const other = process.addressSpace;
    for (let i: u64 = 0; i < count; i++) {
        if (copyIn64(pages + (i << 3)) != 0) return -EFAULT;
        const address = copiedIn;
        if (targets != 0) {
            if (copyIn64((targets + (i << 2)) & ~(<u64>7)) != 0) return -EFAULT;
            const node = <u32>(copiedIn >> (((targets + (i << 2)) & 4) << 3));
            if (node != 0) return -ENODEV;
        }
        let result: i64 = 0;
        if (address >= USER_END || other.find(address) === null) result = -EFAULT;
        else if (other.pages.find(address >> PAGE_BITS) === null) result = -ENOENT;
        if (copyOut32(status + (i << 2), <u32>result) != 0) return -EFAULT;
    }
    return 0;
}

export function registerMemoryPolicyCalls(): void {
    define(SYS_set_mempolicy, setMempolicy, "dpu");
    define(SYS_get_mempolicy, getMempolicy, "ppupx");
    // Partial: arguments are checked, a policy of a range is not remembered.
    define(SYS_mbind, mbind, "pudpux");
    define(SYS_set_mempolicy_home_node, setHomeNode, "puux");
    define(SYS_migrate_pages, migratePages, "dupp");
    define(SYS_move_pages, movePages, "dupppx");
}
