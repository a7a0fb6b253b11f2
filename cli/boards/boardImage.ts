// SPDX-License-Identifier: Apache-2.0
//
// What is booted on a board: one file or two, by the way its kernel is started.

import { readFileSync, rmSync, statSync } from 'node:fs';
import { writeBootImage } from '../boot/bootImage.js';
import { ElfFile, PAGE_BYTES, PT_LOAD } from '../boot/elf.js';
import { writeLoaderImage, type LoaderImageLayout } from '../boot/loaderImage.js';
import { writeMultibootKernel } from '../boot/multibootKernel.js';
import type { KernelInstallation } from '../kernel/installation.js';
import { requireSlots } from '../kernel/suitability.js';
import { buildProduct } from '../projectPaths.js';
import type { Board } from './board.js';

/** The files of a bootable image. */
export interface BoardImage {
    /** What QEMU's -kernel or U-Boot's bootelf loads. */
    kernel: string;
    /** The root task as multiboot module; null where `kernel` carries it. */
    module: string | null;
    /** Where U-Boot can put the file while it moves the segments to their places; null where there is no need or room. */
    loadAddress: number | null;
}

const MEBIBYTE = 2 ** 20;

/** The lowest address in whole MiB behind a part of the image with room for the file: bootelf must not write over what it reads. */
function findLoadAddress(board: Board, layout: LoaderImageLayout, bytes: number): number | null {
    const { loader, kernel, root, kernelCopy } = layout;
    const parts = [loader, kernel, root, ...(kernelCopy ? [kernelCopy] : [])];
    const candidates = parts.map(({ end }) => Math.ceil(end / MEBIBYTE) * MEBIBYTE).sort((a, b) => a - b);
    const isFree = (start: number): boolean =>
        parts.every((part) => start >= part.end || start + bytes <= part.start) &&
        board.memory.some((ram) => start >= ram.start && start + bytes <= ram.start + ram.size);
    return candidates.find(isFree) ?? null;
}

/** The pages that an executable takes in memory; the kernel maps everything from its first to its last. */
function pagesInMemory(path: string): number {
    const file = new ElfFile(readFileSync(path), path);
    const starts = file.programHeaders.filter(({ type }) => type === PT_LOAD).map(({ vaddr }) => vaddr);
    return Math.ceil((file.loadEnd() - Math.min(...starts)) / PAGE_BYTES);
}

/**
 * Writes the bootable image of `runtime` with the bundle's `parts` to `output`. Where the firmware loads the root task as a
 * module, `output` is the module and `output`.kernel the kernel.
 */
export function writeBoardImage(
    board: Board,
    kernel: KernelInstallation,
    runtime: string,
    parts: Iterable<Buffer>,
    output: string,
): BoardImage {
    if (board.loader.kind === 'multiboot') {
        rmSync(output, { force: true });
        writeBootImage(runtime, parts, output, board.lowMemory);
        requireSlots(kernel, pagesInMemory(output));
        writeMultibootKernel(kernel.kernel, `${output}.kernel`);
        return { kernel: `${output}.kernel`, module: output, loadAddress: null };
    }
    const loader = buildProduct(`boot/${board.architecture}/loader.elf`);
    const root = `${output}.root`;
    rmSync(root, { force: true });
    try {
        writeBootImage(runtime, parts, root, board.lowMemory);
        requireSlots(kernel, pagesInMemory(root));
        rmSync(output, { force: true });
        const { memory } = kernel;
        const layout = writeLoaderImage({ loader, kernel: kernel.kernel, root, board, memory, output });
        const loadAddress = findLoadAddress(board, layout, statSync(output).size);
        return { kernel: output, module: null, loadAddress };
    } finally {
        rmSync(root, { force: true });
    }
}
