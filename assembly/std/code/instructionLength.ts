// SPDX-License-Identifier: Apache-2.0
//
// Lengths of x86-64 instructions in 64-bit mode (Intel SDM volume 2, chapter 2 and appendix A; AMD APM volume 3): legacy and
// REX prefixes, the one-byte map, the maps behind 0F, 0F 38 and 0F 3A, VEX and EVEX. What an instruction does plays no
// role, only how long it is.

/** What follows an opcode; a table entry is a sum of these. */
const MODRM: u8 = 1;
/** An immediate of one byte, of two bytes, of four bytes (two with the prefix 66), of four bytes always. */
const BYTE: u8 = 2;
const WORD: u8 = 4;
const FULL: u8 = 8;
const LONG: u8 = 16;
/** An immediate of four bytes, or two with 66, or eight with REX.W: mov register, immediate. */
const WIDE: u8 = 32;
/** Not an instruction in 64-bit mode. */
const NONE: u8 = 128;

/** Longest instruction that a processor accepts. */
export const INSTRUCTION_LENGTH_MAXIMUM: i32 = 15;
/** The bytes are no instruction. */
export const INSTRUCTION_INVALID: i32 = 0;
/** The instruction goes on behind the end of the bytes. */
export const INSTRUCTION_CUT: i32 = -1;

/**
 * Opcode maps as runs: opcode count, then what follows each. Runs are joined once into tables of 256 entries; as runs they can be
 * compared with the manual's.
 */
// prettier-ignore
const ONE_BYTE: StaticArray<u8> = [
    4, MODRM, 1, BYTE, 1, FULL, 2, NONE, 4, MODRM, 1, BYTE, 1, FULL, 2, NONE, // 00: add, or
    4, MODRM, 1, BYTE, 1, FULL, 2, NONE, 4, MODRM, 1, BYTE, 1, FULL, 2, NONE, // 10: adc, sbb
    4, MODRM, 1, BYTE, 1, FULL, 2, NONE, 4, MODRM, 1, BYTE, 1, FULL, 2, NONE, // 20: and, sub
    4, MODRM, 1, BYTE, 1, FULL, 2, NONE, 4, MODRM, 1, BYTE, 1, FULL, 2, NONE, // 30: xor, cmp
    16, 0, 16, 0, // 40: REX (read before); push, pop
    3, NONE, 1, MODRM, 4, NONE, 1, FULL, 1, MODRM | FULL, 1, BYTE, 1, MODRM | BYTE, 4, 0, // 60: movsxd, push, imul, ins, outs
    16, BYTE, // 70: jumps on conditions
    1, MODRM | BYTE, 1, MODRM | FULL, 1, NONE, 1, MODRM | BYTE, 12, MODRM, // 80: immediate group, test, xchg, mov, lea, pop
    10, 0, 1, NONE, 5, 0, // 90: xchg, conversions, flags
    4, NONE, 4, 0, 1, BYTE, 1, FULL, 6, 0, // a0: mov with an absolute address (below), strings, test
    8, BYTE, 8, WIDE, // b0: mov register, immediate
    2, MODRM | BYTE, 1, WORD, 1, 0, 2, NONE, 1, MODRM | BYTE, 1, MODRM | FULL, // c0: shifts, ret, (VEX), mov
    1, WORD | BYTE, 1, 0, 1, WORD, 2, 0, 1, BYTE, 1, NONE, 1, 0, // c8: enter, leave, ret far, int3, int, iret
    4, MODRM, 3, NONE, 1, 0, 8, MODRM, // d0: shifts, xlat, x87
    8, BYTE, 2, LONG, 1, NONE, 1, BYTE, 4, 0, // e0: loops, in, out, call, jmp
    6, 0, 2, MODRM, 6, 0, 2, MODRM, // f0: hlt, cmc, groups 3 (test below), 4 and 5
];
// prettier-ignore
const TWO_BYTES: StaticArray<u8> = [
    4, MODRM, 1, NONE, 5, 0, 1, NONE, 1, 0, 1, NONE, 1, MODRM, 1, 0, 1, MODRM | BYTE, // 00: syscall, ud2, prefetch, 3DNow
    16, MODRM, 4, MODRM, 4, NONE, 8, MODRM, // 10
    6, 0, 1, NONE, 1, 0, 1, NONE, 1, NONE, 6, NONE, // 30: msr, tsc; 38 and 3a are read before
    16, MODRM, 16, MODRM, 16, MODRM, // 40 to 6f
    4, MODRM | BYTE, 3, MODRM, 1, 0, 2, MODRM, 2, NONE, 4, MODRM, // 70: pshuf, shifts, emms
    16, LONG, 16, MODRM, // 80: jumps on conditions; set
    3, 0, 1, MODRM, 1, MODRM | BYTE, 1, MODRM, 2, NONE, 3, 0, 1, MODRM, 1, MODRM | BYTE, 3, MODRM, // a0
    10, MODRM, 1, MODRM | BYTE, 5, MODRM, // b0
    2, MODRM, 1, MODRM | BYTE, 1, MODRM, 3, MODRM | BYTE, 1, MODRM, 8, 0, // c0: xadd, cmpps, pinsrw, bswap
    16, MODRM, 16, MODRM, 16, MODRM, // d0 to ff
];

const oneByte: StaticArray<u8> = joined(ONE_BYTE);
const twoBytes: StaticArray<u8> = joined(TWO_BYTES);

function joined(runs: StaticArray<u8>): StaticArray<u8> {
    const table = new StaticArray<u8>(256);
    let opcode = 0;
    for (let i = 0; i < runs.length; i += 2) {
        for (let count = runs[i]; count > 0; count--) table[opcode++] = runs[i + 1];
    }
    assert(opcode == 256, "an opcode map has 256 entries");
    return table;
}

/**
 * Length of the instruction at `start`, of which bytes before `end` may be read: 1 to INSTRUCTION_LENGTH_MAXIMUM, or
 * INSTRUCTION_INVALID, or INSTRUCTION_CUT.
 */
export function instructionLength(start: usize, end: usize): i32 {
    let at = start;
    let operandSize = false;
    let addressSize = false;
    let rex: u32 = 0;
    let opcode: u32 = 0;
    for (; ; at++) {
        if (at >= end) return INSTRUCTION_CUT;
        opcode = load<u8>(at);
        if (opcode >> 4 == 4) {
            rex = opcode;
            continue;
        }
        if (opcode == 0x66) operandSize = true;
        else if (opcode == 0x67) addressSize = true;
        // Segments, lock, repeats.
        else if (
            (opcode & 0xe7) != 0x26 &&
            opcode != 0x64 &&
            opcode != 0x65 &&
            opcode != 0xf0 &&
            opcode >> 1 != 0x79
        )
            break;
        // A REX prefix counts only directly before the opcode.
        rex = 0;
    }
    at++;
    let follows: u32;
    let isGroup3 = false;
    if (opcode == 0x0f) {
        if (at >= end) return INSTRUCTION_CUT;
        opcode = load<u8>(at++);
        if (opcode == 0x38 || opcode == 0x3a) {
            follows = opcode == 0x38 ? MODRM : MODRM | BYTE;
            at++;
        } else {
            follows = unchecked(twoBytes[opcode]);
        }
    } else if (opcode == 0xc5 || opcode == 0xc4 || opcode == 0x62) {
        const payload: usize = opcode == 0xc5 ? 1 : opcode == 0xc4 ? 2 : 3;
        if (at + payload >= end) return INSTRUCTION_CUT;
        const map: u32 = opcode == 0xc5 ? 1 : load<u8>(at) & (opcode == 0xc4 ? 31 : 7);
        at += payload;
        opcode = load<u8>(at++);
        // EVEX maps 5 and 6 are those of 16-bit floating point numbers.
        if (map == 1) follows = unchecked(twoBytes[opcode]);
        else if (map == 2 || map == 5 || map == 6) follows = MODRM;
        else if (map == 3) follows = MODRM | BYTE;
        else return INSTRUCTION_INVALID;
    } else if (opcode >> 2 == 0x28) {
        at += addressSize ? 4 : 8;
        return finished(start, at, end);
    } else {
        follows = unchecked(oneByte[opcode]);
        isGroup3 = opcode >> 1 == 0x7b;
    }
    if (follows == NONE) return INSTRUCTION_INVALID;
    if ((follows & MODRM) != 0) {
        if (at >= end) return INSTRUCTION_CUT;
        const modrm: u32 = load<u8>(at++);
        const mod = modrm >> 6;
        // Group 3: test has an immediate, not, neg, mul and div have none.
        if (isGroup3 && (modrm & 0x30) == 0) follows |= opcode == 0xf6 ? BYTE : FULL;
        if (mod != 3) {
            let base = modrm & 7;
            if (base == 4) {
                if (at >= end) return INSTRUCTION_CUT;
                base = load<u8>(at++) & 7;
            }
            if (mod == 1) at++;
            else if (mod == 2 || base == 5) at += 4;
        }
    }
    if ((follows & BYTE) != 0) at++;
    if ((follows & WORD) != 0) at += 2;
    if ((follows & LONG) != 0) at += 4;
    if ((follows & (FULL | WIDE)) != 0) {
        if ((rex & 8) != 0) at += (follows & WIDE) != 0 ? 8 : 4;
        else at += operandSize ? 2 : 4;
    }
    return finished(start, at, end);
}

function finished(start: usize, at: usize, end: usize): i32 {
    if (<i32>(at - start) > INSTRUCTION_LENGTH_MAXIMUM) return INSTRUCTION_INVALID;
    return at > end ? INSTRUCTION_CUT : <i32>(at - start);
}
