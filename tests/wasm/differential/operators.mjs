// SPDX-License-Identifier: Apache-2.0
//
// Instructions and constants that generated code chooses from.
import { F32, F64, I32, I64 } from './encoding.mjs';

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

// Opcodes by operand and result types: [opcodes, operand types, result type].
export const OPERATORS = [
    [range(0x46, 0x4f), [I32, I32], I32],
    [range(0x51, 0x5a), [I64, I64], I32],
    [range(0x5b, 0x60), [F32, F32], I32],
    [range(0x61, 0x66), [F64, F64], I32],
    [[0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1], [I32], I32],
    [[0x50, 0xa7], [I64], I32],
    [range(0x6a, 0x78), [I32, I32], I32],
    [range(0x6a, 0x6c), [I32, I32], I32],
    [range(0x71, 0x78), [I32, I32], I32],
    [[0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4], [I64], I64],
    [range(0x7c, 0x8a), [I64, I64], I64],
    [[0xac, 0xad], [I32], I64],
    [range(0x8b, 0x91), [F32], F32],
    [range(0x92, 0x97), [F32, F32], F32],
    [range(0x99, 0x9f), [F64], F64],
    [range(0xa0, 0xa5), [F64, F64], F64],
    [[0xa8, 0xa9], [F32], I32],
    [[0xaa, 0xab], [F64], I32],
    [[0xae, 0xaf], [F32], I64],
    [[0xb0, 0xb1], [F64], I64],
    [[0xb2, 0xb3, 0xbe], [I32], F32],
    [[0xb4, 0xb5], [I64], F32],
    [[0xb6], [F64], F32],
    [[0xb7, 0xb8], [I32], F64],
    [[0xb9, 0xba, 0xbf], [I64], F64],
    [[0xbb], [F32], F64],
    // The operands of the next ones are made canonical first: their NaN's bits become visible.
    [[0xbc], [F32], I32, true],
    [[0xbd], [F64], I64, true],
    [[0x98], [F32, F32], F32, true],
    [[0xa6], [F64, F64], F64, true],
    [range(0x100, 0x101), [F32], I32],
    [range(0x102, 0x103), [F64], I32],
    [range(0x104, 0x105), [F32], I64],
    [range(0x106, 0x107), [F64], I64],
];

// Loads and stores: [opcode, type, exponent of the natural alignment].
export const LOADS = [
    [0x28, I32, 2], [0x29, I64, 3], [0x2a, F32, 2], [0x2b, F64, 3], [0x2c, I32, 0], [0x2d, I32, 0], [0x2e, I32, 1],
    [0x2f, I32, 1], [0x30, I64, 0], [0x31, I64, 0], [0x32, I64, 1], [0x33, I64, 1], [0x34, I64, 2], [0x35, I64, 2],
]; // prettier-ignore
export const STORES = [
    [0x36, I32, 2], [0x37, I64, 3], [0x38, F32, 2], [0x39, F64, 3], [0x3a, I32, 0], [0x3b, I32, 1], [0x3c, I64, 0],
    [0x3d, I64, 1], [0x3e, I64, 2],
]; // prettier-ignore

export const INTERESTING = [
    0, 0, 1, 1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 63, 64, 255, 256, 65535, 65536, 0x7fffffff, -1, -1, -2, -8,
];
export const FLOATS = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    1e10,
    -1e10,
    4294967296,
    9.3e18,
    1e300,
    1e-310,
    Infinity,
    NaN,
];
