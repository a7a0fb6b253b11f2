// SPDX-License-Identifier: Apache-2.0
//
// `sealift run`: from an image and options to a boot image, a machine that runs it, and the container's exit code.

import { Command, Option } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBoard } from '../boards/board.js';
import { findQemu, qemuMachine } from '../boards/qemu.js';
import { writeBootImage } from '../boot/bootImage.js';
import { bundleParts, oneShotSystem } from '../boot/bundle.js';
import { Machine, type MachineOutcome, type MachineProgram } from '../control/machine.js';
import { Failure } from '../failure.js';
import { provideImage } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { compiledLinuxRuntime } from '../kernel/kernelRuntime.js';
import { machineMebibytes } from '../kernel/suitability.js';
import { linuxKernel, linuxRuntime } from '../projectPaths.js';
import { memoryTable } from '../report/memoryTable.js';
import { ProgressLine, progressText } from '../report/progressLine.js';
import { openBoard, writeTarget, type BoardTarget } from './boardTarget.js';
import { addContainerOptions, makeRequest, type ContainerCommandOptions } from './containerOptions.js';
import { parseMemorySize } from './memorySize.js';
import { PersonTerminal } from './personTerminal.js';
import { SignalForwarding } from './signalForwarding.js';

/** The machine's memory where --machine-memory is not given; pages that are not used cost the host nothing. */
const DEFAULT_MACHINE_MEMORY = '512m';

const MEBIBYTE = 1 << 20;

/** What the model of seL4's API accepts: the kernel's own objects need some, and its window has an end. */
const MIN_MACHINE_MEMORY = 4 * MEBIBYTE;
const MAX_MACHINE_MEMORY = 256 * 1024 * MEBIBYTE;

interface RunOptions extends ContainerCommandOptions {
    machineMemory?: string;
    quiet?: boolean;
    tty?: boolean;
    verbose?: boolean;
}

const examples = `
Examples:
  sealift run oci:build/images/demo:demo
  sealift run oci:build/images/demo:demo ls -l /
  sealift run -it oci:busybox sh
  echo hello | sealift run -i oci-archive:busybox.tar cat
  sealift run -e GREETING=hello -w /tmp --user 1000 oci:busybox sh -c 'echo $GREETING from $PWD'
  sealift run --memory 32m --strace docker-archive:busybox.tar true

  sealift run --aot oci:build/images/demo:demo
  SEL4_PREFIX=~/sel4 sealift run --board pc99 oci:build/images/demo:demo

Exit code: the container's own; 128+n when signal n ended it; 125 when Sealift failed; 126 when the command cannot be
executed; 127 when it is not found.
`;

/** Adds `run` to the program. */
export function addRunCommand(program: Command): void {
    addContainerOptions(
        program.command('run').description('Run a container from an image and leave with its exit code'),
    )
        .option(
            '--board <name>',
            "run on real seL4 under QEMU on this board instead of the Linux host's model",
        )
        .option('--kernel <folder>', "the seL4 kernel's install folder, for --board")
        .option('--stats', 'print who owned the memory, on stderr, when the container has ended')
        .addOption(new Option('--stats-json', 'print the same as one line of JSON').hideHelp())
        .option(
            '--machine-memory <size>',
            `the machine's memory (default: ${DEFAULT_MACHINE_MEMORY}, or what the kernel has built in)`,
        )
        .option('-q, --quiet', 'show no progress')
        .option('--verbose', "show the machine's own console text on stderr")
        .option('-i, --interactive', 'accepted: stdin is always passed to the container')
        .option('-t, --tty', "give the container a terminal, this one: as in 'run -it IMAGE sh'")
        .option('--rm', 'accepted: a container leaves nothing behind')
        .passThroughOptions()
        .addHelpText('after', examples)
        .action(async (image: string, command: string[], options: RunOptions) => {
            process.exitCode = await runContainer(image, command, options);
        });
}

/** The machine's memory in bytes, whole MiB. */
function parseMachineMemory(text: string): number {
    const bytes = Math.ceil(parseMemorySize(text, '--machine-memory') / MEBIBYTE) * MEBIBYTE;
    if (bytes < MIN_MACHINE_MEMORY || bytes > MAX_MACHINE_MEMORY) {
        throw new Failure(`--machine-memory ${text}: a machine has from 4m to 256g; give for example 512m`);
    }
    return bytes;
}

/** The machine of `platform/linux` for a bundle, with this runtime. */
function linuxMachine(
    runtime: string,
    parts: Iterable<Buffer>,
    options: RunOptions,
    folder: string,
): MachineProgram {
    const memory = parseMachineMemory(options.machineMemory ?? DEFAULT_MACHINE_MEMORY);
    const bootImage = join(folder, 'boot.elf');
    writeBootImage(runtime, parts, bootImage);
    return {
        name: 'it',
        command: linuxKernel(),
        arguments: ['--memory', String(memory / MEBIBYTE), bootImage],
        remedy: 'build the project with `npm run build`',
        switchesOff: true,
        boots: false,
    };
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

async function runContainer(image: string, command: readonly string[], options: RunOptions): Promise<number> {
    const reference = parseImageReference(image);
    if (options.board === undefined && options.kernel !== undefined)
        throw new Failure('--kernel: it goes with --board only; add for example --board pc99');
    const board = options.board === undefined ? null : readBoard(options.board);
    const terminal = options.tty ? PersonTerminal.open() : null;
    const architecture = board?.architecture ?? 'x86_64';
    const request = makeRequest(reference.tag, command, architecture, options, terminal?.size);
    if (options.machineMemory !== undefined) parseMachineMemory(options.machineMemory);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !options.quiet);
    const target = board && openBoard(board, options.kernel, options.quiet !== true);
    if (board) findQemu(board);
    const folder = mkdtempSync(join(tmpdir(), 'sealift-'));
    const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', removeFolder);
    try {
        progress.show('reading the image');
        const opened = await provideImage(reference, { ...options, platform: request.platform }, progress);
        let machine: MachineProgram;
        try {
            const parts = bundleParts(await oneShotSystem(request, opened));
            if (target === null) {
                const runtime = options.aot
                    ? await compiledLinuxRuntime(() => progress.show('compiling the modules'))
                    : linuxRuntime();
                machine = linuxMachine(runtime, parts, options, folder);
            } else {
                const mebibytes = boardMebibytes(target, options.machineMemory);
                const output = join(folder, 'boot.elf');
                const written = await writeTarget(target, parts, output, options.aot === true, progress);
                machine = qemuMachine(target.board, target.kernel, written, mebibytes);
            }
        } finally {
            opened.close();
        }
        progress.show('starting the machine');
        return await runMachine(machine, options, progress, terminal);
    } finally {
        progress.clear();
        removeFolder();
        process.off('exit', removeFolder);
    }
}

async function runMachine(
    program: MachineProgram,
    options: RunOptions,
    progress: ProgressLine,
    terminal: PersonTerminal | null,
): Promise<number> {
    let statistics: Record<string, unknown> | null = null;
    const toStderr = (bytes: Uint8Array | string): void => {
        progress.clear();
        process.stderr.write(bytes);
    };
    const machine: Machine = new Machine(program, process.stdin, {
        stdout: (bytes) => {
            progress.clear();
            if (process.stdout.destroyed || process.stdout.write(bytes)) return;
            machine.pause(true);
            process.stdout.once('drain', () => machine.pause(false));
        },
        stderr: toStderr,
        started: () => {
            progress.clear();
            terminal?.connect((size) => machine.terminalSize(size));
        },
        log: toStderr,
        progress: (message) => progress.show(progressText(message)),
        statistics: (message) => (statistics = message),
        text: (bytes) => {
            if (options.verbose) toStderr(bytes);
        },
    });
    const signals = new SignalForwarding(machine);
    const readerLeft = (): void => {
        machine.pause(false);
        signals.readerLeft();
    };
    process.stdout.on('error', readerLeft);
    let outcome: MachineOutcome;
    try {
        outcome = await machine.wait();
    } finally {
        signals.stop();
        terminal?.restore();
        process.stdout.off('error', readerLeft);
    }
    progress.clear();
    report(outcome, statistics, options);
    return outcome.exitCode;
}

/** What is said when the machine is off, all of it on stderr. */
function report(
    outcome: MachineOutcome,
    statistics: Record<string, unknown> | null,
    options: RunOptions,
): void {
    if (outcome.textExplains && outcome.text !== '' && !options.verbose) {
        process.stderr.write(outcome.text.endsWith('\n') ? outcome.text : `${outcome.text}\n`);
    }
    if (outcome.message !== '') process.stderr.write(`sealift: ${outcome.message}\n`);
    if (statistics === null) return;
    if (options.statsJson) process.stderr.write(`${JSON.stringify(statistics)}\n`);
    else if (options.stats) process.stderr.write(memoryTable(statistics));
}
