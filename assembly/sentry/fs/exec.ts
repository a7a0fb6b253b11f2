// SPDX-License-Identifier: Apache-2.0
//
// What execve(2) asks of the file side. Paths are byte strings here (a code unit for each byte), as the core keeps them.

import { EACCES, ELOOP, ENAMETOOLONG, ETXTBSY } from "../kernel/errno";
import { current } from "../kernel/thread";
import { Directory, failure, Inode } from "./inode";

import { IN_OPEN, notifyFile } from "./notify";
import { O_RDONLY, OpenFile } from "./openFile";
import { locate } from "./open";
import { firstPath } from "./pathArgument";
import { lastInode, walkToInode } from "./pathWalk";
import { checkAccess, MAY_EXECUTE } from "./permission";
import { PATH_MAXIMUM } from "../memory/buffers";

/** The negative errno of an openForExec that returned null. */
export let openForExecError: i32 = 0;

function refuse(error: i64): OpenFile | null {
    openForExecError = <i32>error;
    return null;
}

/** Puts a byte string's bytes to the sentry's memory and returns how many there are, or -ENAMETOOLONG. */
function storePath(path: string): i32 {
    if (path.length >= PATH_MAXIMUM) return -ENAMETOOLONG;
    for (let i = 0; i < path.length; i++) store<u8>(firstPath + i, <u8>path.charCodeAt(i));
    return path.length;
}

/** Opens the program `path` for the current process. Null: openForExecError. */
export function openForExec(path: string): OpenFile | null {
    return openForExecAt(current.process.files.workingDirectory, path, true);
}

/** As openForExec, from `directory` if the path is relative (execveat(2)). */
export function openForExecAt(directory: Directory, path: string, follow: bool): OpenFile | null {
    const length = storePath(path);
    if (length < 0) return refuse(length);
    const error = walkToInode(directory, firstPath, length, follow);
    if (error != 0) return refuse(error);
    const inode = lastInode!;
    if (inode.isSymbolicLink()) return refuse(-ELOOP);
    const file = openExecutable(inode);
    if (file !== null) {
        locate(file, inode);
        notifyFile(file, IN_OPEN);
    }
    return file;
}

/** Opens an inode as a program: a regular file that the current process may execute (it need not be readable). */
export function openExecutable(inode: Inode): OpenFile | null {
    if (!inode.isRegular() || inode.fileSystem.forbidsExecution) return refuse(-EACCES);
    const error = checkAccess(inode, MAY_EXECUTE);
    if (error != 0) return refuse(error);
    if (inode.writers > 0) return refuse(-ETXTBSY);
    const file = inode.open(O_RDONLY);
    return file === null ? refuse(failure) : file;
}
