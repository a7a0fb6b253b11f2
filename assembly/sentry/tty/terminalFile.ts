// SPDX-License-Identifier: Apache-2.0
//
// The side of a terminal that programs use: /dev/pts/N, /dev/tty and /dev/console.

import { EAGAIN, EBUSY, EIO, ENOTTY, ESPIPE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { blockOn, WaitQueue } from "../kernel/wait";
import { fail, Inode } from "../fs/inode";
import { IoBuffer } from "../fs/ioBuffer";
import {
    AT_POSITION,
    O_NOCTTY,
    OpenFile,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDNORM,
    POLLWRNORM,
} from "../fs/openFile";
import { SIGTTIN, SIGTTOU } from "../signals/numbers";
import { TIOCSPGRP, terminalControl } from "./control";
import { acquireByOpening, checkForeground } from "./controllingTerminal";
import { Terminal } from "./terminal";
import { TOSTOP } from "./termios";
import { reserveBuffer } from "../memory/buffers";

/** Bytes of output that are taken from the program at a time. */
const CHUNK_SIZE: i32 = 512;
const chunk: usize = reserveBuffer(CHUNK_SIZE);

export class TerminalFile extends OpenFile {
    private readonly hangUps: u32;

    constructor(
        inode: Inode,
        readonly terminal: Terminal,
        flags: u32,
    ) {
        super(inode, flags);
        this.hangUps = terminal.hangUps;
        if (terminal.users++ == 0) terminal.opened();
    }

    protected close(): void {
        const terminal = this.terminal;
        if (--terminal.users == 0) terminal.closed();
    }

    /** The terminal was hung up since it was opened: only closing it makes sense. */
    @inline private isHungUp(): bool {
        return this.hangUps != this.terminal.hangUps;
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        if (offset != AT_POSITION) return -ESPIPE;
        // Who waited is told that the master is gone (Linux's TTY_OTHER_CLOSED); who comes later finds the end.
        if (this.isHungUp()) return current.hasWaited ? -EIO : 0;
        const error = checkForeground(this.terminal, SIGTTIN);
        return error != 0 ? error : this.terminal.discipline.read(buffer, this.isNonBlocking());
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        if (offset != AT_POSITION) return -ESPIPE;
        const terminal = this.terminal;
        if (this.isHungUp()) return current.progress > 0 ? current.progress : -EIO;
        if ((terminal.termios.local & TOSTOP) != 0) {
            const error = checkForeground(terminal, SIGTTOU);
            if (error != 0) return current.progress > 0 ? current.progress : error;
        }
        terminal.output.flushEcho();
        let done = current.progress;
        while (done < buffer.length) {
            const part = <i32>min<i64>(buffer.length - done, CHUNK_SIZE);
            const error = buffer.take(done, chunk, part);
            if (error != 0) return done > 0 ? done : error;
            const written = terminal.output.write(chunk, part);
            done += written;
            if (written == part) continue;
            if (this.isNonBlocking()) return done > 0 ? done : -EAGAIN;
            current.progress = done;
            return blockOn(terminal.queue);
        }
        return done;
    }

    readiness(): u32 {
        if (this.isHungUp()) return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
        const terminal = this.terminal;
        let events: u32 = 0;
        terminal.refill();
        if (terminal.discipline.isReadable()) events |= POLLIN | POLLRDNORM;
        if (!terminal.isStopped && terminal.outputRoom() > 0) events |= POLLOUT | POLLWRNORM;
        return events;
    }

    waitQueue(): WaitQueue | null {
        return this.terminal.queue;
    }

    ioctl(request: u32, argument: u64): i64 {
        if (this.isHungUp()) return request == TIOCSPGRP ? -ENOTTY : -EIO;
        return terminalControl(this.terminal, this, request, argument);
    }
}

/** open(2) of a terminal's device file, or null: see `failure`. */
export function openTerminal(inode: Inode, terminal: Terminal, flags: u32): OpenFile | null {
    const error = terminal.mayOpen();
    if (error != 0) {
        fail(error);
        return null;
    }
    if (terminal.isExclusive && current.process.credentials.effectiveUser != 0) {
        fail(-EBUSY);
        return null;
    }
    const file = new TerminalFile(inode, terminal, flags);
    if ((flags & O_NOCTTY) == 0 && file.isReadable()) acquireByOpening(terminal);
    return file;
}
