// SPDX-License-Identifier: Apache-2.0
//
// `sealift run`: from an image and options to a boot image, a machine that runs it, and the container's exit code.

import { Argument, Command, Option } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBootImage } from '../boot/bootImage.js';
import { bundleParts, type RunRequest } from '../boot/bundle.js';
import { Machine, type MachineOutcome } from '../control/machine.js';
import { Failure } from '../failure.js';
import { OpenImage } from '../image/imageReader.js';
import { parseImageReference } from '../image/reference.js';
import { linuxKernel, linuxRuntime } from '../projectPaths.js';
import { memoryTable } from '../report/memoryTable.js';
import { ProgressLine, progressText } from '../report/progressLine.js';
import { collectEnvironment } from './environment.js';
import { parseMemorySize } from './memorySize.js';
import { parsePlatform } from './platform.js';
import { SignalForwarding } from './signalForwarding.js';

/** A container's memory where --memory is not given. */
const DEFAULT_MEMORY = '64m';

/** The machine's memory where --machine-memory is not given; pages that are not used cost the host nothing. */
const DEFAULT_MACHINE_MEMORY = '512m';

const MEBIBYTE = 1 << 20;

/** What the model of seL4's API accepts: the kernel's own objects need some, and its window has an end. */
const MIN_MACHINE_MEMORY = 4 * MEBIBYTE;
const MAX_MACHINE_MEMORY = 256 * 1024 * MEBIBYTE;

/** The longest host name that Linux accepts (HOST_NAME_MAX). */
const MAX_HOSTNAME = 64;

interface RunOptions {
    memory: string;
    machineMemory: string;
    env?: string[];
    envFile?: string[];
    workdir?: string;
    user?: string;
    entrypoint?: string;
    readOnly?: boolean;
    strace?: boolean;
    platform: string;
    quiet?: boolean;
    name: string;
    hostname?: string;
    stats?: boolean;
    statsJson?: boolean;
    verbose?: boolean;
}

function appendValue(value: string, previous: string[] = []): string[] {
    return [...previous, value];
}

const examples = `
Examples:
  sealift run oci:build/images/demo:demo
  sealift run oci:build/images/demo:demo ls -l /
  echo hello | sealift run -i oci-archive:busybox.tar cat
  sealift run -e GREETING=hello -w /tmp --user 1000 oci:busybox sh -c 'echo $GREETING from $PWD'
  sealift run --memory 32m --strace docker-archive:busybox.tar true

Exit code: the container's own; 128+n when signal n ended it; 125 when Sealift failed; 126 when the command cannot be
executed; 127 when it is not found.
`;

/** Adds `run` to the program. */
export function addRunCommand(program: Command): void {
    program
        .command('run')
        .description('Run a container from an image and leave with its exit code')
        .addArgument(
            new Argument(
                '<image>',
                'oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]',
            ),
        )
        .addArgument(new Argument('[command...]', "the command to run instead of the image's"))
        .option('--memory <size>', "the container's memory limit: a number and b, k, m or g", DEFAULT_MEMORY)
        .option(
            '-e, --env <variable>',
            'set an environment variable: NAME=VALUE, or NAME for your own value',
            appendValue,
        )
        .option('--env-file <file>', 'read environment variables from a file, one a line', appendValue)
        .option('-w, --workdir <folder>', 'the working directory inside the container')
        .option('-u, --user <user>', 'the user (and group) to run as: NAME or UID, with :GROUP or :GID')
        .option('--entrypoint <command>', 'replace the image\'s entrypoint; "" for none')
        .option('--read-only', "make the container's root file system read-only")
        .option('--platform <os/architecture>', 'which platform of the image to run', 'linux/amd64')
        .option('--name <name>', "the container's name in messages", 'container')
        .option('--hostname <name>', "the container's host name")
        .option('--strace', "print the container's system calls on stderr as strace does", false)
        .option('--stats', 'print who owned the memory, on stderr, when the container has ended')
        .addOption(new Option('--stats-json', 'print the same as one line of JSON').hideHelp())
        .option('--machine-memory <size>', "the machine's memory", DEFAULT_MACHINE_MEMORY)
        .option('-q, --quiet', 'show no progress')
        .option('--verbose', "show the machine's own console text on stderr")
        .option('-i, --interactive', 'accepted: stdin is always passed to the container')
        .option('--rm', 'accepted: a container leaves nothing behind')
        .passThroughOptions()
        .addHelpText('after', examples)
        .action(async (image: string, command: string[], options: RunOptions) => {
            process.exitCode = await runContainer(image, command, options);
        });
}

/** The request for the manager: what the person asked for, checked. */
function makeRequest(tag: string, command: readonly string[], options: RunOptions): RunRequest {
    const hostname = options.hostname ?? options.name;
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(hostname) || hostname.length > MAX_HOSTNAME) {
        throw new Failure(
            `--hostname ${hostname}: not a host name; use at most ${MAX_HOSTNAME} letters, digits, '-', '_' and '.'`,
        );
    }
    if (options.workdir !== undefined && !options.workdir.startsWith('/')) {
        throw new Failure(`--workdir ${options.workdir}: not an absolute path; begin it with /`);
    }
    const entrypoint =
        options.entrypoint === undefined ? null : options.entrypoint === '' ? [] : [options.entrypoint];
    return {
        tag,
        platform: parsePlatform(options.platform),
        statistics: options.stats === true || options.statsJson === true,
        container: {
            name: options.name,
            memory: parseMemorySize(options.memory, '--memory'),
            entrypoint,
            command: command.length > 0 ? [...command] : null,
            environment: collectEnvironment(options.envFile ?? [], options.env ?? [], process.env),
            workingDirectory: options.workdir ?? null,
            user: options.user ?? null,
            readOnly: options.readOnly === true,
            strace: options.strace === true,
            hostname,
            interactive: true,
        },
    };
}

/** The machine's memory in bytes, whole MiB. */
function parseMachineMemory(text: string): number {
    const bytes = Math.ceil(parseMemorySize(text, '--machine-memory') / MEBIBYTE) * MEBIBYTE;
    if (bytes < MIN_MACHINE_MEMORY || bytes > MAX_MACHINE_MEMORY) {
        throw new Failure(`--machine-memory ${text}: a machine has from 4m to 256g; give for example 512m`);
    }
    return bytes;
}

async function runContainer(image: string, command: readonly string[], options: RunOptions): Promise<number> {
    const reference = parseImageReference(image);
    const request = makeRequest(reference.tag, command, options);
    const machineMemory = parseMachineMemory(options.machineMemory);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !options.quiet);
    const folder = mkdtempSync(join(tmpdir(), 'sealift-'));
    const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', removeFolder);
    try {
        const bootImage = join(folder, 'boot.elf');
        progress.show('reading the image');
        const opened = await OpenImage.open(reference);
        try {
            const files = await opened.bundleFiles(request.platform);
            writeBootImage(linuxRuntime(), bundleParts(request, opened.files, files), bootImage);
        } finally {
            opened.close();
        }
        progress.show('starting the machine');
        return await runMachine(bootImage, machineMemory, options, progress);
    } finally {
        progress.clear();
        removeFolder();
        process.off('exit', removeFolder);
    }
}

async function runMachine(
    bootImage: string,
    machineMemory: number,
    options: RunOptions,
    progress: ProgressLine,
): Promise<number> {
    let statistics: Record<string, unknown> | null = null;
    const toStderr = (bytes: Uint8Array | string): void => {
        progress.clear();
        process.stderr.write(bytes);
    };
    const machine: Machine = new Machine(
        linuxKernel(),
        ['--memory', String(Math.max(1, (machineMemory / 1024 / 1024) | 0)), bootImage],
        process.stdin,
        {
            stdout: (bytes) => {
                progress.clear();
                if (process.stdout.destroyed || process.stdout.write(bytes)) return;
                machine.pause(true);
                process.stdout.once('drain', () => machine.pause(false));
            },
            stderr: toStderr,
            log: toStderr,
            progress: (message) => progress.show(progressText(message)),
            statistics: (message) => (statistics = message),
            text: (bytes) => {
                if (options.verbose) toStderr(bytes);
            },
        },
    );
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
