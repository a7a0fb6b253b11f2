// SPDX-License-Identifier: Apache-2.0
//
// The filesystem of /dev/pts: ptmx, which makes a pseudoterminal each time it is opened, and a device file for each terminal.

import { ENOENT } from "../kernel/errno";
import { current } from "../kernel/thread";
import { deviceNumber } from "../../std/layerIndex";
import { DEVPTS_SUPER_MAGIC, FileSystem } from "../fs/fileSystem";
import { setTimes } from "../fs/fileTime";
import { Directory, fail, FIRST_ENTRY, Inode, KIND_CHARACTER_DEVICE, S_IFCHR, S_IFDIR } from "../fs/inode";
import { OpenFile } from "../fs/openFile";
import { nameIs, nameNumber, setNumberEntry, setTextEntry } from "../fs/proc/procInodes";
import {
    freeTerminalNumber,
    placeTerminal,
    Pseudoterminal,
    PseudoterminalMaster,
    terminals,
} from "./pseudoterminal";
import { Terminal } from "./terminal";
import { openTerminal } from "./terminalFile";

const DEVICE_PTMX: u32 = deviceNumber(5, 2);

// Inode numbers and modes as Linux has them, with the options that engines mount it with: gid=5, mode=620, ptmxmode=666.
const ROOT_NUMBER: u64 = 1;
const PTMX_NUMBER: u64 = 2;
const FIRST_TERMINAL_NUMBER: u64 = 3;
const TERMINAL_GROUP: u32 = 5;
const TERMINAL_MODE: u32 = 0o620;

/** Position of the first terminal in readdir, behind ptmx. */
const FIRST_TERMINAL: i64 = FIRST_ENTRY + 1;

/** A terminal's device file. It stays while the terminal exists. */
export class TerminalInode extends Inode {
    constructor(
        fileSystem: FileSystem,
        number: i32,
        readonly terminal: Terminal,
    ) {
        super(fileSystem, FIRST_TERMINAL_NUMBER + number, S_IFCHR | TERMINAL_MODE);
        this.device = terminal.device;
        this.groupId = TERMINAL_GROUP;
        setTimes(this);
        this.pin();
        terminal.inode = this;
    }

    open(flags: u32): OpenFile | null {
        return openTerminal(this, this.terminal, flags);
    }
}

/** ptmx: each open(2) makes a pseudoterminal, and is its master. */
class MasterInode extends Inode {
    constructor(fileSystem: FileSystem) {
        super(fileSystem, PTMX_NUMBER, S_IFCHR | 0o666);
        this.device = DEVICE_PTMX;
        setTimes(this);
    }

    open(flags: u32): OpenFile | null {
        const number = freeTerminalNumber();
        if (number < 0) return null;
        const terminal = new Pseudoterminal(number);
        const inode = new TerminalInode(this.fileSystem, number, terminal);
        inode.userId = current.process.credentials.fileUser;
        placeTerminal(terminal, number);
        return new PseudoterminalMaster(this, terminal, flags);
    }
}

class DevptsRoot extends Directory {
    private master: MasterInode = changetype<MasterInode>(0);

    constructor(fileSystem: FileSystem) {
        super(fileSystem, ROOT_NUMBER, S_IFDIR | 0o755);
        this.modified = true;
        setTimes(this);
        this.master = new MasterInode(fileSystem);
        this.master.pin();
    }

    lookup(name: usize, length: i32): Inode | null {
        if (nameIs(name, length, "ptmx")) return this.master;
        const number = nameNumber(name, length);
        const terminal = <u32>number < <u32>terminals.length ? terminals[number] : null;
        const inode: Inode | null = terminal === null ? null : terminal.inode;
        if (inode === null) fail(-ENOENT);
        return inode;
    }

    next(from: i64): bool {
        if (from < FIRST_TERMINAL) {
            setTextEntry("ptmx", PTMX_NUMBER, KIND_CHARACTER_DEVICE, FIRST_TERMINAL);
            return true;
        }
        for (
            let number = <i32>min<i64>(from - FIRST_TERMINAL, terminals.length);
            number < terminals.length;
            number++
        ) {
            if (terminals[number] === null) continue;
            setNumberEntry(
                number,
                FIRST_TERMINAL_NUMBER + number,
                KIND_CHARACTER_DEVICE,
                FIRST_TERMINAL + number + 1,
            );
            return true;
        }
        return false;
    }
}

let fileSystem: FileSystem | null = null;

/** The container's devpts. */
export function devptsFileSystem(): FileSystem {
    if (fileSystem === null) fileSystem = new FileSystem("devpts", DEVPTS_SUPER_MAGIC, false);
    return fileSystem!;
}

/** Its root, to be mounted. */
export function makeDevpts(): Directory {
    return new DevptsRoot(devptsFileSystem());
}
