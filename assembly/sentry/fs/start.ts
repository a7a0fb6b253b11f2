// SPDX-License-Identifier: Apache-2.0
//
// What the start of a container asks of the file side. Paths and contents are byte strings (a code unit for each byte).

import { containerConfiguration, FLAG_READ_ONLY } from "../../std/containerConfiguration";
import { ENOMEM } from "../kernel/errno";
import { current } from "../kernel/thread";
import { Process } from "../kernel/process";
import { ConsoleTerminal } from "../tty/consoleTerminal";
import { acquire } from "../tty/controllingTerminal";
import { Terminal } from "../tty/terminal";
import { openStandardStream } from "./console";
import { FileContext } from "./context";
import { HostConsole } from "./hostConsole";
import { findConfiguredMounts, makeConfiguredMounts } from "./configuredMounts";
import { Directory, Inode } from "./inode";
import { mountFileSystems, provideFiles } from "./mounts";
import { openPath } from "./open";
import { O_NOCTTY, O_RDONLY, O_RDWR, OpenFile } from "./openFile";
import { lastInode, walkToInode } from "./pathWalk";
import { forgetPath, makeDirectories } from "./startPaths";

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
 * Completes the file tree, whose root is the current process's: mounts of the configuration, and files that engines provide. A problem,
 * or "".
 */
export function completeRoot(): string {
    const top = root!;
    let problem = findConfiguredMounts(top);
    if (problem.length > 0) return problem;
    provideFiles(top);
    problem = makeConfiguredMounts(top);
    if (containerConfiguration().has(FLAG_READ_ONLY)) top.fileSystem.readOnly = true;
    return problem;
}

/**
 * Makes `path` the current process's working directory, with the directories on the way that do not exist, as
 * engines do. False when something else has one of the names.
 */
export function enterWorkingDirectory(path: string): bool {
    const found = makeDirectories(path);
    forgetPath();
    if (found === null || !found.isDirectory()) return false;
    current.process.files.setWorkingDirectory(changetype<Directory>(found));
    return true;
}

/** Standard input, output and error of the current process, which leads its session, as descriptors 0, 1 and 2. */
export function openStandardFiles(process: Process, console: HostConsole): void {
    const terminal = console.terminal;
    if (terminal !== null) {
        openStandardTerminal(process, terminal);
        return;
    }
    const table = process.fileDescriptors;
    for (let descriptor = 0; descriptor < 3; descriptor++) {
        table.add(openStandardStream(console, descriptor), false, 3);
    }
}

/** One description of the console's terminal under all three numbers; it controls the session of the process. */
function openStandardTerminal(process: Process, terminal: Terminal): void {
    const table = process.fileDescriptors;
    const path = "/dev/pts/" + changetype<ConsoleTerminal>(terminal).number.toString();
    const bytes = heap.alloc(path.length);
    for (let i = 0; i < path.length; i++) store<u8>(bytes + i, <u8>path.charCodeAt(i));
    let file = openPath(root!, bytes, path.length, O_RDWR | O_NOCTTY, 0);
    heap.free(bytes);
    // An image may have made /dev something else; the terminal works without its name.
    if (file === null) file = terminal.inode!.open(O_RDWR | O_NOCTTY);
    table.add(file!, false, 3);
    table.add(file!.retain(), false, 3);
    table.add(file!.retain(), false, 3);
    acquire(process, terminal);
}

/** A console's process runs as this user: the terminal is its own, as engines see to. */
export function ownConsole(console: HostConsole, user: u32): void {
    const terminal = console.terminal;
    if (terminal !== null) terminal.inode!.userId = user;
}

/** The size of the file `path`; 0 when there is none, or it is longer than `limit`. */
export function smallFileSize(path: string, limit: i32): i32 {
    const inode = findInRoot(path);
    return inode === null || inode.size > <u64>limit ? 0 : <i32>inode.size;
}

/** The content of the file `path`, or null when there is none or it is longer than `limit`. */
export function readSmallFile(path: string, limit: i32): string | null {
    const inode = findInRoot(path);
    if (inode === null) return null;
    const file: OpenFile | null = inode.open(O_RDONLY);
    if (file === null) return null;
    const text = readAll(file, limit);
    file.release();
    return text;
}

/** The regular file `path` of the container's root, or null. */
function findInRoot(path: string): Inode | null {
    const bytes = heap.alloc(max(path.length, 1));
    for (let i = 0; i < path.length; i++) store<u8>(bytes + i, <u8>path.charCodeAt(i));
    const error = walkToInode(root!, bytes, path.length, true);
    heap.free(bytes);
    if (error != 0) return null;
    const inode = lastInode!;
    return inode.isRegular() ? inode : null;
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
