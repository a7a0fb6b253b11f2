// SPDX-License-Identifier: Apache-2.0
//
// openat2(2), which is strict where open(2) is lenient and can restrict the walk; and file handles, which filesystems in
// memory do not have.

import { SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_openat2 } from "../arch/systemCalls";
import { failure } from "../fs/inode";
import {
    O_ACCMODE,
    O_APPEND,
    O_ASYNC,
    O_CLOEXEC,
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
    O_SYNC,
    O_TMPFILE,
    O_TRUNC,
} from "../fs/openFile";
import {
    AT_EMPTY_PATH,
    AT_SYMLINK_FOLLOW,
    AT_SYMLINK_NOFOLLOW,
    directoryOf,
    findInode,
} from "../fs/pathArgument";
import { RESOLVE_BENEATH, RESOLVE_IN_ROOT, restrictWalks } from "../fs/pathWalk";
import { E2BIG, EAGAIN, EFAULT, EINVAL, EOPNOTSUPP, EPERM } from "../kernel/errno";
import { copyIn } from "../memory/userMemory";
import { PAGE_SIZE } from "../../std/pages";
import { openat } from "./file";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** struct open_how: flags, mode, resolve. What a longer one of the future has behind them must be zero. */
const OPEN_HOW_SIZE: i32 = 24;
const openHow: usize = reserveBuffer(OPEN_HOW_SIZE);
const rest: usize = reserveBuffer(64);

/** Every flag that open(2) knows. */
const OPEN_FLAGS: u64 =
    O_ACCMODE |
    O_CREAT |
    O_EXCL |
    O_NOCTTY |
    O_TRUNC |
    O_APPEND |
    O_NONBLOCK |
    O_SYNC |
    O_ASYNC |
    O_DIRECT |
    O_LARGEFILE |
    O_DIRECTORY |
    O_NOFOLLOW |
    O_NOATIME |
    O_CLOEXEC |
    O_PATH |
    O_TMPFILE;
const PATH_FLAGS: u64 = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
const RESOLVE_CACHED: u32 = 0x20;
const RESOLVE_FLAGS: u64 = 0x3f;

/** 0, -E2BIG when a byte from `address` on is not zero, or -EFAULT. */
function checkZeros(address: u64, length: i32): i64 {
    while (length > 0) {
        const part = min(length, 64);
        if (copyIn(rest, address, part) != 0) return -EFAULT;
        for (let i = 0; i < part; i++) if (load<u8>(rest + i) != 0) return -E2BIG;
        address += part;
        length -= part;
    }
    return 0;
}

function openat2(directory: u64, path: u64, how: u64, size: u64, e: u64, f: u64): i64 {
    if (size < <u64>OPEN_HOW_SIZE) return -EINVAL;
    if (size > PAGE_SIZE) return -E2BIG;
    const unknown = checkZeros(how + OPEN_HOW_SIZE, <i32>size - OPEN_HOW_SIZE);
    if (unknown != 0) return unknown;
    if (copyIn(openHow, how, OPEN_HOW_SIZE) != 0) return -EFAULT;
    const flags = load<u64>(openHow);
    const mode = load<u64>(openHow, 8);
    const resolve = load<u64>(openHow, 16);
    if ((flags & ~OPEN_FLAGS) != 0 || (resolve & ~RESOLVE_FLAGS) != 0) return -EINVAL;
    const scopes = RESOLVE_BENEATH | RESOLVE_IN_ROOT;
    if (((<u32>resolve) & scopes) == scopes) return -EINVAL;
    const makes = (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0;
    if ((makes ? mode & ~0o7777 : mode) != 0) return -EINVAL;
    if ((flags & O_PATH) != 0 && (flags & ~PATH_FLAGS) != 0) return -EINVAL;
    // Names that exist are found without waiting for a disk; making and truncating is refused as on Linux.
    if ((resolve & RESOLVE_CACHED) != 0 && (makes || (flags & O_TRUNC) != 0)) return -EAGAIN;
    const within = directoryOf(directory);
    if (within === null && ((<u32>resolve) & scopes) != 0) return failure;
    restrictWalks(<u32>resolve, within);
    const result = openat(directory, path, flags, mode, 0, 0);
    restrictWalks(0, null);
    return result;
}

/** AT_HANDLE_FID: a handle that only identifies. */
const AT_HANDLE_FID: u32 = 0x200;

function nameToHandleAt(directory: u64, path: u64, handle: u64, mount: u64, flags_: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | AT_HANDLE_FID)) != 0) return -EINVAL;
    const follow = (flags & AT_SYMLINK_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW;
    const inode = findInode(directory, path, follow | (flags & AT_EMPTY_PATH));
    return inode === null ? failure : -EOPNOTSUPP;
}

/** It takes CAP_DAC_READ_SEARCH, which engines do not give. */
function openByHandleAt(mount: u64, handle: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    return -EPERM;
}

export function registerOpenat2Calls(): void {
    define(SYS_openat2, openat2, "Dspu");
    // Refused: EOPNOTSUPP, as on file systems without handles.
    define(SYS_name_to_handle_at, nameToHandleAt, "DsppA");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_open_by_handle_at, openByHandleAt, "fpO");
}
