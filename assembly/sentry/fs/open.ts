// SPDX-License-Identifier: Apache-2.0
//
// Opening a file by its path: what open(2) and its relatives have in common.

import { EEXIST, EISDIR, ELOOP, ENOENT, ENOTDIR, EOPNOTSUPP, EPERM, EROFS, ETXTBSY } from "../kernel/errno";
import { current } from "../kernel/thread";
import { addGarbage } from "../kernel/garbage";
import { PathFile } from "./directoryFile";
import {
    Directory,
    fail,
    failure,
    Inode,
    KIND_BLOCK_DEVICE,
    KIND_CHARACTER_DEVICE,
    KIND_FIFO,
    KIND_SOCKET,
    S_IFREG,
    S_ISGID,
} from "./inode";
import { breakLeases } from "./leases";
import { copyName, Location } from "./location";
import { IN_CREATE, IN_MODIFY, IN_OPEN, notifyEntry, notifyFile } from "./notify";
import {
    O_ACCMODE,
    O_APPEND,
    O_ASYNC,
    O_CREAT,
    O_DIRECT,
    O_DIRECTORY,
    O_EXCL,
    O_LARGEFILE,
    O_NOATIME,
    O_NOCTTY,
    O_NOFOLLOW,
    O_NONBLOCK,
    O_PATH,
    O_RDONLY,
    O_SYNC,
    O_TMPFILE,
    O_TRUNC,
    O_WRONLY,
    OpenFile,
} from "./openFile";
import {
    lastDirectory,
    lastInode,
    lastLength,
    lastLink,
    lastName,
    lastSlash,
    LAST_NAME,
    lastType,
    walk,
} from "./pathWalk";
import {
    checkAccess,
    checkCreate,
    credentials,
    dropPrivileges,
    MAY_READ,
    MAY_WRITE,
    ownsInode,
} from "./permission";

/** What stays in a description's flags (F_GETFL). */
const KEPT_FLAGS: u32 =
    O_ACCMODE |
    O_APPEND |
    O_ASYNC |
    O_DIRECT |
    O_NONBLOCK |
    O_NOATIME |
    O_LARGEFILE |
    O_SYNC |
    O_PATH |
    O_DIRECTORY |
    O_NOFOLLOW;

/** An OpenFile with its Location and what belongs to it, for the garbage estimate. */
const OPEN_FILE_BYTES: i32 = 160;

function refuse(error: i64): OpenFile | null {
    fail(error);
    return null;
}

/** What access the flags ask for, as MAY_ bits. */
function accessMask(flags: u32): u32 {
    const mode = flags & O_ACCMODE;
    let mask: u32 = mode == O_RDONLY ? MAY_READ : mode == O_WRONLY ? MAY_WRITE : MAY_READ | MAY_WRITE;
    if ((flags & O_TRUNC) != 0) mask |= MAY_WRITE;
    return mask;
}

const SET_GROUP_EXECUTABLE: u32 = S_ISGID | 0o010;

/** Gives a new inode the caller's ids; a set-group-ID directory passes on its group. */
export function setOwner(inode: Inode, directory: Directory): void {
    const who = credentials();
    inode.userId = who.fileUser;
    inode.groupId = who.fileGroup;
    if ((directory.mode & S_ISGID) == 0) return;
    inode.groupId = directory.groupId;
    if (inode.isDirectory()) {
        inode.mode |= S_ISGID;
    } else if ((inode.mode & SET_GROUP_EXECUTABLE) == SET_GROUP_EXECUTABLE) {
        // Nobody makes a program that runs with a group which he is not in.
        if (!who.maySetGroupId(directory.groupId)) inode.mode &= ~S_ISGID;
    }
}

/**
 * Opens what `path` names, from `directory` unless it is absolute. `flags` and `mode` are those of open(2). Null: see
 * `failure`, which is BLOCKED when a FIFO waits for its other side, or a lease is in the way.
 */
export function openPath(
    directory: Directory,
    path: usize,
    length: i32,
    flags: u32,
    mode: u32,
): OpenFile | null {
    if ((flags & O_TMPFILE) == O_TMPFILE) return openUnnamed(directory, path, length, flags, mode);
    const creates = (flags & O_CREAT) != 0;
    const follow = (flags & O_NOFOLLOW) == 0 && !(creates && (flags & O_EXCL) != 0);
    const error = walk(directory, path, length, follow);
    if (error != 0) return refuse(error);
    const inode = lastInode;
    if (inode === null) return creates ? create(flags, mode) : refuse(-ENOENT);
    if (creates && (flags & O_EXCL) != 0) return refuse(-EEXIST);
    const file = openInode(inode, flags, lastSlash);
    if (file !== null) {
        locate(file, inode);
        notifyFile(file, IN_OPEN);
        if ((flags & O_TRUNC) != 0 && inode.isRegular()) notifyFile(file, IN_MODIFY);
    }
    return file;
}

function create(flags: u32, mode: u32): OpenFile | null {
    // "name/" cannot be made by open(2).
    if (lastSlash) return refuse(-EISDIR);
    const directory = lastDirectory;
    if (directory.removed) return refuse(-ENOENT);
    const error = checkCreate(directory);
    if (error != 0) return refuse(error);
    const permissions = mode & 0o7777 & ~current.process.files.umask;
    const inode = directory.make(lastName, lastLength, S_IFREG | permissions, 0);
    if (inode === null) return null;
    setOwner(inode, directory);
    notifyEntry(directory, IN_CREATE, inode, lastName, lastLength);
    const file = inode.open(flags & KEPT_FLAGS);
    if (file !== null) {
        file.countWriter();
        locate(file, inode);
        notifyFile(file, IN_OPEN);
    }
    return file;
}

/** Notes where the latest walk found the file; directories know it themselves. */
export function locate(file: OpenFile, inode: Inode): void {
    addGarbage(OPEN_FILE_BYTES);
    if (inode.isDirectory()) return;
    const link = lastLink;
    if (link !== null) {
        // Through /proc/PID/fd or /proc/PID/exe: where that file was found.
        locateAt(file, link.followLocation());
    } else if (lastType == LAST_NAME) {
        const name = copyName(lastName, lastLength);
        file.location = new Location(inode, lastDirectory, changetype<usize>(name), lastLength, name);
    }
}

/** Notes that an open file was found where another of the same inode was. */
export function locateAt(file: OpenFile, there: Location | null): void {
    if (there === null) return;
    file.location = new Location(
        file.inode,
        there.directory,
        there.nameAddress,
        there.nameLength,
        there.nameHolder,
    );
    file.location!.removed = there.removed;
}

/** Opens an inode that exists. `directoryOnly`: a slash followed its name. Null: see `failure`. */
export function openInode(inode: Inode, flags: u32, directoryOnly: bool): OpenFile | null {
    if ((directoryOnly || (flags & O_DIRECTORY) != 0) && !inode.isDirectory()) {
        return refuse(-ENOTDIR);
    }
    if ((flags & O_PATH) != 0) return new PathFile(inode, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW));
    if (inode.isSymbolicLink()) return refuse(-ELOOP);
    const mask = accessMask(flags);
    if (inode.isDirectory()) {
        if ((mask & MAY_WRITE) != 0 || (flags & O_CREAT) != 0) return refuse(-EISDIR);
    }
    const error = checkAccess(inode, mask);
    if (error != 0) return refuse(error);
    if ((flags & O_NOATIME) != 0 && !ownsInode(inode)) return refuse(-EPERM);
    if ((mask & MAY_WRITE) != 0 && inode.executions > 0) return refuse(-ETXTBSY);
    const broken = breakLeases(inode, (flags & O_ACCMODE) != O_RDONLY, (flags & O_NONBLOCK) != 0);
    if (broken != 0) return refuse(broken);
    const file = inode.open(flags & (KEPT_FLAGS | O_NOCTTY));
    if (file === null) return null;
    file.countWriter();
    const kind = inode.kind;
    const special =
        kind == KIND_FIFO ||
        kind == KIND_CHARACTER_DEVICE ||
        kind == KIND_BLOCK_DEVICE ||
        kind == KIND_SOCKET;
    if ((flags & O_TRUNC) != 0 && !special) {
        const truncated = inode.truncate(0);
        if (truncated != 0) {
            file.release();
            return refuse(truncated);
        }
        dropPrivileges(inode);
    }
    return file;
}

/** O_TMPFILE: a file without a name in the directory. */
function openUnnamed(from: Directory, path: usize, length: i32, flags: u32, mode: u32): OpenFile | null {
    const error = walk(from, path, length, true);
    if (error != 0) return refuse(error);
    const inode = lastInode;
    if (inode === null) return refuse(-ENOENT);
    if (!inode.isDirectory()) return refuse(-ENOTDIR);
    const directory = changetype<Directory>(inode);
    if (directory.fileSystem.readOnly) return refuse(-EROFS);
    const access = checkCreate(directory);
    if (access != 0) return refuse(access);
    const unnamed = directory.makeUnnamed(S_IFREG | (mode & 0o7777 & ~current.process.files.umask));
    if (unnamed === null) return refuse(failure == -EPERM ? -EOPNOTSUPP : failure);
    setOwner(unnamed, directory);
    const file = unnamed.open(flags & KEPT_FLAGS & ~O_DIRECTORY);
    if (file !== null) file.countWriter();
    return file;
}
