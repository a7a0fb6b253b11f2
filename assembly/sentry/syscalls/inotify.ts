// SPDX-License-Identifier: Apache-2.0
//
// inotify(7). fanotify takes CAP_SYS_ADMIN, which engines do not give.

import {
    SYS_inotify_add_watch,
    SYS_inotify_init,
    SYS_inotify_init1,
    SYS_inotify_rm_watch,
} from "../arch/systemCalls";
import { failure } from "../fs/inode";
import { InotifyFile, mayMakeInotify } from "../fs/inotifyFile";
import { O_CLOEXEC, O_NONBLOCK } from "../fs/openFile";
import { AT_SYMLINK_NOFOLLOW, fileOf, findInode, WORKING_DIRECTORY } from "../fs/pathArgument";
import { checkAccess, MAY_READ } from "../fs/permission";
import { EBADF, EINVAL, EMFILE, ENOTDIR } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { define } from "./table";

const IN_ONLYDIR: u32 = 0x01000000;
const IN_DONT_FOLLOW: u32 = 0x02000000;
const IN_MASK_CREATE: u32 = 0x10000000;
const IN_MASK_ADD: u32 = 0x20000000;
/** Linux's ALL_INOTIFY_BITS: one of them has to be set. */
const ALL_BITS: u32 = 0xf700efff;

function inotifyInit(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return inotifyInit1(0, 0, 0, 0, 0, 0);
}

function inotifyInit1(flags_: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
    const limit = current.process.limits.soft[RLIMIT_NOFILE];
    const table = current.process.fileDescriptors;
    if (!mayMakeInotify() || !table.hasRoom(limit)) return -EMFILE;
    return table.add(new InotifyFile(flags & O_NONBLOCK), (flags & O_CLOEXEC) != 0, limit);
}

function addWatch(descriptor: u64, path: u64, mask_: u64, d: u64, e: u64, f: u64): i64 {
    const mask = <u32>mask_;
    if ((mask & ALL_BITS) == 0) return -EINVAL;
    const file = fileOf(descriptor);
    if (file === null) return -EBADF;
    if ((mask & IN_MASK_ADD) != 0 && (mask & IN_MASK_CREATE) != 0) return -EINVAL;
    if (!(file instanceof InotifyFile)) return -EINVAL;
    const inode = findInode(WORKING_DIRECTORY, path, (mask & IN_DONT_FOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0);
    if (inode === null) return failure;
    if ((mask & IN_ONLYDIR) != 0 && !inode.isDirectory()) return -ENOTDIR;
    const refused = checkAccess(inode, MAY_READ);
    return refused != 0 ? refused : (<InotifyFile>file).add(inode, mask);
}

function removeWatch(descriptor: u64, watch: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null) return -EBADF;
    return file instanceof InotifyFile ? (<InotifyFile>file).remove(<i32>watch) : -EINVAL;
}

export function registerInotifyCalls(): void {
    define(SYS_inotify_init, inotifyInit, "");
    define(SYS_inotify_init1, inotifyInit1, "O");
    define(SYS_inotify_add_watch, addWatch, "fsx");
    define(SYS_inotify_rm_watch, removeWatch, "fd");
}
