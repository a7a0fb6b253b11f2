// SPDX-License-Identifier: Apache-2.0
//
// A terminal: what its settings, its line discipline, its output and the session that it controls have in common. Where output
// goes and where input comes from is a subclass's: a pseudoterminal's master, or the container's console.

import { sendSignalToGroup } from "../signals/send";
import { SIGWINCH } from "../signals/numbers";
import { WaitQueue } from "../kernel/wait";
import { Inode } from "../fs/inode";
import { LineDiscipline } from "./lineDiscipline";
import { OutputProcessor } from "./outputProcessor";
import { CREAD, CS8, CSIZE, IXON, PARENB, Termios } from "./termios";

/** Major number of /dev/pts/N. */
export const PTS_MAJOR: u32 = 136;

export abstract class Terminal {
    readonly termios: Termios = new Termios();
    discipline: LineDiscipline = changetype<LineDiscipline>(0);
    output: OutputProcessor = changetype<OutputProcessor>(0);
    /** The terminal's side of the program: woken when input or room for output comes, and at hang-up. */
    readonly queue: WaitQueue = new WaitQueue();
    rows: u16 = 0;
    columns: u16 = 0;
    widthInPixels: u16 = 0;
    heightInPixels: u16 = 0;
    /** The session that it controls and that session's foreground process group; 0: none. */
    session: i32 = 0;
    foregroundGroup: i32 = 0;
    /** Output is held: by VSTOP, or by tcflow(3), which VSTART does not undo. */
    isStopped: bool = false;
    isStoppedByCall: bool = false;
    /** TIOCEXCL: nobody else may open it. */
    isExclusive: bool = false;
    /** Open descriptions of the program's side. */
    users: i32 = 0;
    /** Its device file in /dev/pts. */
    inode: Inode | null = null;
    /** How often it was hung up: descriptions that were opened before are of no use any more. */
    hangUps: u32 = 0;
    private previous: Termios | null = null;

    /** `device`: st_rdev of its device file. */
    constructor(readonly device: u32) {
        this.discipline = new LineDiscipline(this);
        this.output = new OutputProcessor(this);
    }

    // ---- what a subclass provides

    /** Bytes that `transmit` takes now. */
    abstract outputRoom(): i32;

    /** Sends processed output; there is room for it. */
    abstract transmit(from: usize, length: i32): void;

    /** Has the discipline take what waits for it, as far as it has room. */
    abstract refill(): void;

    /** Drops what waits for the discipline. */
    abstract dropInput(): void;

    /** Drops output that nobody has read. */
    abstract dropOutput(): void;

    /** TCIOFF and TCION: sends VSTOP or VSTART to the other side. */
    abstract sendFlowCharacter(stops: bool): i64;

    /** 0, or why its device file cannot be opened. */
    mayOpen(): i32 {
        return 0;
    }

    /** The first program has opened it, or the last one has closed it. */
    opened(): void {}
    closed(): void {}

    // A console's: input has come; the person's terminal may have another size; there is no other side any more.
    inputArrived(): void {}
    fetchSize(): void {}
    endLine(): void {}

    // Packet mode (TIOCPKT): what the other side is told.
    notePacketFlushRead(): void {}
    notePacketStop(stopped: bool): void {}
    notePacketSettings(before: Termios): void {}

    // ---- flow control

    stop(): void {
        if (this.isStopped) return;
        this.isStopped = true;
        this.notePacketStop(true);
    }

    start(): void {
        if (!this.isStopped || this.isStoppedByCall) return;
        this.isStopped = false;
        this.notePacketStop(false);
        this.output.flushEcho();
        this.queue.wake();
    }

    // ---- signals

    signal(number: i32): void {
        if (this.foregroundGroup != 0) sendSignalToGroup(this.foregroundGroup, number);
    }

    // ---- settings

    /** Takes over settings that have been changed from `before`. */
    settingsChanged(before: Termios): void {
        this.notePacketSettings(before);
        const termios = this.termios;
        termios.control = (termios.control & ~(CSIZE | PARENB)) | CS8 | CREAD;
        this.discipline.settingsChanged(before);
        if ((termios.input & IXON) == 0 && (before.input & IXON) != 0) this.start();
        this.queue.wake();
    }

    /** A copy of the settings, to be compared with what becomes of them. */
    copyOfSettings(): Termios {
        let copy = this.previous;
        if (copy === null) {
            copy = new Termios();
            this.previous = copy;
        }
        copy.copyFrom(this.termios);
        return copy;
    }

    /** TIOCSWINSZ: tells the foreground process group. */
    resize(rows: u16, columns: u16, width: u16, height: u16): void {
        if (
            rows == this.rows &&
            columns == this.columns &&
            width == this.widthInPixels &&
            height == this.heightInPixels
        )
            return;
        this.rows = rows;
        this.columns = columns;
        this.widthInPixels = width;
        this.heightInPixels = height;
        this.signal(SIGWINCH);
    }

    /** Gives its memory back; nothing has it open any more. */
    dispose(): void {
        this.discipline.dispose();
        this.output.dispose();
    }
}
