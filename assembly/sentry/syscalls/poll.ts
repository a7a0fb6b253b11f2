// SPDX-License-Identifier: Apache-2.0
//
// poll, ppoll, select, pselect6. Each execution looks at all files; if none is ready the thread joins the wait queues of all.

import { SYS_poll, SYS_ppoll, SYS_pselect6, SYS_select } from "../arch/systemCalls";
import { FileDescriptorTable } from "../fs/fileDescriptorTable";
import {
    O_PATH,
    OpenFile,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLNVAL,
    POLLOUT,
    POLLPRI,
    POLLRDBAND,
    POLLRDNORM,
    POLLWRBAND,
    POLLWRNORM,
} from "../fs/openFile";
import {
    AT_ONCE,
    deadlineAfter,
    deadlineRead,
    readTimeout,
    setWaitMask,
    writeTimeLeft,
} from "../fs/readiness";
import { reserveHeap } from "../capabilities/heapReserve";
import { EBADF, EFAULT, EINVAL, ENOMEM, ERESTARTNOHAND } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { blockUntil, deadlineReached } from "../kernel/wait";
import { copiedIn, copyIn, copyIn64, copyOut } from "../memory/userMemory";
import { define } from "./table";

/** struct pollfd: i32 descriptor, i16 events, i16 revents. */
const POLLFD_SIZE: i32 = 8;

/** Memory for the pollfd array or the descriptor sets of the present call; grows to the largest seen. */
let workspace: usize = 0;
let workspaceSize: i32 = 0;

/** False: there is no memory for so many descriptors. */
function makeWorkspace(bytes: i32): bool {
    if (bytes <= workspaceSize) return true;
    if (!reserveHeap(bytes)) return false;
    if (workspace != 0) heap.free(workspace);
    workspace = heap.alloc(bytes);
    workspaceSize = bytes;
    return true;
}

/** The file, unless it is only a name (O_PATH). */
function openFile(table: FileDescriptorTable, descriptor: i32): OpenFile | null {
    const file = table.get(descriptor);
    return file === null || (file.flags & O_PATH) != 0 ? null : file;
}

// ---------------------------------------------------------------- poll

function poll(descriptors: u64, count: u64, timeout: u64, d: u64, e: u64, f: u64): i64 {
    return pollUntil(descriptors, count, deadlineAfter(<i32>timeout));
}

function ppoll(descriptors: u64, count: u64, timeout: u64, mask: u64, maskSize: u64, f: u64): i64 {
    let error = readTimeout(timeout, 1);
    if (error == 0) error = setWaitMask(mask, maskSize);
    return error != 0 ? error : writeTimeLeft(timeout, 1, pollUntil(descriptors, count, deadlineRead));
}

function pollUntil(descriptors: u64, count_: u64, deadline: u64): i64 {
    const process = current.process;
    if (count_ > process.limits.soft[RLIMIT_NOFILE]) return -EINVAL;
    const count = <i32>count_;
    const bytes = count * POLLFD_SIZE;
    if (!makeWorkspace(bytes)) return -ENOMEM;
    if (copyIn(workspace, descriptors, bytes) != 0) return -EFAULT;
    const table = process.fileDescriptors;
    let ready = 0;
    for (let i = 0; i < count; i++) {
        const entry = workspace + i * POLLFD_SIZE;
        const descriptor = load<i32>(entry);
        let events: u32 = 0;
        if (descriptor >= 0) {
            const file = openFile(table, descriptor);
            const wanted = (<u32>load<u16>(entry, 4)) | POLLERR | POLLHUP;
            events = file === null ? POLLNVAL : file.readiness() & wanted;
        }
        store<u16>(entry, <u16>events, 6);
        if (events != 0) ready++;
    }
    if (ready == 0 && deadline != AT_ONCE && !deadlineReached()) {
        for (let i = 0; i < count; i++) {
            const descriptor = load<i32>(workspace + i * POLLFD_SIZE);
            const file: OpenFile | null = descriptor < 0 ? null : openFile(table, descriptor);
            if (file !== null) file.joinQueues();
        }
        return blockUntil(deadline, -ERESTARTNOHAND);
    }
    for (let i = 0; i < count; i++) {
        const offset = i * POLLFD_SIZE + 6;
        if (copyOut(descriptors + offset, workspace + offset, 2) != 0) return -EFAULT;
    }
    return ready;
}

// ---------------------------------------------------------------- select

const READABLE: u32 = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR;
const WRITABLE: u32 = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR;
const EXCEPTIONAL: u32 = POLLPRI;

/** struct timeval has microseconds, struct timespec nanoseconds. */
const MICROSECOND: u64 = 1000;

function select(count: u64, readSet: u64, writeSet: u64, exceptSet: u64, timeout: u64, f: u64): i64 {
    const error = readTimeout(timeout, MICROSECOND);
    if (error != 0) return error;
    const result = selectUntil(<i32>count, readSet, writeSet, exceptSet, deadlineRead);
    return writeTimeLeft(timeout, MICROSECOND, result);
}

/** The sixth argument points to the address and the size of a signal set. */
function pselect6(count: u64, readSet: u64, writeSet: u64, exceptSet: u64, timeout: u64, mask: u64): i64 {
    let error = readTimeout(timeout, 1);
    if (error != 0) return error;
    if (mask != 0) {
        if (copyIn64(mask) != 0) return -EFAULT;
        const set = copiedIn;
        if (copyIn64(mask + 8) != 0) return -EFAULT;
        error = setWaitMask(set, copiedIn);
        if (error != 0) return error;
    }
    return writeTimeLeft(timeout, 1, selectUntil(<i32>count, readSet, writeSet, exceptSet, deadlineRead));
}

/** Bit `descriptor` of a set. */
// @ts-ignore: decorator
@inline
function inSet(set: usize, descriptor: i32): bool {
    return (load<u8>(set + (descriptor >> 3)) & (1 << (descriptor & 7))) != 0;
}

function addToSet(set: usize, descriptor: i32): void {
    const byte = set + (descriptor >> 3);
    store<u8>(byte, load<u8>(byte) | (<u8>((<u32>1) << (descriptor & 7))));
}

/** Reads a set, empty if `address` is 0. 0 or -EFAULT. */
function readSetTo(set: usize, address: u64, bytes: i32): i32 {
    if (address != 0) return copyIn(set, address, bytes);
    memory.fill(set, 0, bytes);
    return 0;
}

function selectUntil(count: i32, readSet: u64, writeSet: u64, exceptSet: u64, deadline: u64): i64 {
    if (count < 0) return -EINVAL;
    const table = current.process.fileDescriptors;
    // Descriptors beyond the table cannot be open; the sets are words of 8 bytes.
    const bytes = ((min(count, max(table.length, 64)) + 63) >> 6) << 3;
    if (!makeWorkspace(bytes * 6)) return -ENOMEM;
    const wanted = workspace;
    const result = workspace + bytes * 3;
    if (readSetTo(wanted, readSet, bytes) != 0) return -EFAULT;
    if (readSetTo(wanted + bytes, writeSet, bytes) != 0) return -EFAULT;
    if (readSetTo(wanted + 2 * bytes, exceptSet, bytes) != 0) return -EFAULT;
    memory.fill(result, 0, bytes * 3);
    const end = min(count, bytes << 3);
    let ready = 0;
    for (let descriptor = 0; descriptor < end; descriptor++) {
        const masks = interest(wanted, bytes, descriptor);
        if (masks == 0) continue;
        const file = openFile(table, descriptor);
        if (file === null) return -EBADF;
        const events = file.readiness();
        for (let set = 0; set < 3; set++) {
            if ((masks & (1 << set)) == 0 || (events & eventsOfSet(set)) == 0) continue;
            addToSet(result + set * bytes, descriptor);
            ready++;
        }
    }
    if (ready == 0 && deadline != AT_ONCE && !deadlineReached()) {
        for (let descriptor = 0; descriptor < end; descriptor++) {
            if (interest(wanted, bytes, descriptor) != 0)
                (<OpenFile>openFile(table, descriptor)).joinQueues();
        }
        return blockUntil(deadline, -ERESTARTNOHAND);
    }
    if (readSet != 0 && copyOut(readSet, result, bytes) != 0) return -EFAULT;
    if (writeSet != 0 && copyOut(writeSet, result + bytes, bytes) != 0) return -EFAULT;
    if (exceptSet != 0 && copyOut(exceptSet, result + 2 * bytes, bytes) != 0) return -EFAULT;
    return ready;
}

function eventsOfSet(set: i32): u32 {
    return set == 0 ? READABLE : set == 1 ? WRITABLE : EXCEPTIONAL;
}

/** The sets that name the descriptor: bit 0 read, 1 write, 2 exceptions. */
function interest(sets: usize, bytes: i32, descriptor: i32): u32 {
    let masks: u32 = 0;
    if (inSet(sets, descriptor)) masks |= 1;
    if (inSet(sets + bytes, descriptor)) masks |= 2;
    if (inSet(sets + 2 * bytes, descriptor)) masks |= 4;
    return masks;
}

export function registerPollCalls(): void {
    define(SYS_poll, poll, "pud");
    define(SYS_ppoll, ppoll, "putmu");
    define(SYS_select, select, "dpppv");
    define(SYS_pselect6, pselect6, "dppptp");
}
