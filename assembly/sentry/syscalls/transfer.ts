// SPDX-License-Identifier: Apache-2.0
//
// Copying between files without the program's memory: sendfile, copy_file_range, splice, tee, vmsplice. What Linux moves as
// pages is copied here; the calls wait, and stop, where Linux's do.

import { SYS_copy_file_range, SYS_sendfile, SYS_splice, SYS_tee, SYS_vmsplice } from "../arch/systemCalls";
import { userVector } from "../fs/ioBuffer";
import { IN_ACCESS, IN_MODIFY, notifyFile, watchCount } from "../fs/notify";
import { AT_POSITION, O_APPEND, O_NONBLOCK, O_PATH, OpenFile, POLLERR, POLLOUT } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { PipeFile } from "../fs/pipe";
import { EAGAIN, EBADF, EFAULT, EINVAL, EISDIR, EOVERFLOW, ESPIPE, EXDEV } from "../kernel/errno";
import { block } from "../kernel/wait";
import { copiedIn, copyIn64, copyOut64 } from "../memory/userMemory";
import { PAGE_SIZE } from "../../std/pages";
import { loadVector, TRANSFER_MAXIMUM } from "./file";
import { define } from "./table";

/** Bytes of one step. A pipe that has room has it for a page. */
const STEP: i32 = PAGE_SIZE;

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

/** Reads to the workspace without waiting, whatever the file's flags say: waiting is the caller's business. */
function readNow(from: OpenFile, length: i32, offset: i64): i64 {
    if (workspace == 0) workspace = heap.alloc(STEP);
    const flags = from.flags;
    from.flags = flags | O_NONBLOCK;
    const count = from.readBytes(workspace, length, offset);
    from.flags = flags;
    return count;
}

/** Writes `length` bytes at `source` without waiting. */
function writeNow(to: OpenFile, source: usize, length: i32, offset: i64): i64 {
    const flags = to.flags;
    to.flags = flags | O_NONBLOCK;
    const count = to.writeBytes(source, length, offset);
    to.flags = flags;
    return count;
}

/** Waits for the file, unless `nonBlocking`. The result is the call's. */
function waitFor(file: OpenFile, nonBlocking: bool): i64 {
    if (nonBlocking || file.waitQueue() === null) return -EAGAIN;
    file.joinQueues();
    return block();
}

/**
 * Copies up to `limit` bytes. Positions are offsets, which the result tells how to advance, or AT_POSITION. The result
 * is the number of bytes, a negative errno, or BLOCKED before the first byte.
 */
function transfer(
    from: OpenFile,
    fromOffset: i64,
    to: OpenFile,
    toOffset: i64,
    limit: i64,
    nonBlocking: bool,
): i64 {
    let done: i64 = 0;
    while (done < limit) {
        // Nothing is read before there is room for it, so that nothing is lost. What has offsets loses nothing, and a socket
        // that poll(2) calls full has room left.
        if (!from.isSeekable() && (to.readiness() & (POLLOUT | POLLERR)) == 0) {
            return done > 0 ? done : waitFor(to, nonBlocking || to.isNonBlocking());
        }
        const at = fromOffset == AT_POSITION && from.isSeekable() ? from.position : fromOffset;
        const start = fromOffset == AT_POSITION ? at : at + done;
        const got = readNow(from, <i32>min<i64>(STEP, limit - done), start);
        if (got == -EAGAIN && done == 0) return waitFor(from, nonBlocking || from.isNonBlocking());
        if (got <= 0) return done > 0 ? done : got;
        const put = writeNow(
            to,
            workspace,
            <i32>got,
            toOffset == AT_POSITION ? AT_POSITION : toOffset + done,
        );
        if (put == -EAGAIN && done == 0) return waitFor(to, nonBlocking || to.isNonBlocking());
        if (put <= 0) return done > 0 ? done : put;
        done += put;
        if (fromOffset == AT_POSITION && at != AT_POSITION) from.position = at + put;
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
    const error = readOffset(offset);
    if (error != 0) return error;
    const start = offsetRead;
    const from = fileOf(input);
    if (from === null || !from.isReadable()) return -EBADF;
    if (offset != 0 && !from.isSeekable()) return -ESPIPE;
    const to = fileOf(out);
    if (to === null || !to.isWritable()) return -EBADF;
    if (from.inode.isDirectory() || !from.isSeekable()) return -EINVAL;
    if (((to.flags & O_APPEND) != 0 && !(to instanceof PipeFile)) || <i64>count < 0) return -EINVAL;
    const limit = <i64>min(count, <u64>TRANSFER_MAXIMUM);
    const done = transfer(from, start, to, AT_POSITION, limit, false);
    if (done > 0) notifyTransfer(from, to);
    // The offset is written back even where it has not changed.
    if (done >= 0 && offset != 0 && copyOut64(offset, start + done) != 0) return -EFAULT;
    return done;
}

function copyFileRange(input: u64, inOffset: u64, out: u64, outOffset: u64, count: u64, flags: u64): i64 {
    const from = fileOf(input);
    const to = fileOf(out);
    if (from === null || to === null || ((from.flags | to.flags) & O_PATH) != 0) return -EBADF;
    if (readOffset(inOffset) == -EFAULT) return -EFAULT;
    const first = inOffset == 0 ? from.position : offsetRead;
    if (readOffset(outOffset) == -EFAULT) return -EFAULT;
    const second = outOffset == 0 ? to.position : offsetRead;
    if (flags != 0) return -EINVAL;
    if (from.inode.isDirectory() || to.inode.isDirectory()) return -EISDIR;
    if (!from.inode.isRegular() || !to.inode.isRegular()) return -EINVAL;
    if (!from.isReadable() || !to.isWritable() || (to.flags & O_APPEND) != 0) return -EBADF;
    if (from.inode.fileSystem !== to.inode.fileSystem) return -EXDEV;
    // Linux adds without signs: a negative position overflows.
    if (<u64>first + count < <u64>first || <u64>second + count < <u64>second) return -EOVERFLOW;
    if (first < 0 || second < 0 || <i64>count < 0) return -EINVAL;
    const size = <i64>from.size();
    const limit = min<i64>(first >= size ? 0 : min(size - first, <i64>count), TRANSFER_MAXIMUM);
    if (from.inode === to.inode && second + limit > first && second < first + limit) return -EINVAL;
    if (limit == 0) return 0;
    const done = transfer(from, first, to, second, limit, false);
    if (done <= 0) return done;
    notifyTransfer(from, to);
    if (inOffset == 0) from.position = first + done;
    else if (copyOut64(inOffset, first + done) != 0) return -EFAULT;
    if (outOffset == 0) to.position = second + done;
    else if (copyOut64(outOffset, second + done) != 0) return -EFAULT;
    return done;
}

// ---------------------------------------------------------------- splice

/** SPLICE_F_MOVE, SPLICE_F_MORE and SPLICE_F_GIFT are hints. */
const SPLICE_F_NONBLOCK: u32 = 2;
const SPLICE_F_ALL: u32 = 0xf;

function splice(input: u64, inOffset: u64, out: u64, outOffset: u64, length: u64, flags_: u64): i64 {
    const flags = <u32>flags_;
    if (length == 0) return 0;
    if ((flags & ~SPLICE_F_ALL) != 0) return -EINVAL;
    const from = fileOf(input);
    const to = fileOf(out);
    if (from === null || to === null || ((from.flags | to.flags) & O_PATH) != 0) return -EBADF;
    const fromPipe = from instanceof PipeFile;
    const toPipe = to instanceof PipeFile;
    // The offset of a pipe is refused before it is read.
    if ((fromPipe && inOffset != 0) || (toPipe && outOffset != 0)) return -ESPIPE;
    let error = readOffset(outOffset);
    if (error != 0 && error != -EINVAL) return error;
    const second = offsetRead;
    const firstError = readOffset(inOffset);
    if (firstError != 0 && firstError != -EINVAL) return firstError;
    const first = offsetRead;
    if (!from.isReadable() || !to.isWritable()) return -EBADF;
    if (error != 0 || firstError != 0) return -EINVAL;
    if (!fromPipe && !toPipe) return -EINVAL;
    if (inOffset != 0 && !from.isSeekable()) return -EINVAL;
    if (outOffset != 0 && !to.isSeekable()) return -EINVAL;
    if (!toPipe && (to.flags & O_APPEND) != 0) return -EINVAL;
    if (from.inode.isDirectory()) return -EINVAL;
    const limit = min<i64>(<i64>min(length, <u64>i64.MAX_VALUE), TRANSFER_MAXIMUM);
    let nonBlocking = (flags & SPLICE_F_NONBLOCK) != 0;
    let done: i64;
    // Event counters, timers and their like take no bytes from pipes and give none.
    if (from.anonymousName().length > 0 || to.anonymousName().length > 0) return -EINVAL;
    if (fromPipe) {
        if (toPipe) {
            if ((<PipeFile>from).pipe === (<PipeFile>to).pipe) return -EINVAL;
            nonBlocking = nonBlocking || from.isNonBlocking() || to.isNonBlocking();
        }
        done = spliceFrom(<PipeFile>from, to, second, limit, nonBlocking);
    } else {
        done = transfer(from, first, to, AT_POSITION, limit, nonBlocking);
    }
    if (done <= 0) return done;
    notifyTransfer(from, to);
    if (inOffset != 0 && copyOut64(inOffset, first + done) != 0) return -EFAULT;
    if (outOffset != 0 && copyOut64(outOffset, second + done) != 0) return -EFAULT;
    return done;
}

/** Moves bytes out of a pipe: they leave it when the other file has taken them. */
function spliceFrom(from: PipeFile, to: OpenFile, toOffset: i64, limit: i64, nonBlocking: bool): i64 {
    const pipe = from.pipe;
    let done: i64 = 0;
    while (done < limit && !pipe.isEmpty) {
        const part = <i32>min<i64>(pipe.pieceLength(0), limit - done);
        const put = writeNow(
            to,
            pipe.pieceAddress(0),
            part,
            toOffset == AT_POSITION ? AT_POSITION : toOffset + done,
        );
        if (put == -EAGAIN) break;
        if (put <= 0) {
            if (done == 0) return put;
            break;
        }
        done += put;
        pipe.consume(<u32>put);
        if (put < part) break;
    }
    if (done > 0) {
        pipe.emptied();
        return done;
    }
    if (!pipe.isEmpty) return waitFor(to, nonBlocking || to.isNonBlocking());
    if (pipe.writers == 0) return 0;
    return waitFor(from, nonBlocking || from.isNonBlocking());
}

function tee(input: u64, out: u64, length: u64, flags_: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~SPLICE_F_ALL) != 0) return -EINVAL;
    if (length == 0) return 0;
    const from = fileOf(input);
    const to = fileOf(out);
    if (from === null || to === null) return -EBADF;
    if (!from.isReadable() || !to.isWritable()) return -EBADF;
    if (!(from instanceof PipeFile) || !(to instanceof PipeFile)) return -EINVAL;
    const source = (<PipeFile>from).pipe;
    if (source === (<PipeFile>to).pipe) return -EINVAL;
    const nonBlocking = (flags & SPLICE_F_NONBLOCK) != 0 || from.isNonBlocking() || to.isNonBlocking();
    if (source.isEmpty) return source.writers == 0 ? 0 : waitFor(from, nonBlocking);
    const limit = min<i64>(<i64>min(length, <u64>i64.MAX_VALUE), TRANSFER_MAXIMUM);
    let done: i64 = 0;
    for (let piece: u32 = 0; done < limit && piece < source.pieces; piece++) {
        const part = <i32>min<i64>(source.pieceLength(piece), limit - done);
        const put = writeNow(to, source.pieceAddress(piece), part, AT_POSITION);
        if (put > 0) done += put;
        else if (done == 0) return put == -EAGAIN ? waitFor(to, nonBlocking) : put;
        if (put < part) break;
    }
    return done;
}

/** The direction follows from the end of the pipe that the descriptor has. */
function vmsplice(descriptor: u64, vector: u64, count: u64, flags_: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~SPLICE_F_ALL) != 0) return -EINVAL;
    const file = fileOf(descriptor);
    if (file === null || !(file instanceof PipeFile)) return -EBADF;
    const pipe = <PipeFile>file;
    const error = loadVector(vector, count);
    if (error != 0) return error;
    if (userVector.length == 0) return 0;
    const writes = pipe.isWritable();
    // Unlike writev(2) it does not wait for room once something has been taken.
    const done = writes ? pipe.send(userVector, 0) : pipe.receive(userVector);
    if (done != -EAGAIN) return done;
    return waitFor(file, (flags & SPLICE_F_NONBLOCK) != 0 || file.isNonBlocking());
}

export function registerTransferCalls(): void {
    define(SYS_sendfile, sendfile, "ffpu");
    define(SYS_copy_file_range, copyFileRange, "fpfpux");
    define(SYS_splice, splice, "fpfpux");
    define(SYS_tee, tee, "ffux");
    define(SYS_vmsplice, vmsplice, "fpux");
}
