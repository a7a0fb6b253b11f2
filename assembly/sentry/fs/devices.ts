// SPDX-License-Identifier: Apache-2.0
//
// Character devices, by device number as Linux assigns them (Documentation/admin-guide/devices.txt).

import { ENOSPC, ENXIO } from "../kernel/errno";
import { current } from "../kernel/thread";
import { consoleTerminal, DEVICE_CONSOLE_TERMINAL, openConsoleTerminal } from "../tty/consoleTerminal";
import { openTerminal } from "../tty/terminalFile";
import { ENTROPY_BITS, randomBytes } from "../kernel/random";
import { copyOut32 } from "../memory/userMemory";
import { deviceNumber } from "../../std/layerIndex";
import { PAGE_SIZE } from "../../std/pages";
import { openConsoleDevice } from "./console";
import { fail, Inode } from "./inode";
import { IoBuffer } from "./ioBuffer";
import { O_NOCTTY, OpenFile } from "./openFile";
import { zeroPage } from "./zeros";
import { reserveBuffer } from "../memory/buffers";

export const DEVICE_NULL: u32 = deviceNumber(1, 3);
export const DEVICE_ZERO: u32 = deviceNumber(1, 5);
export const DEVICE_FULL: u32 = deviceNumber(1, 7);
export const DEVICE_RANDOM: u32 = deviceNumber(1, 8);
export const DEVICE_URANDOM: u32 = deviceNumber(1, 9);
export const DEVICE_TTY: u32 = deviceNumber(5, 0);
export const DEVICE_CONSOLE: u32 = deviceNumber(5, 1);

/** Random bytes made at a time. */
const RANDOM_BLOCK: i32 = 256;
const RNDGETENTCNT: u32 = 0x8004_5200;
const randomBlock: usize = reserveBuffer(RANDOM_BLOCK);

abstract class DeviceFile extends OpenFile {
    /** Devices ignore positions; lseek on them answers 0. */
    isSeekable(): bool {
        return true;
    }

    seek(offset: i64, whence: i32): i64 {
        return 0;
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        return buffer.length;
    }
}

class NullDevice extends DeviceFile {
    readTo(buffer: IoBuffer, offset: i64): i64 {
        return 0;
    }
}

class ZeroDevice extends DeviceFile {
    readTo(buffer: IoBuffer, offset: i64): i64 {
        let done: i64 = 0;
        while (done < buffer.length) {
            const part = <i32>min<i64>(PAGE_SIZE, buffer.length - done);
            const error = buffer.put(done, zeroPage(), part);
            if (error != 0) return done > 0 ? done : error;
            done += part;
        }
        return done;
    }

    mappable(): i32 {
        return 0;
    }

    mapsAnonymously(): bool {
        return true;
    }
}

class FullDevice extends ZeroDevice {
    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        return -ENOSPC;
    }
}

class RandomDevice extends DeviceFile {
    ioctl(request: u32, argument: u64): i64 {
        return request == RNDGETENTCNT ? copyOut32(argument, ENTROPY_BITS) : super.ioctl(request, argument);
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        let done: i64 = 0;
        while (done < buffer.length) {
            const part = <i32>min<i64>(RANDOM_BLOCK, buffer.length - done);
            randomBytes(randomBlock, part);
            const error = buffer.put(done, randomBlock, part);
            if (error != 0) return done > 0 ? done : error;
            done += part;
        }
        return done;
    }
}

/** Opens the device that `inode` stands for, or null: see `failure`. */
export function openDevice(inode: Inode, flags: u32): OpenFile | null {
    switch (inode.device) {
        case DEVICE_NULL:
            return new NullDevice(inode, flags);
        case DEVICE_ZERO:
            return new ZeroDevice(inode, flags);
        case DEVICE_FULL:
            return new FullDevice(inode, flags);
        case DEVICE_RANDOM:
        case DEVICE_URANDOM:
            return new RandomDevice(inode, flags);
        case DEVICE_CONSOLE:
            return openConsoleDevice(inode, flags);
        case DEVICE_TTY: {
            const terminal = current.process.terminal;
            if (terminal !== null) return openTerminal(inode, terminal, flags | O_NOCTTY);
            fail(-ENXIO);
            return null;
        }
        default:
            if (inode.device == DEVICE_CONSOLE_TERMINAL && consoleTerminal() !== null)
                return openConsoleTerminal(inode, flags);
            fail(-ENXIO);
            return null;
    }
}
