// SPDX-License-Identifier: Apache-2.0
//
// The path of a directory or an open file as bytes: getcwd(2), /proc/PID/{cwd,exe,fd,maps}.

import { KIND_DIRECTORY, Directory, Inode, KIND_FIFO, KIND_SOCKET } from "./inode";
import { OpenFile } from "./openFile";
import { asRegular } from "./regularInode";
import { PATH_MAXIMUM, reserveBufferForEnd } from "../memory/buffers";

/** The text is built from its end: the bytes from pathStart to the buffer's end. */
const buffer: usize = reserveBufferForEnd(PATH_MAXIMUM);
const bufferEnd: usize = buffer + PATH_MAXIMUM;

/** Where the latest path begins, and how long it is. Valid until the next path is made. */
export let pathAddress: usize = bufferEnd;
export let pathLength: i32 = 0;
/** The latest path reaches the root it was asked for; else the directory lies outside of it. */
export let pathReachable: bool = true;
let tooLong: bool = false;

const SLASH: u8 = 0x2f;

function prepend(address: usize, length: i32): void {
    if (pathAddress - buffer < <usize>length) {
        tooLong = true;
        return;
    }
    pathAddress -= length;
    memory.copy(pathAddress, address, length);
    pathLength += length;
}

function prependText(text: string): void {
    // The texts are ASCII.
    for (let i = text.length - 1; i >= 0; i--) {
        if (pathAddress == buffer) {
            tooLong = true;
            return;
        }
        pathAddress--;
        pathLength++;
        store<u8>(pathAddress, <u8>text.charCodeAt(i));
    }
}

function begin(): void {
    pathAddress = bufferEnd;
    pathLength = 0;
    pathReachable = true;
    tooLong = false;
}

function isMemoryFile(inode: Inode): bool {
    const content = asRegular(inode);
    return content !== null && content.isMemoryFile;
}

function prependDirectories(directory: Directory, root: Directory): void {
    while (directory !== root) {
        const parent = directory.parent;
        if (parent === null || parent === directory) {
            pathReachable = directory === root;
            return;
        }
        prepend(directory.nameAddress, directory.nameLength);
        prependText("/");
        directory = parent;
    }
}

/** Makes the path of a directory as a process with root directory `root` sees it. False: longer than PATH_MAXIMUM. */
export function directoryPath(directory: Directory, root: Directory): bool {
    begin();
    prependDirectories(directory, root);
    if (pathLength == 0) prependText("/");
    return !tooLong;
}

/** Makes the text that /proc/PID/fd shows for an open file. False: longer than PATH_MAXIMUM. */
export function openFilePath(file: OpenFile, root: Directory): bool {
    begin();
    const inode = file.inode;
    const location = file.location;
    if (inode.kind == KIND_DIRECTORY) {
        const directory = changetype<Directory>(inode);
        if (directory.removed) prependText(" (deleted)");
        const before = pathLength;
        prependDirectories(directory, root);
        if (pathLength == before) prependText("/");
    } else if (location !== null) {
        if (location.removed) prependText(" (deleted)");
        prepend(location.nameAddress, location.nameLength);
        prependText("/");
        prependDirectories(location.directory, root);
    } else if (isMemoryFile(inode)) {
        prependText("/memfd:" + asRegular(inode)!.memoryName + " (deleted)");
    } else if (inode.fileSystem.typeName == "anon_inodefs") {
        prependText("anon_inode:" + file.anonymousName());
    } else {
        prependText(
            (inode.kind == KIND_FIFO ? "pipe:[" : inode.kind == KIND_SOCKET ? "socket:[" : "file:[") +
                inode.number.toString() +
                "]",
        );
    }
    return !tooLong;
}

/** Whether the latest path begins with a slash: it is one of the file tree, not "pipe:[...]". */
export function pathIsAbsolute(): bool {
    return pathLength > 0 && load<u8>(pathAddress) == SLASH;
}
