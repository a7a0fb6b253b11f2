// SPDX-License-Identifier: Apache-2.0
//
// A board and the kernel that it runs: what `run --board` and `build` have in common.

import type { Board } from '../boards/board.js';
import { writeBoardImage, type BoardImage } from '../boards/boardImage.js';
import { findKernel } from '../kernel/findKernel.js';
import type { KernelInstallation } from '../kernel/installation.js';
import { kernelRuntime } from '../kernel/kernelRuntime.js';
import { requireSuitable } from '../kernel/suitability.js';
import type { ProgressLine } from '../report/progressLine.js';

export interface BoardTarget {
    board: Board;
    kernel: KernelInstallation;
}

/** Finds and judges the board's kernel; what to beware of is said on stderr when `warn` is set. */
export function openBoard(board: Board, kernelOption: string | undefined, warn: boolean): BoardTarget {
    const kernel = findKernel(board, { option: kernelOption, environment: process.env });
    const { warnings } = requireSuitable(board, kernel);
    if (warn) for (const warning of warnings) process.stderr.write(`sealift: warning: ${warning}\n`);
    return { board, kernel };
}

/** Writes the bootable image with the bundle's `parts`; the runtime is built first where this kernel has none yet. */
export async function writeTarget(
    { board, kernel }: BoardTarget,
    parts: Iterable<Buffer>,
    output: string,
    aot: boolean,
    progress: ProgressLine,
): Promise<BoardImage> {
    const runtime = await kernelRuntime(board, kernel, aot, () =>
        progress.show('building the runtime for this kernel'),
    );
    progress.show('writing the boot image');
    return writeBoardImage(board, kernel, runtime, parts, output);
}
