// SPDX-License-Identifier: Apache-2.0
//
// N_TTY: what a terminal does to bytes on their way in (termios(3)). Bytes are kept in a ring until somebody reads them. In
// canonical mode only what lies before `lineEnd` can be read, line by line: the last byte of each line is *marked*. A marked zero byte
// is end of file, which is counted but not read. Counters run without end, the ring's size divides them.

import { EAGAIN } from "../kernel/errno";
import { current } from "../kernel/thread";
import { blockOn, blockUntil, deadlineReached, waitOn } from "../kernel/wait";
import { armTimer } from "../kernel/timer";
import { now } from "../kernel/clock";
import { IoBuffer } from "../fs/ioBuffer";
import { SIGINT, SIGQUIT, SIGTSTP } from "../signals/numbers";
import { hasSignal } from "../signals/send";
import { OutputProcessor } from "./outputProcessor";
import { erase } from "./erasing";
import { Terminal } from "./terminal";
import {
    DISABLED,
    ECHO,
    ECHOCTL,
    ECHONL,
    EXTPROC,
    ICANON,
    ICRNL,
    IEXTEN,
    IGNCR,
    INLCR,
    ISIG,
    ISTRIP,
    IUCLC,
    IXANY,
    IXON,
    NOFLSH,
    PARMRK,
    Termios,
    VEOF,
    VEOL,
    VEOL2,
    VERASE,
    VINTR,
    VKILL,
    VLNEXT,
    VMIN,
    VQUIT,
    VREPRINT,
    VSTART,
    VSTOP,
    VSUSP,
    VTIME,
    VWERASE,
} from "./termios";

/** Bytes that Linux keeps for a terminal: the longest line, its newline included, is one byte less. */
export const CAPACITY: u32 = 4096;
const MASK: u32 = CAPACITY - 1;
const MARKS_SIZE: u32 = CAPACITY / 8;

const NEWLINE: u32 = 10;
const CARRIAGE_RETURN: u32 = 13;
const BACKSPACE: u32 = 8;
const CARET: u32 = 0x5e;

/** VTIME counts tenths of a second. */
const TENTH: u64 = 100_000_000;

export class LineDiscipline {
    private bytes: usize = 0;
    private marks: usize = 0;
    /** Where the next byte goes, where the next one is read, and where the last complete line ends. */
    head: u32 = 0;
    tail: u32 = 0;
    lineEnd: u32 = 0;
    /** VLNEXT was typed: the next byte has no special meaning. */
    private isQuoting: bool = false;
    /** ECHOPRT: erased characters are being shown between \ and /. */
    isErasing: bool = false;
    /** When the last byte came, for VTIME between bytes. */
    private lastInput: u64 = 0;

    constructor(readonly terminal: Terminal) {
        this.bytes = heap.alloc(CAPACITY + MARKS_SIZE);
        this.marks = this.bytes + CAPACITY;
        this.clear();
    }

    dispose(): void {
        heap.free(this.bytes);
        this.bytes = 0;
    }

    @inline byte(at: u32): u32 {
        return load<u8>(this.bytes + (at & MASK));
    }

    @inline private put(byte: u32): void {
        store<u8>(this.bytes + (this.head++ & MASK), <u8>byte);
    }

    @inline private isMarked(at: u32): bool {
        return (load<u8>(this.marks + ((at & MASK) >> 3)) & (1 << (at & 7))) != 0;
    }

    private mark(at: u32): void {
        const address = this.marks + ((at & MASK) >> 3);
        store<u8>(address, load<u8>(address) | (<u8>((<u32>1) << (at & 7))));
    }

    private unmark(at: u32): void {
        const address = this.marks + ((at & MASK) >> 3);
        store<u8>(address, load<u8>(address) & ~(<u8>((<u32>1) << (at & 7))));
    }

    private get isCanonical(): bool {
        const local = this.terminal.termios.local;
        return (local & ICANON) != 0 && (local & EXTPROC) == 0;
    }

    /** Drops what has not been read (tcflush(3)). */
    clear(): void {
        this.head = 0;
        this.tail = 0;
        this.lineEnd = 0;
        this.isQuoting = false;
        this.isErasing = false;
        memory.fill(this.marks, 0, MARKS_SIZE);
    }

    /** TCIFLUSH. */
    flush(): void {
        this.clear();
        this.output.reset();
        this.terminal.notePacketFlushRead();
    }

    /** Other settings: what is here becomes readable, or waits for the end of its line. */
    settingsChanged(before: Termios): void {
        const changed = before.local ^ this.terminal.termios.local;
        if ((changed & (ICANON | EXTPROC)) == 0) return;
        memory.fill(this.marks, 0, MARKS_SIZE);
        if ((this.terminal.termios.local & ICANON) == 0 || this.head == this.tail) {
            this.lineEnd = this.tail;
        } else {
            this.mark(this.head - 1);
            this.lineEnd = this.head;
        }
        this.isErasing = false;
        this.isQuoting = false;
    }

    // ---- input

    /**
     * Bytes that can be taken now. A line that does not end may fill the ring: then each further byte replaces the last one, so
     * that its end can come.
     */
    private room(): i32 {
        let room = <i32>(CAPACITY - (this.head - this.tail));
        if ((this.terminal.termios.input & PARMRK) != 0) room = (room + 2) / 3;
        if (--room > 0) return room;
        const overflows = (this.terminal.termios.local & ICANON) != 0 && this.lineEnd == this.tail;
        if (overflows && room < 0) this.head--;
        return overflows ? 1 : 0;
    }

    /** Takes bytes that arrived: how many there was room for. */
    receive(from: usize, length: i32): i32 {
        let done = 0;
        while (done < length && this.room() > 0) this.receiveByte(load<u8>(from + done++));
        this.output.flushEcho();
        if (done > 0) {
            this.lastInput = now();
            if (!this.isCanonical && this.head != this.tail) this.terminal.queue.wake();
        }
        return done;
    }

    private receiveByte(byte: u32): void {
        const termios = this.terminal.termios;
        if ((termios.input & ISTRIP) != 0) byte &= 0x7f;
        if ((termios.input & IUCLC) != 0 && (termios.local & IEXTEN) != 0 && byte >= 0x41 && byte <= 0x5a)
            byte += 0x20;
        if ((termios.local & EXTPROC) != 0) {
            this.put(byte);
        } else if (this.isQuoting) {
            this.isQuoting = false;
            this.resumeByAny();
            this.keep(byte, true);
        } else {
            this.receiveNormal(byte);
        }
    }

    @inline private has(flag: u32): bool {
        return (this.terminal.termios.local & flag) != 0;
    }

    /** Echoes a byte and keeps it. `control`: as ^X if it is a control character. */
    private keep(byte: u32, control: bool): void {
        if (this.has(ECHO)) {
            const output = this.output;
            this.finishErasing();
            if (!control) {
                output.echoRaw(byte);
            } else {
                if (this.lineEnd == this.head) output.echoLineStart();
                output.echoByte(byte);
            }
        }
        if (byte == 0xff && (this.terminal.termios.input & PARMRK) != 0) this.put(byte);
        this.put(byte);
    }

    /** IXANY: any byte has output go on. */
    private resumeByAny(): void {
        const input = this.terminal.termios.input;
        if (this.terminal.isStopped && (input & IXON) != 0 && (input & IXANY) != 0) this.terminal.start();
    }

    /** A byte that may have a meaning of its own; otherwise it is kept, perhaps as another one. */
    private receiveNormal(byte: u32): void {
        const terminal = this.terminal;
        const termios = terminal.termios;
        if ((termios.input & IXON) != 0) {
            if (termios.is(VSTART, byte)) return terminal.start();
            if (termios.is(VSTOP, byte)) return terminal.stop();
        }
        if (this.has(ISIG)) {
            if (termios.is(VINTR, byte)) return this.sendSignal(SIGINT, byte);
            if (termios.is(VQUIT, byte)) return this.sendSignal(SIGQUIT, byte);
            if (termios.is(VSUSP, byte)) return this.sendSignal(SIGTSTP, byte);
        }
        this.resumeByAny();
        let asControl = true;
        if (byte == CARRIAGE_RETURN) {
            if ((termios.input & IGNCR) != 0) return;
            if ((termios.input & ICRNL) != 0) {
                byte = NEWLINE;
                asControl = false;
            }
        } else if (byte == NEWLINE && (termios.input & INLCR) != 0) {
            byte = CARRIAGE_RETURN;
        }
        if (this.has(ICANON) && this.receiveEditing(byte)) return;
        this.keep(byte, asControl);
    }

    private sendSignal(signal: i32, byte: u32): void {
        const terminal = this.terminal;
        if (!this.has(NOFLSH)) {
            this.output.reset();
            terminal.dropOutput();
            this.clear();
            terminal.notePacketFlushRead();
        }
        terminal.signal(signal);
        if ((terminal.termios.input & IXON) != 0) terminal.start();
        if (this.has(ECHO)) this.output.echoByte(byte);
        this.output.flushEcho();
    }

    /** Canonical mode: editing, and ends of lines. Whether that was all. */
    private receiveEditing(byte: u32): bool {
        const termios = this.terminal.termios;
        const output = this.output;
        const extended = this.has(IEXTEN);
        if (termios.is(VERASE, byte) || termios.is(VKILL, byte) || (extended && termios.is(VWERASE, byte))) {
            erase(this, byte);
            return true;
        }
        if (extended && termios.is(VLNEXT, byte)) {
            this.isQuoting = true;
            if (this.has(ECHO)) {
                this.finishErasing();
                if (this.has(ECHOCTL)) {
                    output.echoRaw(CARET);
                    output.echoRaw(BACKSPACE);
                }
            }
            return true;
        }
        if (extended && this.has(ECHO) && termios.is(VREPRINT, byte)) {
            this.finishErasing();
            output.echoByte(byte);
            output.echoRaw(NEWLINE);
            for (let at = this.lineEnd; at != this.head; at++) output.echoByte(this.byte(at));
            return true;
        }
        if (byte == NEWLINE) {
            if (this.has(ECHO) || this.has(ECHONL)) output.echoRaw(NEWLINE);
            this.endLine(byte);
            return true;
        }
        if (termios.is(VEOF, byte)) {
            this.endLine(DISABLED);
            return true;
        }
        if (termios.is(VEOL, byte) || (extended && termios.is(VEOL2, byte))) {
            if (this.has(ECHO)) {
                if (this.lineEnd == this.head) output.echoLineStart();
                output.echoByte(byte);
            }
            if (byte == 0xff && (termios.input & PARMRK) != 0) this.put(byte);
            this.endLine(byte);
            return true;
        }
        return false;
    }

    private endLine(byte: u32): void {
        this.mark(this.head);
        this.put(byte);
        this.lineEnd = this.head;
        this.terminal.queue.wake();
    }

    finishErasing(): void {
        if (!this.isErasing) return;
        this.output.echoRaw(0x2f);
        this.isErasing = false;
    }

    get output(): OutputProcessor {
        return this.terminal.output;
    }

    // ---- reading

    /** FIONREAD: bytes that can be read now. */
    available(): i32 {
        if (!this.isCanonical) return <i32>(this.head - this.tail);
        let count: i32 = 0;
        for (let at = this.tail; at != this.lineEnd; at++) {
            if (!this.isMarked(at) || this.byte(at) != DISABLED) count++;
        }
        return count;
    }

    /** Whether poll(2) shows input. */
    isReadable(): bool {
        if (this.isCanonical) return this.lineEnd != this.tail;
        const termios = this.terminal.termios;
        const minimum = termios.character(VMIN);
        return this.head - this.tail >= (termios.character(VTIME) == 0 && minimum != 0 ? minimum : 1);
    }

    /** read(2): the number of bytes, a negative errno, or BLOCKED. */
    read(buffer: IoBuffer, nonBlocking: bool): i64 {
        if (buffer.length == 0) return 0;
        this.terminal.refill();
        if (this.isCanonical) {
            if (this.lineEnd != this.tail) return this.readLine(buffer);
            return nonBlocking ? -EAGAIN : blockOn(this.terminal.queue);
        }
        return this.readBytes(buffer, nonBlocking);
    }

    private readBytes(buffer: IoBuffer, nonBlocking: bool): i64 {
        const termios = this.terminal.termios;
        const available = this.head - this.tail;
        const minimum = termios.character(VMIN);
        const time = <u64>termios.character(VTIME) * TENTH;
        if (minimum == 0) {
            if (available > 0) return this.take(buffer, available);
            if (time == 0 || deadlineReached()) return 0;
            if (nonBlocking) return -EAGAIN;
            const since = current.deadline;
            if (since != 0) return blockFor(this.terminal, since);
            return blockFor(this.terminal, now() + time);
        }
        const wanted = <u32>min<i64>(buffer.length, minimum);
        if (available >= wanted || (available > 0 && (nonBlocking || hasSignal(current))))
            return this.take(buffer, available);
        if (nonBlocking) return -EAGAIN;
        if (available == 0 || time == 0) {
            current.deadline = 0;
            return blockOn(this.terminal.queue);
        }
        // The clock between bytes runs from the last one.
        const until = this.lastInput + time;
        if (now() >= until) return this.take(buffer, available);
        return blockFor(this.terminal, until);
    }

    /** Copies at most `count` bytes out. */
    private take(buffer: IoBuffer, count: u32): i64 {
        const length = <i32>min<i64>(buffer.length, count);
        const error = this.copy(buffer, length);
        if (error != 0) return error;
        this.tail += length;
        if (this.lineEnd - this.tail > CAPACITY) this.lineEnd = this.tail;
        this.terminal.refill();
        return length;
    }

    private copy(buffer: IoBuffer, length: i32): i32 {
        const at = this.tail & MASK;
        const part = min<i32>(length, <i32>(CAPACITY - at));
        const error = part == 0 ? 0 : buffer.put(0, this.bytes + at, part);
        if (error != 0 || part == length) return error;
        return buffer.put(part, this.bytes, length - part);
    }

    /** Copies one line out, or as much of it as the buffer takes. */
    private readLine(buffer: IoBuffer): i64 {
        const limit = <u32>min<i64>(buffer.length, this.lineEnd - this.tail);
        let length: u32 = 0;
        while (length < limit && !this.isMarked(this.tail + length)) length++;
        const endFound = length < limit;
        const isEndOfFile = endFound && this.byte(this.tail + length) == DISABLED;
        if (endFound && !isEndOfFile) length++;
        const error = this.copy(buffer, length);
        if (error != 0) return error;
        this.tail += length;
        if (endFound) this.unmark(isEndOfFile ? this.tail : this.tail - 1);
        if (isEndOfFile) this.tail++;
        // End of file behind a line that just fills the buffer is not a line of its own.
        else if (
            !endFound &&
            this.tail != this.lineEnd &&
            this.isMarked(this.tail) &&
            this.byte(this.tail) == DISABLED
        ) {
            this.unmark(this.tail);
            this.tail++;
        }
        this.terminal.refill();
        return length;
    }
}

/** Waits for the terminal, until `deadline` at the latest. */
function blockFor(terminal: Terminal, deadline: u64): i64 {
    waitOn(terminal.queue);
    current.deadline = deadline;
    armTimer(deadline);
    return blockUntil(deadline);
}
