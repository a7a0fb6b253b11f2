// SPDX-License-Identifier: Apache-2.0
//
// What a process adds to a path: where "/" and relative paths begin, and the umask (Linux's fs_struct). Threads with CLONE_FS
// share the object.

import { Directory } from "./inode";

const DEFAULT_UMASK: u32 = 0o022;

export class FileContext {
    root: Directory;
    workingDirectory: Directory;
    umask: u32 = DEFAULT_UMASK;
    private users: i32 = 1;

    constructor(root: Directory, workingDirectory: Directory) {
        this.root = root;
        this.workingDirectory = workingDirectory;
        root.pin();
        workingDirectory.pin();
    }

    /** One more user (CLONE_FS). */
    share(): FileContext {
        this.users++;
        return this;
    }

    /** A copy for a child process. */
    clone(): FileContext {
        const copy = new FileContext(this.root, this.workingDirectory);
        copy.umask = this.umask;
        return copy;
    }

    /** One user fewer. */
    release(): void {
        if (--this.users > 0) return;
        this.root.unpin();
        this.workingDirectory.unpin();
    }

    setRoot(directory: Directory): void {
        directory.pin();
        this.root.unpin();
        this.root = directory;
    }

    setWorkingDirectory(directory: Directory): void {
        directory.pin();
        this.workingDirectory.unpin();
        this.workingDirectory = directory;
    }
}
