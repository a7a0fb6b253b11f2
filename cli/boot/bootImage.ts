// SPDX-License-Identifier: Apache-2.0
//
// Writes a boot image: the runtime's ELF with one more read-only segment directly behind its last, which carries the
// bundle. The runtime finds it through a descriptor of 32 bytes at its symbol `sealift_bundle`: u64 magic, u64 address,
// u64 size, u64 flags (bit 0: RAM below 1 MiB is to be used), all little endian.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { describeFileError, Failure } from '../failure.js';
import { writeAll } from '../image/files.js';
import { ElfFile, PAGE_BYTES } from './elf.js';

const DESCRIPTOR_SYMBOL = 'sealift_bundle';
const DESCRIPTOR_MAGIC = 'SLBUNDLE';
const DESCRIPTOR_BYTES = 32;

/**
 * The bundle's largest size: it is loaded below 4 GiB, where the runtime's linear memory begins, and the kernel has to
 * place the whole image in one piece.
 */
export const MAX_BUNDLE_BYTES = 2 ** 31;

function readRuntime(path: string): ElfFile {
    let bytes: Buffer;
    try {
        bytes = readFileSync(path);
    } catch (error) {
        throw new Failure(`${path}: ${describeFileError(error)}; build the project with \`npm run build\``);
    }
    return new ElfFile(bytes, path);
}

/** The bundle descriptor's place in the file; its magic must be there already. */
function findDescriptor(runtime: ElfFile): number {
    const offset = runtime.fileOffset(runtime.symbol(DESCRIPTOR_SYMBOL), DESCRIPTOR_BYTES);
    if (runtime.bytes.toString('latin1', offset, offset + DESCRIPTOR_MAGIC.length) !== DESCRIPTOR_MAGIC) {
        throw new Failure(
            `${runtime.name}: symbol ${DESCRIPTOR_SYMBOL} does not hold "${DESCRIPTOR_MAGIC}"; build it again with \`npm run build\``,
        );
    }
    return offset;
}

/**
 * Writes the boot image of `runtimePath` with the bundle's `parts` to `outputPath`.
 * Returns the boot image's size in bytes.
 */
export function writeBootImage(
    runtimePath: string,
    parts: Iterable<Buffer>,
    outputPath: string,
    usesLowMemory = false,
): number {
    const runtime = readRuntime(runtimePath);
    const segment = runtime.freeProgramHeader();
    const descriptorOffset = findDescriptor(runtime);
    const vaddr = runtime.loadEnd();
    const start = Math.ceil(runtime.bytes.length / PAGE_BYTES) * PAGE_BYTES;
    const output = openSync(outputPath, 'wx', 0o600);
    try {
        let end = start;
        for (const part of parts) {
            if (end - start + part.length > MAX_BUNDLE_BYTES) {
                throw new Failure(
                    `image: its files exceed ${MAX_BUNDLE_BYTES} bytes, the limit of a boot image; run a smaller image`,
                );
            }
            writeAll(output, part, end);
            end += part.length;
        }
        const size = end - start;
        runtime.setReadOnlySegment(segment, start, vaddr, size);
        runtime.bytes.writeBigUInt64LE(BigInt(vaddr), descriptorOffset + 8);
        runtime.bytes.writeBigUInt64LE(BigInt(size), descriptorOffset + 16);
        runtime.bytes.writeBigUInt64LE(usesLowMemory ? 1n : 0n, descriptorOffset + 24);
        writeAll(output, runtime.bytes, 0);
        return end;
    } finally {
        closeSync(output);
    }
}
