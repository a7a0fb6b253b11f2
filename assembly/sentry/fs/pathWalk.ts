// SPDX-License-Identifier: Apache-2.0
//
// Finding what a path names (path_resolution(7)). A walk leaves its result in the `last...` variables below: the
// directory that the path's last component is to be looked up in, that component, and what it names, if it exists.

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from "../kernel/errno";
import { current } from "../kernel/thread";
import { Directory, fail, failure, Inode, linkAddress, linkLength } from "./inode";
import { checkAccess, MAY_EXECUTE } from "./permission";

/** Linux's NAME_MAX. */
export const NAME_MAXIMUM: i32 = 255;
/** Linux's MAXSYMLINKS: links followed in one walk. */
const LINKS_MAXIMUM: i32 = 40;

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;

/** What a path's last component is. */
export const LAST_NAME: u32 = 0;
export const LAST_DOT: u32 = 1;
export const LAST_DOT_DOT: u32 = 2;
/** The path is only slashes. */
export const LAST_ROOT: u32 = 3;

/** The directory in which the last component lies; for LAST_DOT, LAST_ROOT the directory itself, LAST_DOT_DOT its parent. */
export let lastDirectory: Directory = changetype<Directory>(0);
export let lastType: u32 = LAST_ROOT;
/** The component's bytes: in the path or in the text of a link, valid until the next walk or readLink. */
export let lastName: usize = 0;
export let lastLength: i32 = 0;
/** Slashes follow the last component: it has to be a directory. */
export let lastSlash: bool = false;
/** What the path names, or null when the last component does not exist. */
export let lastInode: Inode | null = null;
/** The link of /proc through which an object was reached, if the last step was one. */
export let lastLink: Inode | null = null;

let linksFollowed: i32 = 0;

/** openat2(2): what a walk may not do. */
export const RESOLVE_NO_XDEV: u32 = 0x1;
export const RESOLVE_NO_MAGICLINKS: u32 = 0x2;
export const RESOLVE_NO_SYMLINKS: u32 = 0x4;
export const RESOLVE_BENEATH: u32 = 0x8;
export const RESOLVE_IN_ROOT: u32 = 0x10;

/** RESOLVE_ flags of the walks to come, and the directory that RESOLVE_BENEATH and RESOLVE_IN_ROOT keep them in. */
let restrictions: u32 = 0;
let scope: Directory | null = null;

/** Restricts the walks to come; 0 ends that. */
export function restrictWalks(flags: u32, within: Directory | null): void {
    restrictions = flags;
    scope = (flags & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0 ? within : null;
}

/** Where absolute paths begin, or null: see `failure`. */
function startOfAbsolute(): Directory | null {
    if (restrictions == 0) return current.process.files.root;
    if ((restrictions & RESOLVE_BENEATH) != 0) {
        fail(-EXDEV);
        return null;
    }
    return scope === null ? current.process.files.root : scope;
}

/** The directory above; the process's root has none. Null: see `failure`. */
function parentOf(directory: Directory): Directory | null {
    if (directory === scope) {
        if ((restrictions & RESOLVE_BENEATH) == 0) return directory;
        fail(-EXDEV);
        return null;
    }
    if (directory === current.process.files.root) return directory;
    const parent = directory.parent;
    if (parent === null) return directory;
    if ((restrictions & RESOLVE_NO_XDEV) != 0 && parent.fileSystem !== directory.fileSystem) {
        fail(-EXDEV);
        return null;
    }
    return parent;
}

/** The root of what is mounted on `directory`, if anything is. Null: see `failure`. */
// @ts-ignore: decorator
@inline
function crossMounts(directory: Directory): Directory | null {
    let mounted = directory.mounted;
    while (mounted !== null) {
        if ((restrictions & RESOLVE_NO_XDEV) != 0) {
            fail(-EXDEV);
            return null;
        }
        directory = mounted;
        mounted = directory.mounted;
    }
    return directory;
}

/** Why the link must not be followed: 0 or a negative errno. `leadsToObject`: it is one of /proc's. */
function checkLink(leadsToObject: bool): i32 {
    if ((restrictions & RESOLVE_NO_SYMLINKS) != 0) return -ELOOP;
    if (!leadsToObject) return 0;
    if ((restrictions & RESOLVE_NO_MAGICLINKS) != 0) return -ELOOP;
    return (restrictions & (RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_NO_XDEV)) != 0 ? -EXDEV : 0;
}

/** Goes to the last component of a path and leaves it in `last...` without looking it up. 0 or a negative errno. */
function walkToLast(from: Directory, path: usize, length: i32): i64 {
    const end = path + length;
    let directory = from;
    if (length > 0 && load<u8>(path) == SLASH) {
        const start = startOfAbsolute();
        if (start === null) return failure;
        // The argument itself may be absolute; a link that leads to another filesystem's root may not.
        const leaves = linksFollowed > 0 && start.fileSystem !== from.fileSystem;
        if (leaves && (restrictions & RESOLVE_NO_XDEV) != 0) return -EXDEV;
        directory = start;
    }
    while (path < end && load<u8>(path) == SLASH) path++;
    lastSlash = false;
    lastLink = null;
    if (path == end) {
        lastDirectory = directory;
        lastType = LAST_ROOT;
        lastLength = 0;
        return 0;
    }
    while (true) {
        const error = checkAccess(directory, MAY_EXECUTE);
        if (error != 0) return error;
        const name = path;
        while (path < end && load<u8>(path) != SLASH) path++;
        const nameLength = <i32>(path - name);
        if (nameLength > NAME_MAXIMUM) return -ENAMETOOLONG;
        let type = LAST_NAME;
        if (load<u8>(name) == DOT) {
            if (nameLength == 1) type = LAST_DOT;
            else if (nameLength == 2 && load<u8>(name, 1) == DOT) type = LAST_DOT_DOT;
        }
        const slash = path < end;
        while (path < end && load<u8>(path) == SLASH) path++;
        if (path == end) {
            const last = type == LAST_DOT_DOT ? parentOf(directory) : directory;
            if (last === null) return failure;
            lastDirectory = last;
            lastType = type;
            lastName = name;
            lastLength = nameLength;
            lastSlash = slash;
            return 0;
        }
        if (type == LAST_DOT) continue;
        if (type == LAST_DOT_DOT) {
            const parent = parentOf(directory);
            if (parent === null) return failure;
            directory = parent;
            continue;
        }
        let child = directory.lookup(name, nameLength);
        if (child === null) return failure;
        if (child.isSymbolicLink()) {
            child = followLink(directory, child);
            if (child === null) return failure;
        }
        if (!child.isDirectory()) return -ENOTDIR;
        const crossed = crossMounts(changetype<Directory>(child));
        if (crossed === null) return failure;
        directory = crossed;
    }
}

/** What a link in the middle of a path leads to, or null: see `failure`. */
function followLink(directory: Directory, link: Inode): Inode | null {
    if (++linksFollowed > LINKS_MAXIMUM) {
        fail(-ELOOP);
        return null;
    }
    const object = link.followObject();
    if (object === null && failure != 0) return null;
    if (restrictions != 0) {
        const refused = checkLink(object !== null);
        if (refused != 0) {
            fail(refused);
            return null;
        }
    }
    if (object !== null) return object;
    let error: i64 = link.readLink();
    if (error == 0) error = linkLength == 0 ? -ENOENT : walkOn(directory, linkAddress, linkLength, true);
    if (error == 0 && lastInode === null) error = -ENOENT;
    if (error != 0) {
        fail(error);
        return null;
    }
    return lastInode;
}

/** walk, within the limit of links of the walk under way. */
function walkOn(from: Directory, path: usize, length: i32, follow: bool): i64 {
    let slash = false;
    while (true) {
        const error = walkToLast(from, path, length);
        if (error != 0) return error;
        slash = slash || lastSlash;
        lastSlash = slash;
        if (lastType != LAST_NAME) {
            lastInode = lastDirectory;
            return 0;
        }
        const child = lastDirectory.lookup(lastName, lastLength);
        if (child === null) {
            if (failure != -ENOENT) return failure;
            lastInode = null;
            return 0;
        }
        if (!child.isSymbolicLink() || !(follow || slash)) {
            if (child.isDirectory()) {
                const crossed = crossMounts(changetype<Directory>(child));
                if (crossed === null) return failure;
                lastInode = crossed;
            } else {
                lastInode = child;
            }
            return 0;
        }
        if (++linksFollowed > LINKS_MAXIMUM) return -ELOOP;
        const object = child.followObject();
        if (object === null && failure != 0) return failure;
        if (restrictions != 0) {
            const refused = checkLink(object !== null);
            if (refused != 0) return refused;
        }
        if (object !== null) {
            lastInode = object;
            lastLink = child;
            return 0;
        }
        const unreadable = child.readLink();
        if (unreadable != 0) return unreadable;
        if (linkLength == 0) return -ENOENT;
        from = lastDirectory;
        path = linkAddress;
        length = linkLength;
    }
}

/**
 * Finds what `path` names, beginning at `from` unless it is absolute. `follow`: a symbolic link as last component is
 * followed (one with a slash behind it always is). The result is 0 (also when only the last component is missing: lastInode is
 * then null) or a negative errno.
 */
export function walk(from: Directory, path: usize, length: i32, follow: bool): i64 {
    linksFollowed = 0;
    if (length == 0) return -ENOENT;
    return walkOn(from, path, length, follow);
}

/** As walk, and what the path names has to exist (and be a directory if a slash follows). */
export function walkToInode(from: Directory, path: usize, length: i32, follow: bool): i64 {
    const error = walk(from, path, length, follow);
    if (error != 0) return error;
    const inode = lastInode;
    if (inode === null) return -ENOENT;
    if (lastSlash && !inode.isDirectory()) return -ENOTDIR;
    return 0;
}

/** The parent directory and last component of `path`, without looking the component up. 0 or a negative errno. */
export function walkToParent(from: Directory, path: usize, length: i32): i64 {
    linksFollowed = 0;
    if (length == 0) return -ENOENT;
    return walkToLast(from, path, length);
}
