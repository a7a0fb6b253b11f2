// SPDX-License-Identifier: Apache-2.0
//
// The loadable segments of a kernel's ELF64 file (System V ABI, chapters 4 and 5). A kernel is linked in the upper half of
// virtual addresses, which take all 64 bits: hence bigint, and not ElfFile, which reads programs.

import type { Failure } from '../failure.js';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const PT_LOAD = 1;

/** e_machine (System V ABI, processor supplements). */
export const Machine = { x86_64: 62, aarch64: 183, riscv64: 243 } as const;

export interface KernelSegment {
    flags: number;
    offset: number;
    vaddr: bigint;
    paddr: bigint;
    fileSize: bigint;
    memorySize: bigint;
}

export interface KernelElf {
    /** Virtual address. */
    entry: bigint;
    /** In the file's order; at least one; their bytes are within the file. */
    segments: KernelSegment[];
}

/** Reads a kernel for `machine`; `wrong` makes the failure of a cause. */
export function readKernelElf(
    bytes: Buffer,
    machine: keyof typeof Machine,
    wrong: (cause: string) => Failure,
): KernelElf {
    if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== 0x7f454c46)
        throw wrong('it is not an ELF file');
    if (bytes[4] !== ELFCLASS64 || bytes[5] !== ELFDATA2LSB || bytes.readUInt16LE(18) !== Machine[machine])
        throw wrong(`it is not an ELF file for ${machine}`);
    const table = Number(bytes.readBigUInt64LE(32));
    const count = bytes.readUInt16LE(56);
    if (
        bytes.readUInt16LE(54) !== PROGRAM_HEADER_BYTES ||
        table + count * PROGRAM_HEADER_BYTES > bytes.length
    )
        throw wrong('its program headers are damaged');
    const segments: KernelSegment[] = [];
    for (let at = table; at < table + count * PROGRAM_HEADER_BYTES; at += PROGRAM_HEADER_BYTES) {
        if (bytes.readUInt32LE(at) !== PT_LOAD) continue;
        const segment = {
            flags: bytes.readUInt32LE(at + 4),
            offset: Number(bytes.readBigUInt64LE(at + 8)),
            vaddr: bytes.readBigUInt64LE(at + 16),
            paddr: bytes.readBigUInt64LE(at + 24),
            fileSize: bytes.readBigUInt64LE(at + 32),
            memorySize: bytes.readBigUInt64LE(at + 40),
        };
        if (segment.offset + Number(segment.fileSize) > bytes.length)
            throw wrong('a segment lies beyond its end');
        segments.push(segment);
    }
    if (segments.length === 0) throw wrong('it has nothing to load');
    return { entry: bytes.readBigUInt64LE(24), segments };
}
