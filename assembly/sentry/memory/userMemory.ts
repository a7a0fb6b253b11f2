// SPDX-License-Identifier: Apache-2.0
//
// Access to the memory of the current process. Every function works across pages and faults pages in exactly as the
// program's own access would (file pages, zero pages, copy-on-write); what the program could not touch is -EFAULT.
// An address of the program is a u64; an address in the sentry's own memory is a usize.

import { EFAULT, ENAMETOOLONG } from "../kernel/errno";
import { current } from "../kernel/thread";
import { PAGE_SIZE } from "../../std/pages";
import { reserveBuffer } from "./buffers";

/**
 * Where the sentry can touch the program's byte at `address`: valid up to the end of its page and until the next call
 * that can free or copy frames. 0 when the program could not read (`write`: write) it.
 */
export function userAddress(address: u64, write: bool): usize {
    return current.process.addressSpace.touch(address, write);
}

// @ts-ignore: decorator
@inline
function restOfPage(address: u64, length: i32): i32 {
    const rest = <i32>(PAGE_SIZE - <u32>(address & (PAGE_SIZE - 1)));
    return rest < length ? rest : length;
}

/** Copies `length` bytes of the program to the sentry. 0 or -EFAULT. */
export function copyIn(destination: usize, source: u64, length: i32): i32 {
    while (length > 0) {
        const part = restOfPage(source, length);
        const from = userAddress(source, false);
        if (from == 0) return -EFAULT;
        memory.copy(destination, from, part);
        destination += part;
        source += part;
        length -= part;
    }
    return 0;
}

/** Copies `length` bytes of the sentry to the program. 0 or -EFAULT (a part may have been written, as on Linux). */
export function copyOut(destination: u64, source: usize, length: i32): i32 {
    while (length > 0) {
        const part = restOfPage(destination, length);
        const to = userAddress(destination, true);
        if (to == 0) return -EFAULT;
        memory.copy(to, source, part);
        destination += part;
        source += part;
        length -= part;
    }
    return 0;
}

/** Fills `length` bytes of the program with zeros. 0 or -EFAULT. */
export function clearOut(destination: u64, length: i32): i32 {
    while (length > 0) {
        const part = restOfPage(destination, length);
        const to = userAddress(destination, true);
        if (to == 0) return -EFAULT;
        memory.fill(to, 0, part);
        destination += part;
        length -= part;
    }
    return 0;
}

/**
 * Copies a zero-terminated text of the program, the zero byte included, to `destination` (`capacity` bytes). The result
 * is its length without the zero byte, -EFAULT, or -ENAMETOOLONG when no zero byte was found within `capacity`.
 */
export function copyInText(destination: usize, source: u64, capacity: i32): i32 {
    let length = 0;
    while (length < capacity) {
        const part = restOfPage(source, capacity - length);
        const from = userAddress(source, false);
        if (from == 0) return -EFAULT;
        let i = 0;
        // Eight bytes at a time as long as none of them is zero.
        for (; i + 8 <= part; i += 8) {
            const bytes = load<u64>(from + i);
            if (((bytes - 0x0101_0101_0101_0101) & ~bytes & 0x8080_8080_8080_8080) != 0) break;
            store<u64>(destination + length + i, bytes);
        }
        for (; i < part; i++) {
            const byte = load<u8>(from + i);
            store<u8>(destination + length + i, byte);
            if (byte == 0) return length + i;
        }
        length += part;
        source += part;
    }
    return -ENAMETOOLONG;
}

/** Why the latest copyInString returned null: -EFAULT or -ENAMETOOLONG. */
export let copyInStringError: i32 = 0;

/**
 * A zero-terminated text of the program as a *byte string*: a String whose code units are the bytes (0 to 255), so
 * that names that are not UTF-8 survive. At most `limit` bytes with the zero byte. Null: see copyInStringError.
 * Allocates; paths on hot ways are better read with copyInText.
 */
export function copyInString(source: u64, limit: i32): string | null {
    let length = 0;
    for (;;) {
        if (length >= limit) {
            copyInStringError = -ENAMETOOLONG;
            return null;
        }
        const part = restOfPage(source + length, limit - length);
        const from = userAddress(source + length, false);
        if (from == 0) {
            copyInStringError = -EFAULT;
            return null;
        }
        let i = 0;
        while (i < part && load<u8>(from + i) != 0) i++;
        length += i;
        if (i < part) break;
    }
    const text = changetype<string>(__new(length << 1, idof<string>()));
    let to = changetype<usize>(text);
    for (let done = 0; done < length;) {
        const part = restOfPage(source + done, length - done);
        const from = userAddress(source + done, false);
        for (let i = 0; i < part; i++, to += 2) store<u16>(to, load<u8>(from + i));
        done += part;
    }
    return text;
}

/** Eight bytes through which single numbers pass. */
const scratch: usize = reserveBuffer(8);

/** 0 or -EFAULT. */
export function copyOut32(destination: u64, value: u32): i32 {
    store<u32>(scratch, value);
    return copyOut(destination, scratch, 4);
}

/** 0 or -EFAULT. */
export function copyOut64(destination: u64, value: u64): i32 {
    store<u64>(scratch, value);
    return copyOut(destination, scratch, 8);
}

/** The value that copyIn32 or copyIn64 read. */
export let copiedIn: u64 = 0;

/** Reads a u32 to `copiedIn`. 0 or -EFAULT. */
export function copyIn32(source: u64): i32 {
    const error = copyIn(scratch, source, 4);
    copiedIn = load<u32>(scratch);
    return error;
}

/** Reads a u64 to `copiedIn`. 0 or -EFAULT. */
export function copyIn64(source: u64): i32 {
    const error = copyIn(scratch, source, 8);
    copiedIn = load<u64>(scratch);
    return error;
}
