// SPDX-License-Identifier: Apache-2.0
//
// What /proc/PID has beside a process's own figures: its namespaces, and the files that are the same for all processes.

import { EACCES } from "../../kernel/errno";
import { Process } from "../../kernel/process";
import { mayInspect } from "../../kernel/processAccess";
import { setTimes } from "../fileTime";
import { FileSystem } from "../fileSystem";
import { PathFile } from "../directoryFile";
import { fail, Inode, S_IFLNK, S_IFREG, setLink } from "../inode";
import { OpenFile } from "../openFile";
import { setProcessOwner, StaticEntry } from "./procInodes";
import { addByte, addText } from "./textBuilder";
import { reserveBuffer } from "../../memory/buffers";

/** Inode numbers of a machine's first namespaces begin behind this one; a container has one namespace of each kind. */
const NAMESPACE_NUMBERS: u32 = 4026531834;
const NAMESPACE_KINDS: StaticArray<string> = ["time", "cgroup", "pid", "user", "uts", "ipc", "net", "mnt"];

/** The rows of /proc/PID/ns; `namespaceLink` makes their inodes. */
export function namespaceEntries(): Array<StaticEntry> {
    return [
        namespaceEntry("cgroup"),
        namespaceEntry("ipc"),
        namespaceEntry("mnt"),
        namespaceEntry("net"),
        namespaceEntry("pid"),
        namespaceEntry("pid_for_children"),
        namespaceEntry("time"),
        namespaceEntry("time_for_children"),
        namespaceEntry("user"),
        namespaceEntry("uts"),
    ];
}

function namespaceEntry(name: string): StaticEntry {
    return new StaticEntry(name, S_IFLNK | 0o777, null);
}

const linkText: usize = reserveBuffer(32);
const NSFS_MAGIC: u32 = 0x6e736673;
let namespaces: FileSystem | null = null;

/** A link that names a namespace; it leads to a file that only has a number, because there are no others to enter. */
export class NamespaceLink extends Inode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        private readonly process: Process,
        private readonly name: string,
    ) {
        super(fileSystem, number, S_IFLNK | 0o777);
        setProcessOwner(this, process);
        setTimes(this);
    }

    private get namespaceKind(): string {
        const suffix = this.name.indexOf("_");
        return suffix < 0 ? this.name : this.name.slice(0, suffix);
    }

    private get namespaceNumber(): u32 {
        return NAMESPACE_NUMBERS + NAMESPACE_KINDS.indexOf(this.namespaceKind);
    }

    readLink(): i32 {
        if (!mayInspect(this.process)) return -EACCES;
        const text = this.namespaceKind + ":[" + this.namespaceNumber.toString() + "]";
        for (let i = 0; i < text.length; i++) store<u8>(linkText + i, <u8>text.charCodeAt(i));
        setLink(linkText, text.length);
        return 0;
    }

    followObject(): Inode | null {
        if (!mayInspect(this.process)) {
            fail(-EACCES);
            return null;
        }
        if (namespaces === null) namespaces = new FileSystem("nsfs", NSFS_MAGIC, false);
        return new Namespace(namespaces!, this.namespaceNumber, S_IFREG | 0o444);
    }
}

class Namespace extends Inode {
    open(flags: u32): OpenFile | null {
        return new PathFile(this, flags);
    }
}

/** user_namespaces(7): the identity. */
export function generateIdentityMap(process: Process | null): i32 {
    addText("         0          0 4294967295\n");
    return 0;
}

/** What a process waits in is not shown: Linux's answer to those who may not know. */
export function generateWaitChannel(process: Process | null): i32 {
    addByte(48);
    return 0;
}
