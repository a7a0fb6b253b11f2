// SPDX-License-Identifier: Apache-2.0
//
// Where the text of a /proc file is put together: one buffer that grows, and is copied when the text is done.

import { reserveHeap } from "../../capabilities/heapReserve";

const INITIAL_CAPACITY: i32 = 512;
/** Capacity up to which memory is not asked for first. */
const FREE_GROWTH: i32 = 4096;

let buffer: usize = 0;
let capacity: i32 = 0;
let length: i32 = 0;
/** There was no memory for some of the text. */
let incomplete: bool = false;

export function beginText(): void {
    length = 0;
    incomplete = false;
}

/** Whether the text is all there and can be copied: a program's many mappings can make it larger than memory allows. */
export function isTextComplete(): bool {
    return !incomplete && reserveHeap(length);
}

export function textLength(): i32 {
    return length;
}

/** A copy of the text of heap memory, to be given back with heap.free; textLength bytes. */
export function copyText(): usize {
    const copy = heap.alloc(max(length, 1));
    memory.copy(copy, buffer, length);
    return copy;
}

/** False: there is no memory, and nothing more is added. */
function makeRoom(bytes: i32): bool {
    if (length + bytes <= capacity) return !incomplete;
    let wanted = max(capacity, INITIAL_CAPACITY);
    while (wanted < length + bytes) wanted <<= 1;
    // A small buffer grows within what every message may take.
    if (wanted > FREE_GROWTH && !reserveHeap(wanted)) incomplete = true;
    if (incomplete) return false;
    buffer = buffer == 0 ? heap.alloc(wanted) : heap.realloc(buffer, wanted);
    capacity = wanted;
    return true;
}

export function addByte(byte: u32): void {
    if (!makeRoom(1)) return;
    store<u8>(buffer + length, <u8>byte);
    length++;
}

export function addBytes(address: usize, count: i32): void {
    if (!makeRoom(count)) return;
    memory.copy(buffer + length, address, count);
    length += count;
}

/** A text of ASCII, or a byte string. */
export function addText(text: string): void {
    const count = text.length;
    if (!makeRoom(count)) return;
    const from = changetype<usize>(text);
    for (let i = 0; i < count; i++) store<u8>(buffer + length + i, load<u8>(from + (i << 1)));
    length += count;
}

export function addNumber(value: u64): void {
    if (value >= 10) addNumber(value / 10);
    addByte(48 + <u32>(value % 10));
}

export function addSigned(value: i64): void {
    if (value < 0) {
        addByte(45);
        addNumber(0 - <u64>value);
    } else {
        addNumber(value);
    }
}

/** A number and a space. */
export function addField(value: u64): void {
    addNumber(value);
    addByte(32);
}

export function addSignedField(value: i64): void {
    addSigned(value);
    addByte(32);
}

/** A number with at least `digits` digits. */
export function addPadded(value: u64, digits: i32): void {
    let limit: u64 = 1;
    for (let i = 1; i < digits; i++) limit *= 10;
    for (; limit > 1 && value < limit; limit /= 10) addByte(48);
    addNumber(value);
}

/** A number right-aligned in `width` columns. */
export function addAligned(value: u64, width: i32): void {
    let columns = 1;
    for (let rest = value / 10; rest > 0; rest /= 10) columns++;
    for (; columns < width; columns++) addByte(32);
    addNumber(value);
}

/** A hexadecimal number with at least `digits` digits. */
export function addHexadecimal(value: u64, digits: i32): void {
    if (digits > 1 || value >= 16) addHexadecimal(value >> 4, digits - 1);
    const digit = <u32>(value & 15);
    addByte(digit < 10 ? 48 + digit : 87 + digit);
}

/** A hexadecimal number right-aligned in `width` columns. */
export function addHexadecimalColumn(value: u64, width: i32): void {
    let columns = 1;
    for (let rest = value >> 4; rest > 0; rest >>= 4) columns++;
    for (; columns < width; columns++) addByte(32);
    addHexadecimal(value, 1);
}

/** An octal number with at least `digits` digits. */
export function addOctal(value: u64, digits: i32): void {
    if (digits > 1 || value >= 8) addOctal(value >> 3, digits - 1);
    addByte(48 + <u32>(value & 7));
}

/** Spaces up to column `column` of the line that began at text position `lineStart`. */
export function addSpacesTo(lineStart: i32, column: i32): void {
    while (length - lineStart < column) addByte(32);
}
