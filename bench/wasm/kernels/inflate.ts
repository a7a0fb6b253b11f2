// SPDX-License-Identifier: Apache-2.0
//
// Decompresses a DEFLATE stream (RFC 1951) with blocks of all three kinds: bits, tables, and copies of bytes.

import { INPUT, OUTPUT_LENGTH } from '../../../build/bench/wasm/inflateInput';

const MAXIMUM_BITS = 15;

const LENGTH_BASE: StaticArray<u16> = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
const LENGTH_EXTRA: StaticArray<u8> = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASE: StaticArray<u16> = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
    4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA: StaticArray<u8> = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const LENGTHS_ORDER: StaticArray<u8> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes of each length there are, and the symbols in the order of their codes. */
class Code {
    readonly counts: StaticArray<u16> = new StaticArray<u16>(MAXIMUM_BITS + 1);
    readonly symbols: StaticArray<u16> = new StaticArray<u16>(288);

    define(lengths: StaticArray<u8>, from: i32, count: i32): void {
        const counts = this.counts;
        const offsets = starts;
        for (let i = 0; i <= MAXIMUM_BITS; i++) unchecked((counts[i] = 0));
        for (let i = 0; i < count; i++) unchecked(counts[lengths[from + i]]++);
        unchecked((offsets[1] = 0));
        for (let i = 1; i < MAXIMUM_BITS; i++) unchecked((offsets[i + 1] = offsets[i] + counts[i]));
        for (let i = 0; i < count; i++) {
            const length = unchecked(lengths[from + i]);
            if (length != 0) unchecked((this.symbols[offsets[length]++] = <u16>i));
        }
        unchecked((counts[0] = 0));
    }
}

const starts = new StaticArray<u16>(MAXIMUM_BITS + 1);
const lengths = new StaticArray<u8>(320);
const literals = new Code();
const distances = new Code();
const output = new StaticArray<u8>(OUTPUT_LENGTH);
let position: i32 = 0;
let written: i32 = 0;
let bits: u32 = 0;
let bitCount: i32 = 0;

function take(count: i32): u32 {
    while (bitCount < count) {
        bits |= (<u32>unchecked(INPUT[position++])) << bitCount;
        bitCount += 8;
    }
    const value = bits & ((1 << count) - 1);
    bits >>>= count;
    bitCount -= count;
    return value;
}

function decode(code: Code): i32 {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAXIMUM_BITS; length++) {
        value |= <i32>take(1);
        const count = <i32>unchecked(code.counts[length]);
        if (value - count < first) return unchecked(code.symbols[index + (value - first)]);
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    return -1;
}

function stored(): void {
    bits = 0;
    bitCount = 0;
    const length = (<i32>unchecked(INPUT[position])) | ((<i32>unchecked(INPUT[position + 1])) << 8);
    position += 4;
    memory.copy(changetype<usize>(output) + written, changetype<usize>(INPUT) + position, length);
    position += length;
    written += length;
}

function compressed(): void {
    for (;;) {
        const symbol = decode(literals);
        if (symbol < 256) {
            unchecked((output[written++] = <u8>symbol));
            continue;
        }
        if (symbol == 256) return;
        const length =
            unchecked(LENGTH_BASE[symbol - 257]) + <i32>take(unchecked(LENGTH_EXTRA[symbol - 257]));
        const code = decode(distances);
        const distance = unchecked(DISTANCE_BASE[code]) + <i32>take(unchecked(DISTANCE_EXTRA[code]));
        for (let i = 0; i < length; i++) {
            unchecked((output[written] = output[written - distance]));
            written++;
        }
    }
}

function readDynamicCodes(): void {
    const literalCount = <i32>take(5) + 257;
    const distanceCount = <i32>take(5) + 1;
    const lengthCount = <i32>take(4) + 4;
    for (let i = 0; i < 19; i++) unchecked((lengths[LENGTHS_ORDER[i]] = i < lengthCount ? <u8>take(3) : 0));
    literals.define(lengths, 0, 19);
    for (let i = 0; i < literalCount + distanceCount;) {
        const symbol = decode(literals);
        if (symbol < 16) {
            unchecked((lengths[i++] = <u8>symbol));
            continue;
        }
        const value: u8 = symbol == 16 ? unchecked(lengths[i - 1]) : 0;
        let times = symbol == 16 ? 3 + take(2) : symbol == 17 ? 3 + take(3) : 11 + take(7);
        for (; times > 0; times--) unchecked((lengths[i++] = value));
    }
    distances.define(lengths, literalCount, distanceCount);
    literals.define(lengths, 0, literalCount);
}

function setFixedCodes(): void {
    for (let i = 0; i < 288; i++) unchecked((lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
    literals.define(lengths, 0, 288);
    for (let i = 0; i < 30; i++) unchecked((lengths[i] = 5));
    distances.define(lengths, 0, 30);
}

/** Decompresses the stream `count` times. */
export function run(count: i32): i32 {
    let sum: u32 = 0;
    for (let n = 0; n < count; n++) {
        position = 0;
        written = 0;
        bits = 0;
        bitCount = 0;
        let last: u32 = 0;
        while (last == 0) {
            last = take(1);
            const kind = take(2);
            if (kind == 0) {
                stored();
                continue;
            }
            if (kind == 1) setFixedCodes();
            else readDynamicCodes();
            compressed();
        }
        for (let i = 0; i < written; i += 61) sum = sum * 31 + unchecked(output[i]);
        sum += written;
    }
    return <i32>sum;
}
