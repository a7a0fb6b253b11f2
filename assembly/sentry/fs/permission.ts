// SPDX-License-Identifier: Apache-2.0
//
// Who may do what with an inode (path_resolution(7), "Permissions"): by the user and the groups of file accesses and by
// effective capabilities. That the user is 0 means nothing by itself; capabilities come and go with it (credentials.ts).

import { EACCES, EPERM, EROFS } from "../kernel/errno";
import { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID } from "../kernel/capabilities";
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
    let allowed = mode;
    if (who.fileUser == inode.userId) allowed >>= 6;
    else if (who.isInGroup(inode.groupId)) allowed >>= 3;
    return (mask & ~allowed) == 0 || overridesMode(who, inode, mask) ? 0 : -EACCES;
}

/** Whether a capability gives an access that the mode does not. */
function overridesMode(who: Credentials, inode: Inode, mask: u32): bool {
    const isDirectory = inode.isDirectory();
    if (who.has(CAP_DAC_OVERRIDE)) {
        // What nobody may execute is no program.
        return isDirectory || (mask & MAY_EXECUTE) == 0 || (inode.mode & 0o111) != 0;
    }
    return (isDirectory ? (mask & MAY_WRITE) == 0 : mask == MAY_READ) && who.has(CAP_DAC_READ_SEARCH);
}

/** Whether the caller owns the inode or has CAP_FOWNER: chmod, utimensat with times, ... */
export function ownsInode(inode: Inode): bool {
    const who = credentials();
    return who.fileUser == inode.userId || who.has(CAP_FOWNER);
}

/**
 * The content of a file changes: its capabilities end, and, unless the caller has CAP_FSETID, set-user-ID and
 * set-group-ID.
 */
export function dropPrivileges(inode: Inode): void {
    if (inode.attributes !== null) dropFileCapabilities(inode);
    if ((inode.mode & (S_ISUID | S_ISGID)) == 0 || credentials().has(CAP_FSETID)) return;
    inode.mode = modeWithoutSetId(inode);
}

/** The mode after a change by the caller. Set-group-ID of a file that no group executes is kept where chmod could set it. */
export function modeWithoutSetId(inode: Inode): u32 {
    const mode = inode.mode & ~S_ISUID;
    return (mode & 0o010) == 0 && credentials().maySetGroupId(inode.groupId) ? mode : mode & ~S_ISGID;
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
    return ownsInode(child) || credentials().fileUser == directory.userId ? 0 : -EPERM;
}
