// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { boardNames, parseBoard, readBoard } from '../../cli/boards/board.js';
import { multibootKernel } from '../../cli/boot/multibootKernel.js';
import { projectFolder, sealift } from './commandLine.js';
import { tinyMultibootElf } from './tinyKernel.js';

type Json = Record<string, unknown>;

/** A board's file with changes; undefined removes a field. */
function changed(change: (board: Json) => void): string {
    const path = join(projectFolder, 'platform/boards/qemu-arm-virt/board.json');
    const board = JSON.parse(readFileSync(path, 'utf8')) as Json;
    change(board);
    return JSON.stringify(board);
}

test('every board can be read, and is listed', async () => {
    const listed = (await sealift(['boards'])).stdout.toString();
    assert.deepEqual(boardNames(), ['pc99', 'qemu-arm-virt', 'qemu-riscv-virt', 'zynqmp']);
    for (const name of boardNames()) {
        assert.equal(readBoard(name).name, name);
        assert.match(listed, new RegExp(`^${name} +${readBoard(name).architecture} `, 'm'));
    }
    assert.equal(readBoard('qemu-arm-virt').uart.address, 0x9000000);
    assert.throws(() => readBoard('toaster'), /--board toaster: there is no such board; use one of pc99, /);
});

const mistakes: [string, (board: Json) => void, RegExp][] = [
    ['a missing field', (board) => delete board.title, /^board.json: field title is missing; write a text/],
    ['an unknown field', (board) => (board.colour = 1), /field colour is unknown; remove it/],
    ['a nested slip', (board) => ((board.uart as Json).adress = 1), /field uart.adress is unknown/],
    [
        'a wrong choice',
        (board) => ((board.uart as Json).kind = 'x'),
        /field uart.kind is "x"; write one of pl011/,
    ],
    [
        'no number',
        (board) => ((board.uart as Json).address = '9g'),
        /field uart.address is no number; write for/,
    ],
    ['no flag', (board) => (board.lowMemory = 1), /field lowMemory is neither true nor false; write true/],
    ['no range', (board) => (board.memory = []), /field memory is no list with an entry/],
    ['a bad range', (board) => (board.memory = [{ start: 0 }]), /field memory\[0\].size is missing/],
    ['no loader address', (board) => (board.loader = { kind: 'sealift' }), /field loader.address is missing/],
    [
        'the wrong loader',
        (board) => (board.loader = { kind: 'multiboot' }),
        /field loader.kind is "multiboot"/,
    ],
    [
        'no list of texts',
        (board) => ((board.qemu as Json).arguments = '-m'),
        /qemu.arguments is no list of texts/,
    ],
];
for (const [title, change, sentence] of mistakes) {
    test(`a board file with ${title} is refused`, () => {
        const text = changed((board) => void change(board));
        assert.throws(() => parseBoard(text, 'board.json'), { message: sentence });
    });
}

test('a board file that is not JSON is refused', () => {
    assert.throws(() => parseBoard('{', 'board.json'), /^Failure: board.json: not JSON \(.*\); correct it/);
});

test('the multiboot copy of a kernel loads the same bytes at the same physical addresses', () => {
    const source = tinyMultibootElf();
    const copy = multibootKernel(source, 'kernel.elf');
    assert.equal(copy.toString('latin1', 0, 7), '\x7fELF\x01\x01\x01');
    assert.equal(copy.readUInt16LE(18), 3);
    assert.equal(copy.readUInt32LE(24), 0x10000c);
    assert.equal(copy.readUInt16LE(44), 2);
    const word = (segment: number, index: number): number => copy.readUInt32LE(52 + segment * 32 + index * 4);
    const bytes = (segment: number): Buffer =>
        copy.subarray(word(segment, 1), word(segment, 1) + word(segment, 4));
    assert.deepEqual([word(0, 3), word(0, 4), word(0, 5)], [0x100000, 0x100, 0x8000]);
    assert.deepEqual([word(1, 3), word(1, 4), word(1, 5)], [0x108311, 0x2f, 0x60]);
    assert.deepEqual(bytes(0), source.subarray(0x200, 0x300));
    assert.deepEqual(bytes(1), source.subarray(0x311, 0x340));
});

test('a kernel that multiboot cannot start is refused', () => {
    const refused = (changes: Parameters<typeof tinyMultibootElf>[0], sentence: RegExp): void =>
        assert.throws(() => multibootKernel(tinyMultibootElf(changes), 'kernel.elf'), sentence);
    refused({ magic: 0 }, /kernel.elf: no multiboot header .*-DKernelMultiboot1Header=ON/);
    refused({ paddr: 0xffffffffn }, /a segment lies above 4 GiB/);
    refused({ machine: 183 }, /not an ELF file for x86_64; give the kernel.elf/);
    assert.throws(() => multibootKernel(Buffer.from('text'), 'kernel.elf'), /it is not an ELF file/);
    const short = tinyMultibootElf().subarray(0, 0x320);
    assert.throws(() => multibootKernel(short, 'kernel.elf'), /a segment lies beyond its end/);
});
