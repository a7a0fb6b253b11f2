// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeBootImage } from '../../cli/boot/bootImage.js';
import { ElfFile } from '../../cli/boot/elf.js';
import { pseudoRandom } from './pseudoRandom.js';
import { tinyElf, tinyElfDescriptorOffset, type TinyElfChanges } from './tinyElf.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

function boot(runtime: Buffer, parts: readonly Buffer[]): Buffer {
    const input = join(folder, `runtime-${++made}`);
    const output = join(folder, `boot-${made}`);
    writeFileSync(input, runtime);
    assert.equal(writeBootImage(input, parts, output), readFileSync(output).length);
    return readFileSync(output);
}

test('the bundle is one more read-only segment behind the last', () => {
    const parts = [Buffer.from('first '), Buffer.alloc(5000, 7), Buffer.from('last')];
    const bundle = Buffer.concat(parts);
    const image = new ElfFile(boot(tinyElf(), parts), 'boot');
    const segment = image.programHeaders[1]!;
    // The runtime's segment is 0x1123 + 0x3000 bytes at 0x400000.
    assert.deepEqual(segment, {
        type: 1,
        flags: 4,
        offset: 0x2000,
        vaddr: 0x405000,
        fileSize: bundle.length,
        memorySize: bundle.length,
    });
    assert.deepEqual(image.bytes.subarray(segment.offset, segment.offset + segment.fileSize), bundle);
    assert.equal(segment.offset % 4096, segment.vaddr % 4096);
    const descriptor = image.bytes.subarray(tinyElfDescriptorOffset, tinyElfDescriptorOffset + 32);
    assert.equal(descriptor.toString('latin1', 0, 8), 'SLBUNDLE');
    assert.equal(descriptor.readBigUInt64LE(8), 0x405000n);
    assert.equal(descriptor.readBigUInt64LE(16), BigInt(bundle.length));
    assert.equal(descriptor.readBigUInt64LE(24), 0n);
});

test('everything of the runtime but the header and the descriptor stays as it was', () => {
    const before = tinyElf();
    const after = boot(before, [Buffer.from('bundle')]);
    before.fill(0, 64 + 56, 64 + 112);
    after.fill(0, 64 + 56, 64 + 112);
    before.fill(0, tinyElfDescriptorOffset, tinyElfDescriptorOffset + 32);
    after.fill(0, tinyElfDescriptorOffset, tinyElfDescriptorOffset + 32);
    assert.deepEqual(after.subarray(0, before.length), before);
});

test('a runtime that cannot carry a bundle is refused', () => {
    const cases: [TinyElfChanges, RegExp][] = [
        [
            { withoutFreeHeader: true },
            /it has no free program header \(PT_NULL\) for the bundle; build it again/,
        ],
        [{ symbol: 'other' }, /it has no symbol sealift_bundle; build it again/],
        [{ magic: 'NOBUNDLE' }, /symbol sealift_bundle does not hold "SLBUNDLE"/],
        [{ fileClass: 1 }, /it is not a 64-bit little-endian ELF file/],
        [{ sectionsOffset: 1 << 30 }, /the section headers lie beyond the end of the file/],
    ];
    for (const [changes, message] of cases) assert.throws(() => boot(tinyElf(changes), []), message);
    assert.throws(() => boot(Buffer.from('#!/bin/sh\n'), []), /it is not an ELF file/);
    assert.throws(
        () => writeBootImage(join(folder, 'absent'), [], join(folder, 'never')),
        /absent: there is no such file or folder; build the project/,
    );
});

test('a damaged ELF file gives a Failure, never anything else', () => {
    const random = pseudoRandom(3);
    for (let round = 0; round < 2000; round++) {
        const bytes = tinyElf();
        for (let count = 1 + random(4); count > 0; count--) bytes[random(0x600)] = random(256);
        try {
            const elf = new ElfFile(
                bytes.subarray(0, random(8) === 0 ? random(bytes.length) : bytes.length),
                'file',
            );
            elf.freeProgramHeader();
            elf.fileOffset(elf.symbol('sealift_bundle'), 32);
            elf.loadEnd();
        } catch (error) {
            assert.equal((error as Error).name, 'Failure', `round ${round}: ${(error as Error).stack}`);
        }
    }
});
