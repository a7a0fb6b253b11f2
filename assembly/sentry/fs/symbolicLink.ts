// SPDX-License-Identifier: Apache-2.0

import { FileSystem } from "./fileSystem";
import { Inode, S_IFLNK, setLink } from "./inode";

/** A symbolic link whose target is text that never changes: of an image layer or made by symlink(2). */
export class SymbolicLink extends Inode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        private readonly target: usize,
        length: i32,
        /** Keeps the bytes at `target` alive; null: they are in a layer's index. */
        private readonly holder: StaticArray<u8> | null,
    ) {
        super(fileSystem, number, S_IFLNK | 0o777);
        this.size = length;
    }

    readLink(): i32 {
        setLink(this.target, <i32>this.size);
        return 0;
    }
}
