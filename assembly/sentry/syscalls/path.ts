// SPDX-License-Identifier: Apache-2.0
//
// Names: unlink, rename, link, symlink, readlink, mknod.

import { CAP_MKNOD } from "../kernel/capabilities";
import {
    SYS_link,
    SYS_linkat,
    SYS_mknod,
    SYS_mknodat,
    SYS_readlink,
    SYS_readlinkat,
    SYS_rename,
    SYS_renameat,
    SYS_renameat2,
    SYS_symlink,
    SYS_symlinkat,
    SYS_unlink,
    SYS_unlinkat,
} from "../arch/systemCalls";
import {
    Directory,
    failure,
    Inode,
    linkAddress,
    linkLength,
    FIRST_ENTRY,
    S_IFBLK,
    S_IFCHR,
    S_IFDIR,
    S_IFIFO,
    S_IFMT,
    S_IFREG,
    S_IFSOCK,
    S_ISGID,
    S_ISUID,
} from "../fs/inode";
import {
    IN_ATTRIB,
    IN_CREATE,
    IN_DELETE,
    IN_MOVE_SELF,
    IN_MOVED_FROM,
    IN_MOVED_TO,
    newCookie,
    notifyEntry,
    notifyInode,
    watchCount,
} from "../fs/notify";
import { setOwner } from "../fs/open";
import {
    AT_EMPTY_PATH,
    AT_REMOVEDIR,
    AT_SYMLINK_FOLLOW,
    AT_SYMLINK_NOFOLLOW,
    findInode,
    pathArgument,
    pathArgumentLength,
    pathStart,
    readPath,
    readSecondPath,
    secondPath,
    WORKING_DIRECTORY,
} from "../fs/pathArgument";
import {
    LAST_DOT,
    LAST_DOT_DOT,
    LAST_NAME,
    LAST_ROOT,
    lastDirectory,
    lastInode,
    lastLength,
    lastName,
    lastSlash,
    lastType,
    walk,
    walkToParent,
} from "../fs/pathWalk";
import {
    checkAccess,
    checkCreate,
    checkDelete,
    credentials,
    MAY_READ,
    MAY_WRITE,
    ownsInode,
} from "../fs/permission";
import { asRegular } from "../fs/regularInode";
import {
    EBUSY,
    EEXIST,
    EINVAL,
    EISDIR,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    EPERM,
    EROFS,
    EXDEV,
} from "../kernel/errno";
import { current } from "../kernel/thread";
import { copyInText, copyOut } from "../memory/userMemory";
import { define } from "./table";
import { PATH_MAXIMUM } from "../memory/buffers";

/** Whether something is mounted on `child` of a directory. A file that is, is the mounted one. */
function isMountPoint(parent: Directory, child: Inode): bool {
    return child.isDirectory()
        ? changetype<Directory>(child).mounted !== null
        : child.fileSystem !== parent.fileSystem;
}

// ---------------------------------------------------------------- unlink

function unlink(path: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return unlinkat(WORKING_DIRECTORY, path, 0, 0, 0, 0);
}

/** unlinkat(2), which is rmdir(2) with AT_REMOVEDIR. */
export function unlinkat(directory: u64, path: u64, flags_: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~AT_REMOVEDIR) != 0) return -EINVAL;
    let problem = readPath(directory, path);
    if (problem == 0) problem = walkToParent(pathStart, pathArgument, pathArgumentLength);
    if (problem != 0) return problem;
    return (flags & AT_REMOVEDIR) != 0 ? removeDirectory() : removeName();
}

/** Takes the name of the latest walk away. */
function removeName(): i64 {
    if (lastType != LAST_NAME) return -EISDIR;
    const parent = lastDirectory;
    if (parent.fileSystem.readOnly) return -EROFS;
    const child = parent.lookup(lastName, lastLength);
    if (child === null) return failure;
    if (lastSlash) return child.isDirectory() ? -EISDIR : -ENOTDIR;
    const refused = checkDelete(parent, child);
    if (refused != 0) return refused;
    if (child.isDirectory()) return -EISDIR;
    if (isMountPoint(parent, child)) return -EBUSY;
    // The pin keeps the inode until its watches have been told in Linux's order.
    child.pin();
    const error = parent.unlink(lastName, lastLength, child);
    if (error == 0) notifyInode(child, IN_ATTRIB);
    child.unpin();
    if (error == 0) notifyEntry(parent, IN_DELETE, child, lastName, lastLength);
    return error;
}

function removeDirectory(): i64 {
    if (lastType == LAST_DOT_DOT) return -ENOTEMPTY;
    if (lastType == LAST_DOT) return -EINVAL;
    if (lastType == LAST_ROOT) return -EBUSY;
    const parent = lastDirectory;
    if (parent.fileSystem.readOnly) return -EROFS;
    const child = parent.lookup(lastName, lastLength);
    if (child === null) return failure;
    const refused = checkDelete(parent, child);
    if (refused != 0) return refused;
    if (!child.isDirectory()) return -ENOTDIR;
    if (isMountPoint(parent, child)) return -EBUSY;
    const error = parent.removeDirectory(lastName, lastLength, changetype<Directory>(child));
    if (error == 0) notifyEntry(parent, IN_DELETE, child, lastName, lastLength);
    return error;
}

// ---------------------------------------------------------------- rename

const RENAME_NOREPLACE: u32 = 1;
const RENAME_EXCHANGE: u32 = 2;
const RENAME_WHITEOUT: u32 = 4;

function rename(path: u64, newPath: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return renameat2(WORKING_DIRECTORY, path, WORKING_DIRECTORY, newPath, 0, 0);
}

function renameat(directory: u64, path: u64, newDirectory: u64, newPath: u64, e: u64, f: u64): i64 {
    return renameat2(directory, path, newDirectory, newPath, 0, 0);
}

function renameat2(directory: u64, path: u64, newDirectory: u64, newPath: u64, flags_: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0) return -EINVAL;
    if ((flags & RENAME_EXCHANGE) != 0 && flags != RENAME_EXCHANGE) return -EINVAL;
    if ((flags & RENAME_WHITEOUT) != 0 && !credentials().has(CAP_MKNOD)) return -EPERM;
    let problem = readPath(directory, path);
    if (problem == 0) problem = walkToParent(pathStart, pathArgument, pathArgumentLength);
    if (problem != 0) return problem;
    const source = lastDirectory;
    const name = lastName;
    const length = lastLength;
    const slash = lastSlash;
    const type = lastType;
    problem = readSecondPath(newDirectory, newPath);
    if (problem == 0) problem = walkToParent(pathStart, pathArgument, pathArgumentLength);
    if (problem != 0) return problem;
    const target = lastDirectory;
    if (source.fileSystem !== target.fileSystem) return -EXDEV;
    if (type != LAST_NAME) return -EBUSY;
    if (lastType != LAST_NAME) return (flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
    if (source.fileSystem.readOnly) return -EROFS;
    const child = source.lookup(name, length);
    if (child === null) return failure;
    const replaced = target.lookup(lastName, lastLength);
    if (replaced === null && failure != -ENOENT) return failure;
    const exchange = (flags & RENAME_EXCHANGE) != 0;
    if (replaced !== null && (flags & RENAME_NOREPLACE) != 0) return -EEXIST;
    if (replaced === null && exchange) return -ENOENT;
    if (!child.isDirectory() && (slash || (!exchange && lastSlash))) return -ENOTDIR;
    if (exchange && lastSlash && !replaced!.isDirectory()) return -ENOTDIR;
    // A directory cannot come to lie within itself.
    if (isAncestor(child, target)) return -EINVAL;
    if (replaced !== null && isAncestor(replaced, source)) return exchange ? -EINVAL : -ENOTEMPTY;
    if (child === replaced) return 0;
    const refused = checkRename(source, child, target, replaced, exchange);
    if (refused != 0) return refused;
    if (replaced !== null) replaced.pin();
    const error = source.rename(name, length, child, target, lastName, lastLength, replaced, exchange);
    if (error == 0) {
        if ((flags & RENAME_WHITEOUT) != 0) {
            const whiteout = source.make(name, length, S_IFCHR, 0);
            if (whiteout !== null) setOwner(whiteout, source);
        }
        notifyMove(source, name, length, child, target, lastName, lastLength);
        if (replaced !== null && !exchange) notifyInode(replaced, IN_ATTRIB);
        notifyInode(child, IN_MOVE_SELF);
        if (replaced !== null && exchange) {
            notifyMove(target, lastName, lastLength, replaced, source, name, length);
            notifyInode(replaced, IN_MOVE_SELF);
        }
    }
    if (replaced !== null) replaced.unpin();
    return error;
}

function notifyMove(
    source: Directory,
    name: usize,
    length: i32,
    child: Inode,
    target: Directory,
    newName: usize,
    newLength: i32,
): void {
    if (watchCount == 0) return;
    const cookie = newCookie();
    notifyEntry(source, IN_MOVED_FROM, child, name, length, cookie);
    notifyEntry(target, IN_MOVED_TO, child, newName, newLength, cookie);
}

/** Whether `inode` is `directory` or one above it. */
function isAncestor(inode: Inode, directory: Directory): bool {
    if (!inode.isDirectory()) return false;
    while (true) {
        if (inode === directory) return true;
        const parent = directory.parent;
        if (parent === null || parent === directory) return false;
        directory = parent;
    }
}

/** The checks of Linux's vfs_rename, in its order. 0 or a negative errno. */
function checkRename(
    source: Directory,
    child: Inode,
    target: Directory,
    replaced: Inode | null,
    exchange: bool,
): i32 {
    let refused = checkDelete(source, child);
    if (refused != 0) return refused;
    if (target.removed) return -ENOENT;
    if (replaced === null) {
        refused = checkCreate(target);
        if (refused != 0) return refused;
    } else {
        refused = checkDelete(target, replaced);
        if (refused != 0) return refused;
        if (!exchange) {
            if (child.isDirectory()) {
                if (!replaced.isDirectory()) return -ENOTDIR;
            } else if (replaced.isDirectory()) {
                return -EISDIR;
            }
        }
    }
    // Its ".." changes: that is a write to the directory itself.
    if (source !== target) {
        if (child.isDirectory()) refused = checkAccess(child, MAY_WRITE);
        if (refused == 0 && exchange && replaced!.isDirectory()) refused = checkAccess(replaced!, MAY_WRITE);
        if (refused != 0) return refused;
    }
    if (isMountPoint(source, child) || (replaced !== null && isMountPoint(target, replaced))) return -EBUSY;
    if (replaced !== null && !exchange && replaced.isDirectory()) {
        if (changetype<Directory>(replaced).next(FIRST_ENTRY)) return -ENOTEMPTY;
    }
    return 0;
}

// ---------------------------------------------------------------- making names

/**
 * Finds where a new name goes: the parent is lastDirectory. 0, -EEXIST or another negative errno. `forDirectory`: a slash
 * may follow the name.
 */
function walkToNew(forDirectory: bool): i64 {
    const problem = walk(pathStart, pathArgument, pathArgumentLength, false);
    if (problem != 0) return problem;
    if (lastInode !== null) return -EEXIST;
    if (lastSlash && !forDirectory) return -ENOENT;
    if (lastDirectory.removed) return -ENOENT;
    return checkCreate(lastDirectory);
}

function link(path: u64, newPath: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return linkat(WORKING_DIRECTORY, path, WORKING_DIRECTORY, newPath, 0, 0);
}

function linkat(directory: u64, path: u64, newDirectory: u64, newPath: u64, flags_: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
    // AT_EMPTY_PATH takes CAP_DAC_READ_SEARCH, which engines do not give: the path is looked up, and ENOENT.
    const inode = findInode(directory, path, (flags & AT_SYMLINK_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW);
    if (inode === null) return failure;
    let problem = readSecondPath(newDirectory, newPath);
    if (problem == 0) problem = walkToNew(false);
    if (problem != 0) return problem;
    const parent = lastDirectory;
    if (inode.fileSystem !== parent.fileSystem) return -EXDEV;
    if (inode.isDirectory() || !mayLink(inode)) return -EPERM;
    if (inode.linkCount == 0) {
        const content = asRegular(inode);
        if (content === null || !content.unnamed) return -ENOENT;
        content.unnamed = false;
    }
    const error = parent.link(lastName, lastLength, inode);
    if (error != 0) return error;
    notifyInode(inode, IN_ATTRIB);
    notifyEntry(parent, IN_CREATE, inode, lastName, lastLength);
    return 0;
}

/** fs.protected_hardlinks: a link keeps a file alive, so only who could use the file anyway may make one. */
function mayLink(inode: Inode): bool {
    if (ownsInode(inode)) return true;
    const mode = inode.mode;
    if (!inode.isRegular() || (mode & S_ISUID) != 0) return false;
    if ((mode & (S_ISGID | 0o010)) == (S_ISGID | 0o010)) return false;
    return checkAccess(inode, MAY_READ | MAY_WRITE) == 0;
}

function symlink(target: u64, path: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return symlinkat(target, WORKING_DIRECTORY, path, 0, 0, 0);
}

function symlinkat(target: u64, directory: u64, path: u64, d: u64, e: u64, f: u64): i64 {
    const length = copyInText(secondPath, target, PATH_MAXIMUM);
    if (length < 0) return length;
    if (length == 0) return -ENOENT;
    let problem = readPath(directory, path);
    if (problem == 0) problem = walkToNew(false);
    if (problem != 0) return problem;
    const parent = lastDirectory;
    const made = parent.makeSymbolicLink(lastName, lastLength, secondPath, length);
    if (made === null) return failure;
    setOwner(made, parent);
    notifyEntry(parent, IN_CREATE, made, lastName, lastLength);
    return 0;
}

function readlink(path: u64, buffer: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    return readlinkat(WORKING_DIRECTORY, path, buffer, size, 0, 0);
}

function readlinkat(directory: u64, path: u64, buffer: u64, size: u64, e: u64, f: u64): i64 {
    if (<i32>size <= 0) return -EINVAL;
    // An empty path names the link that the descriptor was opened on with O_PATH | O_NOFOLLOW.
    const inode = findInode(directory, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
    if (inode === null) return failure;
    if (!inode.isSymbolicLink()) return pathArgumentLength == 0 ? -ENOENT : -EINVAL;
    const unreadable = inode.readLink();
    if (unreadable != 0) return unreadable;
    const length = min(linkLength, <i32>size);
    const fault = copyOut(buffer, linkAddress, length);
    return fault != 0 ? fault : length;
}

function mknod(path: u64, mode: u64, device: u64, d: u64, e: u64, f: u64): i64 {
    return mknodat(WORKING_DIRECTORY, path, mode, device, 0, 0);
}

function mknodat(directory: u64, path: u64, mode_: u64, device: u64, e: u64, f: u64): i64 {
    const mode = <u32>mode_;
    let type = mode & S_IFMT;
    if (type == 0) type = S_IFREG;
    if (type == S_IFDIR) return -EPERM;
    if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK && type != S_IFCHR && type != S_IFBLK)
        return -EINVAL;
    let problem = readPath(directory, path);
    if (problem == 0) problem = walkToNew(false);
    if (problem != 0) return problem;
    const isDevice = type == S_IFCHR || type == S_IFBLK;
    // Whiteouts of overlayfs (device 0) are everybody's.
    if (isDevice && !(type == S_IFCHR && <u32>device == 0) && !credentials().has(CAP_MKNOD)) return -EPERM;
    const parent = lastDirectory;
    const permissions = mode & 0o7777 & ~current.process.files.umask;
    const made = parent.make(lastName, lastLength, type | permissions, isDevice ? <u32>device : 0);
    if (made === null) return failure;
    setOwner(made, parent);
    notifyEntry(parent, IN_CREATE, made, lastName, lastLength);
    return 0;
}

export function registerPathCalls(): void {
    define(SYS_unlink, unlink, "s");
    define(SYS_unlinkat, unlinkat, "DsA");
    define(SYS_rename, rename, "ss");
    define(SYS_renameat, renameat, "DsDs");
    define(SYS_renameat2, renameat2, "DsDsx");
    define(SYS_link, link, "ss");
    define(SYS_linkat, linkat, "DsDsA");
    define(SYS_symlink, symlink, "ss");
    define(SYS_symlinkat, symlinkat, "sDs");
    define(SYS_readlink, readlink, "spu");
    define(SYS_readlinkat, readlinkat, "Dspu");
    define(SYS_mknod, mknod, "sox");
    define(SYS_mknodat, mknodat, "Dsox");
}
