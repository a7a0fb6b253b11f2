// SPDX-License-Identifier: Apache-2.0
//
// Which machine runs something, the same for `run` and `up`: the Linux host's model, or real seL4 under QEMU on a board.

import type { Command } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBoard, type Architecture } from '../boards/board.js';
import { findQemu, qemuMachine } from '../boards/qemu.js';
import { writeBootImage } from '../boot/bootImage.js';
import type { MachineProgram } from '../control/machineProcess.js';
import { Failure } from '../failure.js';
import { compiledLinuxRuntime } from '../kernel/kernelRuntime.js';
import { machineMebibytes } from '../kernel/suitability.js';
import { linuxKernel, linuxRuntime } from '../projectPaths.js';
import type { ProgressLine } from '../report/progressLine.js';
import { openBoard, writeTarget, type BoardTarget } from './boardTarget.js';
import { parseMemorySize } from './memorySize.js';

/** The machine's memory where --machine-memory is not given; pages that are not used cost the host nothing. */
const DEFAULT_MACHINE_MEMORY = '512m';

const MEBIBYTE = 1 << 20;

/** What the model of seL4's API accepts: the kernel's own objects need some, and its window has an end. */
const MIN_MACHINE_MEMORY = 4 * MEBIBYTE;
const MAX_MACHINE_MEMORY = 256 * 1024 * MEBIBYTE;

export interface MachineOptions {
    board?: string;
    kernel?: string;
    machineMemory?: string;
    aot?: boolean;
}

/** The image platform of each architecture, in OCI's names. */
const platforms: Readonly<Record<Architecture, string>> = {
    aarch64: 'linux/arm64',
    riscv64: 'linux/riscv64',
    x86_64: 'linux/amd64',
};

/** The platform of images for an architecture. */
export function imagePlatform(architecture: Architecture): string {
    return platforms[architecture];
}

/** Adds the options that choose the machine, but --aot, which belongs to Sealift's modules. */
export function addMachineOptions(command: Command): Command {
    return command
        .option(
            '--board <name>',
            "run on real seL4 under QEMU on this board instead of the Linux host's model",
        )
        .option('--kernel <folder>', "the seL4 kernel's install folder, for --board")
        .option(
            '--machine-memory <size>',
            `the machine's memory (default: ${DEFAULT_MACHINE_MEMORY}, or what the kernel has built in)`,
        );
}

/** The machine's memory in bytes, whole MiB. */
function parseMachineMemory(text: string): number {
    const bytes = Math.ceil(parseMemorySize(text, '--machine-memory') / MEBIBYTE) * MEBIBYTE;
    if (bytes < MIN_MACHINE_MEMORY || bytes > MAX_MACHINE_MEMORY) {
        throw new Failure(`--machine-memory ${text}: a machine has from 4m to 256g; give for example 512m`);
    }
    return bytes;
}

/** The memory of a board's machine in MiB: a kernel with RAM built in needs exactly that. */
function boardMebibytes({ board, kernel }: BoardTarget, wanted: string | undefined): number {
    if (kernel.memory === null || board.architecture === 'x86_64')
        return parseMachineMemory(wanted ?? DEFAULT_MACHINE_MEMORY) / MEBIBYTE;
    const mebibytes = machineMebibytes(board, kernel);
    if (wanted === undefined || parseMachineMemory(wanted) / MEBIBYTE === mebibytes) return mebibytes;
    throw new Failure(
        `--machine-memory ${wanted}: the kernel has ${mebibytes} MiB built in (platform_gen); leave the option out, or build the kernel with -DQEMU_MEMORY`,
    );
}

/** A machine that has been chosen and is known to be there. */
export class ChosenMachine {
    private constructor(
        private readonly options: MachineOptions,
        /** Null for the model on the Linux host. */
        readonly target: BoardTarget | null,
        readonly architecture: Architecture,
    ) {}

    /** Checks the options; what to beware of is said on stderr when `warn` is set. */
    static choose(options: MachineOptions, warn: boolean): ChosenMachine {
        if (options.board === undefined && options.kernel !== undefined)
            throw new Failure('--kernel: it goes with --board only; add for example --board pc99');
        if (options.machineMemory !== undefined) parseMachineMemory(options.machineMemory);
        if (options.board === undefined) return new ChosenMachine(options, null, 'x86_64');
        const board = readBoard(options.board);
        const target = openBoard(board, options.kernel, warn);
        findQemu(board);
        return new ChosenMachine(options, target, board.architecture);
    }

    /** The image platform that it runs. */
    get platform(): string {
        return imagePlatform(this.architecture);
    }

    /** Its memory in bytes. */
    get memory(): number {
        return this.mebibytes * MEBIBYTE;
    }

    private get mebibytes(): number {
        const { machineMemory } = this.options;
        if (this.target !== null) return boardMebibytes(this.target, machineMemory);
        return parseMachineMemory(machineMemory ?? DEFAULT_MACHINE_MEMORY) / MEBIBYTE;
    }

    /** The program that is the machine, with the boot image of the bundle's `parts` in `folder`. */
    async program(parts: Iterable<Buffer>, folder: string, progress: ProgressLine): Promise<MachineProgram> {
        const { target, mebibytes, options } = this;
        const bootImage = join(folder, 'boot.elf');
        if (target !== null) {
            const written = await writeTarget(target, parts, bootImage, options.aot === true, progress);
            return qemuMachine(target.board, target.kernel, written, mebibytes);
        }
        const runtime = options.aot
            ? await compiledLinuxRuntime(() => progress.show('compiling the modules'))
            : linuxRuntime();
        writeBootImage(runtime, parts, bootImage);
        return {
            name: 'it',
            command: linuxKernel(),
            arguments: ['--memory', String(mebibytes), bootImage],
            remedy: 'build the project with `npm run build`',
            switchesOff: true,
            boots: false,
        };
    }
}

/** Gives `work` a folder of its own, which is removed however this process ends, unless `work` gives it away by `keep`. */
export async function withTemporaryFolder<Result>(
    work: (folder: string, keep: () => void) => Promise<Result>,
): Promise<Result> {
    const folder = mkdtempSync(join(tmpdir(), 'sealift-'));
    let isKept = false;
    const remove = (): void => {
        if (!isKept) rmSync(folder, { recursive: true, force: true });
    };
    process.once('exit', remove);
    try {
        return await work(folder, () => (isKept = true));
    } finally {
        remove();
        process.off('exit', remove);
    }
}
