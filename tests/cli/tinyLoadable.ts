// SPDX-License-Identifier: Apache-2.0
//
// Made-up ELF files of segments alone: kernels and root tasks for the loader's boot image.

export interface TinySegment {
    vaddr: bigint;
    paddr?: bigint;
    content: Buffer;
    /** Bytes in memory; as many as in the file when absent. */
    memorySize?: number;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

/** An ELF64 executable for `machine` (e_machine) with these segments. */
export function tinyLoadable(machine: number, entry: bigint, segments: readonly TinySegment[]): Buffer {
    const headers = Buffer.alloc(HEADER_BYTES + segments.length * PROGRAM_HEADER_BYTES);
    headers.write('\x7fELF', 0, 'latin1');
    headers.set([2, 1, 1], 4);
    headers.writeUInt16LE(2, 16); // ET_EXEC
    headers.writeUInt16LE(machine, 18);
    headers.writeUInt32LE(1, 20);
    headers.writeBigUInt64LE(entry, 24);
    headers.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
    headers.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
    headers.writeUInt16LE(segments.length, 56);
    let offset = headers.length;
    segments.forEach(({ vaddr, paddr = vaddr, content, memorySize = content.length }, index) => {
        const at = HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
        headers.writeUInt32LE(1, at); // PT_LOAD
        headers.writeUInt32LE(7, at + 4);
        [offset, vaddr, paddr, content.length, memorySize, 4096].forEach((word, position) =>
            headers.writeBigUInt64LE(BigInt(word), at + 8 + position * 8),
        );
        offset += content.length;
    });
    return Buffer.concat([headers, ...segments.map(({ content }) => content)]);
}
