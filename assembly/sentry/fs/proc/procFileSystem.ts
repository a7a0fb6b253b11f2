// SPDX-License-Identifier: Apache-2.0
//
// The root of /proc: rows that are always there, then a directory for each process.

import { findProcess, Process, processes } from "../../kernel/process";
import { current } from "../../kernel/thread";
import { setTimes } from "../fileTime";
import { FileSystem, PROC_SUPER_MAGIC } from "../fileSystem";
import { Directory, fail, FIRST_ENTRY, Inode, KIND_DIRECTORY, S_IFLNK, setLink } from "../inode";
import { ENOENT } from "../../kernel/errno";
import { ProcessDirectory } from "./processDirectories";
import { nameIs, nameNumber, setNumberEntry, StaticDirectory, StaticEntry } from "./procInodes";
import { mountSettings, SELF_ROW, SYSTEM_DIRECTORIES, systemEntries } from "./systemFiles";
import { makeSettings } from "./systemSettings";
import { reserveBuffer } from "../../memory/buffers";

/** Inode number of /proc/PID: PID times this; rows of the root and their rows have smaller numbers. */
const PROCESS_NUMBERS: u64 = 1 << 20;
/** Position of the first process in readdir: behind all rows. */
const FIRST_PROCESS: i64 = 1 << 16;

class ProcRoot extends StaticDirectory {
    constructor(fileSystem: FileSystem) {
        super(fileSystem, 1, 0o555, systemEntries, null);
        this.linkCount = 2 + SYSTEM_DIRECTORIES;
    }

    lookup(name: usize, length: i32): Inode | null {
        // What C libraries and BusyBox look at when they start: no reason to make all rows.
        if (nameIs(name, length, "self"))
            return new SelfLink(this.fileSystem, this.numberOf(SELF_ROW), "self");
        const pid = nameNumber(name, length);
        if (pid < 0) return super.lookup(name, length);
        const process = findProcess(pid);
        if (process === null) {
            fail(-ENOENT);
            return null;
        }
        const directory = new ProcessDirectory(this.fileSystem, <u64>pid * PROCESS_NUMBERS, process, null);
        this.adopt(directory, pid.toString());
        return directory;
    }

    protected makeChild(entry: StaticEntry, number: u64): Inode | null {
        if (entry.mode >> 12 == S_IFLNK >> 12) return new SelfLink(this.fileSystem, number, entry.name);
        return super.makeChild(entry, number);
    }

    next(from: i64): bool {
        if (from - FIRST_ENTRY < this.entries.length) return super.next(from);
        const first = from < FIRST_PROCESS ? 0 : <i32>(from - FIRST_PROCESS);
        let next: Process | null = null;
        for (let i = 0; i < processes.length; i++) {
            const process = processes[i];
            if (process.pid >= first && (next === null || process.pid < next.pid)) next = process;
        }
        if (next === null) return false;
        setNumberEntry(
            next.pid,
            <u64>next.pid * PROCESS_NUMBERS,
            KIND_DIRECTORY,
            FIRST_PROCESS + next.pid + 1,
        );
        return true;
    }
}

const linkText: usize = reserveBuffer(64);

/** /proc/self, /proc/thread-self, /proc/mounts and /proc/net: paths that depend on who follows them. */
class SelfLink extends Inode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        private readonly name: string,
    ) {
        super(fileSystem, number, S_IFLNK | 0o777);
        setTimes(this);
    }

    readLink(): i32 {
        const pid = current.process.pid.toString();
        let text = pid;
        if (this.name == "mounts") text = "self/mounts";
        else if (this.name == "net") text = "self/net";
        else if (this.name == "thread-self") text = pid + "/task/" + current.tid.toString();
        for (let i = 0; i < text.length; i++) store<u8>(linkText + i, <u8>text.charCodeAt(i));
        setLink(linkText, text.length);
        return 0;
    }
}

/** What is mounted on /proc/sys, once /proc has been made. */
export let settingsRoot: Directory | null = null;

/** A mountable /proc. */
export function makeProc(): Directory {
    const fileSystem = new FileSystem("proc", PROC_SUPER_MAGIC, false);
    fileSystem.attributesChangeable = false;
    const root = new ProcRoot(fileSystem);
    const settings = makeSettings();
    settings.pin();
    const holder = new StaticArray<u8>(3);
    store<u16>(changetype<usize>(holder), 0x7973);
    store<u8>(changetype<usize>(holder), 0x73, 2);
    settings.place(root, changetype<usize>(holder), 3, holder);
    mountSettings(settings);
    settingsRoot = settings;
    return root;
}
