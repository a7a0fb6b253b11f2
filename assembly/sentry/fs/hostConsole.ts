// SPDX-License-Identifier: Apache-2.0
//
// Consoles: bytes that the manager carries between the host and a process with its descendants. Session 0 is the container's first process;
// each process that `exec` starts has a session, and so a console, of its own. A console has a terminal (tty/consoleTerminal.ts), or
// three streams (fs/console.ts).

import { containerConfiguration, FLAG_INTERACTIVE } from "../../std/containerConfiguration";
import { Process } from "../kernel/process";
import { WaitQueue } from "../kernel/wait";
import { consoleRead, consoleWrite, EXCHANGE_SIZE } from "../manager";
import { Terminal } from "../tty/terminal";

const INPUT_CAPACITY: i32 = EXCHANGE_SIZE;

export class HostConsole {
    /** Woken when input has come, or none will come any more. */
    readonly queue: WaitQueue = new WaitQueue();
    /** The process that signals from the host are for, and with which the console ends. */
    leader: Process | null = null;
    terminal: Terminal | null = null;
    /** Its process has ended: the manager knows the session no more. */
    isClosed: bool = false;
    /** Nothing will come behind the input that is here. */
    isInputOver: bool;

    /** Input that poll(2) or a read has fetched and nobody has read yet; 0: there was none so far. */
    private input: usize = 0;
    private first: i32 = 0;
    private end: i32 = 0;

    constructor(
        readonly session: u32,
        /** Input comes from the host. */
        readonly hasInput: bool,
        /** Somebody sees the output. */
        private readonly hasOutput: bool,
    ) {
        this.isInputOver = !hasInput;
    }

    /** Fetches input if there is none here. Whether reading would not wait: bytes are here, or the end. */
    fetch(): bool {
        if (this.first < this.end || this.isInputOver) return true;
        if (this.input == 0) this.input = heap.alloc(INPUT_CAPACITY);
        const count = consoleRead(this.session, this.input, INPUT_CAPACITY);
        if (count < 0) this.isInputOver = true;
        this.first = 0;
        this.end = max(count, 0);
        return count != 0;
    }

    /** The input that is here. */
    get inputAddress(): usize {
        return this.input + this.first;
    }

    get inputLength(): i32 {
        return this.end - this.first;
    }

    /** The first `count` bytes of the input have been read. */
    drop(count: i32): void {
        this.first += count;
    }

    /** Shows bytes as standard output (1) or standard error (2). */
    write(stream: i32, address: usize, length: i32): void {
        if (this.hasOutput && !this.isClosed) consoleWrite(this.session, stream, address, length);
    }

    /** The manager says that there is input, or that it has ended. */
    inputArrived(): void {
        if (!this.hasInput) return;
        this.queue.wake();
        const terminal = this.terminal;
        if (terminal !== null) terminal.inputArrived();
    }

    /** Its process has ended: what else has it open finds nobody at the other end. */
    close(): void {
        consoles.splice(consoles.indexOf(this), 1);
        this.isClosed = true;
        this.isInputOver = true;
        this.first = 0;
        this.end = 0;
        if (this.input != 0) heap.free(this.input);
        this.input = 0;
        this.queue.wake();
        const terminal = this.terminal;
        if (terminal !== null) terminal.endLine();
    }
}

/** Consoles that are open: the container's own is the first. */
export const consoles: HostConsole[] = new Array<HostConsole>();

/** The container's own; made at the first call. */
export function containerConsole(): HostConsole {
    if (consoles.length == 0) {
        consoles.push(new HostConsole(0, containerConfiguration().has(FLAG_INTERACTIVE), true));
    }
    return consoles[0];
}

/** The console of a process that the engine started, or null. */
export function consoleOf(process: Process): HostConsole | null {
    for (let i = 0; i < consoles.length; i++) {
        if (consoles[i].leader === process) return consoles[i];
    }
    return null;
}
