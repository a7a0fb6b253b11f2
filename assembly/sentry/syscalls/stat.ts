// SPDX-License-Identifier: Apache-2.0
//
// Reading attributes: the stat and statx families, access, statfs. Changing them is the subject of path.ts.

import {
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_fstat,
    SYS_fstatfs,
    SYS_lstat,
    SYS_newfstatat,
    SYS_stat,
    SYS_statfs,
    SYS_statx,
} from "../arch/systemCalls";
import { putStat, putStatfs, STAT_SIZE, STAT_TIMES, STATFS_SIZE } from "../arch/fileStatus";
import { quotaBytes, userMemoryLeft } from "../capabilities/quota";
import { nanosecondsOf, secondsOf } from "../fs/fileTime";
import { FileSystem, PROC_SUPER_MAGIC, SYSFS_MAGIC } from "../fs/fileSystem";
import { failure, Inode } from "../fs/inode";
import { mountOf } from "../fs/mountTable";
import {
    AT_EACCESS,
    AT_EMPTY_PATH,
    AT_NO_AUTOMOUNT,
    AT_STATX_SYNC_TYPE,
    AT_SYMLINK_NOFOLLOW,
    fileOf,
    findInode,
    WORKING_DIRECTORY,
} from "../fs/pathArgument";
import { NAME_MAXIMUM } from "../fs/pathWalk";
import { checkAccess, checkAccessAs, credentials, MAY_EXECUTE, MAY_READ, MAY_WRITE } from "../fs/permission";
import { EINVAL } from "../kernel/errno";
import { current } from "../kernel/thread";
import { freeFrameCount } from "../memory/frames";
import { copyOut } from "../memory/userMemory";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** Bytes of struct statx. */
const STATX_SIZE: i32 = 256;
/** STATX_BASIC_STATS: everything that stat(2) has. */
const STATX_BASIC: u32 = 0x7ff;
const STATX_MOUNT_IDENTIFIER: u32 = 0x1000;
/** STATX__RESERVED. */
const STATX_RESERVED: u32 = 0x8000_0000;

/** st_blksize of files that are text made on the fly. */
const TEXT_BLOCK_SIZE: u32 = 1024;

const scratch: usize = reserveBuffer(STATX_SIZE);

function blockSizeOf(fileSystem: FileSystem): u32 {
    return fileSystem.magic == PROC_SUPER_MAGIC || fileSystem.magic == SYSFS_MAGIC
        ? TEXT_BLOCK_SIZE
        : PAGE_SIZE;
}

/** Writes struct stat of the inode. 0 or -EFAULT. */
function writeStat(inode: Inode, buffer: u64): i64 {
    putStat(
        scratch,
        inode.fileSystem.device,
        inode.number,
        inode.linkCount,
        inode.mode,
        inode.userId,
        inode.groupId,
        inode.device,
        inode.size,
        blockSizeOf(inode.fileSystem),
        inode.blocks(),
    );
    putTime(STAT_TIMES, inode.accessTime);
    putTime(STAT_TIMES + 16, inode.modificationTime);
    putTime(STAT_TIMES + 32, inode.changeTime);
    return copyOut(buffer, scratch, STAT_SIZE);
}

function putTime(offset: usize, time: i64): void {
    store<i64>(scratch + offset, secondsOf(time));
    store<u64>(scratch + offset, nanosecondsOf(time), 8);
}

function stat(path: u64, buffer: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return newfstatat(WORKING_DIRECTORY, path, buffer, 0, 0, 0);
}

function lstat(path: u64, buffer: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return newfstatat(WORKING_DIRECTORY, path, buffer, AT_SYMLINK_NOFOLLOW, 0, 0);
}

function fstat(descriptor: u64, buffer: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    return file === null ? failure : writeStat(file.inode, buffer);
}

function newfstatat(directory: u64, path: u64, buffer: u64, flags_: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) != 0) return -EINVAL;
    const inode = findInode(directory, path, flags);
    return inode === null ? failure : writeStat(inode, buffer);
}

function statx(directory: u64, path: u64, flags_: u64, mask: u64, buffer: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if (((<u32>mask) & STATX_RESERVED) != 0) return -EINVAL;
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)) != 0)
        return -EINVAL;
    if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) return -EINVAL;
    const inode = findInode(directory, path, flags);
    if (inode === null) return failure;
    memory.fill(scratch, 0, STATX_SIZE);
    store<u32>(scratch, STATX_BASIC | STATX_MOUNT_IDENTIFIER);
    store<u32>(scratch, blockSizeOf(inode.fileSystem), 4);
    store<u32>(scratch, inode.linkCount, 16);
    store<u32>(scratch, inode.userId, 20);
    store<u32>(scratch, inode.groupId, 24);
    store<u16>(scratch, <u16>inode.mode, 28);
    store<u64>(scratch, inode.number, 32);
    store<u64>(scratch, inode.size, 40);
    store<u64>(scratch, inode.blocks(), 48);
    putTime(64, inode.accessTime);
    putTime(96, inode.changeTime);
    putTime(112, inode.modificationTime);
    store<u32>(scratch, (inode.device >> 8) & 0xfff, 128);
    store<u32>(scratch, (inode.device & 0xff) | ((inode.device >> 12) & 0xfff00), 132);
    // Major 0: an unnamed device.
    store<u32>(scratch, inode.fileSystem.device, 140);
    store<u64>(scratch, inode.fileSystem.device, 144);
    return copyOut(buffer, scratch, STATX_SIZE);
}

// ---------------------------------------------------------------- access

/** access(2)'s modes are the permission bits; 0 (F_OK) asks whether the file exists. */
const ACCESS_MODES: u32 = MAY_READ | MAY_WRITE | MAY_EXECUTE;

function access(path: u64, mode: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return faccessat2(WORKING_DIRECTORY, path, mode, 0, 0, 0);
}

function faccessat(directory: u64, path: u64, mode: u64, d: u64, e: u64, f: u64): i64 {
    return faccessat2(directory, path, mode, 0, 0, 0);
}

function faccessat2(directory: u64, path: u64, mode_: u64, flags_: u64, e: u64, f: u64): i64 {
    const mode = <u32>mode_;
    const flags = <u32>flags_;
    if ((mode & ~ACCESS_MODES) != 0) return -EINVAL;
    if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
    const who = credentials();
    if ((flags & AT_EACCESS) != 0 || who.actsAsRealUser()) {
        const inode = findInode(directory, path, flags);
        return inode === null ? failure : mode == 0 ? 0 : checkAccess(inode, mode);
    }
    // The walk, too, is the real user's.
    const real = who.asRealUser();
    current.process.credentials = real;
    const inode = findInode(directory, path, flags);
    current.process.credentials = who;
    return inode === null ? failure : mode == 0 ? 0 : checkAccessAs(real, inode, mode);
}

// ---------------------------------------------------------------- statfs

/** f_flags (statfs(2)). */
const ST_RDONLY: u64 = 1;
const ST_NOSUID: u64 = 2;
const ST_NODEV: u64 = 4;
const ST_NOEXEC: u64 = 8;
const ST_VALID: u64 = 0x20;
const ST_RELATIME: u64 = 0x1000;

function mountFlags(fileSystem: FileSystem): u64 {
    let flags = ST_VALID | (fileSystem.readOnly ? ST_RDONLY : 0);
    const mount = mountOf(fileSystem);
    if (mount === null) return flags;
    if (mount.options.includes("nosuid")) flags |= ST_NOSUID;
    if (mount.options.includes("nodev")) flags |= ST_NODEV;
    if (mount.options.includes("noexec")) flags |= ST_NOEXEC;
    return flags | ST_RELATIME;
}

function writeStatfs(inode: Inode, buffer: u64): i64 {
    const fileSystem = inode.fileSystem;
    let blocks: u64 = 0;
    let free: u64 = 0;
    let files: u64 = 0;
    if (fileSystem.pageLimit != 0) {
        blocks = fileSystem.pageLimit;
        free = blocks - fileSystem.pagesUsed;
        files = blocks;
    } else if (fileSystem.holdsMemory) {
        blocks = quotaBytes() >> PAGE_BITS;
        free = (userMemoryLeft() >> PAGE_BITS) + freeFrameCount();
        // A file needs a page, so there cannot be more of them.
        files = blocks;
    }
    const made = fileSystem.inodesMade;
    putStatfs(
        scratch,
        fileSystem.magic,
        PAGE_SIZE,
        blocks,
        free,
        files,
        files > made ? files - made : 0,
        fileSystem.device,
        NAME_MAXIMUM,
        mountFlags(fileSystem),
    );
    return copyOut(buffer, scratch, STATFS_SIZE);
}

function statfs(path: u64, buffer: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const inode = findInode(WORKING_DIRECTORY, path, 0);
    return inode === null ? failure : writeStatfs(inode, buffer);
}

function fstatfs(descriptor: u64, buffer: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    return file === null ? failure : writeStatfs(file.inode, buffer);
}

export function registerStatCalls(): void {
    define(SYS_stat, stat, "sp");
    define(SYS_lstat, lstat, "sp");
    define(SYS_fstat, fstat, "fp");
    define(SYS_newfstatat, newfstatat, "DspA");
    define(SYS_statx, statx, "DsAxp");
    define(SYS_access, access, "sK");
    define(SYS_faccessat, faccessat, "DsK");
    define(SYS_faccessat2, faccessat2, "DsKA");
    define(SYS_statfs, statfs, "sp");
    define(SYS_fstatfs, fstatfs, "fp");
}
