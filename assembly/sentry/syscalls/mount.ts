// SPDX-License-Identifier: Apache-2.0
//
// Filesystems as a whole: sync, which finds nothing to do, and mount, which engines do not let containers do.

import {
    SYS_fdatasync,
    SYS_fsync,
    SYS_mount,
    SYS_pivot_root,
    SYS_swapoff,
    SYS_swapon,
    SYS_sync,
    SYS_sync_file_range,
    SYS_syncfs,
    SYS_umount2,
} from "../arch/systemCalls";
import { KIND_CHARACTER_DEVICE, KIND_FIFO, KIND_SOCKET } from "../fs/inode";
import { O_PATH } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { EBADF, EINVAL, EPERM, ESPIPE } from "../kernel/errno";
import { define } from "./table";

/** CAP_SYS_ADMIN is not among the container's capabilities. */
function refuse(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EPERM;
}

/** Written files are in memory, and that is where they stay. */
function sync(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return 0;
}

function fsync(descriptor: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    const kind = file.inode.kind;
    return kind == KIND_FIFO || kind == KIND_SOCKET || kind == KIND_CHARACTER_DEVICE ? -EINVAL : 0;
}

function syncfs(descriptor: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    return file === null || (file.flags & O_PATH) != 0 ? -EBADF : 0;
}

/** SYNC_FILE_RANGE_WAIT_BEFORE, _WRITE, _WAIT_AFTER. */
const SYNC_RANGE_FLAGS: u64 = 7;

function syncFileRange(descriptor: u64, offset: u64, length: u64, flags: u64, e: u64, f: u64): i64 {
    const file = fileOf(descriptor);
    if (file === null || (file.flags & O_PATH) != 0) return -EBADF;
    if ((flags & ~SYNC_RANGE_FLAGS) != 0 || <i64>offset < 0 || <i64>length < 0) return -EINVAL;
    return file.inode.isRegular() || file.inode.isDirectory() ? 0 : -ESPIPE;
}

export function registerMountCalls(): void {
    // Refused: EPERM, as without CAP_SYS_ADMIN, which container engines withhold.
    define(SYS_mount, refuse, "sssxp");
    // Refused: EPERM, as without CAP_SYS_ADMIN, which container engines withhold.
    define(SYS_umount2, refuse, "sx");
    // Refused: EPERM, as without CAP_SYS_ADMIN, which container engines withhold.
    define(SYS_pivot_root, refuse, "ss");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_swapon, refuse, "sx");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_swapoff, refuse, "s");
    define(SYS_sync, sync, "");
    define(SYS_fsync, fsync, "f");
    define(SYS_fdatasync, fsync, "f");
    define(SYS_syncfs, syncfs, "f");
    define(SYS_sync_file_range, syncFileRange, "fuux");
}
