// SPDX-License-Identifier: Apache-2.0
//
// What a terminal does to bytes on their way out (c_oflag), and the echo of what comes in. It follows the cursor's column, which
// erasing a tab has to know.
//
// Echo that finds no room, or a terminal that is stopped, waits as *operations*: bytes, and the marks below behind ECHO_MARK.

import { ByteRing } from "./byteRing";
import { Terminal } from "./terminal";
import { ECHOCTL, IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS } from "./termios";
import { reserveBuffer } from "../memory/buffers";

const NEWLINE: u32 = 10;
const CARRIAGE_RETURN: u32 = 13;
const TAB: u32 = 9;
const BACKSPACE: u32 = 8;
const SPACE: u32 = 32;
const CARET: u32 = 0x5e;

/** Echo operations: behind a mark comes what to do. */
const ECHO_MARK: u32 = 0xff;
/** The byte 0xff itself. */
const ECHO_LITERAL: u32 = 0xff;
const ECHO_MOVE_BACK: u32 = 0x80;
const ECHO_SET_COLUMN: u32 = 0x81;
/** Then a byte: columns since the last tab or the line's start; bit 7: since a tab. */
const ECHO_ERASE_TAB: u32 = 0x82;
/** A control character (below 0x80) is shown as ^X. */
const ECHO_CAPACITY: i32 = 4096;

/** The most that one byte becomes: a tab's spaces. */
const EXPANSION_MAXIMUM: i32 = 8;

/** What has been made of the bytes of one call and goes to the driver together. */
const STAGE_SIZE: i32 = 1024;
const stage: usize = reserveBuffer(STAGE_SIZE);

@inline
export function isControl(byte: u32): bool {
    return byte < 32 || byte == 127;
}

export class OutputProcessor {
    private column: u32 = 0;
    /** The column at which the line that is being typed began. */
    private lineColumn: u32 = 0;
    private readonly echo: ByteRing = new ByteRing(ECHO_CAPACITY);
    private staged: i32 = 0;

    constructor(private readonly terminal: Terminal) {}

    dispose(): void {
        this.echo.dispose();
    }

    reset(): void {
        this.echo.clear();
    }

    // ---- output

    @inline private emit(byte: u32): void {
        store<u8>(stage + this.staged++, <u8>byte);
    }

    private flushStage(): void {
        if (this.staged > 0) this.terminal.transmit(stage, this.staged);
        this.staged = 0;
    }

    /** Room in the driver for what is not yet staged. */
    @inline private get room(): i32 {
        return min(this.terminal.outputRoom(), STAGE_SIZE) - this.staged;
    }

    /** Processes output: how many of the bytes found room. */
    write(from: usize, length: i32): i32 {
        const terminal = this.terminal;
        let done = 0;
        while (done < length) {
            const room = terminal.isStopped ? 0 : min(terminal.outputRoom(), STAGE_SIZE);
            if (room <= 0) break;
            if ((terminal.termios.output & OPOST) == 0) {
                const part = min(room, length - done);
                terminal.transmit(from + done, part);
                done += part;
                continue;
            }
            const before = done;
            while (done < length && room - this.staged >= EXPANSION_MAXIMUM) {
                this.putProcessed(load<u8>(from + done++));
            }
            // With little room byte by byte, as what it becomes allows.
            while (done < length && this.fits(load<u8>(from + done), room - this.staged)) {
                this.putProcessed(load<u8>(from + done++));
            }
            this.flushStage();
            if (done == before) break;
        }
        return done;
    }

    private fits(byte: u32, room: i32): bool {
        if (room <= 0) return false;
        if (byte == NEWLINE && (this.terminal.termios.output & ONLCR) != 0) return room >= 2;
        return byte != TAB || room >= EXPANSION_MAXIMUM;
    }

    /** One byte through c_oflag. */
    private putProcessed(byte: u32): void {
        const flags = this.terminal.termios.output;
        switch (byte) {
            case NEWLINE:
                if ((flags & ONLRET) != 0) this.column = 0;
                if ((flags & ONLCR) != 0) {
                    this.column = 0;
                    this.lineColumn = 0;
                    this.emit(CARRIAGE_RETURN);
                    this.emit(NEWLINE);
                    return;
                }
                this.lineColumn = this.column;
                break;
            case CARRIAGE_RETURN:
                if ((flags & ONOCR) != 0 && this.column == 0) return;
                if ((flags & OCRNL) != 0) {
                    byte = NEWLINE;
                    if ((flags & ONLRET) == 0) break;
                }
                this.column = 0;
                this.lineColumn = 0;
                break;
            case TAB: {
                const spaces: i32 = 8 - <i32>(this.column & 7);
                this.column += spaces;
                if ((flags & TABDLY) == XTABS) {
                    for (let i = 0; i < spaces; i++) this.emit(SPACE);
                    return;
                }
                break;
            }
            case BACKSPACE:
                if (this.column > 0) this.column--;
                break;
            default:
                if (isControl(byte)) break;
                if ((flags & OLCUC) != 0 && byte >= 0x61 && byte <= 0x7a) byte -= 0x20;
                if (!this.isContinuation(byte)) this.column++;
        }
        this.emit(byte);
    }

    /** Whether the byte is not the first of a UTF-8 character (IUTF8). */
    @inline isContinuation(byte: u32): bool {
        return (this.terminal.termios.input & IUTF8) != 0 && (byte & 0xc0) == 0x80;
    }

    // ---- echo

    private addOperation(operation: u32): void {
        if (this.echo.room < 3) this.dropEcho();
        this.echo.putByte(ECHO_MARK);
        this.echo.putByte(operation);
    }

    /** Echo that nobody takes is lost from its beginning on, a whole operation at a time. */
    private dropEcho(): void {
        const echo = this.echo;
        while (echo.room < ECHO_CAPACITY / 4) echo.drop(this.operationLength());
    }

    private operationLength(): i32 {
        const echo = this.echo;
        if (echo.byte(0) != ECHO_MARK) return 1;
        return echo.byte(1) == ECHO_ERASE_TAB ? 3 : 2;
    }

    /** Echoes a byte as it is. */
    echoRaw(byte: u32): void {
        if (byte == ECHO_MARK) this.addOperation(ECHO_LITERAL);
        else {
            if (this.echo.room < 1) this.dropEcho();
            this.echo.putByte(byte);
        }
    }

    /** Echoes a byte, control characters as ^X where ECHOCTL says so. */
    echoByte(byte: u32): void {
        if ((this.terminal.termios.local & ECHOCTL) != 0 && isControl(byte) && byte != TAB) {
            this.addOperation(byte);
        } else {
            this.echoRaw(byte);
        }
    }

    /** The line that is being typed begins at the present column. */
    echoLineStart(): void {
        this.addOperation(ECHO_SET_COLUMN);
    }

    echoMoveBack(): void {
        this.addOperation(ECHO_MOVE_BACK);
    }

    /** Takes back a tab that followed `columns` columns, counted from a tab before it or from the line's start. */
    echoEraseTab(columns: u32, afterTab: bool): void {
        this.addOperation(ECHO_ERASE_TAB);
        this.echo.putByte((columns & 7) | (afterTab ? 0x80 : 0));
    }

    /** Shows what echo there is as far as there is room. */
    flushEcho(): void {
        const echo = this.echo;
        if (echo.isEmpty || this.terminal.isStopped) return;
        while (!echo.isEmpty) {
            if (this.room < EXPANSION_MAXIMUM) {
                this.flushStage();
                if (this.room < EXPANSION_MAXIMUM) break;
            }
            const length = this.operationLength();
            if (length == 1) this.putEcho(echo.byte(0));
            else this.perform(echo.byte(1), length == 3 ? echo.byte(2) : 0);
            echo.drop(length);
        }
        this.flushStage();
    }

    private putEcho(byte: u32): void {
        if ((this.terminal.termios.output & OPOST) != 0) this.putProcessed(byte);
        else this.emit(byte);
    }

    private perform(operation: u32, argument: u32): void {
        switch (operation) {
            case ECHO_LITERAL:
                this.putEcho(ECHO_MARK);
                break;
            case ECHO_MOVE_BACK:
                if (this.column > 0) this.column--;
                break;
            case ECHO_SET_COLUMN:
                this.lineColumn = this.column;
                break;
            case ECHO_ERASE_TAB: {
                let columns = argument & 7;
                if ((argument & 0x80) == 0) columns += this.lineColumn;
                for (let back = 8 - (columns & 7); back > 0; back--) {
                    this.emit(BACKSPACE);
                    if (this.column > 0) this.column--;
                }
                break;
            }
            default:
                this.emit(CARET);
                this.emit(operation ^ 0o100);
                this.column += 2;
        }
    }
}
