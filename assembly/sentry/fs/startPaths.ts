// SPDX-License-Identifier: Apache-2.0
//
// Paths of the container's configuration: walked before its programs run, as user 0, and made where they do not exist. They are byte
// strings (a code unit for each byte).

import { current } from "../kernel/thread";
import { fail, Inode } from "./inode";
import { ENAMETOOLONG } from "../kernel/errno";
import { lastDirectory, lastInode, lastLength, lastName, walk } from "./pathWalk";
import { PATH_MAXIMUM } from "../memory/buffers";

/** Bytes of the path that was walked last: names that a walk leaves behind lie in them. */
let bytes: usize = 0;

/** An absolute path without empty components, "." and "..": "/" or "/a/b". */
export function cleanPath(path: string): string {
    const parts = path.split("/");
    const kept: string[] = [];
    for (let i = 0; i < parts.length; i++) {
        const part = parts[i];
        if (part.length == 0 || part == ".") continue;
        if (part != "..") kept.push(part);
        else if (kept.length > 0) kept.pop();
    }
    return "/" + kept.join("/");
}

/** How many directories the clean path lies below the root. */
export function pathDepth(path: string): i32 {
    return path.length == 1 ? 0 : path.split("/").length - 1;
}

/** Copies the path to where walks read it. False, with `failure`: it is too long. */
function putPath(path: string): bool {
    const length = path.length;
    if (length >= PATH_MAXIMUM) {
        fail(-ENAMETOOLONG);
        return false;
    }
    if (bytes != 0) heap.free(bytes);
    bytes = heap.alloc(length + 1);
    for (let i = 0; i < length; i++) store<u8>(bytes + i, <u8>path.charCodeAt(i));
    return true;
}

/** What the absolute path names in the current process's root, or null: see `failure` (0: its last component is missing). */
export function findPath(path: string): Inode | null {
    if (!putPath(path)) return null;
    const error = walk(current.process.files.root, bytes, path.length, true);
    fail(error);
    return error == 0 ? lastInode : null;
}

/**
 * As findPath, but that directories which do not exist are made on the way and at the end, as engines do. Null, with `failure`: something
 * else has one of the names.
 */
export function makeDirectories(path: string): Inode | null {
    if (!putPath(path)) return null;
    const root = current.process.files.root;
    const length = path.length;
    let found: Inode | null = root;
    // Each beginning of the path that ends before a slash, then the whole path.
    for (let end = 1; end <= length && found !== null; end++) {
        if (end < length && path.charCodeAt(end) != 0x2f) continue;
        const error = walk(root, bytes, end, true);
        if (error != 0) {
            fail(error);
            return null;
        }
        found = lastInode;
        if (found === null) found = lastDirectory.makeDirectory(lastName, lastLength, 0o755);
    }
    return found;
}

/** Gives the memory of the latest path back. */
export function forgetPath(): void {
    if (bytes != 0) heap.free(bytes);
    bytes = 0;
}
