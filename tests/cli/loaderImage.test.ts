// SPDX-License-Identifier: Apache-2.0
//
// The boot image of aarch64 and riscv64: our own loaders, as they were built, with made-up kernels and root tasks. What is
// looked at is what QEMU and U-Boot look at, the segments, and what the loader looks at, its descriptor.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readBoard, type Board } from '../../cli/boards/board.js';
import { ElfFile, PT_LOAD } from '../../cli/boot/elf.js';
import { Machine } from '../../cli/boot/kernelElf.js';
import { writeLoaderImage, type LoaderImageLayout } from '../../cli/boot/loaderImage.js';
import { buildProduct } from '../../cli/projectPaths.js';
import { pseudoRandom } from './pseudoRandom.js';
import { tinyLoadable, type TinySegment } from './tinyLoadable.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

const KERNEL_VIRTUAL = 0xffff_ff80_0000_0000n;
const ENTRY = 0x40_1000n;

/** A kernel with 0x2345 bytes of text, and data whose .bss ends within a page. */
function kernelSegments(physical: bigint): TinySegment[] {
    const at = (offset: bigint): { vaddr: bigint; paddr: bigint } => ({
        vaddr: KERNEL_VIRTUAL + physical + offset,
        paddr: physical + offset,
    });
    return [
        { ...at(0n), content: Buffer.alloc(0x2345, 0x11) },
        { ...at(0x3000n), content: Buffer.alloc(0x100, 0x22), memorySize: 0x1801 },
    ];
}

/** A root task with a hole between its segments and .bss behind the first. */
const rootSegments: TinySegment[] = [
    { vaddr: 0x40_0000n, content: Buffer.alloc(0x1800, 0x33), memorySize: 0x1900 },
    { vaddr: 0x40_4000n, content: Buffer.alloc(0x10, 0x44) },
];

interface Changes {
    kernel?: Buffer;
    root?: Buffer;
    board?: (board: Board) => Board;
    memory?: { start: number; size: number }[];
    output?: string;
}

interface Written {
    layout: LoaderImageLayout;
    file: ElfFile;
    board: Board;
    words: bigint[];
}

const physicalOf = (board: Board): bigint => BigInt(board.memory[0]!.start) + 0x20_0000n;

/** Writes an image for a board; everything that can be known about it. */
function write(name: string, changes: Changes = {}): Written {
    const board = (changes.board ?? ((same) => same))(readBoard(name));
    const architecture = board.architecture as 'aarch64' | 'riscv64';
    const machine = Machine[architecture];
    const put = (what: string, bytes: Buffer): string => {
        const path = join(folder, `${what}-${made}`);
        writeFileSync(path, bytes);
        return path;
    };
    made++;
    const physical = physicalOf(board);
    const kernel = tinyLoadable(machine, KERNEL_VIRTUAL + physical + 0x40n, kernelSegments(physical));
    const loader = buildProduct(`boot/${architecture}/loader.elf`);
    const output = changes.output ?? join(folder, `image-${made}`);
    const layout = writeLoaderImage({
        loader,
        kernel: put('kernel', changes.kernel ?? kernel),
        root: put('root', changes.root ?? tinyLoadable(machine, ENTRY, rootSegments)),
        board,
        memory: changes.memory ?? null,
        output,
    });
    const file = new ElfFile(readFileSync(output), output);
    const descriptor = new ElfFile(readFileSync(loader), loader).symbol('sealift_loader');
    const at = file.fileOffset(layout.loader.start + descriptor, 21 * 8);
    const words = Array.from({ length: 21 }, (_, index) => file.bytes.readBigUInt64LE(at + index * 8));
    return { layout, file, board, words };
}

/** Memory from `start` on as the firmware leaves it: the segments' bytes, and zeros behind them. */
function load(file: ElfFile, start: number, length: number): Buffer {
    const memory = Buffer.alloc(length, 0xee);
    for (const { type, vaddr, offset, fileSize, memorySize } of file.programHeaders) {
        if (type !== PT_LOAD || vaddr + memorySize <= start || vaddr >= start + length) continue;
        assert.ok(
            vaddr >= start && vaddr + memorySize <= start + length,
            'a segment reaches out of its part',
        );
        memory.fill(0, vaddr - start, vaddr - start + memorySize);
        file.bytes.copy(memory, vaddr - start, offset, offset + fileSize);
    }
    return memory;
}

/** The root task's pages as the kernel maps them. */
function rootPages(): Buffer {
    const pages = Buffer.alloc(0x5000);
    pages.fill(0x33, 0, 0x1800);
    pages.fill(0x44, 0x4000, 0x4010);
    return pages;
}

for (const name of ['qemu-arm-virt', 'zynqmp', 'qemu-riscv-virt']) {
    test(`${name}: nothing overlaps, everything is in RAM, and each byte is where it is used`, () => {
        const { layout, file, board } = write(name);
        const ranges = [
            layout.loader,
            layout.kernel,
            layout.root,
            ...(layout.kernelCopy ? [layout.kernelCopy] : []),
        ];
        ranges.sort((one, other) => one.start - other.start);
        ranges.forEach((range, index) => {
            assert.ok(index === 0 || ranges[index - 1]!.end <= range.start, 'two parts overlap');
            assert.ok(
                board.memory.some(({ start, size }) => range.start >= start && range.end <= start + size),
                'a part is outside RAM',
            );
        });
        const { start, end } = layout.root;
        assert.deepEqual(load(file, start, end - start), rootPages());
        const kernel = layout.kernelCopy ?? layout.kernel;
        const bytes = load(file, kernel.start, kernel.end - kernel.start);
        assert.deepEqual(bytes.subarray(0, 0x2345), Buffer.alloc(0x2345, 0x11));
        assert.deepEqual(bytes.subarray(0x3000, 0x3100), Buffer.alloc(0x100, 0x22));
    });

    test(`${name}: the descriptor tells the loader what the kernel is to be told`, () => {
        const { layout, words, board } = write(name);
        const physical = physicalOf(board);
        assert.equal(words[0], 0x524544414f4c4c53n, 'SLLOADER');
        assert.equal(words[1], KERNEL_VIRTUAL + physical + 0x40n, 'entry');
        assert.equal(words[2], physical);
        assert.equal(words[3], physical + 0x5000n, 'the end of .bss, in whole pages');
        assert.equal(words[4], KERNEL_VIRTUAL, 'virtual minus physical');
        assert.equal(words[5], BigInt(layout.root.start));
        assert.equal(words[6], BigInt(layout.root.start) + 0x5000n);
        assert.equal(BigInt.asUintN(64, words[7]! + 0x40_0000n), words[5], 'physical minus virtual');
        assert.equal(words[8], ENTRY);
        const copy = layout.kernelCopy;
        assert.deepEqual(words.slice(11, 13), copy ? [BigInt(copy.start), 0x4000n] : [0n, 0n]);
        const uart = BigInt(board.uart.address!);
        if (board.uart.kind === 'pl011') assert.deepEqual(words.slice(13, 16), [uart, uart + 0x18n, 0x20n]);
        if (board.uart.kind === 'cadence')
            assert.deepEqual(words.slice(13, 16), [uart + 0x30n, uart + 0x2cn, 0x10n]);
        assert.equal(words[18], BigInt(board.loader.interruptController?.distributor ?? 0));
        assert.equal(words[20], BigInt(board.loader.counterFrequency ?? 0));
    });
}

test('aarch64 begins at the ELF entry, riscv64 at its lowest address: both are the loader', () => {
    const arm = write('qemu-arm-virt');
    assert.equal(arm.file.entry, arm.layout.loader.start);
    assert.equal(arm.layout.kernelCopy, null, 'nothing to move');
    const riscv = write('qemu-riscv-virt', {
        board: (board) => ({ ...board, loader: { ...board.loader, address: 0x8100_0000 } }),
    });
    const lowest = Math.min(...riscv.file.programHeaders.map(({ vaddr }) => vaddr));
    assert.equal(lowest, riscv.layout.loader.start);
    assert.equal(riscv.file.entry, lowest);
    assert.ok(riscv.layout.root.start > riscv.layout.loader.start);
});

test('the root task lies right behind the kernel; behind the loader where there is no room', () => {
    const near = write('qemu-arm-virt');
    assert.equal(near.layout.root.start, near.layout.kernel.end);
    const far = write('qemu-arm-virt', {
        board: (board) => ({
            ...board,
            loader: { ...board.loader, address: Number(physicalOf(board)) + 0x6000 },
        }),
    });
    assert.equal(far.layout.root.start, far.layout.loader.end);
});

const machine = Machine.aarch64;
const kernelOf = (segments: TinySegment[]): Buffer => tinyLoadable(machine, KERNEL_VIRTUAL, segments);
const physical = 0x4020_0000n;
const refused: [string, Changes, RegExp][] = [
    [
        'no ELF',
        { kernel: Buffer.alloc(100) },
        /kernel-\d+: it is not an ELF file; give the kernel.elf of an aarch64 kernel$/,
    ],
    [
        'a kernel of another architecture',
        { kernel: tinyLoadable(Machine.riscv64, 0n, kernelSegments(physical)) },
        /it is not an ELF file for aarch64; give/,
    ],
    [
        'a kernel cut short',
        { kernel: kernelOf(kernelSegments(physical)).subarray(0, 300) },
        /a segment lies beyond its end; give/,
    ],
    ['a kernel without segments', { kernel: kernelOf([]) }, /it has nothing to load; give/],
    [
        'a kernel whose segments do not go together',
        {
            kernel: kernelOf([
                ...kernelSegments(physical),
                { vaddr: 0n, paddr: physical, content: Buffer.alloc(1) },
            ]),
        },
        /not at one distance from their physical addresses; give/,
    ],
    [
        'a kernel that cannot be mapped in blocks',
        {
            kernel: kernelOf([
                { vaddr: KERNEL_VIRTUAL + 0x1000n, paddr: physical, content: Buffer.alloc(1) },
            ]),
        },
        /differ within 2 MiB; give/,
    ],
    [
        'a segment larger than any memory',
        { kernel: kernelOf([{ ...kernelSegments(physical)[0]!, memorySize: 2 ** 50 }]) },
        /impossible size or address; give/,
    ],
    [
        'a root task without segments',
        { root: tinyLoadable(machine, 0n, []) },
        /has nothing to load; build it again/,
    ],
    [
        'a root task whose segments overlap',
        { root: tinyLoadable(machine, 0n, [rootSegments[0]!, { ...rootSegments[1]!, vaddr: 0x40_1000n }]) },
        /segment 0 reaches into the next; build it again/,
    ],
    [
        'a loader inside the kernel',
        { board: (board) => ({ ...board, loader: { ...board.loader, address: Number(physical) } }) },
        /loader.address 0x40200000 is not on a page or inside the kernel \(0x40200000–0x40205000\); move it/,
    ],
    [
        'an image larger than the memory',
        { memory: [{ start: 0x4000_0000, size: 0x20_6000 }] },
        /takes 0.0 MiB, and there is no such room in its memory \(0x40000000–0x40206000\) behind the kernel .*; run a smaller image/,
    ],
];
for (const [title, changes, sentence] of refused) {
    test(`refused in one sentence: ${title}`, () => {
        const output = join(folder, `refused-${made}`);
        assert.throws(
            () => write('qemu-arm-virt', { ...changes, output }),
            (error: Error) => {
                assert.equal(error.constructor.name, 'Failure');
                assert.match(error.message, sentence);
                return true;
            },
        );
        assert.ok(!existsSync(output), 'nothing was written');
    });
}

const damagedBoards: [string, number, bigint][] = [
    ['qemu-arm-virt', Machine.aarch64, physical],
    ['qemu-riscv-virt', Machine.riscv64, 0x8020_0000n],
];
for (const [name, damagedMachine, start] of damagedBoards) {
    test(`${name}: a kernel with random damage gives a Failure or an image`, () => {
        const random = pseudoRandom(7);
        const good = tinyLoadable(damagedMachine, KERNEL_VIRTUAL, kernelSegments(start));
        for (let round = 0; round < 300; round++) {
            const kernel = Buffer.from(good);
            for (let count = 0; count < 3; count++) kernel[random(176)] = random(256);
            try {
                write(name, { kernel });
            } catch (error) {
                assert.equal((error as Error).constructor.name, 'Failure', String(error));
            }
            rmSync(join(folder, `image-${made}`), { force: true });
        }
    });
}

test('a kernel with parts far from each other is refused', () => {
    const far = kernelSegments(0x8020_0000n);
    far[1]!.vaddr += 1n << 38n;
    far[1]!.paddr! += 1n << 38n;
    const kernel = tinyLoadable(Machine.riscv64, KERNEL_VIRTUAL, far);
    assert.throws(
        () => write('qemu-riscv-virt', { kernel }),
        /its segments lie more than 1 GiB apart; give the kernel.elf of an riscv64 kernel/,
    );
});
