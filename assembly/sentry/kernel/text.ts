// SPDX-License-Identifier: Apache-2.0
//
// Text on its way to the console, gathered in one buffer: bytes, without managed strings in between.

import { logBytes } from "../manager";
import { reserveBuffer } from "../memory/buffers";

const CAPACITY: i32 = 1024;
const buffer: usize = reserveBuffer(1024);
let length: i32 = 0;

export function textLength(): i32 {
    return length;
}

/** Address of the gathered bytes. */
export function textBytes(): usize {
    return buffer;
}

export function clearText(): void {
    length = 0;
}

/** One byte; what does not fit is dropped. */
export function putByte(byte: u8): void {
    if (length == CAPACITY) return;
    store<u8>(buffer + length, byte);
    length++;
}

/** A string of bytes or ASCII: each code unit's low byte. */
export function putText(text: string): void {
    for (let i = 0; i < text.length; i++) putByte(<u8>text.charCodeAt(i));
}

export function putBytes(address: usize, count: i32): void {
    for (let i = 0; i < count; i++) putByte(load<u8>(address + i));
}

export function putUnsigned(value: u64): void {
    if (value >= 10) putUnsigned(value / 10);
    putByte(<u8>(48 + (value % 10)));
}

export function putSigned(value: i64): void {
    if (value < 0) {
        putByte(45);
        putUnsigned(0 - <u64>value);
    } else {
        putUnsigned(value);
    }
}

/** Without a prefix. */
export function putHexadecimal(value: u64): void {
    if (value >= 16) putHexadecimal(value >> 4);
    const digit = <u8>(value & 15);
    putByte(digit < 10 ? 48 + digit : 87 + digit);
}

export function putOctal(value: u64): void {
    if (value >= 8) putOctal(value >> 3);
    putByte(<u8>(48 + (value & 7)));
}

/** Fills up with spaces to column `column`. */
export function padTo(column: i32): void {
    while (length < column) putByte(32);
}

/** Sends the gathered bytes to the console with a line feed, and begins anew. */
export function logLine(): void {
    putByte(10);
    store<u8>(buffer + length - 1, 10);
    logBytes(buffer, length);
    length = 0;
}
