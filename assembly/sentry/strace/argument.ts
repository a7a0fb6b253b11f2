// SPDX-License-Identifier: Apache-2.0
//
// Printing one argument by its format letter (syscalls/table.ts).

import { HAS_RESTORER, SIGACTION_MASK, SIGACTION_SIZE } from "../arch/machine";
import { putByte, putHexadecimal, putOctal, putSigned, putText, putUnsigned } from "../kernel/text";
import { copyIn, copyIn32, copyIn64, copiedIn, copyInText } from "../memory/userMemory";
import { SA_RESTORER, SIGNAL_MAXIMUM, signalName } from "../signals/numbers";
import {
    ARCHITECTURE_CONTROLS,
    CLOCKS,
    CONTROLS,
    FUTEX_OPERATIONS,
    LIMITS,
    LINUX_CONTROLS,
    MASK_OPERATIONS,
    putAccessMode,
    putAtFlags,
    putCloneFlags,
    putControlOption,
    putMapFlags,
    putName,
    putOpenFlags,
    putProtection,
    putSignalActionFlags,
    putWaitOptions,
    requestName,
    WHENCE,
} from "./flags";
import { reserveBuffer } from "../memory/buffers";

/** strace's default: 32 bytes of a string. */
const STRING_SHOWN: i32 = 32;
/** Arguments of execve that are printed. */
const STRINGS_SHOWN: i32 = 32;
/** Paths are printed whole. */
const PATH_MAXIMUM: i32 = 512;
const AT_FDCWD: i32 = -100;

const scratch: usize = reserveBuffer(512);

/** Prints argument `value`; `next` is the argument behind it, `result` the call's result. */
export function putArgument(letter: i32, value: u64, next: u64, result: i64): void {
    switch (letter) {
        case 100: // d
        case 102: // f
            putSigned(<i32>value);
            break;
        case 117: // u
            putUnsigned(value);
            break;
        case 120: // x
            if (value != 0) putText("0x");
            putHexadecimal(value);
            break;
        case 111: // o
            putByte(48);
            if ((value & 0xffff) != 0) putOctal(value & 0xffff);
            break;
        case 68: // D
            if (<i32>value == AT_FDCWD) putText("AT_FDCWD");
            else putSigned(<i32>value);
            break;
        case 79: // O
            putOpenFlags(<u32>value);
            break;
        case 115: // s
            putUserText(value);
            break;
        case 97: // a
            putTexts(value);
            break;
        case 101: // e
            putCount(value);
            break;
        case 98: // b
            putBuffer(value, <i64>next);
            break;
        case 66: // B
            if (result < 0) putPointer(value);
            else putBuffer(value, result);
            break;
        case 119: // w
            if (value == 0 || result < 0 || copyIn32(value) != 0) {
                putPointer(value);
            } else {
                putByte(91);
                putSigned(<i32>copiedIn);
                putByte(93);
            }
            break;
        case 80: // P
            if (result < 0 || copyIn64(value) != 0) {
                putPointer(value);
            } else {
                const pair = copiedIn;
                putByte(91);
                putSigned(<i32>pair);
                putText(", ");
                putSigned(<i32>(pair >> 32));
                putByte(93);
            }
            break;
        case 87: // W
            putWaitStatus(value, result);
            break;
        case 105: // i
            putWaitOptions(<u32>value);
            break;
        case 83: // S
            putSignal(<i32>value);
            break;
        case 104: // h
            putName(<i32>value, MASK_OPERATIONS);
            break;
        case 109: // m
            putMask(value);
            break;
        case 110: // n: written by the call
            if (result < 0) putPointer(value);
            else putMask(value);
            break;
        case 103: // g
            putAction(value);
            break;
        case 71: // G
            if (result < 0) putPointer(value);
            else putAction(value);
            break;
        case 116: // t
            putTime(value);
            break;
        case 84: // T
            if (result < 0) putPointer(value);
            else putTime(value);
            break;
        case 114: // r
            putProtection(<u32>value);
            break;
        case 77: // M
            putMapFlags(<u32>value);
            break;
        case 99: // c
            putCloneFlags(<u32>value, signalName((<i32>value) & 0xff));
            break;
        case 113: // q
            putControlOption(<i32>value);
            break;
        case 81: // Q
            putName(<i32>value - 0x1000, ARCHITECTURE_CONTROLS);
            break;
        case 70: // F
            putName((<i32>value) & 127, FUTEX_OPERATIONS);
            if ((value & 128) != 0) putText("_PRIVATE");
            if ((value & 256) != 0) putText("|FUTEX_CLOCK_REALTIME");
            break;
        case 82: // R
            putName(<i32>value, LIMITS);
            break;
        case 107: // k
            if (value >= 1024) putName(<i32>value - 1024, LINUX_CONTROLS);
            else putName(<i32>value, CONTROLS);
            break;
        case 108: // l
            putName(<i32>value, WHENCE);
            break;
        case 65: // A
            putAtFlags(<u32>value);
            break;
        case 75: // K
            putAccessMode(<u32>value);
            break;
        case 67: // C
            putName(<i32>value, CLOCKS);
            break;
        case 76: {
            // L
            const name = requestName(<u32>value);
            if (name !== null) {
                putText(name);
            } else {
                putText("0x");
                putHexadecimal(<u32>value);
            }
            break;
        }
        default:
            putPointer(value);
    }
}

function putPointer(value: u64): void {
    if (value == 0) {
        putText("NULL");
    } else {
        putText("0x");
        putHexadecimal(value);
    }
}

/** Bytes in quotes with C's escapes; octal escapes are as short as the next byte allows. */
function putQuoted(bytes: usize, length: i32): void {
    putByte(34);
    for (let i = 0; i < length; i++) {
        const byte = load<u8>(bytes + i);
        switch (byte) {
            case 34:
                putText('\\"');
                break;
            case 92:
                putText("\\\\");
                break;
            case 10:
                putText("\\n");
                break;
            case 13:
                putText("\\r");
                break;
            case 9:
                putText("\\t");
                break;
            case 11:
                putText("\\v");
                break;
            case 12:
                putText("\\f");
                break;
            default:
                if (byte >= 32 && byte < 127) {
                    putByte(byte);
                } else {
                    putByte(92);
                    const next = i + 1 < length ? load<u8>(bytes + i + 1) : 0;
                    if (next >= 48 && next <= 55) {
                        putByte(48 + (byte >> 6));
                        putByte(48 + ((byte >> 3) & 7));
                        putByte(48 + (byte & 7));
                    } else {
                        putOctal(byte);
                    }
                }
        }
    }
    putByte(34);
}

function putUserText(address: u64): void {
    if (address == 0) {
        putText("NULL");
        return;
    }
    const length = copyInText(scratch, address, PATH_MAXIMUM);
    if (length >= 0) putQuoted(scratch, length);
    else putPointer(address);
}

function putBuffer(address: u64, length: i64): void {
    const shown = <i32>min<i64>(length, STRING_SHOWN);
    if (address == 0 || shown < 0 || copyIn(scratch, address, shown) != 0) {
        putPointer(address);
        return;
    }
    putQuoted(scratch, shown);
    if (length > STRING_SHOWN) putText("...");
}

function putTexts(address: u64): void {
    if (address == 0) {
        putText("NULL");
        return;
    }
    putByte(91);
    for (let i = 0; copyIn64(address + ((<u64>i) << 3)) == 0 && copiedIn != 0; i++) {
        if (i > 0) putText(", ");
        if (i == STRINGS_SHOWN) {
            putText("...");
            break;
        }
        putUserText(copiedIn);
    }
    putByte(93);
}

function putCount(address: u64): void {
    putPointer(address);
    if (address == 0) return;
    let count = 0;
    while (copyIn64(address + ((<u64>count) << 3)) == 0 && copiedIn != 0) count++;
    putText(" /* ");
    putUnsigned(count);
    putText(count == 1 ? " var */" : " vars */");
}

function putSignal(signal: i32): void {
    if (signal > 0 && signal <= SIGNAL_MAXIMUM) putText(signalName(signal));
    else putSigned(signal);
}

export function putMaskValue(mask: u64): void {
    // More set than clear: strace names the clear ones.
    const inverted = popcnt(mask) > 32;
    putText(inverted ? "~[" : "[");
    const shown = inverted ? ~mask : mask;
    let first = true;
    for (let signal = 1; signal <= SIGNAL_MAXIMUM; signal++) {
        if ((shown & ((<u64>1) << (signal - 1))) == 0) continue;
        if (!first) putByte(32);
        const name = signalName(signal);
        putText(name.startsWith("SIG") ? name.substring(3) : name);
        first = false;
    }
    putByte(93);
}

function putMask(address: u64): void {
    if (address == 0 || copyIn64(address) != 0) putPointer(address);
    else putMaskValue(copiedIn);
}

function putAction(address: u64): void {
    if (address == 0 || copyIn(scratch, address, SIGACTION_SIZE) != 0) {
        putPointer(address);
        return;
    }
    const handler = load<u64>(scratch);
    const flags = load<u64>(scratch, 8);
    putText("{sa_handler=");
    if (handler == 0) putText("SIG_DFL");
    else if (handler == 1) putText("SIG_IGN");
    else putPointer(handler);
    putText(", sa_mask=");
    putMaskValue(load<u64>(scratch, SIGACTION_MASK));
    putText(", sa_flags=");
    putSignalActionFlags(<u32>flags);
    if (HAS_RESTORER && (flags & SA_RESTORER) != 0) {
        putText(", sa_restorer=");
        putPointer(load<u64>(scratch, 16));
    }
    putByte(125);
}

function putTime(address: u64): void {
    if (address == 0 || copyIn(scratch, address, 16) != 0) {
        putPointer(address);
        return;
    }
    putText("{tv_sec=");
    putSigned(load<i64>(scratch));
    putText(", tv_nsec=");
    putSigned(load<i64>(scratch, 8));
    putByte(125);
}

function putWaitStatus(address: u64, result: i64): void {
    if (address == 0 || result <= 0 || copyIn32(address) != 0) {
        putPointer(address);
        return;
    }
    const status = <i32>copiedIn;
    if ((status & 0x7f) == 0) {
        putText("[{WIFEXITED(s) && WEXITSTATUS(s) == ");
        putSigned((status >> 8) & 0xff);
    } else if ((status & 0xff) == 0x7f) {
        putText("[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
        putSignal((status >> 8) & 0xff);
    } else if (status == 0xffff) {
        putText("[{WIFCONTINUED(s)");
    } else {
        putText("[{WIFSIGNALED(s) && WTERMSIG(s) == ");
        putSignal(status & 0x7f);
    }
    putText("}]");
}
