// SPDX-License-Identifier: Apache-2.0
//
// Which boards this machine can run: those for which a kernel was named (SEL4_PREFIX, MICROKIT_SDK, `sealift config`).

import { existsSync } from 'node:fs';
import { architectures, readBoards, type Architecture, type Board } from '../../cli/boards/board.js';
import { findQemu } from '../../cli/boards/qemu.js';
import { findKernel } from '../../cli/kernel/findKernel.js';
import { requireSuitable } from '../../cli/kernel/suitability.js';
import { messageOf } from '../../cli/failure.js';
import { busyboxFor, type ImageArchitecture } from './shellImage.js';

/** The names of architectures in images. */
export const imageArchitectures: Readonly<Record<Architecture, ImageArchitecture>> = {
    aarch64: 'arm64',
    riscv64: 'riscv64',
    x86_64: 'amd64',
};

export interface TestBoard {
    board: Board;
    image: ImageArchitecture;
    /** Why its tests cannot run here, or false: what node:test takes as `skip`. */
    skip: string | false;
}

function reasonToSkip(board: Board): string | false {
    try {
        requireSuitable(board, findKernel(board, { environment: process.env }));
        findQemu(board);
    } catch (error) {
        return `SKIPPED on ${board.name}: ${messageOf(error)}`;
    }
    const program = busyboxFor(imageArchitectures[board.architecture]);
    if (existsSync(program)) return false;
    return `SKIPPED on ${board.name}: ${program} is not there; make it with \`node build/tests/images/makeImages.js --riscv64\``;
}

/** Every board, with the reason why it cannot run here. */
export const testBoards: readonly TestBoard[] = readBoards().map((board) => ({
    board,
    image: imageArchitectures[board.architecture],
    skip: reasonToSkip(board),
}));

/** Reasons of architectures on no board of which anything can run; empty when all three are there. */
export function absentArchitectures(): string[] {
    return architectures.flatMap((architecture) => {
        const boards = testBoards.filter(({ board }) => board.architecture === architecture);
        if (boards.some(({ skip }) => skip === false)) return [];
        return [`${architecture}: ${boards.map(({ skip }) => skip).join(' | ')}`];
    });
}
