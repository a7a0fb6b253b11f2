// SPDX-License-Identifier: Apache-2.0
//
// Finding what a path names (path_resolution(7)). A walk leaves its result in the `last...` variables below: the
// directory that the path's last component is to be looked up in, that component, and what it names, if it exists.

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from "../kernel/errno";
import { current } from "../kernel/thread";
import { Directory, fail, failure, Inode, linkAddress, linkLength } from "./inode";
import { checkAccess, MAY_EXECUTE } from "./permission";

/** Linux's PATH_MAX with the zero byte, and NAME_MAX. */
export const PATH_MAXIMUM: i32 = 4096;
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

/** The directory above; the process's root has none. */
function parentOf(directory: Directory): Directory {
    if (directory === current.process.files.root) return directory;
    const parent = directory.parent;
    return parent === null ? directory : parent;
}

/** The root of what is mounted on `directory`, if anything is. */
// @ts-ignore: decorator
@inline
function crossMounts(directory: Directory): Directory {
    let mounted = directory.mounted;
    while (mounted !== null) {
        directory = mounted;
        mounted = directory.mounted;
    }
    return directory;
}

/** Goes to the last component of a path and leaves it in `last...` without looking it up. 0 or a negative errno. */
function walkToLast(from: Directory, path: usize, length: i32): i64 {
    const end = path + length;
    let directory = from;
    if (length > 0 && load<u8>(path) == SLASH) directory = current.process.files.root;
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
            lastDirectory = type == LAST_DOT_DOT ? parentOf(directory) : directory;
            lastType = type;
            lastName = name;
            lastLength = nameLength;
            lastSlash = slash;
            return 0;
        }
        if (type == LAST_DOT) continue;
        if (type == LAST_DOT_DOT) {
            directory = parentOf(directory);
            continue;
        }
        let child = directory.lookup(name, nameLength);
        if (child === null) return failure;
        if (child.isSymbolicLink()) {
            child = followLink(directory, child);
            if (child === null) return failure;
        }
        if (!child.isDirectory()) return -ENOTDIR;
        directory = crossMounts(changetype<Directory>(child));
    }
}

/** What a link in the middle of a path leads to, or null: see `failure`. */
function followLink(directory: Directory, link: Inode): Inode | null {
    if (++linksFollowed > LINKS_MAXIMUM) {
        fail(-ELOOP);
        return null;
    }
    const object = link.followObject();
    if (object !== null) return object;
    if (failure != 0) return null;
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
            lastInode = child.isDirectory() ? <Inode>crossMounts(changetype<Directory>(child)) : child;
            return 0;
        }
        if (++linksFollowed > LINKS_MAXIMUM) return -ELOOP;
        const object = child.followObject();
        if (object !== null) {
            lastInode = object;
            lastLink = child;
            return 0;
        }
        if (failure != 0) return failure;
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
