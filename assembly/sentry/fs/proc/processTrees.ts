// SPDX-License-Identifier: Apache-2.0
//
// What /proc/PID has beside a process's own figures: its namespaces, and the files that are the same for all processes.

import { EACCES } from "../../kernel/errno";
import { Process } from "../../kernel/process";
import { setTimes } from "../fileTime";
import { FileSystem } from "../fileSystem";
import { fail, Inode, S_IFLNK, setLink } from "../inode";
import { constantEntry, mayInspect, setProcessOwner, StaticEntry } from "./procInodes";
import { addByte, addText } from "./textBuilder";

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

const linkText: usize = memory.data(32);

/** A link that names a namespace. Nobody may enter one (CAP_SYS_ADMIN), so it leads nowhere. */
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

    readLink(): i32 {
        if (!mayInspect(this.process)) return -EACCES;
        const suffix = this.name.indexOf("_");
        const kind = suffix < 0 ? this.name : this.name.slice(0, suffix);
        const number = NAMESPACE_NUMBERS + NAMESPACE_KINDS.indexOf(kind);
        const text = kind + ":[" + number.toString() + "]";
        for (let i = 0; i < text.length; i++) store<u8>(linkText + i, <u8>text.charCodeAt(i));
        setLink(linkText, text.length);
        return 0;
    }

    followObject(): Inode | null {
        fail(-EACCES);
        return null;
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
