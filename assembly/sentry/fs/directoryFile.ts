// SPDX-License-Identifier: Apache-2.0
//
// Open directories, and descriptions that only name a file (O_PATH).

import { EBADF, EINVAL, EISDIR, ENOENT } from "../kernel/errno";
import { contentRead } from "./fileTime";
import {
    Directory,
    entryKind,
    entryName,
    entryNameLength,
    entryNext,
    entryNumber,
    FIRST_ENTRY,
    Inode,
    KIND_DIRECTORY,
} from "./inode";
import { IoBuffer } from "./ioBuffer";
import { O_NOATIME, OpenFile, SEEK_CUR, SEEK_SET } from "./openFile";

/** Writes one entry of getdents(2); false when it does not fit any more. */
export type EntryWriter = (name: usize, nameLength: i32, inode: u64, kind: u32, nextPosition: i64) => bool;

const dots: usize = memory.data<u8>([0x2e, 0x2e]);

export class DirectoryFile extends OpenFile {
    private readonly directory: Directory;

    constructor(directory: Directory, flags: u32) {
        super(directory, flags);
        this.directory = directory;
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        return -EISDIR;
    }

    isSeekable(): bool {
        return true;
    }

    /** Positions are those of Directory.next, which readers got from getdents or start with 0. */
    seek(offset: i64, whence: i32): i64 {
        let position: i64;
        if (whence == SEEK_SET) position = offset;
        else if (whence == SEEK_CUR) position = this.position + offset;
        else return -EINVAL;
        if (position < 0) return -EINVAL;
        this.position = position;
        return position;
    }

    /** Hands entries to `writer` until one does not fit. 0 or -ENOENT for a removed directory. */
    readEntries(writer: EntryWriter): i64 {
        const directory = this.directory;
        if (directory.removed) return -ENOENT;
        if (directory.modified && (this.flags & O_NOATIME) == 0) contentRead(directory);
        if (this.position == 0) {
            if (!writer(dots, 1, directory.number, KIND_DIRECTORY, 1)) return 0;
            this.position = 1;
        }
        if (this.position == 1) {
            const parent = directory.parent;
            const number = parent === null ? directory.number : parent.number;
            if (!writer(dots, 2, number, KIND_DIRECTORY, FIRST_ENTRY)) return 0;
            this.position = FIRST_ENTRY;
        }
        while (directory.next(this.position)) {
            if (!writer(entryName, entryNameLength, entryNumber, entryKind, entryNext)) return 0;
            this.position = entryNext;
        }
        return 0;
    }
}

export class PathFile extends OpenFile {
    constructor(inode: Inode, flags: u32) {
        super(inode, flags);
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        return -EBADF;
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        return -EBADF;
    }

    seek(offset: i64, whence: i32): i64 {
        return -EBADF;
    }
}
