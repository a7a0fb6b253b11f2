// SPDX-License-Identifier: Apache-2.0
//
// ioctl(2) of terminals: ioctl_tty(2).

import { EFAULT, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from "../kernel/errno";
import { processes } from "../kernel/process";
import { current } from "../kernel/thread";
import { copiedIn, copyIn, copyIn32, copyOut, copyOut32 } from "../memory/userMemory";
import { SIGTTOU } from "../signals/numbers";
import { OpenFile } from "../fs/openFile";
import { checkForeground, giveUpTerminal, hangUp, takeTerminal } from "./controllingTerminal";
import { Terminal } from "./terminal";
import { LAYOUT_TERMIO, LAYOUT_TERMIOS, LAYOUT_TERMIOS2, Termios } from "./termios";
import { reserveBuffer } from "../memory/buffers";

const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;
const TCSETSW: u32 = 0x5403;
const TCSETSF: u32 = 0x5404;
const TCGETA: u32 = 0x5405;
const TCSETA: u32 = 0x5406;
const TCSETAW: u32 = 0x5407;
const TCSETAF: u32 = 0x5408;
const TCSBRK: u32 = 0x5409;
const TCXONC: u32 = 0x540a;
const TCFLSH: u32 = 0x540b;
const TIOCEXCL: u32 = 0x540c;
const TIOCNXCL: u32 = 0x540d;
const TIOCSCTTY: u32 = 0x540e;
export const TIOCGPGRP: u32 = 0x540f;
export const TIOCSPGRP: u32 = 0x5410;
const TIOCOUTQ: u32 = 0x5411;
const TIOCSTI: u32 = 0x5412;
const TIOCGWINSZ: u32 = 0x5413;
const TIOCSWINSZ: u32 = 0x5414;
const TIOCINQ: u32 = 0x541b;
const TIOCNOTTY: u32 = 0x5422;
const TIOCSETD: u32 = 0x5423;
const TIOCGETD: u32 = 0x5424;
const TCSBRKP: u32 = 0x5425;
const TIOCSBRK: u32 = 0x5427;
const TIOCCBRK: u32 = 0x5428;
const TIOCGSID: u32 = 0x5429;
const TCGETS2: u32 = 0x802c542a;
const TCSETS2: u32 = 0x402c542b;
const TCSETSW2: u32 = 0x402c542c;
const TCSETSF2: u32 = 0x402c542d;
const TIOCGDEV: u32 = 0x80045432;
const TIOCVHANGUP: u32 = 0x5437;
const TIOCGEXCL: u32 = 0x80045440;

// tcflush(3) and tcflow(3)
const TCIFLUSH: u32 = 0;
const TCOFLUSH: u32 = 1;
const TCIOFLUSH: u32 = 2;
const TCOOFF: u32 = 0;
const TCOON: u32 = 1;
const TCIOFF: u32 = 2;
const TCION: u32 = 3;

/** Bytes of struct winsize: rows, columns, and both in pixels, 16 bits each. */
const WINSIZE_SIZE: i32 = 8;
const scratch: usize = reserveBuffer(WINSIZE_SIZE);

/** A request to `terminal` through `file`, which is open on it. */
export function terminalControl(terminal: Terminal, file: OpenFile, request: u32, argument: u64): i64 {
    switch (request) {
        case TIOCSCTTY:
            return takeTerminal(terminal, <i32>argument == 1, file.isReadable());
        case TIOCNOTTY:
            return giveUpTerminal(terminal);
        case TIOCGPGRP:
            if (current.process.terminal !== terminal) return -ENOTTY;
            return copyOut32(argument, terminal.foregroundGroup);
        case TIOCGSID:
            if (current.process.terminal !== terminal) return -ENOTTY;
            return sessionOf(terminal, argument);
        case TIOCINQ:
            terminal.refill();
            return copyOut32(argument, terminal.discipline.available());
        case TIOCSTI:
            // Linux 6.2 and later: for nobody without CAP_SYS_ADMIN, which containers do not have.
            return -EIO;
        case TCXONC: {
            const error = checkForeground(terminal, SIGTTOU);
            return error != 0 ? error : flow(terminal, <u32>argument);
        }
        case TCFLSH: {
            const error = checkForeground(terminal, SIGTTOU);
            return error != 0 ? error : flush(terminal, <u32>argument);
        }
        default:
            return settingsControl(terminal, request, argument);
    }
}

/** Requests that the master side of a pseudoterminal answers for the other one. */
export function settingsControl(terminal: Terminal, request: u32, argument: u64): i64 {
    switch (request) {
        case TCGETS:
            return terminal.termios.copyOut(argument, LAYOUT_TERMIOS);
        case TCGETS2:
            return terminal.termios.copyOut(argument, LAYOUT_TERMIOS2);
        case TCGETA:
            return terminal.termios.copyOut(argument, LAYOUT_TERMIO);
        case TCSETS:
        case TCSETSW:
            return set(terminal, argument, LAYOUT_TERMIOS, false);
        case TCSETSF:
            return set(terminal, argument, LAYOUT_TERMIOS, true);
        case TCSETS2:
        case TCSETSW2:
            return set(terminal, argument, LAYOUT_TERMIOS2, false);
        case TCSETSF2:
            return set(terminal, argument, LAYOUT_TERMIOS2, true);
        case TCSETA:
        case TCSETAW:
            return set(terminal, argument, LAYOUT_TERMIO, false);
        case TCSETAF:
            return set(terminal, argument, LAYOUT_TERMIO, true);
        case TIOCGWINSZ:
            store<u16>(scratch, terminal.rows);
            store<u16>(scratch, terminal.columns, 2);
            store<u16>(scratch, terminal.widthInPixels, 4);
            store<u16>(scratch, terminal.heightInPixels, 6);
            return copyOut(argument, scratch, WINSIZE_SIZE);
        case TIOCSWINSZ:
            if (copyIn(scratch, argument, WINSIZE_SIZE) != 0) return -EFAULT;
            terminal.resize(
                load<u16>(scratch),
                load<u16>(scratch, 2),
                load<u16>(scratch, 4),
                load<u16>(scratch, 6),
            );
            return 0;
        case TIOCSPGRP:
            return setForegroundGroup(terminal, argument);
        case TIOCOUTQ:
            // What is written has arrived at once.
            return copyOut32(argument, 0);
        case TCSBRK:
        case TCSBRKP:
        case TIOCSBRK:
            // Output has been sent, and there is no line to break.
            return checkForeground(terminal, SIGTTOU);
        case TIOCCBRK:
            return checkForeground(terminal, SIGTTOU);
        case TIOCGETD:
            return copyOut32(argument, 0);
        case TIOCSETD: {
            const error = checkForeground(terminal, SIGTTOU);
            if (error != 0) return error;
            if (copyIn32(argument) != 0) return -EFAULT;
            return copiedIn == 0 ? 0 : -EINVAL;
        }
        case TIOCEXCL:
            terminal.isExclusive = true;
            return 0;
        case TIOCNXCL:
            terminal.isExclusive = false;
            return 0;
        case TIOCGEXCL:
            return copyOut32(argument, terminal.isExclusive ? 1 : 0);
        case TIOCGDEV:
            return copyOut32(argument, terminal.device);
        case TIOCVHANGUP:
            if (current.process.credentials.effectiveUser != 0) return -EPERM;
            hangUp(terminal);
            return 0;
        default:
            return -ENOTTY;
    }
}

export function sessionOf(terminal: Terminal, address: u64): i64 {
    return terminal.session == 0 ? -ENOTTY : copyOut32(address, terminal.session);
}

function set(terminal: Terminal, address: u64, layout: u32, flushes: bool): i64 {
    const error = checkForeground(terminal, SIGTTOU);
    if (error != 0) return error;
    const before: Termios = terminal.copyOfSettings();
    if (terminal.termios.copyIn(address, layout) != 0) return -EFAULT;
    if (flushes) {
        terminal.dropInput();
        terminal.discipline.flush();
    }
    terminal.settingsChanged(before);
    return 0;
}

function setForegroundGroup(terminal: Terminal, address: u64): i64 {
    const error = checkForeground(terminal, SIGTTOU);
    if (error == -EIO) return -ENOTTY;
    if (error != 0) return error;
    if (copyIn32(address) != 0) return -EFAULT;
    const group = <i32>copiedIn;
    if (group < 0) return -EINVAL;
    const process = current.process;
    if (process.terminal !== terminal || terminal.session != process.session) return -ENOTTY;
    let session = 0;
    for (let i = 0; i < processes.length && session == 0; i++) {
        if (processes[i].processGroup == group) session = processes[i].session;
    }
    if (session == 0) return -ESRCH;
    if (session != process.session) return -EPERM;
    terminal.foregroundGroup = group;
    return 0;
}

function flush(terminal: Terminal, which: u32): i64 {
    if (which > TCIOFLUSH) return -EINVAL;
    if (which != TCOFLUSH) {
        terminal.discipline.flush();
        terminal.refill();
    }
    if (which != TCIFLUSH) terminal.dropOutput();
    return 0;
}

function flow(terminal: Terminal, which: u32): i64 {
    switch (which) {
        case TCOOFF:
            if (terminal.isStoppedByCall) return 0;
            terminal.isStoppedByCall = true;
            terminal.stop();
            return 0;
        case TCOON:
            if (!terminal.isStoppedByCall) return 0;
            terminal.isStoppedByCall = false;
            terminal.start();
            return 0;
        case TCIOFF:
        case TCION:
            // The other side is asked to stop or go on sending with a character of its own.
            return terminal.sendFlowCharacter(which == TCIOFF);
        default:
            return -EINVAL;
    }
}
