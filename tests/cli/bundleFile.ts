// SPDX-License-Identifier: Apache-2.0
//
// Reads the bundle out of a boot image, as the runtime would.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ElfFile } from '../../cli/boot/elf.js';

/** The bundle's bytes. */
export function readBundle(bootImage: string): Buffer {
    const elf = new ElfFile(readFileSync(bootImage), bootImage);
    const descriptor = elf.fileOffset(elf.symbol('sealift_bundle'), 32);
    const offset = elf.fileOffset(Number(elf.bytes.readBigUInt64LE(descriptor + 8)), 0);
    return elf.bytes.subarray(offset, offset + Number(elf.bytes.readBigUInt64LE(descriptor + 16)));
}

/** What tar(1) says with these options about an archive. */
export function tar(archive: Buffer, ...words: string[]): string {
    const result = spawnSync('tar', [...words, '-f', '-'], { input: archive, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`this is no tar archive: ${result.stderr}`);
    return result.stdout;
}

/** A file of a boot image's bundle, as text. */
export function readBundleFile(bootImage: string, name: string): string {
    return tar(readBundle(bootImage), '--extract', '--to-stdout', name);
}
