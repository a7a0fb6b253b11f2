// SPDX-License-Identifier: Apache-2.0
//
// The directories of a process in /proc: /proc/PID itself, fd and task.

import { ENOENT } from "../../kernel/errno";
import { findProcess, Process } from "../../kernel/process";
import { Thread, THREAD_DEAD } from "../../kernel/thread";
import { setTimes } from "../fileTime";
import { FileSystem } from "../fileSystem";
import { Directory, fail, FIRST_ENTRY, Inode, KIND_DIRECTORY, KIND_SYMBOLIC_LINK, S_IFDIR } from "../inode";
import { OpenFile } from "../openFile";
import {
    DescriptorLink,
    DirectoryLink,
    ExecutableLink,
    LINK_ROOT,
    LINK_WORKING_DIRECTORY,
} from "./processLinks";
import { DescriptionDirectory } from "./descriptorFiles";
import { DESCRIPTORS_ROW, EXECUTABLE_ROW, processEntries } from "./processFiles";
import { namespaceEntries, NamespaceLink } from "./processTrees";
import {
    nameIs,
    nameNumber,
    setNumberEntry,
    setProcessOwner,
    StaticDirectory,
    StaticEntry,
} from "./procInodes";
import { makeThreadText } from "./threadText";

/** /proc/PID, and /proc/PID/task/TID, which has the same files. */
export class ProcessDirectory extends StaticDirectory {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        process: Process,
        /** The thread of /proc/PID/task/TID; null in /proc/PID. */
        private readonly thread: Thread | null,
    ) {
        super(fileSystem, number, 0o555, processEntries, process);
    }

    /** What pidfd_send_signal(2) takes this directory for; null: directories of threads stand for nobody. */
    get signalled(): Process | null {
        return this.thread === null ? this.process : null;
    }

    lookup(name: usize, length: i32): Inode | null {
        // A process that has been waited for, and a thread that has ended, are gone, even for whoever has the directory open.
        const thread = this.thread;
        if (
            findProcess(this.process!.pid) !== this.process ||
            (thread !== null && thread.state == THREAD_DEAD)
        ) {
            fail(-ENOENT);
            return null;
        }
        // What C libraries look at when they start, and where /dev/stdout leads: no reason to make all rows.
        const process = this.process!;
        if (nameIs(name, length, "exe")) {
            return new ExecutableLink(this.fileSystem, this.numberOf(EXECUTABLE_ROW), process);
        }
        if (nameIs(name, length, "fd")) {
            const number = this.numberOf(DESCRIPTORS_ROW);
            const directory = new DescriptorDirectory(this.fileSystem, number, process);
            this.adopt(directory, "fd");
            return directory;
        }
        return super.lookup(name, length);
    }

    protected makeChild(entry: StaticEntry, number: u64): Inode | null {
        const process = this.process!;
        const name = entry.name;
        if (name == "cwd") return new DirectoryLink(this.fileSystem, number, process, LINK_WORKING_DIRECTORY);
        if (name == "root") return new DirectoryLink(this.fileSystem, number, process, LINK_ROOT);
        if (name == "fdinfo") return new DescriptionDirectory(this.fileSystem, number, process);
        if (name == "ns") return new NamespaceDirectory(this.fileSystem, number, process);
        if (name == "task") {
            if (this.thread === null) return new TaskDirectory(this.fileSystem, number, process);
            fail(-ENOENT);
            return null;
        }
        const thread = this.thread;
        if (thread !== null) {
            const text = makeThreadText(this.fileSystem, number, entry, process, thread);
            if (text !== null) return text;
        }
        return super.makeChild(entry, number);
    }

    next(from: i64): bool {
        // "task" is the last row.
        if (this.thread !== null && from - FIRST_ENTRY >= this.entries.length - 1) return false;
        return super.next(from);
    }
}

/** /proc/PID/ns. */
class NamespaceDirectory extends StaticDirectory {
    constructor(fileSystem: FileSystem, number: u64, process: Process) {
        super(fileSystem, number, 0o511, namespaceEntries, process);
    }

    protected makeChild(entry: StaticEntry, number: u64): Inode | null {
        return new NamespaceLink(this.fileSystem, number, this.process!, entry.name);
    }
}

/** /proc/PID/fd: a link for each descriptor. */
class DescriptorDirectory extends Directory {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        private readonly process: Process,
    ) {
        super(fileSystem, number, S_IFDIR | 0o500);
        setProcessOwner(this, process);
        setTimes(this);
    }

    private numberOf(descriptor: i32): u64 {
        return (this.number << 20) + descriptor + 1;
    }

    lookup(name: usize, length: i32): Inode | null {
        const descriptor = nameNumber(name, length);
        const process = this.process;
        const file: OpenFile | null =
            descriptor < 0 || process.exited ? null : process.fileDescriptors.get(descriptor);
        if (file === null) {
            fail(-ENOENT);
            return null;
        }
        // Permission bits show for what the descriptor is open.
        const mode: u32 = (file.isReadable() ? 0o500 : 0) | (file.isWritable() ? 0o300 : 0);
        return new DescriptorLink(this.fileSystem, this.numberOf(descriptor), process, descriptor, mode);
    }

    next(from: i64): bool {
        const process = this.process;
        if (process.exited) return false;
        const table = process.fileDescriptors;
        for (let i = <i32>(from - FIRST_ENTRY); i < table.length; i++) {
            if (table.get(i) === null) continue;
            setNumberEntry(i, this.numberOf(i), KIND_SYMBOLIC_LINK, FIRST_ENTRY + i + 1);
            return true;
        }
        return false;
    }
}

/** /proc/PID/task. */
class TaskDirectory extends Directory {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        private readonly process: Process,
    ) {
        super(fileSystem, number, S_IFDIR | 0o555);
        setProcessOwner(this, process);
        setTimes(this);
        this.linkCount = 2 + process.threads.length;
    }

    lookup(name: usize, length: i32): Inode | null {
        const tid = nameNumber(name, length);
        const threads = this.process.threads;
        for (let i = 0; i < threads.length; i++) {
            if (threads[i].tid != tid) continue;
            const directory = new ProcessDirectory(
                this.fileSystem,
                this.number * 64 + tid,
                this.process,
                threads[i],
            );
            const holder = new StaticArray<u8>(length);
            memory.copy(changetype<usize>(holder), name, length);
            directory.parent = this;
            directory.nameHolder = holder;
            directory.nameAddress = changetype<usize>(holder);
            directory.nameLength = length;
            return directory;
        }
        fail(-ENOENT);
        return null;
    }

    next(from: i64): bool {
        const threads = this.process.threads;
        const index = <i32>(from - FIRST_ENTRY);
        if (index >= threads.length) return false;
        const tid = threads[index].tid;
        setNumberEntry(tid, this.number * 64 + tid, KIND_DIRECTORY, from + 1);
        return true;
    }
}
