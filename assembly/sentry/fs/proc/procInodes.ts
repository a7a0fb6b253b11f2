// SPDX-License-Identifier: Apache-2.0
//
// The kinds of inodes that /proc and /sys consist of. They have no state of their own: a lookup makes one, and it says what
// holds at the moment it is read.

import { EACCES, EINVAL, ENOENT, ENOMEM } from "../../kernel/errno";
import { addGarbage } from "../../kernel/garbage";
import { Process } from "../../kernel/process";
import { mayInspect } from "../../kernel/processAccess";
import { AddressSpace } from "../../memory/addressSpace";
import { current } from "../../kernel/thread";
import { setTimes } from "../fileTime";
import { FileSystem } from "../fileSystem";
import {
    Directory,
    fail,
    FIRST_ENTRY,
    Inode,
    KIND_DIRECTORY,
    S_IFDIR,
    S_IFLNK,
    S_IFREG,
    setEntry,
} from "../inode";
import { IoBuffer } from "../ioBuffer";
import { AT_POSITION, OpenFile, SEEK_CUR, SEEK_SET } from "../openFile";
import { addByte, addText, beginText, copyText, isTextComplete, textLength } from "./textBuilder";
import { reserveBuffer } from "../../memory/buffers";

/** Adds a file's text (textBuilder.ts). `process` is null in files that belong to none. 0 or a negative errno. */
export type Generator = (process: Process | null) => i32;
/** Takes what was written to a file: `length` bytes. 0 or a negative errno. */
export type Acceptor = (process: Process | null, text: usize, length: i32) => i32;

/** Which of several directories the rows being made are of: its entry's `argument`, or that of a directory above. */
export let rowArgument: i32 = 0;

/** Makes the rows of a directory: only those that somebody looks at take memory. */
export type RowMaker = () => Array<StaticEntry>;

/** A row of a directory of which the entries are always the same. */
export class StaticEntry {
    /** The root of the filesystem that is mounted on this directory. */
    mounted: Directory | null = null;
    /** Files whose text never changes: the text, a newline behind it. */
    content: string | null = null;
    /** Directories, of several that have the same rows: which it is (`rowArgument`). */
    argument: i32 = 0;

    constructor(
        readonly name: string,
        /** Type and permissions. */
        readonly mode: u32,
        /** Files: the text, or null for other types. */
        readonly generate: Generator | null,
        readonly accept: Acceptor | null = null,
        /** Directories: their rows. */
        readonly children: RowMaker | null = null,
        /** The text is about the program that ran when the file was opened: empty after execve(2). */
        readonly ofProgram: bool = false,
    ) {}
}

/** A file with a line that never changes. */
export function constantEntry(name: string, content: string, mode: u32 = 0o644): StaticEntry {
    const entry = new StaticEntry(name, mode, null);
    entry.content = content;
    return entry;
}

/** A directory. */
export function directoryEntry(name: string, children: RowMaker): StaticEntry {
    return new StaticEntry(name, 0o555, null, null, children);
}

/** Whether the bytes are those of `text` (ASCII). */
export function nameIs(name: usize, length: i32, text: string): bool {
    if (text.length != length) return false;
    for (let i = 0; i < length; i++) {
        if (load<u8>(name + i) != load<u8>(changetype<usize>(text) + (i << 1))) return false;
    }
    return true;
}

/** The decimal number that a name is, or -1. */
export function nameNumber(name: usize, length: i32): i32 {
    if (length == 0 || length > 9 || (length > 1 && load<u8>(name) == 0x30)) return -1;
    let number = 0;
    for (let i = 0; i < length; i++) {
        const digit = <i32>load<u8>(name + i) - 48;
        if (digit < 0 || digit > 9) return -1;
        number = number * 10 + digit;
    }
    return number;
}

/** Names of the entries that `next` gives: valid until the next call. */
const nameBuffer: usize = reserveBuffer(64);

/** setEntry for a name that is a string. */
export function setTextEntry(name: string, number: u64, kind: u32, next: i64): void {
    for (let i = 0; i < name.length; i++) store<u8>(nameBuffer + i, <u8>name.charCodeAt(i));
    setEntry(nameBuffer, name.length, number, kind, next);
}

/** setEntry for a name that is a number. */
export function setNumberEntry(value: u32, number: u64, kind: u32, next: i64): void {
    let start = nameBuffer + 16;
    let length = 0;
    do {
        store<u8>(--start, <u8>(48 + (value % 10)));
        value /= 10;
        length++;
    } while (value != 0);
    setEntry(start, length, number, kind, next);
}

/** Directories of /proc that anybody may list. */
const OPEN_DIRECTORY: u32 = S_IFDIR | 0o555;

/**
 * Gives an inode of /proc/PID the owner of the process. What a process has that may not be dumped, or of one that has ended,
 * is root's.
 */
export function setProcessOwner(inode: Inode, process: Process): void {
    if ((process.dumpable != 1 || process.exited) && inode.mode != OPEN_DIRECTORY) return;
    inode.userId = process.credentials.effectiveUser;
    inode.groupId = process.credentials.effectiveGroup;
}

/** A file with text made when it is read. */
export class TextInode extends Inode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        readonly entry: StaticEntry,
        readonly process: Process | null,
    ) {
        super(fileSystem, number, S_IFREG | entry.mode);
        if (process !== null) setProcessOwner(this, process);
        setTimes(this);
    }

    open(flags: u32): OpenFile | null {
        return new TextFile(this, flags);
    }

    truncate(size: u64): i32 {
        return this.entry.accept === null ? -EINVAL : 0;
    }

    /** Called before the text is made or taken: inodes that share a row say here which of them it is about. */
    prepare(): void {}
}

/** Longest text that can be written to a file of /proc. */
const ACCEPTED_MAXIMUM: i32 = 256;
const accepted: usize = reserveBuffer(ACCEPTED_MAXIMUM);

class TextFile extends OpenFile {
    private text: usize = 0;
    private length: i32 = 0;
    private readonly source: TextInode;
    /** The memory of the program that the text is about, or null. */
    private readonly space: AddressSpace | null;

    constructor(inode: TextInode, flags: u32) {
        super(inode, flags);
        this.source = inode;
        const process = inode.process;
        this.space = inode.entry.ofProgram && process !== null ? process.addressSpace : null;
    }

    protected close(): void {
        if (this.text != 0) heap.free(this.text);
        this.text = 0;
    }

    isSeekable(): bool {
        return true;
    }

    seek(offset: i64, whence: i32): i64 {
        let position: i64;
        if (whence == SEEK_SET) position = offset;
        else if (whence == SEEK_CUR) position = this.position + offset;
        else return -EINVAL;
        if (position < 0) return -EINVAL;
        this.position = position;
        return position;
    }

    /** The text is made at the first read and whenever reading starts at the beginning. */
    private make(): i32 {
        const generate = this.source.entry.generate;
        const content = this.source.entry.content;
        if (generate === null && content === null) return -EINVAL;
        beginText();
        const space = this.space;
        if (content !== null) {
            addText(content);
            addByte(10);
        } else if (space === null || space === this.source.process!.addressSpace) {
            this.source.prepare();
            const error = generate!(this.source.process);
            if (error != 0) return error;
        }
        if (!isTextComplete()) return -ENOMEM;
        if (this.text != 0) heap.free(this.text);
        this.length = textLength();
        this.text = copyText();
        return 0;
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        const start = offset == AT_POSITION ? this.position : offset;
        if (start == 0 || this.text == 0) {
            const error = this.make();
            if (error != 0) return error;
        }
        if (start >= this.length) return 0;
        const count = <i32>min<i64>(buffer.length, this.length - start);
        const error = buffer.put(0, this.text + <usize>start, count);
        if (error != 0) return error;
        if (offset == AT_POSITION) this.position = start + count;
        return count;
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        const accept = this.source.entry.accept;
        if (accept === null) return -EINVAL;
        if (buffer.length > ACCEPTED_MAXIMUM) return -ENOMEM;
        const error = buffer.take(0, accepted, <i32>buffer.length);
        if (error != 0) return error;
        this.source.prepare();
        const refused = accept(this.source.process, accepted, <i32>buffer.length);
        return refused != 0 ? refused : buffer.length;
    }
}

/** Managed memory of a row, roughly. */
const ROW_BYTES: i32 = 48;

/** A directory of rows that are always the same. Inode numbers count from the directory's own. */
export class StaticDirectory extends Directory {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        mode: u32,
        private readonly makeRows: RowMaker,
        readonly process: Process | null,
    ) {
        super(fileSystem, number, S_IFDIR | mode);
        if (process !== null) setProcessOwner(this, process);
        setTimes(this);
    }

    private rows: Array<StaticEntry> | null = null;
    private argument: i32 = 0;

    /** The rows, made at the first use. */
    get entries(): Array<StaticEntry> {
        let rows = this.rows;
        if (rows === null) {
            rowArgument = this.argument;
            rows = this.makeRows();
            this.rows = rows;
            addGarbage(rows.length * ROW_BYTES);
            let directories = 0;
            for (let i = 0; i < rows.length; i++) if (kindOf(rows[i]) == KIND_DIRECTORY) directories++;
            this.linkCount = 2 + directories;
        }
        return rows;
    }

    lookup(name: usize, length: i32): Inode | null {
        const entries = this.entries;
        for (let i = 0; i < entries.length; i++) {
            const entry = entries[i];
            if (nameIs(name, length, entry.name)) return this.childOf(entry, i);
        }
        fail(-ENOENT);
        return null;
    }

    /** The inode of row `index`, in its place. */
    childOf(entry: StaticEntry, index: i32): Inode | null {
        const inode = this.makeChild(entry, this.numberOf(index));
        if (inode !== null && inode.isDirectory()) {
            const directory = changetype<Directory>(inode);
            this.adopt(directory, entry.name);
            directory.mounted = entry.mounted;
        }
        return inode;
    }

    /** Room for the numbers of subdirectories' own entries. */
    protected numberOf(index: i32): u64 {
        return this.number * 128 + index + 1;
    }

    /** Gives a child directory its place, as long as it lives. */
    protected adopt(child: Directory, name: string): void {
        const holder = new StaticArray<u8>(name.length);
        for (let i = 0; i < name.length; i++) holder[i] = <u8>name.charCodeAt(i);
        // Objects of /proc are made for one use: a pin on the parent would never be given back.
        child.parent = this;
        child.nameHolder = holder;
        child.nameAddress = changetype<usize>(holder);
        child.nameLength = name.length;
    }

    /** The inode of a row. */
    protected makeChild(entry: StaticEntry, number: u64): Inode | null {
        const children = entry.children;
        if (children !== null) {
            const directory = new StaticDirectory(
                this.fileSystem,
                number,
                entry.mode,
                children,
                this.process,
            );
            directory.argument = entry.argument != 0 ? entry.argument : this.argument;
            return directory;
        }
        return new TextInode(this.fileSystem, number, entry, this.process);
    }

    next(from: i64): bool {
        const index = <i32>(from - FIRST_ENTRY);
        if (index >= this.entries.length) return false;
        const entry = this.entries[index];
        setTextEntry(entry.name, this.numberOf(index), kindOf(entry), from + 1);
        return true;
    }
}

export function kindOf(entry: StaticEntry): u32 {
    if (entry.children !== null) return KIND_DIRECTORY;
    return entry.mode >> 12 != 0 ? entry.mode >> 12 : S_IFREG >> 12;
}

export const LINK_MODE: u32 = S_IFLNK | 0o777;

/** A symbolic link that says, and leads to, what holds at the moment. */
export abstract class ProcLink extends Inode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        readonly process: Process,
        mode: u32 = 0o777,
    ) {
        super(fileSystem, number, S_IFLNK | mode);
        setProcessOwner(this, process);
        setTimes(this);
    }

    /** 0 when the caller may see where the link leads, else -EACCES. */
    protected check(): i32 {
        return mayInspect(this.process) ? 0 : -EACCES;
    }
}
