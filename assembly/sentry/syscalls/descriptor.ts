// SPDX-License-Identifier: Apache-2.0
//
// Descriptors: dup, fcntl, ioctl, locks, close_range.

import {
    SYS_close_range,
    SYS_dup,
    SYS_dup2,
    SYS_dup3,
    SYS_fcntl,
    SYS_flock,
    SYS_ioctl,
} from "../arch/systemCalls";
import { FileDescriptorTable } from "../fs/fileDescriptorTable";
import { getLease, setLease } from "../fs/leases";
import { conflictingLock, LOCK_END, LOCK_NONE, LOCK_READ, LOCK_WRITE, setLock } from "../fs/locks";
import {
    O_ASYNC,
    O_CLOEXEC,
    O_DIRECT,
    O_NOATIME,
    O_NONBLOCK,
    O_PATH,
    OpenFile,
    SEEK_CUR,
    SEEK_END,
    SEEK_SET,
    STATUS_FLAGS_CHANGEABLE,
} from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { ownsInode } from "../fs/permission";
import { KIND_FIFO } from "../fs/inode";
import { PipeFile } from "../fs/pipe";
import { ownerOf, setOwner } from "../fs/signalOwner";
import { EAGAIN, EBADF, EFAULT, EINVAL, EOVERFLOW, EPERM } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { copiedIn, copyIn, copyIn32, copyOut, copyOut32, copyOut64 } from "../memory/userMemory";
import { addSeals, getSeals } from "./memfd";
import { Socket } from "../net/socket";
import { SIGIO, SIGNAL_MAXIMUM } from "../signals/numbers";
import { PAGE_SIZE } from "../../std/pages";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

// ---------------------------------------------------------------- dup

function descriptorLimit(): u64 {
    return current.process.limits.soft[RLIMIT_NOFILE];
}

function duplicate(file: OpenFile, closeOnExec: bool, minimum: i32): i64 {
    const descriptor = current.process.fileDescriptors.add(file, closeOnExec, descriptorLimit(), minimum);
    if (descriptor >= 0) file.retain();
    return descriptor;
}

function dup(descriptor: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    return file === null ? -EBADF : duplicate(file, false, 0);
}

function dup2(descriptor: u64, newDescriptor: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i32>descriptor == <i32>newDescriptor)
        return fileOf(descriptor) === null ? -EBADF : <i32>newDescriptor;
    return dup3(descriptor, newDescriptor, 0, 0, 0, 0);
}

function dup3(descriptor: u64, newDescriptor: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if (((<u32>flags) & ~O_CLOEXEC) != 0) return -EINVAL;
    if (<i32>descriptor == <i32>newDescriptor) return -EINVAL;
    const file = fileOf(descriptor);
    if (file === null) return -EBADF;
    file.retain();
    const result = current.process.fileDescriptors.set(
        <i32>newDescriptor,
        file,
        ((<u32>flags) & O_CLOEXEC) != 0,
        descriptorLimit(),
    );
    if (result < 0) file.release();
    return result;
}

const CLOSE_RANGE_UNSHARE: u32 = 2;
const CLOSE_RANGE_CLOEXEC: u32 = 4;

function closeRange(first: u64, last: u64, flags_: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0 || <u32>first > <u32>last) return -EINVAL;
    const process = current.process;
    if ((flags & CLOSE_RANGE_UNSHARE) != 0 && process.fileDescriptors.isShared) {
        const shared: FileDescriptorTable = process.fileDescriptors;
        process.fileDescriptors = shared.clone();
        shared.release();
    }
    return process.fileDescriptors.forRange(<u32>first, <u32>last, (flags & CLOSE_RANGE_CLOEXEC) != 0);
}

// ---------------------------------------------------------------- fcntl

const F_DUPFD: i32 = 0;
const F_GETFD: i32 = 1;
const F_SETFD: i32 = 2;
const F_GETFL: i32 = 3;
const F_SETFL: i32 = 4;
const F_GETLK: i32 = 5;
const F_SETLK: i32 = 6;
const F_SETLKW: i32 = 7;
const F_SETOWN: i32 = 8;
const F_GETOWN: i32 = 9;
const F_SETSIG: i32 = 10;
const F_GETSIG: i32 = 11;
const F_SETOWN_EX: i32 = 15;
const F_GETOWN_EX: i32 = 16;
const F_OFD_GETLK: i32 = 36;
const F_OFD_SETLK: i32 = 37;
const F_OFD_SETLKW: i32 = 38;
const F_SETLEASE: i32 = 1024;
const F_GETLEASE: i32 = 1025;
const F_NOTIFY: i32 = 1026;
const F_DUPFD_CLOEXEC: i32 = 1030;
const F_SETPIPE_SZ: i32 = 1031;
const F_GETPIPE_SZ: i32 = 1032;
const F_ADD_SEALS: i32 = 1033;
const F_GET_SEALS: i32 = 1034;
const FD_CLOEXEC: u64 = 1;

function fcntl(descriptor: u64, command_: u64, argument: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null) return -EBADF;
    const command = <i32>command_;
    const table = current.process.fileDescriptors;
    switch (command) {
        case F_DUPFD:
        case F_DUPFD_CLOEXEC:
            if (<i32>argument < 0 || <u64>(<u32>argument) >= descriptorLimit()) return -EINVAL;
            return duplicate(file, command == F_DUPFD_CLOEXEC, <i32>argument);
        case F_GETFD:
            return table.isCloseOnExec(<i32>descriptor) ? FD_CLOEXEC : 0;
        case F_SETFD:
            table.setCloseOnExec(<i32>descriptor, (argument & FD_CLOEXEC) != 0);
            return 0;
        case F_GETFL:
            return file.flags;
    }
    if ((file.flags & O_PATH) != 0) return -EBADF;
    switch (command) {
        case F_SETFL:
            return setStatusFlags(file, <u32>argument);
        case F_GETLK:
        case F_OFD_GETLK:
            return getLock(file, argument, command == F_OFD_GETLK);
        case F_SETLK:
        case F_SETLKW:
            return placeLock(file, argument, false, command == F_SETLKW);
        case F_OFD_SETLK:
        case F_OFD_SETLKW:
            return placeLock(file, argument, true, command == F_OFD_SETLKW);
        case F_SETOWN:
            return setOwner(file, <i32>argument);
        case F_GETOWN:
            return ownerOf(file);
        case F_SETOWN_EX:
            return setOwnerExtended(file, argument);
        case F_GETOWN_EX:
            return getOwnerExtended(file, argument);
        case F_SETSIG:
            if (argument == 0 || <i32>argument == SIGIO) return 0;
            return <u32>argument > <u32>SIGNAL_MAXIMUM ? -EINVAL : unsupported("fcntl: F_SETSIG", EINVAL);
        case F_GETSIG:
            return 0;
        case F_GETLEASE:
            return getLease(file);
        case F_SETLEASE:
            return setLease(file, <u32>argument);
        case F_NOTIFY:
            return unsupported("fcntl: F_NOTIFY", EINVAL);
        case F_GETPIPE_SZ:
            return file instanceof PipeFile ? (<PipeFile>file).pipe.size : -EBADF;
        case F_SETPIPE_SZ:
            return file instanceof PipeFile ? (<PipeFile>file).pipe.resize(<u32>argument) : -EBADF;
        case F_ADD_SEALS:
            return addSeals(file, argument);
        case F_GET_SEALS:
            return getSeals(file);
        default:
            return -EINVAL;
    }
}

// struct f_owner_ex: a type, and a thread's, process's or group's id.
const F_OWNER_TID: i32 = 0;
const F_OWNER_PID: i32 = 1;
const F_OWNER_PGRP: i32 = 2;

function setOwnerExtended(file: OpenFile, address: u64): i64 {
    if (copyIn(scratch, address, 8) != 0) return -EFAULT;
    const type = load<i32>(scratch);
    const id = load<i32>(scratch, 4);
    if (type == F_OWNER_TID && id != 0) return unsupported("fcntl: F_OWNER_TID", EINVAL);
    if (type < F_OWNER_TID || type > F_OWNER_PGRP || id < 0) return -EINVAL;
    return setOwner(file, type == F_OWNER_PGRP ? -id : id);
}

function getOwnerExtended(file: OpenFile, address: u64): i64 {
    const owner = ownerOf(file);
    store<i32>(scratch, owner == 0 ? F_OWNER_TID : owner < 0 ? F_OWNER_PGRP : F_OWNER_PID);
    store<i32>(scratch, abs(owner), 4);
    return copyOut(address, scratch, 8);
}

function setStatusFlags(file: OpenFile, wanted: u32): i64 {
    const flags = wanted & STATUS_FLAGS_CHANGEABLE;
    const added = flags & ~file.flags;
    // Pipes have packets with it, and what has pages takes it without effect.
    if ((added & O_DIRECT) != 0 && file.inode.kind != KIND_FIFO && !file.inode.isRegular()) return -EINVAL;
    if ((added & O_ASYNC) != 0 && !(file instanceof Socket)) return -EINVAL;
    if ((flags & ~file.flags & O_NOATIME) != 0 && !ownsInode(file.inode)) return -EPERM;
    file.flags = (file.flags & ~STATUS_FLAGS_CHANGEABLE) | flags;
    return 0;
}

// ---------------------------------------------------------------- locks

/** struct flock: i16 type, i16 whence, i64 start at 8, i64 length at 16, i32 pid at 24. */
const FLOCK_SIZE: i32 = 32;
const scratch: usize = reserveBuffer(FLOCK_SIZE);

/** The range that struct flock in `scratch` means. */
let rangeFirst: i64 = 0;
let rangeLast: i64 = 0;

/** Reads struct flock at `address` and works out its range. 0 or a negative errno. */
function readLock(file: OpenFile, address: u64): i64 {
    if (copyIn(scratch, address, FLOCK_SIZE) != 0) return -EFAULT;
    const start = load<i64>(scratch, 8);
    const length = load<i64>(scratch, 16);
    let first: i64;
    switch (<i32>load<i16>(scratch, 2)) {
        case SEEK_SET:
            first = start;
            break;
        case SEEK_CUR:
            first = file.position + start;
            break;
        case SEEK_END:
            first = <i64>file.size() + start;
            break;
        default:
            return -EINVAL;
    }
    if (length < 0) {
        rangeLast = first - 1;
        rangeFirst = first + length;
    } else {
        rangeFirst = first;
        rangeLast = length == 0 ? LOCK_END : first + length - 1;
        if (rangeLast < first) return -EOVERFLOW;
    }
    return rangeFirst < 0 ? -EINVAL : 0;
}

function lockOwner(file: OpenFile, ofDescription: bool): usize {
    return ofDescription ? changetype<usize>(file) : changetype<usize>(current.process.fileDescriptors);
}

function getLock(file: OpenFile, address: u64, ofDescription: bool): i64 {
    const error = readLock(file, address);
    if (error != 0) return error;
    const type = <u32>load<u16>(scratch);
    if (type != LOCK_READ && type != LOCK_WRITE) return -EINVAL;
    if (ofDescription && load<i32>(scratch, 24) != 0) return -EINVAL;
    const owner = lockOwner(file, ofDescription);
    const lock = conflictingLock(file.inode, type, rangeFirst, rangeLast, owner, false);
    if (lock === null) {
        store<u16>(scratch, <u16>LOCK_NONE);
    } else {
        store<u16>(scratch, <u16>lock.type);
        store<u16>(scratch, <u16>SEEK_SET, 2);
        store<i64>(scratch, lock.first, 8);
        store<i64>(scratch, lock.last == LOCK_END ? 0 : lock.last - lock.first + 1, 16);
        store<i32>(scratch, lock.pid, 24);
    }
    return copyOut(address, scratch, FLOCK_SIZE);
}

function placeLock(file: OpenFile, address: u64, ofDescription: bool, wait: bool): i64 {
    const error = readLock(file, address);
    if (error != 0) return error;
    const type = <u32>load<u16>(scratch);
    if (type > LOCK_NONE) return -EINVAL;
    if (ofDescription && load<i32>(scratch, 24) != 0) return -EINVAL;
    if (type == LOCK_READ && !file.isReadable()) return -EBADF;
    if (type == LOCK_WRITE && !file.isWritable()) return -EBADF;
    const owner = lockOwner(file, ofDescription);
    const pid = ofDescription ? -1 : current.process.pid;
    return setLock(file.inode, type, rangeFirst, rangeLast, owner, false, pid, wait);
}

const LOCK_SH: u32 = 1;
const LOCK_EX: u32 = 2;
const LOCK_NB: u32 = 4;
const LOCK_UN: u32 = 8;

function flock(descriptor: u64, operation_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    const operation = <u32>operation_;
    let type: u32;
    switch (operation & ~LOCK_NB) {
        case LOCK_SH:
            type = LOCK_READ;
            break;
        case LOCK_EX:
            type = LOCK_WRITE;
            break;
        case LOCK_UN:
            type = LOCK_NONE;
            break;
        default:
            return -EINVAL;
    }
    const owner = changetype<usize>(file);
    return setLock(file.inode, type, 0, LOCK_END, owner, true, -1, (operation & LOCK_NB) == 0);
}

// ---------------------------------------------------------------- ioctl

const FIONBIO: u32 = 0x5421;
const FIONREAD: u32 = 0x541b;
const FIONCLEX: u32 = 0x5450;
const FIOCLEX: u32 = 0x5451;
const FIOQSIZE: u32 = 0x5460;
const FIGETBSZ: u32 = 2;

function ioctl(descriptor: u64, request_: u64, argument: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    const request = <u32>request_;
    switch (request) {
        case FIOCLEX:
        case FIONCLEX:
            current.process.fileDescriptors.setCloseOnExec(<i32>descriptor, request == FIOCLEX);
            return 0;
        case FIONBIO:
            if (copyIn32(argument) != 0) return -EFAULT;
            if (copiedIn != 0) file.flags |= O_NONBLOCK;
            else file.flags &= ~O_NONBLOCK;
            return 0;
        case FIONREAD:
            if (file.inode.isRegular()) return copyOut32(argument, <u32>(<i64>file.size() - file.position));
            break;
        case FIGETBSZ:
            if (file.inode.isRegular() || file.inode.isDirectory()) return copyOut32(argument, PAGE_SIZE);
            break;
        case FIOQSIZE:
            if (file.inode.isRegular() || file.inode.isDirectory())
                return copyOut64(argument, file.inode.size);
            break;
    }
    return file.ioctl(request, argument);
}

export function registerDescriptorCalls(): void {
    define(SYS_dup, dup, "f");
    define(SYS_dup2, dup2, "ff");
    define(SYS_dup3, dup3, "ffO");
    define(SYS_close_range, closeRange, "uux");
    // Partial: F_NOTIFY is refused; F_SETSIG takes SIGIO only, F_SETOWN_EX no thread.
    define(SYS_fcntl, fcntl, "fkx");
    define(SYS_flock, flock, "fx");
    define(SYS_ioctl, ioctl, "fLx");
}
