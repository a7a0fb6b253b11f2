// SPDX-License-Identifier: Apache-2.0
//
// The console of a container that has a terminal (`sealift run -t`): /dev/pts/0 and /dev/console, as engines make it. Its other side
// is the person's own terminal, which the manager and the command line carry bytes to and from.

import {
    consoleRead,
    consoleWrite,
    EXCHANGE,
    EXCHANGE_SIZE,
    fetchTerminalSize,
    terminalColumns,
    terminalRows,
} from "../manager";
import { containerConfiguration, FLAG_INTERACTIVE, FLAG_TERMINAL } from "../../std/containerConfiguration";
import { deviceNumber } from "../../std/layerIndex";
import { Inode } from "../fs/inode";
import { OpenFile } from "../fs/openFile";
import { ByteRing } from "./byteRing";
import { hangUp } from "./controllingTerminal";
import { devptsFileSystem, TerminalInode } from "./devpts";
import { placeTerminal } from "./pseudoterminal";
import { PTS_MAJOR, Terminal } from "./terminal";
import { openTerminal } from "./terminalFile";

const STANDARD_OUTPUT: i32 = 1;
/** The console is /dev/pts/0. */
const NUMBER: i32 = 0;
export const DEVICE_CONSOLE_TERMINAL: u32 = deviceNumber(PTS_MAJOR, NUMBER);

class ConsoleTerminal extends Terminal {
    /** What the manager gave and the line discipline had no room for. */
    private readonly waiting: ByteRing = new ByteRing(<u32>EXCHANGE_SIZE);
    /** The manager may have more. */
    private hasMore: bool = containerConfiguration().has(FLAG_INTERACTIVE);

    constructor() {
        super(DEVICE_CONSOLE_TERMINAL);
    }

    outputRoom(): i32 {
        return EXCHANGE_SIZE;
    }

    transmit(from: usize, length: i32): void {
        consoleWrite(STANDARD_OUTPUT, from, length);
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
            const count = consoleRead(EXCHANGE, EXCHANGE_SIZE);
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

    dropInput(): void {
        this.waiting.clear();
    }

    dropOutput(): void {}

    sendFlowCharacter(stops: bool): i64 {
        return 0;
    }
}

let terminal: ConsoleTerminal | null = null;

/** The container's console if that is a terminal; made at the first call. */
export function consoleTerminal(): Terminal | null {
    const configuration = containerConfiguration();
    if (terminal === null && configuration.has(FLAG_TERMINAL)) {
        const made = new ConsoleTerminal();
        terminal = made;
        made.rows = <u16>configuration.terminalRows;
        made.columns = <u16>configuration.terminalColumns;
        const inode = new TerminalInode(devptsFileSystem(), NUMBER, made);
        inode.pin();
        placeTerminal(made, NUMBER);
    }
    return terminal;
}

/** open(2) of /dev/console where the console is a terminal. */
export function openConsoleTerminal(inode: Inode, flags: u32): OpenFile | null {
    return openTerminal(inode, consoleTerminal()!, flags);
}

/** The manager says that there is input, or that it has ended. */
export function consoleInputArrived(): void {
    if (terminal !== null) terminal!.inputArrived();
}

/** The manager says that the person's terminal has another size. */
export function consoleSizeChanged(): void {
    if (terminal === null || !fetchTerminalSize()) return;
    terminal!.resize(terminalRows, terminalColumns, 0, 0);
}
