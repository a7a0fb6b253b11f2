// SPDX-License-Identifier: Apache-2.0
//
// Copying between files without the program's memory: sendfile and copy_file_range.

import { SYS_copy_file_range, SYS_sendfile } from "../arch/systemCalls";
import { asRegular } from "../fs/regularInode";
import { IN_ACCESS, IN_MODIFY, notifyFile, watchCount } from "../fs/notify";
import { AT_POSITION, O_APPEND, O_PATH, OpenFile, POLLERR, POLLOUT } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { EAGAIN, EBADF, EFAULT, EINVAL, EISDIR } from "../kernel/errno";
import { blockOn, BLOCKED } from "../kernel/wait";
import { copiedIn, copyIn64, copyOut64 } from "../memory/userMemory";
import { PAGE_SIZE } from "../../std/pages";
import { define } from "./table";

/** Bytes of one step. A pipe that has room has it for a page. */
const STEP: i32 = PAGE_SIZE;
/** Linux's MAX_RW_COUNT. */
const TRANSFER_MAXIMUM: u64 = 0x7fff_f000;

/** Memory for one step, made at the first use. */
let workspace: usize = 0;

/** What readOffset read: the position in `address`, or AT_POSITION without one. */
let offsetRead: i64 = 0;

function readOffset(address: u64): i64 {
    offsetRead = AT_POSITION;
    if (address == 0) return 0;
    if (copyIn64(address) != 0) return -EFAULT;
    offsetRead = <i64>copiedIn;
    return offsetRead < 0 ? -EINVAL : 0;
}

/**
 * Copies up to `count` bytes. Positions are offsets, which the result tells how to advance, or AT_POSITION. The result
 * is the number of bytes, a negative errno, or BLOCKED before the first byte.
 */
function transfer(from: OpenFile, fromOffset: i64, to: OpenFile, toOffset: i64, count: u64): i64 {
    if (workspace == 0) workspace = heap.alloc(STEP);
    const limit = <i64>min(count, TRANSFER_MAXIMUM);
    let done: i64 = 0;
    while (done < limit) {
        // Nothing is read before there is room for it, so that nothing is lost.
        if ((to.readiness() & (POLLOUT | POLLERR)) == 0) {
            if (done > 0) return done;
            const queue = to.waitQueue();
            return to.isNonBlocking() || queue === null ? -EAGAIN : blockOn(queue);
        }
        const at = fromOffset == AT_POSITION ? from.position : fromOffset + done;
        const part = <i32>min<i64>(STEP, limit - done);
        const got = from.readBytes(workspace, part, at);
        if (got <= 0) return done > 0 ? done : got;
        const put = to.writeBytes(
            workspace,
            <i32>got,
            toOffset == AT_POSITION ? AT_POSITION : toOffset + done,
        );
        if (put <= 0 || put == BLOCKED) return done > 0 ? done : put;
        done += put;
        if (fromOffset == AT_POSITION) from.position = at + put;
        if (put < got) break;
    }
    return done;
}

/** Tells who watches the two files of a transfer. */
function notifyTransfer(from: OpenFile, to: OpenFile): void {
    if (watchCount == 0) return;
    notifyFile(from, IN_ACCESS);
    notifyFile(to, IN_MODIFY);
}

function sendfile(out: u64, input: u64, offset: u64, count: u64, e: u64, f: u64): i64 {
    const from = fileOf(input);
    if (from === null || !from.isReadable()) return -EBADF;
    const to = fileOf(out);
    if (to === null || !to.isWritable()) return -EBADF;
    if (from.inode.isDirectory() || !from.isSeekable()) return -EINVAL;
    if ((to.flags & O_APPEND) != 0 || <i64>count < 0) return -EINVAL;
    const error = readOffset(offset);
    if (error != 0) return error;
    const start = offsetRead;
    const done = transfer(from, start, to, AT_POSITION, count);
    if (done > 0) notifyTransfer(from, to);
    if (done > 0 && offset != 0 && copyOut64(offset, start + done) != 0) return -EFAULT;
    return done;
}

function copyFileRange(input: u64, inOffset: u64, out: u64, outOffset: u64, count: u64, flags: u64): i64 {
    if (flags != 0) return -EINVAL;
    const from = fileOf(input);
    const to = fileOf(out);
    if (from === null || to === null || ((from.flags | to.flags) & O_PATH) != 0) return -EBADF;
    let error = readOffset(inOffset);
    if (error != 0) return error;
    const first = offsetRead;
    error = readOffset(outOffset);
    if (error != 0) return error;
    const second = offsetRead;
    if (from.inode.isDirectory() || to.inode.isDirectory()) return -EISDIR;
    if (asRegular(from.inode) === null || asRegular(to.inode) === null) return -EINVAL;
    if (!from.isReadable() || !to.isWritable() || (to.flags & O_APPEND) != 0) return -EBADF;
    if (<i64>count < 0) return -EINVAL;
    if (from.inode === to.inode) {
        const a = first == AT_POSITION ? from.position : first;
        const b = second == AT_POSITION ? to.position : second;
        const length = <i64>min(count, TRANSFER_MAXIMUM);
        if (a < b + length && b < a + length) return -EINVAL;
    }
    const done = transfer(from, first, to, second, count);
    if (done > 0) notifyTransfer(from, to);
    if (done > 0) {
        if (inOffset != 0 && copyOut64(inOffset, first + done) != 0) return -EFAULT;
        if (outOffset != 0 && copyOut64(outOffset, second + done) != 0) return -EFAULT;
    }
    return done;
}

export function registerTransferCalls(): void {
    define(SYS_sendfile, sendfile, "ffpu");
    define(SYS_copy_file_range, copyFileRange, "fpfpux");
}
