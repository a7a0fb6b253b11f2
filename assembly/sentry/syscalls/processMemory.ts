// SPDX-License-Identifier: Apache-2.0
//
// The memory of other processes: process_vm_readv, process_vm_writev.

import { SYS_process_vm_readv, SYS_process_vm_writev } from "../arch/systemCalls";
import { VECTOR_ENTRIES_MAXIMUM } from "../fs/ioBuffer";
import { EFAULT, EINVAL, EPERM, ESRCH } from "../kernel/errno";
import { Process, processes } from "../kernel/process";
import { mayAttach } from "../kernel/processAccess";
import { FAULT_NO_MEMORY } from "../memory/addressSpace";
import { copyIn, copyOut } from "../memory/userMemory";
import { PAGE_SIZE } from "../../std/pages";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** struct iovec: base and length. */
const ENTRY_SIZE: i32 = 16;
/** Linux's MAX_RW_COUNT. */
const COUNT_MAXIMUM: u64 = 0x7fff_f000;
const ownEntry: usize = reserveBuffer(ENTRY_SIZE);
const otherEntry: usize = reserveBuffer(ENTRY_SIZE);
/** Bytes between the two processes: the frames of one may move while those of the other are made. */
const page: usize = reserveBuffer(PAGE_SIZE);

/** The process that has a thread with this id, or null. */
function processOf(tid: i32): Process | null {
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        if (process.exited) continue;
        if (process.pid == tid) return process;
        for (let k = 0; k < process.threads.length; k++) if (process.threads[k].tid == tid) return process;
    }
    return null;
}

/** Moves `length` bytes (within one page of the other process) between `page` and the other process. */
function moveOther(process: Process, address: u64, length: i32, write: bool): bool {
    const space = process.addressSpace;
    let done = 0;
    while (done < length) {
        const at = address + done;
        const part = min(length - done, <i32>(PAGE_SIZE - <u32>(at & (PAGE_SIZE - 1))));
        const there = space.touch(at, write);
        if (there == 0) {
            // The caller is not to be killed for what another process lacks.
            if (space.fault == FAULT_NO_MEMORY) space.fault = 0;
            return false;
        }
        if (write) memory.copy(there, page + done, part);
        else memory.copy(page + done, there, part);
        done += part;
    }
    return true;
}

/** Adds up the lengths of an iovec array at `address`; a negative errno. */
function totalOf(address: u64, count: u64): i64 {
    let total: u64 = 0;
    for (let i: u64 = 0; i < count; i++) {
        if (copyIn(ownEntry, address + i * ENTRY_SIZE, ENTRY_SIZE) != 0) return -EFAULT;
        const length = load<u64>(ownEntry, 8);
        if (<i64>length < 0) return -EINVAL;
        total += min(length, COUNT_MAXIMUM - total);
    }
    return total;
}

function transfer(
    pid: u64,
    own: u64,
    ownCount: u64,
    other: u64,
    otherCount: u64,
    flags: u64,
    write: bool,
): i64 {
    if (flags != 0) return -EINVAL;
    if (ownCount > <u64>VECTOR_ENTRIES_MAXIMUM) return -EINVAL;
    const total = totalOf(own, ownCount);
    if (total < 0) return total;
    if (total == 0) return 0;
    if (otherCount > <u64>VECTOR_ENTRIES_MAXIMUM) return -EINVAL;
    const there = totalOf(other, otherCount);
    if (there < 0) return there;
    const process = processOf(<i32>pid);
    if (process === null) return -ESRCH;
    if (!mayAttach(process)) return -EPERM;
    let ownIndex: u64 = 0;
    let otherIndex: u64 = 0;
    let ownDone: u64 = 0;
    let otherDone: u64 = 0;
    let done: i64 = 0;
    while (done < total && ownIndex < ownCount && otherIndex < otherCount) {
        // The arrays may be changed by other threads meanwhile: what is used has been read at once.
        if (copyIn(ownEntry, own + ownIndex * ENTRY_SIZE, ENTRY_SIZE) != 0) break;
        if (copyIn(otherEntry, other + otherIndex * ENTRY_SIZE, ENTRY_SIZE) != 0) break;
        const ownLength = load<u64>(ownEntry, 8);
        const otherLength = load<u64>(otherEntry, 8);
        if (ownDone >= ownLength) {
            ownIndex++;
            ownDone = 0;
            continue;
        }
        if (otherDone >= otherLength) {
            otherIndex++;
            otherDone = 0;
            continue;
        }
        const ownAddress = load<u64>(ownEntry) + ownDone;
        const otherAddress = load<u64>(otherEntry) + otherDone;
        let part = min(ownLength - ownDone, otherLength - otherDone);
        part = min(part, PAGE_SIZE - (otherAddress & (PAGE_SIZE - 1)));
        const bytes = <i32>min(part, <u64>(total - done));
        if (write) {
            if (copyIn(page, ownAddress, bytes) != 0) break;
            if (!moveOther(process, otherAddress, bytes, true)) break;
        } else {
            if (!moveOther(process, otherAddress, bytes, false)) break;
            if (copyOut(ownAddress, page, bytes) != 0) break;
        }
        done += bytes;
        ownDone += bytes;
        otherDone += bytes;
    }
    // Nothing at all, where there were bytes to be moved, is an error.
    return done == 0 && there > 0 ? -EFAULT : done;
}

function processVmReadv(pid: u64, own: u64, ownCount: u64, other: u64, otherCount: u64, flags: u64): i64 {
    return transfer(pid, own, ownCount, other, otherCount, flags, false);
}

function processVmWritev(pid: u64, own: u64, ownCount: u64, other: u64, otherCount: u64, flags: u64): i64 {
    return transfer(pid, own, ownCount, other, otherCount, flags, true);
}

export function registerProcessMemoryCalls(): void {
    define(SYS_process_vm_readv, processVmReadv, "dpupux");
    define(SYS_process_vm_writev, processVmWritev, "dpupux");
}
