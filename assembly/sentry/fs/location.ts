// SPDX-License-Identifier: Apache-2.0
//
// Where an open file was found: a name in a directory. /proc/PID/fd, /proc/PID/maps and /proc/PID/exe show it. Directories know
// their own path and need none.

import { Directory, Inode } from "./inode";

export class Location {
    directory: Directory;
    nameAddress: usize;
    nameLength: i32;
    /** Keeps the bytes at nameAddress alive; null: they are in a layer's index. */
    nameHolder: StaticArray<u8> | null;
    /** The name has been unlinked. */
    removed: bool = false;
    /** The file, and the next location of the same file. */
    private inode: Inode;
    next: Location | null;

    constructor(
        inode: Inode,
        directory: Directory,
        name: usize,
        length: i32,
        holder: StaticArray<u8> | null,
    ) {
        this.inode = inode;
        this.directory = directory;
        this.nameAddress = name;
        this.nameLength = length;
        this.nameHolder = holder;
        directory.pin();
        this.next = inode.locations;
        inode.locations = this;
    }

    release(): void {
        this.directory.unpin();
        const inode = this.inode;
        let location = inode.locations;
        if (location === this) {
            inode.locations = this.next;
            return;
        }
        while (location !== null) {
            const next = location.next;
            if (next === this) {
                location.next = this.next;
                return;
            }
            location = next;
        }
    }

    private isAt(directory: Directory, name: usize, length: i32): bool {
        return (
            this.directory === directory &&
            !this.removed &&
            this.nameLength == length &&
            memory.compare(this.nameAddress, name, length) == 0
        );
    }

    private moveTo(directory: Directory, name: usize, length: i32, holder: StaticArray<u8>): void {
        directory.pin();
        this.directory.unpin();
        this.directory = directory;
        this.nameAddress = name;
        this.nameLength = length;
        this.nameHolder = holder;
    }

    /** Tells the open files of `inode` that a name of it has gone. */
    static nameRemoved(inode: Inode, directory: Directory, name: usize, length: i32): void {
        let location = inode.locations;
        while (location !== null) {
            if (location.isAt(directory, name, length)) location.removed = true;
            location = location.next;
        }
    }

    /** Tells the open files of `inode` that a name of it is another now (bytes of `holder`). */
    static nameMoved(
        inode: Inode,
        directory: Directory,
        name: usize,
        length: i32,
        newDirectory: Directory,
        holder: StaticArray<u8>,
    ): void {
        let location = inode.locations;
        while (location !== null) {
            if (location.isAt(directory, name, length)) {
                location.moveTo(newDirectory, changetype<usize>(holder), holder.length, holder);
            }
            location = location.next;
        }
    }
}

/** A copy of a name that lasts. */
export function copyName(name: usize, length: i32): StaticArray<u8> {
    const copy = new StaticArray<u8>(length);
    memory.copy(changetype<usize>(copy), name, length);
    return copy;
}
