// SPDX-License-Identifier: Apache-2.0
//
// What the start of a container asks of the file side. Paths and contents are byte strings (a code unit for each byte).

import { ENOMEM } from "../kernel/errno";
import { current } from "../kernel/thread";
import { openStandardStream } from "./console";
import { FileContext } from "./context";
import { FileDescriptorTable } from "./fileDescriptorTable";
import { Directory, Inode } from "./inode";
import { mountFileSystems } from "./mounts";
import { O_RDONLY, OpenFile } from "./openFile";
import { lastDirectory, lastInode, lastLength, lastName, PATH_MAXIMUM, walk, walkToInode } from "./pathWalk";

let root: Directory | null = null;

/** Makes the container's file tree. 0 or a negative errno. */
export function mountRoot(): i32 {
    root = mountFileSystems();
    return root === null ? -ENOMEM : 0;
}

/** The context of the container's first process: it stands at the root. */
export function makeRootContext(): FileContext {
    return new FileContext(root!, root!);
}

/**
 * Makes `path` the current process's working directory, with the directories on the way that do not exist, as
 * engines do. False when something else has one of the names.
 */
export function enterWorkingDirectory(path: string): bool {
    const length = path.length;
    if (length >= PATH_MAXIMUM) return false;
    const files = current.process.files;
    const bytes = heap.alloc(length + 1);
    for (let i = 0; i < length; i++) store<u8>(bytes + i, <u8>path.charCodeAt(i));
    let found: Inode | null = files.root;
    // Each beginning of the path that ends before a slash, then the whole path.
    for (let end = 1; end <= length && found !== null; end++) {
        if (end < length && path.charCodeAt(end) != 0x2f) continue;
        found = null;
        if (walk(files.root, bytes, end, true) == 0) {
            found = lastInode;
            if (found === null) found = lastDirectory.makeDirectory(lastName, lastLength, 0o755);
        }
    }
    heap.free(bytes);
    if (found === null || !found.isDirectory()) return false;
    files.setWorkingDirectory(changetype<Directory>(found));
    return true;
}

/** Standard input, output and error as descriptors 0, 1 and 2. */
export function openStandardFiles(table: FileDescriptorTable): void {
    for (let descriptor = 0; descriptor < 3; descriptor++) {
        table.add(openStandardStream(descriptor), false, 3);
    }
}

/** The content of the file `path`, or null when there is none or it is longer than `limit`. */
export function readSmallFile(path: string, limit: i32): string | null {
    const bytes = heap.alloc(max(path.length, 1));
    for (let i = 0; i < path.length; i++) store<u8>(bytes + i, <u8>path.charCodeAt(i));
    const error = walkToInode(root!, bytes, path.length, true);
    heap.free(bytes);
    if (error != 0) return null;
    const inode = lastInode!;
    if (!inode.isRegular()) return null;
    const file: OpenFile | null = inode.open(O_RDONLY);
    if (file === null) return null;
    const text = readAll(file, limit);
    file.release();
    return text;
}

function readAll(file: OpenFile, limit: i32): string | null {
    const size = file.size();
    if (size > <u64>limit) return null;
    const buffer = heap.alloc(max<usize>(<usize>size, 1));
    const length = <i32>file.readBytes(buffer, <i32>size, 0);
    let text: string | null = null;
    if (length >= 0) {
        text = changetype<string>(__new(length << 1, idof<string>()));
        for (let i = 0; i < length; i++) store<u16>(changetype<usize>(text) + (i << 1), load<u8>(buffer + i));
    }
    heap.free(buffer);
    return text;
}
