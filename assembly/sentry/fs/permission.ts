// SPDX-License-Identifier: Apache-2.0
//
// Who may do what with an inode (path_resolution(7), "Permissions"). User 0 has the capabilities that a container engine's
// root has for files: CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN, CAP_FSETID, CAP_MKNOD.

import { EACCES, EPERM, EROFS } from "../kernel/errno";
import { Credentials } from "../kernel/credentials";
import { current } from "../kernel/thread";
import { dropFileCapabilities } from "./extendedAttributes";
import {
    Directory,
    Inode,
    KIND_DIRECTORY,
    KIND_REGULAR,
    KIND_SYMBOLIC_LINK,
    S_ISGID,
    S_ISUID,
    S_ISVTX,
} from "./inode";

export const MAY_EXECUTE: u32 = 1;
export const MAY_WRITE: u32 = 2;
export const MAY_READ: u32 = 4;

// @ts-ignore: decorator
@inline
export function credentials(): Credentials {
    return current.process.credentials;
}

/** 0 when the calling process may access the inode in all ways of `mask` (MAY_ bits), else -EROFS or -EACCES. */
export function checkAccess(inode: Inode, mask: u32): i32 {
    return checkAccessAs(credentials(), inode, mask);
}

/** The same for other credentials (access(2) asks for the real user). */
export function checkAccessAs(who: Credentials, inode: Inode, mask: u32): i32 {
    const mode = inode.mode;
    if ((mask & MAY_WRITE) != 0 && inode.fileSystem.readOnly) {
        const kind = inode.kind;
        if (kind == KIND_REGULAR || kind == KIND_DIRECTORY || kind == KIND_SYMBOLIC_LINK) return -EROFS;
    }
    if (who.isFileRoot) {
        // Root executes what somebody may execute; directories it always searches.
        if ((mask & MAY_EXECUTE) == 0 || (mode & 0o111) != 0 || inode.isDirectory()) return 0;
        return -EACCES;
    }
    let allowed = mode;
    if (who.fileUser == inode.userId) allowed >>= 6;
    else if (who.isInGroup(inode.groupId)) allowed >>= 3;
    return (mask & ~allowed) == 0 ? 0 : -EACCES;
}

/** Whether the caller owns the inode or is root (CAP_FOWNER): chmod, utimensat with times, ... */
export function ownsInode(inode: Inode): bool {
    const who = credentials();
    return who.isFileRoot || who.fileUser == inode.userId;
}

/**
 * The content of a file changes: its capabilities end, and, unless root does it (CAP_FSETID), set-user-id, and set-group-id of
 * executables.
 */
export function dropPrivileges(inode: Inode): void {
    if (inode.attributes !== null) dropFileCapabilities(inode);
    const mode = inode.mode;
    if ((mode & (S_ISUID | S_ISGID)) == 0 || credentials().isFileRoot) return;
    inode.mode = mode & ~((mode & 0o010) != 0 ? S_ISUID | S_ISGID : S_ISUID);
}

/** 0 when the caller may add a name to the directory. */
export function checkCreate(directory: Directory): i32 {
    return checkAccess(directory, MAY_WRITE | MAY_EXECUTE);
}

/** 0 when the caller may take the name of `child` out of the directory: sticky directories protect others' files. */
export function checkDelete(directory: Directory, child: Inode): i32 {
    const error = checkAccess(directory, MAY_WRITE | MAY_EXECUTE);
    if (error != 0) return error;
    if ((directory.mode & S_ISVTX) == 0) return 0;
    const who = credentials();
    if (who.isFileRoot || who.fileUser == child.userId || who.fileUser == directory.userId) return 0;
    return -EPERM;
}
