// SPDX-License-Identifier: Apache-2.0
//
// Writes the boot image of aarch64 and riscv64: one ELF file with our loader, the kernel and the root task, each at the
// physical address where it is used, so that QEMU's -kernel or U-Boot's bootelf does all the copying there is. Virtual and
// physical addresses in its headers are the same, because some boot loaders look at one and some at the other.
//
// The root task lies in whole pages directly behind the kernel, or behind the loader where that is no room: the kernel maps
// it page by page whatever its alignment, and every gap would break free memory into more and smaller untypeds. The
// loader's own memory is free memory as soon as the kernel runs.

import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Board, MemoryRange } from '../boards/board.js';
import { describeFileError, Failure } from '../failure.js';
import { writeAll } from '../image/files.js';
import { ElfFile, PAGE_BYTES, PT_LOAD } from './elf.js';
import { readKernelElf } from './kernelElf.js';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PF_RWX = 7;

/** struct sealift_loader of platform/boot/loader.h. */
const DESCRIPTOR_SYMBOL = 'sealift_loader';
const DESCRIPTOR_MAGIC = 'SLLOADER';
const DESCRIPTOR_WORDS = 21;

/** The loader maps the kernel in blocks of this size, so both of its addresses must agree within one. */
const KERNEL_BLOCK_BYTES = 1n << 21n;

/**
 * UARTs that the loader can write its own messages to: offsets of data, status and, if the transmitter is off at first,
 * control register. (On riscv64 it takes the firmware's console.)
 */
const consoles: Readonly<
    Record<string, { data: number; status: number; busy: number; control?: number; enable?: number }>
> = {
    pl011: { data: 0x00, status: 0x18, busy: 1 << 5 },
    cadence: { data: 0x30, status: 0x2c, busy: 1 << 4, control: 0x00, enable: 0x14 },
};

/** What the loader's page tables can map. */
const KERNEL_MAXIMUM_BYTES = 2 ** 30;

export interface LoaderImageOptions {
    /** The loader's ELF file, build/boot/ARCHITECTURE/loader.elf. */
    loader: string;
    /** The kernel's ELF file. */
    kernel: string;
    /** The root task's ELF file, with the bundle. */
    root: string;
    board: Board;
    /** RAM that the kernel was built for; the board's where it is not known. */
    memory?: readonly MemoryRange[] | null;
    output: string;
}

/** Physical addresses; ends are one past the last byte. */
export interface Range {
    start: number;
    end: number;
}

/** What went where. */
export interface LoaderImageLayout {
    loader: Range;
    kernel: Range;
    root: Range;
    /** Where the kernel's bytes are loaded, when the loader moves them. */
    kernelCopy: Range | null;
}

/** One segment of the output. */
interface Piece {
    address: number;
    bytes: Buffer;
    memorySize: number;
}

const pages = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
const hexadecimal = (value: number): string => `0x${value.toString(16)}`;
const text = ({ start, end }: Range): string => `${hexadecimal(start)}–${hexadecimal(end)}`;
const overlap = (one: Range, other: Range): boolean => one.start < other.end && other.start < one.end;

function read(path: string, remedy: string): Buffer {
    try {
        return readFileSync(path);
    } catch (error) {
        throw new Failure(`${path}: ${describeFileError(error)}; ${remedy}`);
    }
}

interface Kernel {
    range: Range;
    entry: bigint;
    /** Virtual minus physical address. */
    offset: bigint;
    pieces: Piece[];
}

function readKernel(path: string, architecture: 'aarch64' | 'riscv64'): Kernel {
    const wrong = (cause: string): Failure =>
        new Failure(`${path}: ${cause}; give the kernel.elf of an ${architecture} kernel`);
    const bytes = read(path, 'install the kernel again');
    const { entry, segments } = readKernelElf(bytes, architecture, wrong);
    const offset = BigInt.asUintN(64, segments[0]!.vaddr - segments[0]!.paddr);
    if (offset % KERNEL_BLOCK_BYTES !== 0n)
        throw wrong('its virtual and physical addresses differ within 2 MiB');
    const pieces = segments.map((segment) => {
        if (BigInt.asUintN(64, segment.vaddr - segment.paddr) !== offset)
            throw wrong('its segments are not at one distance from their physical addresses');
        if (segment.memorySize < segment.fileSize || segment.paddr + segment.memorySize > 1n << 48n)
            throw wrong('a segment has an impossible size or address');
        return {
            address: Number(segment.paddr),
            bytes: bytes.subarray(segment.offset, segment.offset + Number(segment.fileSize)),
            memorySize: Number(segment.memorySize),
        };
    });
    const start = Math.min(...pieces.map(({ address }) => address));
    const end = pages(Math.max(...pieces.map(({ address, memorySize }) => address + memorySize)));
    if (start % PAGE_BYTES !== 0) throw wrong('it does not begin on a page');
    if (end - start > KERNEL_MAXIMUM_BYTES) throw wrong('its segments lie more than 1 GiB apart');
    return { range: { start, end }, entry, offset, pieces };
}

/** The root task's segments in the order of their addresses, from address 0. What lies between them is zero. */
function flatten(root: ElfFile): { pieces: Piece[]; first: number; size: number } {
    const wrong = (cause: string): Failure =>
        new Failure(`${root.name}: ${cause}; build it again with \`npm run build\``);
    const segments = root.programHeaders
        .filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0)
        .sort((one, other) => one.vaddr - other.vaddr);
    const first = segments[0]?.vaddr;
    if (first === undefined) throw wrong('it has nothing to load');
    if (first % PAGE_BYTES !== 0) throw wrong('it does not begin on a page');
    const size = root.loadEnd() - first;
    const pieces = segments.map((segment, index) => {
        const end = segments[index + 1]?.vaddr ?? first + size;
        if (segment.memorySize < segment.fileSize || segment.vaddr + segment.memorySize > end)
            throw wrong(`segment ${index} reaches into the next`);
        return {
            address: segment.vaddr - first,
            bytes: root.bytes.subarray(segment.offset, segment.offset + segment.fileSize),
            memorySize: end - segment.vaddr,
        };
    });
    return { pieces, first, size };
}

/** A place for the root task at `lowest` or above: behind the kernel, or else behind one of the ranges taken. */
function place(
    size: number,
    lowest: number,
    kernel: Range,
    taken: Range[],
    options: LoaderImageOptions,
): Range {
    const { board } = options;
    const memory = options.memory ?? board.memory;
    const candidates = [kernel, ...taken].map(({ end }) => ({ start: end, end: end + size }));
    const fits = candidates
        .filter(({ start }) => start >= lowest)
        .sort((one, other) => one.start - other.start)
        .find(
            (range) =>
                ![kernel, ...taken].some((other) => overlap(range, other)) &&
                memory.some((ram) => range.start >= ram.start && range.end <= ram.start + ram.size),
        );
    if (fits) return fits;
    const mebibytes = (size / 2 ** 20).toFixed(1);
    const ram = memory.map((range) => text({ start: range.start, end: range.start + range.size }));
    throw new Failure(
        `board ${board.name}: the root task with its image takes ${mebibytes} MiB, and there is no such room in its memory ` +
            `(${ram.join(', ')}) behind the kernel (${text(kernel)}) and the loader (${taken.map(text).join(', ')}); ` +
            'run a smaller image, or move loader.address in its board.json',
    );
}

/** The loader's bytes with the descriptor filled in. */
function describe(loader: ElfFile, words: readonly (number | bigint)[]): void {
    const offset = loader.fileOffset(loader.symbol(DESCRIPTOR_SYMBOL), DESCRIPTOR_WORDS * 8);
    if (loader.bytes.toString('latin1', offset, offset + 8) !== DESCRIPTOR_MAGIC) {
        throw new Failure(
            `${loader.name}: symbol ${DESCRIPTOR_SYMBOL} does not hold "${DESCRIPTOR_MAGIC}"; build it again with \`npm run build\``,
        );
    }
    words.forEach((word, index) => {
        loader.bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(word)), offset + 8 + index * 8);
    });
}

function writeElf(output: string, loader: ElfFile, entry: number, pieces: readonly Piece[]): void {
    const headers = Buffer.alloc(HEADER_BYTES + pieces.length * PROGRAM_HEADER_BYTES);
    // Class, byte order, machine and its flags are the loader's.
    loader.bytes.copy(headers, 0, 0, HEADER_BYTES);
    headers.writeUInt16LE(2, 16); // ET_EXEC
    headers.writeBigUInt64LE(BigInt(entry), 24);
    headers.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
    headers.writeBigUInt64LE(0n, 40);
    headers.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
    headers.writeUInt16LE(pieces.length, 56);
    headers.fill(0, 58, 64); // no sections
    const file = openSync(output, 'wx', 0o600);
    try {
        let end = pages(headers.length);
        pieces.forEach(({ address, bytes, memorySize }, index) => {
            // A segment's offset agrees with its address within a page.
            const offset = pages(end) + (address % PAGE_BYTES);
            const at = HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
            headers.writeUInt32LE(PT_LOAD, at);
            headers.writeUInt32LE(PF_RWX, at + 4);
            [offset, address, address, bytes.length, memorySize, PAGE_BYTES].forEach((word, position) =>
                headers.writeBigUInt64LE(BigInt(word), at + 8 + position * 8),
            );
            writeAll(file, bytes, offset);
            end = offset + bytes.length;
        });
        writeAll(file, headers, 0);
    } finally {
        closeSync(file);
    }
}

/**
 * Writes the boot image of `root` on `kernel` for a board whose loader is ours to `output`, which must not exist. Returns
 * where everything is loaded. Throws a Failure for files that do not belong together and for an image that does not fit.
 */
export function writeLoaderImage(options: LoaderImageOptions): LoaderImageLayout {
    const { board, output } = options;
    const { architecture } = board;
    if (architecture === 'x86_64' || board.loader.address === null)
        throw new Failure(`board ${board.name}: its kernel is loaded by firmware, without our loader`);
    const kernel = readKernel(options.kernel, architecture);
    const loader = new ElfFile(
        read(options.loader, 'build the project with `npm run build`'),
        options.loader,
    );
    const root = new ElfFile(read(options.root, 'build the project with `npm run build`'), options.root);
    const user = flatten(root);
    const base = board.loader.address;
    const loaderRange: Range = { start: base, end: base + loader.loadEnd() };
    if (base % PAGE_BYTES !== 0 || overlap(loaderRange, kernel.range)) {
        throw new Failure(
            `board ${board.name}: loader.address ${hexadecimal(base)} is not on a page or inside the kernel (${text(kernel.range)}); ` +
                'move it in its board.json',
        );
    }
    // QEMU starts riscv64 at the lowest loaded address and not at the entry: nothing may be loaded below the loader.
    const moved = architecture === 'riscv64' && kernel.range.start < base;
    const kernelSize =
        Math.max(...kernel.pieces.map(({ address, bytes }) => address + bytes.length)) - kernel.range.start;
    const copy = moved ? { start: loaderRange.end, end: loaderRange.end + pages(kernelSize) } : null;
    const taken = copy ? [loaderRange, copy] : [loaderRange];
    const range = place(user.size, moved ? loaderRange.end : kernel.range.end, kernel.range, taken, options);

    const uart = architecture === 'aarch64' ? consoles[board.uart.kind] : undefined;
    const address = board.uart.address ?? 0;
    const gic = board.loader.interruptController;
    describe(loader, [
        kernel.entry,
        kernel.range.start,
        kernel.range.end,
        kernel.offset,
        range.start,
        range.end,
        range.start - user.first,
        root.entry,
        0,
        0,
        copy ? copy.start : 0,
        copy ? pages(kernelSize) : 0,
        uart ? address + uart.data : 0,
        uart ? address + uart.status : 0,
        uart ? uart.busy : 0,
        uart?.control === undefined ? 0 : address + uart.control,
        uart?.enable ?? 0,
        gic?.distributor ?? 0,
        gic?.cpuInterface ?? 0,
        board.loader.counterFrequency ?? 0,
    ]);
    const pieces: Piece[] = loader.programHeaders
        .filter(({ type }) => type === PT_LOAD)
        .map(({ vaddr, offset, fileSize, memorySize }) => ({
            address: base + vaddr,
            bytes: loader.bytes.subarray(offset, offset + fileSize),
            memorySize,
        }));
    if (copy) {
        const bytes = Buffer.alloc(pages(kernelSize));
        for (const piece of kernel.pieces) piece.bytes.copy(bytes, piece.address - kernel.range.start);
        pieces.push({ address: copy.start, bytes, memorySize: bytes.length });
    } else pieces.push(...kernel.pieces);
    for (const piece of user.pieces) pieces.push({ ...piece, address: range.start + piece.address });
    writeElf(output, loader, base + loader.entry, pieces);
    return { loader: loaderRange, kernel: kernel.range, root: range, kernelCopy: copy };
}
