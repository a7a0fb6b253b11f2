// SPDX-License-Identifier: Apache-2.0
//
// `sealift doctor`: says whether this machine can run containers, here and on each board under QEMU, and what to do where
// it cannot.

import { Command } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import { readBoard, readBoards, type Board } from '../boards/board.js';
import { findQemu } from '../boards/qemu.js';
import { EXIT_SEALIFT_FAILED, messageOf } from '../failure.js';
import { findKernel } from '../kernel/findKernel.js';
import type { KernelInstallation } from '../kernel/installation.js';
import { judgeKernel } from '../kernel/suitability.js';
import { buildProduct, linuxKernel, linuxRuntime } from '../projectPaths.js';

const examples = `
Example:
  sealift doctor
  SEL4_PREFIX=~/sel4 sealift doctor --board pc99
`;

interface Check {
    name: string;
    /** Throws an Error that names the cause and the remedy. */
    check: () => string;
}

const checks: Check[] = [
    {
        name: 'machine',
        check() {
            if (process.platform === 'linux' && process.arch === 'x64') return 'Linux on x86_64';
            throw new Error(`${process.platform} on ${process.arch} is not supported; use Linux on x86_64`);
        },
    },
    {
        name: 'ptrace',
        check() {
            const path = '/proc/sys/kernel/yama/ptrace_scope';
            const scope = existsSync(path) ? readFileSync(path, 'utf8').trim() : '0';
            if (scope !== '3') return 'programs may trace their children';
            throw new Error(`${path} is 3, which forbids tracing; set it to 1 and restart the machine`);
        },
    },
    { name: 'runtime', check: linuxRuntime },
    { name: 'kernel model', check: linuxKernel },
    { name: 'image reader', check: () => buildProduct('component/load.mjs') },
];

/** The lines about one board: its kernel, what the kernel is, whether it will do, and QEMU. True when it can run. */
function checkBoard(board: Board, say: (state: string, text: string) => void): boolean {
    let kernel: KernelInstallation;
    try {
        kernel = findKernel(board, { environment: process.env });
    } catch (error) {
        say('absent', messageOf(error));
        return false;
    }
    const { description, problems, warnings } = judgeKernel(board, kernel);
    const state = problems.length === 0 ? 'ok' : 'unfit';
    say(state, `board ${board.name}: ${kernel.folder} (${kernel.origin}): ${description}`);
    for (const problem of problems) say('unfit', `board ${board.name}: ${problem}`);
    for (const warning of warnings) say('warning', `board ${board.name}: ${warning}`);
    try {
        say('ok', `board ${board.name}: ${findQemu(board)}`);
        return problems.length === 0;
    } catch (error) {
        say('missing', `board ${board.name}: ${messageOf(error)}`);
        return false;
    }
}

/** Adds `doctor` to the program. */
export function addDoctorCommand(program: Command): void {
    const say = (state: string, text: string): void => {
        process.stdout.write(`${state.padEnd(8)} ${text}\n`);
    };
    program
        .command('doctor')
        .description('Check what running containers takes, here and on each board')
        .option('--board <name>', 'check one board only, and fail when it cannot run containers')
        .addHelpText('after', examples)
        .action((options: { board?: string }) => {
            for (const { name, check } of checks) {
                try {
                    say('ok', `${name}: ${check()}`);
                } catch (error) {
                    say('missing', `${name}: ${messageOf(error)}`);
                    process.exitCode = EXIT_SEALIFT_FAILED;
                }
            }
            const boards = options.board === undefined ? readBoards() : [readBoard(options.board)];
            for (const board of boards) {
                // Boards are extras: without a kernel for them, containers still run here.
                if (!checkBoard(board, say) && options.board !== undefined)
                    process.exitCode = EXIT_SEALIFT_FAILED;
            }
        });
}
