// SPDX-License-Identifier: Apache-2.0
//
// Paths as system calls get them: an address in the caller's memory and a directory descriptor (openat(2), "Rationale").

import { EBADF, ENOENT, ENOTDIR } from "../kernel/errno";
import { current } from "../kernel/thread";
import { copyInText } from "../memory/userMemory";
import { Directory, fail, failure, Inode } from "./inode";
import { OpenFile } from "./openFile";
import { lastInode, walkToInode } from "./pathWalk";
import { PATH_MAXIMUM, pathBuffer, reserveBuffer } from "../memory/buffers";

export const AT_FDCWD: i32 = -100;
export const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
export const AT_EACCESS: u32 = 0x200;
export const AT_REMOVEDIR: u32 = 0x200;
export const AT_SYMLINK_FOLLOW: u32 = 0x400;
export const AT_NO_AUTOMOUNT: u32 = 0x800;
export const AT_EMPTY_PATH: u32 = 0x1000;
/** statx(2): how fresh the answer of a remote filesystem has to be. */
export const AT_STATX_SYNC_TYPE: u32 = 0x6000;

const SLASH: u8 = 0x2f;

/** The path argument, and the second one of the system calls that have two. */
export const firstPath: usize = pathBuffer;
export const secondPath: usize = reserveBuffer(PATH_MAXIMUM);

/** The open file of a descriptor, or null with `failure` -EBADF. */
export function fileOf(descriptor: u64): OpenFile | null {
    const file = current.process.fileDescriptors.get(<i32>descriptor);
    if (file === null) fail(-EBADF);
    return file;
}

/** Where a relative path begins, or null: see `failure`. */
export function directoryOf(descriptor: u64): Directory | null {
    if (<i32>descriptor == AT_FDCWD) return current.process.files.workingDirectory;
    const file = current.process.fileDescriptors.get(<i32>descriptor);
    if (file === null) {
        fail(-EBADF);
        return null;
    }
    if (!file.inode.isDirectory()) {
        fail(-ENOTDIR);
        return null;
    }
    return changetype<Directory>(file.inode);
}

/** The path that the latest readPath... read. */
export let pathArgument: usize = firstPath;
export let pathArgumentLength: i32 = 0;
/** Where it begins. */
export let pathStart: Directory = changetype<Directory>(0);

/** Reads a path argument with its directory to pathArgument... 0 or a negative errno. */
function readPathTo(buffer: usize, descriptor: u64, path: u64): i64 {
    const length = copyInText(buffer, path, PATH_MAXIMUM);
    if (length < 0) return length;
    pathArgument = buffer;
    pathArgumentLength = length;
    pathStart = current.process.files.workingDirectory;
    // The descriptor of an absolute path is not looked at.
    if (length > 0 && load<u8>(buffer) == SLASH) {
        pathStart = current.process.files.root;
        return 0;
    }
    // An empty path is ENOENT, or with AT_EMPTY_PATH names the descriptor itself, which may be any file.
    if (length == 0) return 0;
    const directory = directoryOf(descriptor);
    if (directory === null) return failure;
    pathStart = directory;
    return 0;
}

/** Reads the path argument at the caller's address `path`. 0 or a negative errno. */
export function readPath(descriptor: u64, path: u64): i64 {
    return readPathTo(firstPath, descriptor, path);
}

/** Reads the second path; the first one's bytes stay. 0 or a negative errno. */
export function readSecondPath(descriptor: u64, path: u64): i64 {
    return readPathTo(secondPath, descriptor, path);
}

/**
 * The inode that (descriptor, path, flags) names, or null: see `failure`. Of the flags AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH
 * matter here.
 */
export function findInode(descriptor: u64, path: u64, flags: u32): Inode | null {
    const unreadable = readPath(descriptor, path);
    if (unreadable != 0) {
        fail(unreadable);
        return null;
    }
    if (pathArgumentLength == 0) {
        if ((flags & AT_EMPTY_PATH) == 0) {
            fail(-ENOENT);
            return null;
        }
        if (<i32>descriptor == AT_FDCWD) return current.process.files.workingDirectory;
        const file = fileOf(descriptor);
        return file === null ? null : file.inode;
    }
    const error = walkToInode(
        pathStart,
        pathArgument,
        pathArgumentLength,
        (flags & AT_SYMLINK_NOFOLLOW) == 0,
    );
    if (error != 0) {
        fail(error);
        return null;
    }
    return lastInode;
}

/** The directory descriptor argument of system calls that have none: the working directory. */
export const WORKING_DIRECTORY: u64 = <u64>AT_FDCWD;
