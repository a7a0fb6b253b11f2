// SPDX-License-Identifier: Apache-2.0
//
// `sealift run`: from an image and options to a boot image, a machine that runs it, and the container's exit code.

import { Command, Option } from 'commander';
import { bundleParts, oneShotSystem, withUnpackedLayers } from '../boot/bundle.js';
import { Machine } from '../control/machine.js';
import type { MachineOutcome, MachineProgram } from '../control/machineProcess.js';
import { provideImage } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { memoryTable } from '../report/memoryTable.js';
import { ProgressLine, progressText } from '../report/progressLine.js';
import { addContainerOptions, makeRequest, type ContainerCommandOptions } from './containerOptions.js';
import {
    addMachineOptions,
    ChosenMachine,
    withTemporaryFolder,
    type MachineOptions,
} from './machineOptions.js';
import { PersonTerminal } from './personTerminal.js';
import { SignalForwarding } from './signalForwarding.js';

interface RunOptions extends ContainerCommandOptions, MachineOptions {
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
    const run = program
        .command('run')
        .description('Run a container from an image and leave with its exit code');
    addMachineOptions(addContainerOptions(run))
        .option('--stats', 'print who owned the memory, on stderr, when the container has ended')
        .addOption(new Option('--stats-json', 'print the same as one line of JSON').hideHelp())
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

async function runContainer(image: string, command: readonly string[], options: RunOptions): Promise<number> {
    const reference = parseImageReference(image);
    const chosen = ChosenMachine.choose(options, options.quiet !== true);
    const terminal = options.tty ? PersonTerminal.open() : null;
    const request = makeRequest(reference.tag, command, chosen.architecture, options, terminal?.size);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !options.quiet);
    return withTemporaryFolder(async (folder) => {
        try {
            progress.show('reading the image');
            const opened = await provideImage(
                reference,
                { ...options, platform: request.platform },
                progress,
            );
            let machine: MachineProgram;
            try {
                machine = await withUnpackedLayers(
                    await oneShotSystem(request, opened),
                    [opened],
                    options.unpacked === true,
                    (bundle) => chosen.program(bundleParts(bundle), folder, progress),
                );
            } finally {
                opened.close();
            }
            progress.show('starting the machine');
            return await runMachine(machine, options, progress, terminal);
        } finally {
            progress.clear();
        }
    });
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
