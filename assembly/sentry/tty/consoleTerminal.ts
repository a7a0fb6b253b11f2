// SPDX-License-Identifier: Apache-2.0
//
// The terminal of a console (fs/hostConsole.ts): of the container that has one (`sealift run -t`), which is /dev/pts/0 and /dev/console, as
// engines make it, or of a process that `exec` started. Its other side is the person's own terminal, which the manager and the
// command line carry bytes to and from.

import {
    EXCHANGE,
    EXCHANGE_SIZE,
    consoleRead,
    fetchTerminalSize,
    terminalColumns,
    terminalRows,
} from "../manager";
import { containerConfiguration, FLAG_TERMINAL } from "../../std/containerConfiguration";
import { deviceNumber } from "../../std/layerIndex";
import { containerConsole, HostConsole } from "../fs/hostConsole";
import { Inode } from "../fs/inode";
import { OpenFile } from "../fs/openFile";
import { EIO } from "../kernel/errno";
import { ByteRing } from "./byteRing";
import { hangUp } from "./controllingTerminal";
import { devptsFileSystem, TerminalInode } from "./devpts";
import { freeTerminalNumber, placeTerminal, terminals } from "./pseudoterminal";
import { PTS_MAJOR, Terminal } from "./terminal";
import { openTerminal } from "./terminalFile";

const STANDARD_OUTPUT: i32 = 1;
/** The container's console is /dev/pts/0. */
const CONTAINER_NUMBER: i32 = 0;
export const DEVICE_CONSOLE_TERMINAL: u32 = deviceNumber(PTS_MAJOR, CONTAINER_NUMBER);

export class ConsoleTerminal extends Terminal {
    /** What the manager gave and the line discipline had no room for. */
    private readonly waiting: ByteRing = new ByteRing(<u32>EXCHANGE_SIZE);
    /** The manager may have more. */
    private hasMore: bool;

    constructor(
        private readonly console: HostConsole,
        /** Its number in /dev/pts. */
        readonly number: i32,
    ) {
        super(deviceNumber(PTS_MAJOR, number));
        this.hasMore = console.hasInput;
    }

    outputRoom(): i32 {
        return EXCHANGE_SIZE;
    }

    transmit(from: usize, length: i32): void {
        this.console.write(STANDARD_OUTPUT, from, length);
    }

    refill(): void {
        while (true) {
            const waiting = this.waiting;
            while (!waiting.isEmpty) {
                const taken = this.discipline.receive(waiting.first, waiting.firstLength);
                if (taken == 0) return;
                waiting.drop(taken);
            }
            if (!this.hasMore) return;
            const count = consoleRead(this.console.session, EXCHANGE, EXCHANGE_SIZE);
            if (count > 0) {
                waiting.put(EXCHANGE, count);
                continue;
            }
            this.hasMore = false;
            // The person's terminal is gone.
            if (count < 0) hangUp(this);
            return;
        }
    }

    /** Input has arrived: it is taken at once, for it may be ^C. */
    inputArrived(): void {
        this.hasMore = true;
        this.refill();
    }

    /** The manager says that the size of some session's terminal has changed. */
    fetchSize(): void {
        if (fetchTerminalSize(this.console.session)) this.resize(terminalRows, terminalColumns, 0, 0);
    }

    dropInput(): void {
        this.waiting.clear();
    }

    dropOutput(): void {}

    sendFlowCharacter(stops: bool): i64 {
        return 0;
    }

    // ---- its end, with the process that it was made for

    mayOpen(): i32 {
        return this.console.isClosed ? -EIO : 0;
    }

    closed(): void {
        if (this.console.isClosed) this.end();
    }

    /** There is no other side any more. */
    endLine(): void {
        this.hasMore = false;
        terminals[this.number] = null;
        hangUp(this);
        const inode = this.inode;
        this.inode = null;
        if (inode !== null) {
            inode.linkCount = 0;
            inode.unpin();
        }
        if (this.users == 0) this.end();
    }

    private end(): void {
        this.waiting.dispose();
        this.dispose();
    }
}

/** Gives a console a terminal, which is number `number` of /dev/pts. */
function makeTerminal(console: HostConsole, number: i32, rows: u16, columns: u16): void {
    const made = new ConsoleTerminal(console, number);
    made.rows = rows;
    made.columns = columns;
    new TerminalInode(devptsFileSystem(), number, made);
    placeTerminal(made, number);
    console.terminal = made;
}

/** Gives the console of a process that is to be started a terminal. False: there are too many. */
export function addTerminal(console: HostConsole, rows: u16, columns: u16): bool {
    const number = freeTerminalNumber();
    if (number < 0) return false;
    makeTerminal(console, number, rows, columns);
    return true;
}

/** The container's console if that is a terminal; made at the first call. */
export function consoleTerminal(): Terminal | null {
    const configuration = containerConfiguration();
    if (!configuration.has(FLAG_TERMINAL)) return null;
    const console = containerConsole();
    if (console.terminal === null) {
        const rows = <u16>configuration.terminalRows;
        makeTerminal(console, CONTAINER_NUMBER, rows, <u16>configuration.terminalColumns);
    }
    return console.terminal;
}

/** open(2) of /dev/console where the console is a terminal. */
export function openConsoleTerminal(inode: Inode, flags: u32): OpenFile | null {
    return openTerminal(inode, consoleTerminal()!, flags);
}
