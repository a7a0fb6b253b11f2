// SPDX-License-Identifier: Apache-2.0
//
// Directories: reading them, making and removing them, and where a process stands (working directory, root).

import { CAP_SYS_CHROOT } from "../kernel/capabilities";
import {
    SYS_chdir,
    SYS_chroot,
    SYS_fchdir,
    SYS_getcwd,
    SYS_getdents,
    SYS_getdents64,
    SYS_mkdir,
    SYS_mkdirat,
    SYS_rmdir,
} from "../arch/systemCalls";
import { DirectoryFile } from "../fs/directoryFile";
import { Directory, failure, S_ISVTX } from "../fs/inode";
import { IN_ACCESS, IN_CREATE, notifyEntry, notifyFile } from "../fs/notify";
import { setOwner } from "../fs/open";
import { O_PATH } from "../fs/openFile";
import {
    AT_REMOVEDIR,
    fileOf,
    findInode,
    pathArgument,
    pathArgumentLength,
    pathStart,
    readPath,
    WORKING_DIRECTORY,
} from "../fs/pathArgument";
import { directoryPath, pathAddress, pathLength, pathReachable } from "../fs/pathText";
import { lastDirectory, lastInode, lastLength, lastName, walk } from "../fs/pathWalk";
import { checkAccess, checkCreate, credentials, MAY_EXECUTE } from "../fs/permission";
import { EBADF, EEXIST, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, ERANGE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { copyOut } from "../memory/userMemory";
import { define } from "./table";
import { unlinkat } from "./path";
import { reserveBuffer } from "../memory/buffers";

// ---------------------------------------------------------------- getdents

/** struct linux_dirent64: inode, position, length, type, name. struct linux_dirent: its name begins at 18, the type ends it. */
const NAME_OFFSET_64: i32 = 19;
const NAME_OFFSET_OLD: i32 = 18;
/** Longest name, its zero byte, and what comes before and after. */
const RECORD_MAXIMUM: i32 = 288;

const record: usize = reserveBuffer(RECORD_MAXIMUM);
let target: u64 = 0;
let room: i64 = 0;
let written: i64 = 0;
let error: i64 = 0;

function writeEntry(name: usize, nameLength: i32, inode: u64, kind: u32, next: i64): bool {
    const size = (NAME_OFFSET_64 + nameLength + 1 + 7) & ~7;
    if (size > room) return false;
    store<u64>(record, inode);
    store<i64>(record, next, 8);
    store<u16>(record, <u16>size, 16);
    store<u8>(record, <u8>kind, 18);
    memory.copy(record + NAME_OFFSET_64, name, nameLength);
    memory.fill(record + NAME_OFFSET_64 + nameLength, 0, size - NAME_OFFSET_64 - nameLength);
    return finishEntry(size);
}

function writeOldEntry(name: usize, nameLength: i32, inode: u64, kind: u32, next: i64): bool {
    const size = (NAME_OFFSET_OLD + nameLength + 2 + 7) & ~7;
    if (size > room) return false;
    store<u64>(record, inode);
    store<i64>(record, next, 8);
    store<u16>(record, <u16>size, 16);
    memory.copy(record + NAME_OFFSET_OLD, name, nameLength);
    memory.fill(record + NAME_OFFSET_OLD + nameLength, 0, size - NAME_OFFSET_OLD - nameLength);
    store<u8>(record + size - 1, <u8>kind);
    return finishEntry(size);
}

function finishEntry(size: i32): bool {
    if (copyOut(target, record, size) != 0) {
        error = -EFAULT;
        return false;
    }
    target += size;
    room -= size;
    written += size;
    return true;
}

function readDirectory(descriptor: u64, buffer: u64, size: u64, old: bool): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    if (!file.inode.isDirectory()) return -ENOTDIR;
    target = buffer;
    room = <u32>size;
    written = 0;
    error = 0;
    const before = file.position;
    const result = changetype<DirectoryFile>(file).readEntries(old ? writeOldEntry : writeEntry);
    if (result != 0) return result;
    notifyFile(file, IN_ACCESS);
    if (written > 0) return written;
    if (error != 0) return error;
    // Nothing written: the end, or no room for a single entry.
    return file.position == before && hasMore(changetype<DirectoryFile>(file)) ? -EINVAL : 0;
}

function hasMore(file: DirectoryFile): bool {
    return file.position < 2 || changetype<Directory>(file.inode).next(file.position);
}

function getdents64(descriptor: u64, buffer: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    return readDirectory(descriptor, buffer, size, false);
}

function getdents(descriptor: u64, buffer: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    return readDirectory(descriptor, buffer, size, true);
}

// ---------------------------------------------------------------- mkdir and rmdir

function mkdir(path: u64, mode: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return mkdirat(WORKING_DIRECTORY, path, mode, 0, 0, 0);
}

function mkdirat(directory: u64, path: u64, mode: u64, d: u64, e: u64, f: u64): i64 {
    let problem = readPath(directory, path);
    if (problem == 0) problem = walk(pathStart, pathArgument, pathArgumentLength, false);
    if (problem != 0) return problem;
    if (lastInode !== null) return -EEXIST;
    const parent = lastDirectory;
    if (parent.removed) return -ENOENT;
    const refused = checkCreate(parent);
    if (refused != 0) return refused;
    const permissions = (<u32>mode) & (0o777 | S_ISVTX) & ~current.process.files.umask;
    const made = parent.makeDirectory(lastName, lastLength, permissions);
    if (made === null) return failure;
    setOwner(made, parent);
    notifyEntry(parent, IN_CREATE, made, lastName, lastLength);
    return 0;
}

function rmdir(path: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return unlinkat(WORKING_DIRECTORY, path, AT_REMOVEDIR, 0, 0, 0);
}

// ---------------------------------------------------------------- where a process stands

function chdir(path: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const inode = findInode(WORKING_DIRECTORY, path, 0);
    if (inode === null) return failure;
    if (!inode.isDirectory()) return -ENOTDIR;
    const refused = checkAccess(inode, MAY_EXECUTE);
    if (refused != 0) return refused;
    current.process.files.setWorkingDirectory(changetype<Directory>(inode));
    return 0;
}

function fchdir(descriptor: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null) return -EBADF;
    const inode = file.inode;
    if (!inode.isDirectory()) return -ENOTDIR;
    const refused = checkAccess(inode, MAY_EXECUTE);
    if (refused != 0) return refused;
    current.process.files.setWorkingDirectory(changetype<Directory>(inode));
    return 0;
}

function chroot(path: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const inode = findInode(WORKING_DIRECTORY, path, 0);
    if (inode === null) return failure;
    if (!inode.isDirectory()) return -ENOTDIR;
    const refused = checkAccess(inode, MAY_EXECUTE);
    if (refused != 0) return refused;
    if (!credentials().has(CAP_SYS_CHROOT)) return -EPERM;
    current.process.files.setRoot(changetype<Directory>(inode));
    return 0;
}

const UNREACHABLE: usize = memory.data<u8>([
    0x28, 0x75, 0x6e, 0x72, 0x65, 0x61, 0x63, 0x68, 0x61, 0x62, 0x6c, 0x65, 0x29,
]);
const UNREACHABLE_LENGTH: i32 = 13;
const zero: usize = memory.data<u8>([0]);

/** The result counts the zero byte at the end. */
function getcwd(buffer: u64, size: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const files = current.process.files;
    const directory = files.workingDirectory;
    if (directory.removed) return -ENOENT;
    if (!directoryPath(directory, files.root)) return -ENAMETOOLONG;
    const prefix = pathReachable ? 0 : UNREACHABLE_LENGTH;
    const length = prefix + pathLength + 1;
    if (<u64>length > size) return -ERANGE;
    if (prefix > 0 && copyOut(buffer, UNREACHABLE, prefix) != 0) return -EFAULT;
    if (copyOut(buffer + prefix, pathAddress, pathLength) != 0) return -EFAULT;
    return copyOut(buffer + prefix + pathLength, zero, 1) != 0 ? -EFAULT : length;
}

export function registerDirectoryCalls(): void {
    define(SYS_getdents64, getdents64, "fpu");
    define(SYS_getdents, getdents, "fpu");
    define(SYS_mkdir, mkdir, "so");
    define(SYS_mkdirat, mkdirat, "Dso");
    define(SYS_rmdir, rmdir, "s");
    define(SYS_chdir, chdir, "s");
    define(SYS_fchdir, fchdir, "f");
    define(SYS_chroot, chroot, "s");
    define(SYS_getcwd, getcwd, "pu");
}
