// SPDX-License-Identifier: Apache-2.0
//
// The x86_64 kernel as firmware for multiboot 1 takes it. seL4's kernel.elf is an ELF64 file that starts in 32-bit
// protected mode; QEMU's -kernel accepts only ELF32 there. The segments are loaded at their physical addresses, which are
// below 4 GiB, so rewriting the headers is all it takes (System V ABI, chapters 4 and 5).

import { readFileSync, writeFileSync } from 'node:fs';
import { describeFileError, Failure } from '../failure.js';
import { readKernelElf } from './kernelElf.js';

const HEADER32_BYTES = 52;
const PROGRAM_HEADER32_BYTES = 32;

const ELFCLASS32 = 1;
const ELFDATA2LSB = 1;
const EM_386 = 3;
const PT_LOAD = 1;

/** Multiboot 1 (section 3.1): the header lies within this many first bytes of the file, on a multiple of 4. */
const MULTIBOOT_SEARCH_BYTES = 8192;
const MULTIBOOT_MAGIC = 0x1badb002;

/** Segments begin on a page in the new file too. */
const ALIGNMENT = 4096;

function hasMultibootHeader(bytes: Buffer): boolean {
    for (let at = 0; at + 12 <= Math.min(bytes.length, MULTIBOOT_SEARCH_BYTES); at += 4) {
        if (bytes.readUInt32LE(at) !== MULTIBOOT_MAGIC) continue;
        const sum = MULTIBOOT_MAGIC + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
        if (sum % 2 ** 32 === 0) return true;
    }
    return false;
}

/** The ELF32 file that loads the same bytes at the same physical addresses as the ELF64 kernel in `bytes`. */
export function multibootKernel(bytes: Buffer, name: string): Buffer {
    const wrong = (cause: string): Failure =>
        new Failure(`${name}: ${cause}; give the kernel.elf of an x86_64 kernel`);
    const { entry, segments } = readKernelElf(bytes, 'x86_64', wrong);
    if (segments.some(({ paddr, memorySize }) => paddr + memorySize > 0x1_0000_0000n))
        throw wrong('a segment lies above 4 GiB of physical memory');
    const align = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
    let end = HEADER32_BYTES + segments.length * PROGRAM_HEADER32_BYTES;
    const headers = Buffer.alloc(end);
    const parts: Buffer[] = [headers];

    headers.set([0x7f, 0x45, 0x4c, 0x46, ELFCLASS32, ELFDATA2LSB, 1]);
    headers.writeUInt16LE(2, 16); // ET_EXEC
    headers.writeUInt16LE(EM_386, 18);
    headers.writeUInt32LE(1, 20);
    headers.writeUInt32LE(Number(entry), 24);
    headers.writeUInt32LE(HEADER32_BYTES, 28);
    headers.writeUInt16LE(HEADER32_BYTES, 40);
    headers.writeUInt16LE(PROGRAM_HEADER32_BYTES, 42);
    headers.writeUInt16LE(segments.length, 44);

    segments.forEach((segment, index) => {
        const start = align(end);
        parts.push(Buffer.alloc(start - end));
        parts.push(bytes.subarray(segment.offset, segment.offset + Number(segment.fileSize)));
        end = start + Number(segment.fileSize);
        // The high half's virtual addresses keep their low 32 bits, as objcopy has it: nobody maps by them.
        const words = [
            PT_LOAD,
            start,
            Number(BigInt.asUintN(32, segment.vaddr)),
            Number(segment.paddr),
            Number(segment.fileSize),
            Number(segment.memorySize),
            segment.flags,
            ALIGNMENT,
        ];
        const at = HEADER32_BYTES + index * PROGRAM_HEADER32_BYTES;
        words.forEach((word, position) => headers.writeUInt32LE(word, at + position * 4));
    });
    const result = Buffer.concat(parts);
    if (!hasMultibootHeader(result)) {
        throw new Failure(
            `${name}: no multiboot header in its first ${MULTIBOOT_SEARCH_BYTES} bytes; build the kernel with -DKernelMultiboot1Header=ON`,
        );
    }
    return result;
}

/** Writes the multiboot copy of the kernel file `kernel` to `output`. */
export function writeMultibootKernel(kernel: string, output: string): void {
    let bytes: Buffer;
    try {
        bytes = readFileSync(kernel);
    } catch (error) {
        throw new Failure(`${kernel}: ${describeFileError(error)}; install the kernel again`);
    }
    writeFileSync(output, multibootKernel(bytes, kernel));
}
