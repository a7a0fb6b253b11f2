// SPDX-License-Identifier: Apache-2.0
//
// struct termios and its relatives (termios(3), ioctl_tty(2)). The numbers are those of asm-generic, which x86_64, aarch64 and
// riscv64 share.

import { EFAULT } from "../kernel/errno";
import { copyIn, copyOut } from "../memory/userMemory";
import { reserveBuffer } from "../memory/buffers";

// c_iflag
export const IGNBRK: u32 = 0o1;
export const BRKINT: u32 = 0o2;
export const PARMRK: u32 = 0o10;
export const ISTRIP: u32 = 0o40;
export const INLCR: u32 = 0o100;
export const IGNCR: u32 = 0o200;
export const ICRNL: u32 = 0o400;
export const IUCLC: u32 = 0o1000;
export const IXON: u32 = 0o2000;
export const IXANY: u32 = 0o4000;
export const IUTF8: u32 = 0o40000;

// c_oflag
export const OPOST: u32 = 0o1;
export const OLCUC: u32 = 0o2;
export const ONLCR: u32 = 0o4;
export const OCRNL: u32 = 0o10;
export const ONOCR: u32 = 0o20;
export const ONLRET: u32 = 0o40;
export const TABDLY: u32 = 0o14000;
export const XTABS: u32 = 0o14000;

// c_cflag
export const CBAUD: u32 = 0o10017;
export const BOTHER: u32 = 0o10000;
export const CSIZE: u32 = 0o60;
export const CS8: u32 = 0o60;
export const CREAD: u32 = 0o200;
export const PARENB: u32 = 0o400;
const B38400: u32 = 0o17;
/** Position of the input speed in c_cflag (CIBAUD). */
const IBSHIFT: u32 = 16;

// c_lflag
export const ISIG: u32 = 0o1;
export const ICANON: u32 = 0o2;
export const ECHO: u32 = 0o10;
export const ECHOE: u32 = 0o20;
export const ECHOK: u32 = 0o40;
export const ECHONL: u32 = 0o100;
export const NOFLSH: u32 = 0o200;
export const TOSTOP: u32 = 0o400;
export const ECHOCTL: u32 = 0o1000;
export const ECHOPRT: u32 = 0o2000;
export const ECHOKE: u32 = 0o4000;
export const IEXTEN: u32 = 0o100000;
export const EXTPROC: u32 = 0o200000;

// c_cc
export const VINTR: i32 = 0;
export const VQUIT: i32 = 1;
export const VERASE: i32 = 2;
export const VKILL: i32 = 3;
export const VEOF: i32 = 4;
export const VTIME: i32 = 5;
export const VMIN: i32 = 6;
export const VSTART: i32 = 8;
export const VSTOP: i32 = 9;
export const VSUSP: i32 = 10;
export const VEOL: i32 = 11;
export const VREPRINT: i32 = 12;
export const VWERASE: i32 = 14;
export const VLNEXT: i32 = 15;
export const VEOL2: i32 = 16;
const CHARACTERS: i32 = 19;

/** A control character that is off (_POSIX_VDISABLE). */
export const DISABLED: u32 = 0;

/** ^C ^\ DEL ^U ^D, VTIME, VMIN, VSWTC, ^Q ^S ^Z, VEOL, ^R ^O ^W ^V, VEOL2. */
const DEFAULT_CHARACTERS: StaticArray<u8> = [
    3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0,
];

/** Bytes of the kernel's struct termios, struct termios2 and struct termio. */
const TERMIOS_SIZE: i32 = 36;
const TERMIOS2_SIZE: i32 = 44;
const TERMIO_SIZE: i32 = 18;
const TERMIO_CHARACTERS: i32 = 8;

/** Which of the three structures. */
export const LAYOUT_TERMIOS: u32 = 0;
export const LAYOUT_TERMIOS2: u32 = 1;
export const LAYOUT_TERMIO: u32 = 2;

/** Speeds by their number in c_cflag: B0 to B38400, then (BOTHER + 1 and up) B57600 to B4000000. */
const SPEEDS: StaticArray<u32> = [
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
];
const HIGH_SPEEDS: StaticArray<u32> = [
    0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000,
    3000000, 3500000, 4000000,
];

const scratch: usize = reserveBuffer(TERMIOS2_SIZE);

function speedOf(number: u32, other: u32): u32 {
    if (number == BOTHER) return other;
    return (number & BOTHER) != 0 ? HIGH_SPEEDS[number & 15] : SPEEDS[number & 15];
}

export class Termios {
    input: u32 = ICRNL | IXON;
    output: u32 = OPOST | ONLCR;
    control: u32 = B38400 | CS8 | CREAD;
    local: u32 = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    line: u8 = 0;
    inputSpeed: u32 = 38400;
    outputSpeed: u32 = 38400;
    private readonly characters: StaticArray<u8> = new StaticArray<u8>(CHARACTERS);

    constructor() {
        this.resetCharacters();
    }

    private resetCharacters(): void {
        for (let i = 0; i < CHARACTERS; i++) this.characters[i] = DEFAULT_CHARACTERS[i];
    }

    @inline character(index: i32): u32 {
        return unchecked(this.characters[index]);
    }

    /** Whether `byte` is the control character `index`, which is not off. */
    @inline is(index: i32, byte: u32): bool {
        return byte != DISABLED && <u32>unchecked(this.characters[index]) == byte;
    }

    copyFrom(other: Termios): void {
        this.input = other.input;
        this.output = other.output;
        this.control = other.control;
        this.local = other.local;
        this.line = other.line;
        this.inputSpeed = other.inputSpeed;
        this.outputSpeed = other.outputSpeed;
        for (let i = 0; i < CHARACTERS; i++) this.characters[i] = other.characters[i];
    }

    /** Copies it to the program in one of the layouts. 0 or -EFAULT. */
    copyOut(address: u64, layout: u32): i32 {
        memory.fill(scratch, 0, TERMIOS2_SIZE);
        if (layout == LAYOUT_TERMIO) {
            store<u16>(scratch, <u16>this.input);
            store<u16>(scratch, <u16>this.output, 2);
            store<u16>(scratch, <u16>this.control, 4);
            store<u16>(scratch, <u16>this.local, 6);
            store<u8>(scratch, this.line, 8);
            for (let i = 0; i < TERMIO_CHARACTERS; i++) store<u8>(scratch + i, this.characters[i], 9);
            return copyOut(address, scratch, TERMIO_SIZE);
        }
        store<u32>(scratch, this.input);
        store<u32>(scratch, this.output, 4);
        store<u32>(scratch, this.control, 8);
        store<u32>(scratch, this.local, 12);
        store<u8>(scratch, this.line, 16);
        for (let i = 0; i < CHARACTERS; i++) store<u8>(scratch + i, this.characters[i], 17);
        store<u32>(scratch, this.inputSpeed, 36);
        store<u32>(scratch, this.outputSpeed, 40);
        return copyOut(address, scratch, layout == LAYOUT_TERMIOS2 ? TERMIOS2_SIZE : TERMIOS_SIZE);
    }

    /** Replaces what the layout has by what the program says. 0 or -EFAULT. */
    copyIn(address: u64, layout: u32): i32 {
        if (layout == LAYOUT_TERMIO) {
            if (copyIn(scratch, address, TERMIO_SIZE) != 0) return -EFAULT;
            this.input = (this.input & 0xffff0000) | load<u16>(scratch);
            this.output = (this.output & 0xffff0000) | load<u16>(scratch, 2);
            this.control = (this.control & 0xffff0000) | load<u16>(scratch, 4);
            this.local = (this.local & 0xffff0000) | load<u16>(scratch, 6);
            this.line = load<u8>(scratch, 8);
            for (let i = 0; i < TERMIO_CHARACTERS; i++) this.characters[i] = load<u8>(scratch + i, 9);
        } else {
            const size = layout == LAYOUT_TERMIOS2 ? TERMIOS2_SIZE : TERMIOS_SIZE;
            if (copyIn(scratch, address, size) != 0) return -EFAULT;
            this.input = load<u32>(scratch);
            this.output = load<u32>(scratch, 4);
            this.control = load<u32>(scratch, 8);
            this.local = load<u32>(scratch, 12);
            this.line = load<u8>(scratch, 16);
            for (let i = 0; i < CHARACTERS; i++) this.characters[i] = load<u8>(scratch + i, 17);
            if (layout == LAYOUT_TERMIOS2) {
                this.inputSpeed = load<u32>(scratch, 36);
                this.outputSpeed = load<u32>(scratch, 40);
            }
        }
        this.outputSpeed = speedOf(this.control & CBAUD, this.outputSpeed);
        const inputNumber = (this.control >> IBSHIFT) & CBAUD;
        this.inputSpeed = inputNumber == 0 ? this.outputSpeed : speedOf(inputNumber, this.inputSpeed);
        return 0;
    }
}
