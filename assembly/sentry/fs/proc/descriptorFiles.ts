// SPDX-License-Identifier: Apache-2.0
//
// /proc/PID/fdinfo: a file for each descriptor, which says how it is open.

import { EACCES, ENOENT } from "../../kernel/errno";
import { Process } from "../../kernel/process";
import { mayInspect } from "../../kernel/processAccess";
import { setTimes } from "../fileTime";
import { FileSystem } from "../fileSystem";
import { Directory, fail, FIRST_ENTRY, Inode, KIND_REGULAR, S_IFDIR } from "../inode";
import { mountNumber } from "../mountTable";
import { OpenFile } from "../openFile";
import { nameNumber, setNumberEntry, setProcessOwner, StaticEntry, TextInode } from "./procInodes";
import { addByte, addNumber, addOctal, addText } from "./textBuilder";

/** The descriptor that generateDescription is about. */
let described: i32 = 0;

const entry: StaticEntry = new StaticEntry("", 0o400, generateDescription);

/** The text of a descriptor is made when it is read; its number is the inode's. */
class DescriptionInode extends TextInode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        process: Process,
        readonly descriptor: i32,
    ) {
        super(fileSystem, number, entry, process);
    }

    prepare(): void {
        described = this.descriptor;
    }
}

function generateDescription(process: Process | null): i32 {
    const it = process!;
    const file: OpenFile | null = it.exited ? null : it.fileDescriptors.get(described);
    if (file === null) return -ENOENT;
    addText("pos:\t");
    addNumber(file.position);
    addText("\nflags:\t0");
    const closes: u32 = it.fileDescriptors.isCloseOnExec(described) ? 0o2000000 : 0;
    addOctal(file.flags | closes, 1);
    addText("\nmnt_id:\t");
    addNumber(mountNumber(file.inode.fileSystem));
    addText("\nino:\t");
    addNumber(file.inode.number);
    addByte(10);
    file.describe();
    return 0;
}

export class DescriptionDirectory extends Directory {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        private readonly process: Process,
    ) {
        super(fileSystem, number, S_IFDIR | 0o555);
        setProcessOwner(this, process);
        setTimes(this);
    }

    private numberOf(descriptor: i32): u64 {
        return (this.number << 20) + descriptor + 1;
    }

    lookup(name: usize, length: i32): Inode | null {
        const descriptor = nameNumber(name, length);
        const process = this.process;
        if (!mayInspect(process)) {
            fail(-EACCES);
            return null;
        }
        const exists = descriptor >= 0 && !process.exited && process.fileDescriptors.get(descriptor) !== null;
        if (exists)
            return new DescriptionInode(this.fileSystem, this.numberOf(descriptor), process, descriptor);
        fail(-ENOENT);
        return null;
    }

    next(from: i64): bool {
        const process = this.process;
        if (process.exited || !mayInspect(process)) return false;
        const table = process.fileDescriptors;
        for (let i = <i32>(from - FIRST_ENTRY); i < table.length; i++) {
            if (table.get(i) === null) continue;
            setNumberEntry(i, this.numberOf(i), KIND_REGULAR, FIRST_ENTRY + i + 1);
            return true;
        }
        return false;
    }
}
