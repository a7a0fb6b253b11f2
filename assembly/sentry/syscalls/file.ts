// SPDX-License-Identifier: Apache-2.0
//
// Opening files, reading, writing, positions and sizes.

import {
    SYS_close,
    SYS_creat,
    SYS_fadvise64,
    SYS_fallocate,
    SYS_ftruncate,
    SYS_lseek,
    SYS_open,
    SYS_openat,
    SYS_pread64,
    SYS_preadv,
    SYS_preadv2,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_pwritev2,
    SYS_read,
    SYS_readahead,
    SYS_readv,
    SYS_truncate,
    SYS_write,
    SYS_writev,
} from "../arch/systemCalls";
import { contentChanged } from "../fs/fileTime";
import { failure, fail, KIND_FIFO, KIND_SOCKET } from "../fs/inode";
import { userBuffer, userVector, VECTOR_ENTRIES_MAXIMUM } from "../fs/ioBuffer";
import { breakLeases } from "../fs/leases";
import { IN_ACCESS, IN_MODIFY, notifyFile, notifyFound, watchCount } from "../fs/notify";
import { openPath } from "../fs/open";
import {
    AT_POSITION,
    O_APPEND,
    O_CLOEXEC,
    O_CREAT,
    O_DIRECTORY,
    O_LARGEFILE,
    O_NOFOLLOW,
    O_NONBLOCK,
    O_PATH,
    O_TMPFILE,
    O_TRUNC,
    O_ACCMODE,
    O_WRONLY,
    O_RDONLY,
    OpenFile,
} from "../fs/openFile";
import {
    fileOf,
    findInode,
    pathArgument,
    pathArgumentLength,
    pathStart,
    readPath,
    WORKING_DIRECTORY,
} from "../fs/pathArgument";
import { checkAccess, dropPrivileges, MAY_WRITE } from "../fs/permission";
import { asRegular, FILE_SIZE_MAXIMUM } from "../fs/regularInode";
import {
    EBADF,
    EFBIG,
    EINVAL,
    EISDIR,
    EMFILE,
    ENODEV,
    EOPNOTSUPP,
    EPERM,
    ESPIPE,
    ETXTBSY,
} from "../kernel/errno";
import { addGarbage } from "../kernel/garbage";
import { RLIMIT_FSIZE, RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { SIGXFSZ } from "../signals/numbers";
import { sendSignalToThread } from "../signals/send";
import { define } from "./table";
import { unsupported } from "./unsupported";

/** Linux's MAX_RW_COUNT: one call transfers no more. */
export const TRANSFER_MAXIMUM: i64 = 0x7fff_f000;

// ---------------------------------------------------------------- open and close

function open(path: u64, flags: u64, mode: u64, d: u64, e: u64, f: u64): i64 {
    return openat(WORKING_DIRECTORY, path, flags, mode, 0, 0);
}

function creat(path: u64, mode: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return openat(WORKING_DIRECTORY, path, O_CREAT | O_WRONLY | O_TRUNC, mode, 0, 0);
}

/** openat(2). */
export function openat(directory: u64, path: u64, flags_: u64, mode: u64, e: u64, f: u64): i64 {
    let flags = <u32>flags_;
    if ((flags & O_PATH) != 0) {
        // All other flags are ignored.
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    } else if ((flags & O_TMPFILE) == O_TMPFILE) {
        if ((flags & O_ACCMODE) == O_RDONLY) return -EINVAL;
    } else if ((flags & (O_TMPFILE & ~O_DIRECTORY)) != 0) {
        return -EINVAL;
    } else if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
        return -EINVAL;
    }
    const unreadable = readPath(directory, path);
    const process = current.process;
    const limit = process.limits.soft[RLIMIT_NOFILE];
    const table = process.fileDescriptors;
    if (unreadable != 0 && unreadable != -EBADF) return unreadable;
    if (!table.hasRoom(limit)) return -EMFILE;
    if (unreadable != 0) return unreadable;
    const file = openPath(pathStart, pathArgument, pathArgumentLength, flags, <u32>mode);
    if (file === null) return failure;
    if ((flags & O_PATH) == 0) file.flags |= O_LARGEFILE;
    return table.add(file, (flags & O_CLOEXEC) != 0, limit);
}

/** Managed memory of a closed file, roughly: its description, location and inode. */
const CLOSED_FILE_BYTES: i32 = 128;

function close(descriptor: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    addGarbage(CLOSED_FILE_BYTES);
    return current.process.fileDescriptors.close(<i32>descriptor);
}

// ---------------------------------------------------------------- read and write

/** The file of a descriptor that can be read, or null with `failure`. */
function readable(descriptor: u64): OpenFile | null {
    const file = fileOf(descriptor);
    if (file !== null && file.isReadable()) return file;
    fail(-EBADF);
    return null;
}

function writable(descriptor: u64): OpenFile | null {
    const file = fileOf(descriptor);
    if (file !== null && file.isWritable()) return file;
    fail(-EBADF);
    return null;
}

/**
 * The file of a transfer at an offset, or null with `failure`. As on Linux, that it has no offsets comes before that it is open
 * for the other direction only.
 */
function positioned(descriptor: u64, writes: bool): OpenFile | null {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) {
        fail(-EBADF);
        return null;
    }
    if (!file.isSeekable()) {
        fail(-ESPIPE);
        return null;
    }
    return writes ? writable(descriptor) : readable(descriptor);
}

/** Tells who watches the file of a read whose result was `count`. */
// @ts-ignore: decorator
@inline
function accessed(file: OpenFile, count: i64): i64 {
    if (watchCount != 0 && count > 0) notifyFile(file, IN_ACCESS);
    return count;
}

/** The same of readv(2), which Linux tells of even when it read nothing. */
// @ts-ignore: decorator
@inline
function accessedBy(file: OpenFile, count: i64): i64 {
    if (watchCount != 0 && count >= 0) notifyFile(file, IN_ACCESS);
    return count;
}

/** The same of a write. */
// @ts-ignore: decorator
@inline
function modified(file: OpenFile, count: i64): i64 {
    if (watchCount != 0 && count > 0) notifyFile(file, IN_MODIFY);
    return count;
}

function read(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const file = readable(descriptor);
    if (file === null) return -EBADF;
    if (<i64>length < 0) return -EINVAL;
    return accessed(
        file,
        file.readTo(userBuffer.at(address, min<i64>(length, TRANSFER_MAXIMUM)), AT_POSITION),
    );
}

function write(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const file = writable(descriptor);
    if (file === null) return -EBADF;
    if (<i64>length < 0) return -EINVAL;
    return modified(
        file,
        file.writeFrom(userBuffer.at(address, min<i64>(length, TRANSFER_MAXIMUM)), AT_POSITION),
    );
}

function pread64(descriptor: u64, address: u64, length: u64, offset: u64, e: u64, f: u64): i64 {
    if (<i64>offset < 0) return -EINVAL;
    const file = positioned(descriptor, false);
    if (file === null) return failure;
    if (<i64>length < 0) return -EINVAL;
    return accessed(file, file.readTo(userBuffer.at(address, min<i64>(length, TRANSFER_MAXIMUM)), offset));
}

function pwrite64(descriptor: u64, address: u64, length: u64, offset: u64, e: u64, f: u64): i64 {
    if (<i64>offset < 0) return -EINVAL;
    const file = positioned(descriptor, true);
    if (file === null) return failure;
    if (<i64>length < 0) return -EINVAL;
    return modified(file, file.writeFrom(userBuffer.at(address, min<i64>(length, TRANSFER_MAXIMUM)), offset));
}

/** Reads an iovec array to `userVector` and limits it to one transfer. 0 or a negative errno. */
export function loadVector(address: u64, count: u64): i64 {
    if (count > <u64>VECTOR_ENTRIES_MAXIMUM) return -EINVAL;
    const error = userVector.load(address, <i32>count);
    if (error != 0) return error;
    let total: i64 = 0;
    for (let i = 0; i < <i32>count; i++) {
        const size = userVector.size(i);
        if (size < 0) return -EINVAL;
        const part = min(size, TRANSFER_MAXIMUM - total);
        if (part < size) userVector.limit(i, part);
        total += part;
    }
    userVector.length = total;
    return 0;
}

function readv(descriptor: u64, vector: u64, count: u64, d: u64, e: u64, f: u64): i64 {
    const file = readable(descriptor);
    if (file === null) return -EBADF;
    const error = loadVector(vector, count);
    return error != 0 ? error : accessedBy(file, file.readTo(userVector, AT_POSITION));
}

function writev(descriptor: u64, vector: u64, count: u64, d: u64, e: u64, f: u64): i64 {
    const file = writable(descriptor);
    if (file === null) return -EBADF;
    const error = loadVector(vector, count);
    return error != 0 ? error : modified(file, file.writeFrom(userVector, AT_POSITION));
}

// The offset of these comes in two registers of which a 64-bit kernel uses the first.

function preadv(descriptor: u64, vector: u64, count: u64, offset: u64, high: u64, f: u64): i64 {
    if (<i64>offset < 0) return -EINVAL;
    const file = positioned(descriptor, false);
    if (file === null) return failure;
    const error = loadVector(vector, count);
    return error != 0 ? error : accessedBy(file, file.readTo(userVector, offset));
}

function pwritev(descriptor: u64, vector: u64, count: u64, offset: u64, high: u64, f: u64): i64 {
    if (<i64>offset < 0) return -EINVAL;
    const file = positioned(descriptor, true);
    if (file === null) return failure;
    const error = loadVector(vector, count);
    return error != 0 ? error : modified(file, file.writeFrom(userVector, offset));
}

/** RWF_HIPRI, RWF_DSYNC, RWF_SYNC: all content is in memory, so they change nothing. */
const RWF_WITHOUT_EFFECT: u64 = 0x7;
const RWF_NOWAIT: u64 = 0x8;
const RWF_APPEND: u64 = 0x10;
const RWF_NOAPPEND: u64 = 0x20;

/** The status flags that the RWF_ flags of one transfer stand for, in place of `present`. */
function flagsWith(present: u32, flags: u64): u32 {
    if ((flags & RWF_NOWAIT) != 0) present |= O_NONBLOCK;
    if ((flags & RWF_APPEND) != 0) present |= O_APPEND;
    if ((flags & RWF_NOAPPEND) != 0) present &= ~O_APPEND;
    return present;
}

function preadv2(descriptor: u64, vector: u64, count: u64, offset: u64, high: u64, flags: u64): i64 {
    const atPosition = <i64>offset == -1;
    const file = atPosition ? readable(descriptor) : positioned(descriptor, false);
    if (file === null) return failure;
    if ((flags & ~(RWF_WITHOUT_EFFECT | RWF_NOWAIT)) != 0) return -EOPNOTSUPP;
    const present = file.flags;
    file.flags = flagsWith(present, flags);
    const result = atPosition
        ? readv(descriptor, vector, count, 0, 0, 0)
        : preadv(descriptor, vector, count, offset, high, 0);
    file.flags = present;
    return result;
}

function pwritev2(descriptor: u64, vector: u64, count: u64, offset: u64, high: u64, flags: u64): i64 {
    const atPosition = <i64>offset == -1;
    const file = atPosition ? writable(descriptor) : positioned(descriptor, true);
    if (file === null) return failure;
    if ((flags & ~(RWF_WITHOUT_EFFECT | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND)) != 0) return -EOPNOTSUPP;
    if ((flags & (RWF_APPEND | RWF_NOAPPEND)) == (RWF_APPEND | RWF_NOAPPEND)) return -EINVAL;
    const present = file.flags;
    file.flags = flagsWith(present, flags);
    const result = atPosition
        ? writev(descriptor, vector, count, 0, 0, 0)
        : pwritev(descriptor, vector, count, offset, high, 0);
    file.flags = present;
    return result;
}

function lseek(descriptor: u64, offset: u64, whence: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    return file === null ? -EBADF : file.seek(offset, <i32>whence);
}

// ---------------------------------------------------------------- sizes

/** Whether the process's limit (RLIMIT_FSIZE) or the filesystem's forbids a file of `size` bytes. 0 or -EFBIG. */
function checkSize(size: u64, present: u64): i64 {
    const limit = current.process.limits.soft[RLIMIT_FSIZE];
    if (size > limit && size > present) {
        sendSignalToThread(current, SIGXFSZ);
        return -EFBIG;
    }
    return size > FILE_SIZE_MAXIMUM ? -EFBIG : 0;
}

function truncate(path: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i64>length < 0) return -EINVAL;
    const inode = findInode(WORKING_DIRECTORY, path, 0);
    if (inode === null) return failure;
    if (inode.isDirectory()) return -EISDIR;
    if (!inode.isRegular()) return -EINVAL;
    const error = checkAccess(inode, MAY_WRITE);
    if (error != 0) return error;
    if (inode.executions > 0) return -ETXTBSY;
    const broken = breakLeases(inode, true, false);
    if (broken != 0) return broken;
    const tooLarge = checkSize(length, inode.size);
    if (tooLarge != 0) return tooLarge;
    const failed = inode.truncate(length);
    if (failed == 0) dropPrivileges(inode);
    if (failed == 0) notifyFound(inode, IN_MODIFY);
    return failed;
}

function ftruncate(descriptor: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i64>length < 0) return -EINVAL;
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    if (!file.inode.isRegular() || !file.isWritable()) return -EINVAL;
    const tooLarge = checkSize(length, file.inode.size);
    if (tooLarge != 0) return tooLarge;
    const failed = file.inode.truncate(length);
    if (failed == 0) dropPrivileges(file.inode);
    if (failed == 0) notifyFile(file, IN_MODIFY);
    return failed;
}

const FALLOC_FL_KEEP_SIZE: u32 = 0x1;
const FALLOC_FL_PUNCH_HOLE: u32 = 0x2;
const FALLOC_FL_COLLAPSE_RANGE: u32 = 0x8;
const FALLOC_FL_ZERO_RANGE: u32 = 0x10;
const FALLOC_FL_INSERT_RANGE: u32 = 0x20;

function fallocate(descriptor: u64, mode_: u64, offset_: u64, length_: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    const mode = <u32>mode_;
    const offset = <i64>offset_;
    const length = <i64>length_;
    if (offset < 0 || length <= 0) return -EINVAL;
    // As on a tmpfs; programs that shift what follows do it by copying, then.
    if (mode == FALLOC_FL_COLLAPSE_RANGE || mode == FALLOC_FL_INSERT_RANGE)
        return unsupported("fallocate: FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE", EOPNOTSUPP);
    if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0)
        return -EOPNOTSUPP;
    const punch = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
    const zero = (mode & FALLOC_FL_ZERO_RANGE) != 0;
    if (punch && (zero || (mode & FALLOC_FL_KEEP_SIZE) == 0)) return -EOPNOTSUPP;
    if (!file.isWritable()) return -EBADF;
    if (punch && (file.flags & O_APPEND) != 0) return -EPERM;
    const kind = file.inode.kind;
    if (kind == KIND_FIFO) return -ESPIPE;
    if (file.inode.isDirectory()) return -EISDIR;
    const content = asRegular(file.inode);
    if (content === null) return kind == KIND_SOCKET ? -ESPIPE : -ENODEV;
    const end = <u64>offset + <u64>length;
    if (end > FILE_SIZE_MAXIMUM) return -EFBIG;
    const keep = (mode & FALLOC_FL_KEEP_SIZE) != 0;
    const tooLarge = keep ? 0 : checkSize(end, content.size);
    if (tooLarge != 0) return tooLarge;
    if (punch || zero) {
        const error = content.clearRange(offset, length);
        if (error != 0) return error;
    } else {
        const error = content.reserve(offset, length);
        if (error != 0) return error;
    }
    if (!keep && end > content.size) {
        const error = content.truncate(end);
        if (error != 0) return error;
    }
    contentChanged(content);
    dropPrivileges(content);
    notifyFile(file, IN_MODIFY);
    return 0;
}

/** POSIX_FADV_NORMAL to POSIX_FADV_NOREUSE. */
const ADVICE_MAXIMUM: u64 = 5;

/** All content is in memory: every advice is followed already. */
function fadvise64(descriptor: u64, offset: u64, length: u64, advice: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    if (file.inode.kind == KIND_FIFO) return -ESPIPE;
    return <i64>length < 0 || advice > ADVICE_MAXIMUM ? -EINVAL : 0;
}

function readahead(descriptor: u64, offset: u64, count: u64, d: u64, e: u64, f: u64): i64 {
    const file = readable(descriptor);
    if (file === null) return -EBADF;
    return file.inode.isRegular() ? 0 : -EINVAL;
}

export function registerFileCalls(): void {
    define(SYS_open, open, "sOo");
    define(SYS_creat, creat, "so");
    define(SYS_openat, openat, "DsOo");
    define(SYS_close, close, "f");
    define(SYS_read, read, "fBu");
    define(SYS_write, write, "fbu");
    define(SYS_pread64, pread64, "fBud");
    define(SYS_pwrite64, pwrite64, "fbud");
    define(SYS_readv, readv, "fpd");
    define(SYS_writev, writev, "fpd");
    define(SYS_preadv, preadv, "fpdu");
    define(SYS_pwritev, pwritev, "fpdu");
    define(SYS_preadv2, preadv2, "fpduxx");
    define(SYS_pwritev2, pwritev2, "fpduxx");
    define(SYS_lseek, lseek, "ful");
    define(SYS_truncate, truncate, "su");
    define(SYS_ftruncate, ftruncate, "fu");
    // Partial: FALLOC_FL_COLLAPSE_RANGE and FALLOC_FL_INSERT_RANGE are EOPNOTSUPP.
    define(SYS_fallocate, fallocate, "fxuu");
    define(SYS_fadvise64, fadvise64, "fuud");
    define(SYS_readahead, readahead, "fuu");
}
