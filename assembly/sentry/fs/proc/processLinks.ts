// SPDX-License-Identifier: Apache-2.0
//
// The links of /proc/PID that lead to objects: exe, cwd, root, and fd/N.

import { ENOENT } from "../../kernel/errno";
import { Process } from "../../kernel/process";
import { current } from "../../kernel/thread";
import { FileSystem } from "../fileSystem";
import { Directory, fail, Inode, setLink } from "../inode";
import { Location } from "../location";
import { OpenFile } from "../openFile";
import { directoryPath, openFilePath, pathAddress, pathLength } from "../pathText";
import { ProcLink } from "./procInodes";

export const LINK_WORKING_DIRECTORY: u32 = 0;
export const LINK_ROOT: u32 = 1;

/** cwd and root. */
export class DirectoryLink extends ProcLink {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        process: Process,
        private readonly which: u32,
    ) {
        super(fileSystem, number, process);
    }

    private target(): Directory {
        const files = this.process.files;
        return this.which == LINK_ROOT ? files.root : files.workingDirectory;
    }

    readLink(): i32 {
        const error = this.process.exited ? -ENOENT : this.check();
        if (error != 0) return error;
        directoryPath(this.target(), current.process.files.root);
        setLink(pathAddress, pathLength);
        return 0;
    }

    followObject(): Inode | null {
        const error = this.process.exited ? -ENOENT : this.check();
        fail(error);
        return error != 0 ? null : this.target();
    }
}

/** exe and fd/N: what they lead to is an open file. */
abstract class FileLink extends ProcLink {
    protected abstract target(): OpenFile | null;

    private checked(): OpenFile | null {
        const error = this.check();
        const file: OpenFile | null = error != 0 ? null : this.target();
        fail(error != 0 ? error : file === null ? -ENOENT : 0);
        return file;
    }

    readLink(): i32 {
        const error = this.check();
        if (error != 0) return error;
        const file = this.target();
        if (file === null) return -ENOENT;
        openFilePath(file, current.process.files.root);
        setLink(pathAddress, pathLength);
        return 0;
    }

    followObject(): Inode | null {
        const file = this.checked();
        return file === null ? null : file.inode;
    }

    followLocation(): Location | null {
        const file = this.checked();
        return file === null ? null : file.location;
    }
}

export class ExecutableLink extends FileLink {
    protected target(): OpenFile | null {
        return this.process.exited ? null : this.process.addressSpace.executable;
    }
}

export class DescriptorLink extends FileLink {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        process: Process,
        private readonly descriptor: i32,
        mode: u32,
    ) {
        super(fileSystem, number, process, mode);
        // What Linux shows as the size of these links.
        this.size = 64;
    }

    protected target(): OpenFile | null {
        return this.process.exited ? null : this.process.fileDescriptors.get(this.descriptor);
    }
}
