// SPDX-License-Identifier: Apache-2.0
//
// Pseudoterminals (pty(7)): a terminal whose other end is a file too, the master. What the master writes is typed at the terminal,
// what programs write there the master reads.

import { EAGAIN, EFAULT, EINVAL, EIO, EMFILE, ENOSPC } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { WaitQueue } from "../kernel/wait";
import { copiedIn, copyIn32, copyOut32 } from "../memory/userMemory";
import { deviceNumber } from "../../std/layerIndex";
import { fail, failure, Inode } from "../fs/inode";
import { IoBuffer } from "../fs/ioBuffer";
import {
    O_CLOEXEC,
    OpenFile,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLPRI,
    POLLRDNORM,
    POLLWRNORM,
} from "../fs/openFile";
import { StreamFile } from "../fs/streamFile";
import { SIGNAL_MAXIMUM } from "../signals/numbers";
import { ByteRing } from "./byteRing";
import { sessionOf, settingsControl, TIOCGPGRP } from "./control";
import { hangUp } from "./controllingTerminal";
import { PTS_MAJOR, Terminal } from "./terminal";
import { openTerminal } from "./terminalFile";
import { EXTPROC, IXON, Termios, VSTART, VSTOP } from "./termios";
import { reserveBuffer } from "../memory/buffers";

/** Bytes under way in each direction; Linux, too, has 8 KiB beside what the line discipline holds. */
const RING_CAPACITY: u32 = 8192;

/** Linux's /proc/sys/kernel/pty/max. */
export const PSEUDOTERMINALS_MAXIMUM: i32 = 4096;

const TIOCGPTN: u32 = 0x80045430;
const TIOCSPTLCK: u32 = 0x40045431;
const TIOCGPTLCK: u32 = 0x80045439;
const TIOCGPKT: u32 = 0x80045438;
const TIOCPKT: u32 = 0x5420;
const TIOCSIG: u32 = 0x40045436;
const TIOCGPTPEER: u32 = 0x5441;
const FIONREAD: u32 = 0x541b;
const TIOCGSID: u32 = 0x5429;
const TCXONC: u32 = 0x540a;
const TCFLSH: u32 = 0x540b;

// What a master in packet mode is told.
const TIOCPKT_DATA: u32 = 0;
const TIOCPKT_FLUSHREAD: u32 = 1;
const TIOCPKT_FLUSHWRITE: u32 = 2;
const TIOCPKT_STOP: u32 = 4;
const TIOCPKT_START: u32 = 8;
const TIOCPKT_NOSTOP: u32 = 16;
const TIOCPKT_DOSTOP: u32 = 32;
const TIOCPKT_IOCTL: u32 = 64;

const CONTROL_Q: u32 = 17;
const CONTROL_S: u32 = 19;

const CHUNK_SIZE: i32 = 512;
const chunk: usize = reserveBuffer(CHUNK_SIZE);

/** The terminals in /dev/pts, by number: pseudoterminals, and the container's console. */
export const terminals: Array<Terminal | null> = new Array<Terminal | null>();

export class Pseudoterminal extends Terminal {
    /** What programs have written and the master has not read, and the other way round. */
    readonly toMaster: ByteRing = new ByteRing(RING_CAPACITY);
    readonly toTerminal: ByteRing = new ByteRing(RING_CAPACITY);
    /** Woken when the master can read or write. */
    readonly masterQueue: WaitQueue = new WaitQueue();
    /** Until unlockpt(3) nobody opens it. */
    isLocked: bool = true;
    /** The last program has closed it: the master finds the end once it has read everything. */
    isClosed: bool = false;
    isMasterOpen: bool = true;
    isPacketMode: bool = false;
    /** TIOCPKT_ bits that the master has not been told. */
    packetStatus: u32 = 0;

    constructor(readonly number: i32) {
        super(deviceNumber(PTS_MAJOR, number));
    }

    outputRoom(): i32 {
        return this.isMasterOpen ? this.toMaster.room : RING_CAPACITY;
    }

    transmit(from: usize, length: i32): void {
        if (!this.isMasterOpen) return;
        this.toMaster.put(from, length);
        this.masterQueue.wake();
    }

    refill(): void {
        const ring = this.toTerminal;
        if (ring.isEmpty) return;
        while (!ring.isEmpty) {
            const taken = this.discipline.receive(ring.first, ring.firstLength);
            if (taken == 0) break;
            ring.drop(taken);
        }
        this.masterQueue.wake();
    }

    dropInput(): void {
        this.toTerminal.clear();
        this.masterQueue.wake();
    }

    dropOutput(): void {
        this.toMaster.clear();
        this.tell(TIOCPKT_FLUSHWRITE, 0);
        this.queue.wake();
    }

    opened(): void {
        this.isClosed = false;
    }

    closed(): void {
        this.isClosed = true;
        if (this.isMasterOpen) this.masterQueue.wake();
        else this.end();
    }

    /** Nothing has either end open any more. */
    end(): void {
        this.toMaster.dispose();
        this.toTerminal.dispose();
        this.dispose();
    }

    mayOpen(): i32 {
        return this.isMasterOpen && !this.isLocked ? 0 : -EIO;
    }

    /** The master's last descriptor is closed. */
    closeMaster(): void {
        this.isMasterOpen = false;
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

    // ---- packet mode

    private tell(status: u32, instead: u32): void {
        if (!this.isPacketMode) return;
        this.packetStatus = (this.packetStatus & ~instead) | status;
        this.masterQueue.wake();
    }

    notePacketFlushRead(): void {
        this.tell(TIOCPKT_FLUSHREAD, 0);
    }

    notePacketStop(stopped: bool): void {
        if (stopped) this.tell(TIOCPKT_STOP, TIOCPKT_START);
        else this.tell(TIOCPKT_START, TIOCPKT_STOP);
    }

    notePacketSettings(before: Termios): void {
        if (!this.isPacketMode) return;
        const wasStopping = stopsByControlS(before);
        const stops = stopsByControlS(this.termios);
        if (wasStopping != stops) {
            if (stops) this.tell(TIOCPKT_DOSTOP, TIOCPKT_NOSTOP);
            else this.tell(TIOCPKT_NOSTOP, TIOCPKT_DOSTOP);
        }
        if (((before.local | this.termios.local) & EXTPROC) != 0) this.tell(TIOCPKT_IOCTL, 0);
    }

    sendFlowCharacter(stops: bool): i64 {
        const byte = this.termios.character(stops ? VSTOP : VSTART);
        if (byte != 0 && this.toMaster.room > 0) {
            this.toMaster.putByte(byte);
            this.masterQueue.wake();
        }
        return 0;
    }
}

function stopsByControlS(termios: Termios): bool {
    return (
        (termios.input & IXON) != 0 &&
        termios.character(VSTOP) == CONTROL_S &&
        termios.character(VSTART) == CONTROL_Q
    );
}

export class PseudoterminalMaster extends StreamFile {
    constructor(
        inode: Inode,
        readonly terminal: Pseudoterminal,
        flags: u32,
    ) {
        super(inode, flags);
    }

    protected close(): void {
        this.terminal.closeMaster();
    }

    receive(buffer: IoBuffer): i64 {
        const terminal = this.terminal;
        if (buffer.length == 0) return 0;
        if (terminal.isPacketMode && terminal.packetStatus != 0) {
            store<u8>(chunk, <u8>terminal.packetStatus);
            const error = buffer.put(0, chunk, 1);
            if (error != 0) return error;
            terminal.packetStatus = 0;
            return 1;
        }
        const ring = terminal.toMaster;
        if (ring.isEmpty) return terminal.isClosed ? -EIO : -EAGAIN;
        let done: i64 = 0;
        if (terminal.isPacketMode) {
            store<u8>(chunk, <u8>TIOCPKT_DATA);
            const error = buffer.put(0, chunk, 1);
            if (error != 0) return error;
            done = 1;
        }
        while (done < buffer.length && !ring.isEmpty) {
            const part = <i32>min<i64>(ring.firstLength, buffer.length - done);
            const error = buffer.put(done, ring.first, part);
            if (error != 0) {
                if (done == 0) return error;
                break;
            }
            ring.drop(part);
            done += part;
        }
        terminal.output.flushEcho();
        terminal.queue.wake();
        return done;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        const terminal = this.terminal;
        if (buffer.length == from) return 0;
        terminal.refill();
        const part = <i32>min<i64>(min<i64>(buffer.length - from, CHUNK_SIZE), terminal.toTerminal.room);
        if (part == 0) return -EAGAIN;
        const error = buffer.take(from, chunk, part);
        if (error != 0) return error;
        terminal.toTerminal.put(chunk, part);
        terminal.refill();
        return part;
    }

    readiness(): u32 {
        const terminal = this.terminal;
        let events: u32 = 0;
        if (!terminal.toMaster.isEmpty) events |= POLLIN | POLLRDNORM;
        if (terminal.isPacketMode && terminal.packetStatus != 0) events |= POLLPRI | POLLIN | POLLRDNORM;
        if (terminal.isClosed) events |= POLLHUP;
        if (terminal.toTerminal.room > 0) events |= POLLOUT | POLLWRNORM;
        return events;
    }

    waitQueue(): WaitQueue | null {
        return this.terminal.masterQueue;
    }

    ioctl(request: u32, argument: u64): i64 {
        const terminal = this.terminal;
        switch (request) {
            case TIOCGPTN:
                return copyOut32(argument, terminal.number);
            case TIOCSPTLCK:
                if (copyIn32(argument) != 0) return -EFAULT;
                terminal.isLocked = copiedIn != 0;
                return 0;
            case TIOCGPTLCK:
                return copyOut32(argument, terminal.isLocked ? 1 : 0);
            case TIOCPKT:
                if (copyIn32(argument) != 0) return -EFAULT;
                if (copiedIn != 0 && !terminal.isPacketMode) terminal.packetStatus = 0;
                terminal.isPacketMode = copiedIn != 0;
                return 0;
            case TIOCGPKT:
                return copyOut32(argument, terminal.isPacketMode ? 1 : 0);
            case TIOCSIG: {
                const signal = <i32>argument;
                if (signal < 1 || signal > SIGNAL_MAXIMUM) return -EINVAL;
                terminal.signal(signal);
                return 0;
            }
            case TIOCGPTPEER:
                return this.openPeer(<u32>argument);
            case FIONREAD:
                return copyOut32(argument, terminal.toMaster.count);
            case TIOCGPGRP:
                return copyOut32(argument, terminal.foregroundGroup);
            case TIOCGSID:
                return sessionOf(terminal, argument);
            case TCXONC:
                return 0;
            case TCFLSH:
                // The master's input is the terminal's output.
                if (argument > 2) return -EINVAL;
                if (argument != 1) {
                    terminal.toMaster.clear();
                    terminal.queue.wake();
                }
                if (argument != 0) terminal.dropInput();
                return 0;
            default:
                return settingsControl(terminal, request, argument);
        }
    }

    /** TIOCGPTPEER: a descriptor for the terminal, whatever is mounted at /dev/pts. */
    private openPeer(flags: u32): i64 {
        const process = current.process;
        const limit = process.limits.soft[RLIMIT_NOFILE];
        if (!process.fileDescriptors.hasRoom(limit)) return -EMFILE;
        const inode = this.terminal.inode;
        const file: OpenFile | null =
            inode === null ? null : openTerminal(inode, this.terminal, flags & ~O_CLOEXEC);
        if (file === null) return inode === null ? -EIO : failure;
        return process.fileDescriptors.add(file, (flags & O_CLOEXEC) != 0, limit);
    }
}

/** The lowest free place in /dev/pts, taken by `terminal` later; -1 with `failure` when there are too many. */
export function freeTerminalNumber(): i32 {
    let number = terminals.indexOf(null);
    if (number < 0) number = terminals.length;
    if (number < PSEUDOTERMINALS_MAXIMUM) return number;
    fail(-ENOSPC);
    return -1;
}

/** Gives a terminal its place. */
export function placeTerminal(terminal: Terminal, number: i32): void {
    if (number == terminals.length) terminals.push(terminal);
    else terminals[number] = terminal;
}

/** Terminals that exist, for /proc/sys/kernel/pty/nr. */
export function countTerminals(): i32 {
    let count = 0;
    for (let i = 0; i < terminals.length; i++) if (terminals[i] !== null) count++;
    return count;
}
