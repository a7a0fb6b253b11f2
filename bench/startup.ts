// SPDX-License-Identifier: Apache-2.0
//
// Figure 2: how long it takes until a container's first byte arrives, and what that time is spent on.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBootImage } from '../cli/boot/bootImage.js';
import { bundleParts, oneShotSystem } from '../cli/boot/bundle.js';
import { OpenImage } from '../cli/image/imageReader.js';
import { parseImageReference } from '../cli/image/reference.js';
import { linuxRuntime } from '../cli/projectPaths.js';
import { table } from '../cli/report/table.js';
import { sealiftRun } from './account.js';
import { median, spread } from './figures.js';
import { root, type BenchImage } from './image.js';
import { machineTimeline, type Timeline } from './machineTimeline.js';
import { runCommand } from './processes.js';

const COMMAND = ['/bin/sh', '-c', 'echo started'];
const MACHINE_MEBIBYTES = 512;
const CONTAINER_BYTES = 64 * 1024 * 1024;

/** Another way to run the same program in the same file tree. */
interface Comparison {
    name: string;
    command: string[];
}

/** A container of the root folder for runc: what `runc spec` writes, without a terminal. */
function runcBundle(image: BenchImage): string {
    const bundle = join(root, 'build', 'bench', 'runc');
    mkdirSync(bundle, { recursive: true });
    const settings = join(bundle, 'config.json');
    rmSync(settings, { force: true });
    execFileSync('runc', ['spec', '--bundle', bundle]);
    const config = JSON.parse(readFileSync(settings, 'utf8')) as {
        process: { terminal: boolean; args: string[] };
        root: { path: string };
    };
    config.process.terminal = false;
    config.process.args = COMMAND;
    config.root.path = image.rootFolder;
    writeFileSync(settings, JSON.stringify(config));
    return bundle;
}

/** What can be compared with here; `notes` says what cannot, and why. */
async function findComparisons(image: BenchImage, notes: string[]): Promise<Comparison[]> {
    const candidates: Comparison[] = [];
    if (process.getuid?.() === 0) {
        candidates.push({ name: 'chroot (no isolation)', command: ['chroot', image.rootFolder, ...COMMAND] });
        try {
            const bundle = runcBundle(image);
            const name = `sealift-bench-${process.pid}`;
            candidates.push({ name: 'runc run', command: ['runc', 'run', '--bundle', bundle, name] });
        } catch (error) {
            notes.push(`runc is not compared with: ${String(error)}`);
        }
    } else {
        notes.push('chroot and runc are not compared with: that takes root');
    }
    const usable: Comparison[] = [];
    for (const candidate of candidates) {
        try {
            await runCommand(candidate.command[0]!, candidate.command.slice(1));
            usable.push(candidate);
        } catch (error) {
            notes.push(`${candidate.name} is not compared with; it fails here: ${String(error).trim()}`);
        }
    }
    return usable;
}

/** What the CLI does before it starts a machine whose shell prints something, in this process: milliseconds, and the boot image at `path`. */
export async function makeBootImage(reference: string, tag: string, path: string): Promise<number> {
    rmSync(path, { force: true });
    const started = performance.now();
    const opened = await OpenImage.open(parseImageReference(reference));
    try {
        const request = {
            tag,
            platform: 'linux/amd64',
            statistics: false,
            container: {
                name: 'container',
                memory: CONTAINER_BYTES,
                nanoCpus: 0,
                entrypoint: null,
                command: COMMAND,
                environment: [],
                workingDirectory: null,
                user: null,
                readOnly: false,
                strace: false,
                hostname: 'container',
                interactive: true,
            },
        };
        writeBootImage(linuxRuntime(), bundleParts(await oneShotSystem(request, opened)), path);
    } finally {
        opened.close();
    }
    return performance.now() - started;
}

/** The text of the figure: medians over `rounds`, in each of which everything is measured once. */
export async function startupFigure(image: BenchImage, rounds: number): Promise<string> {
    const notes: string[] = [];
    const comparisons = await findComparisons(image, notes);
    const times = new Map<string, number[]>(comparisons.map(({ name }) => [name, []]));
    const own: number[] = [];
    const bundling: number[] = [];
    const lines: Timeline[] = [];
    const bootImage = join(root, 'build', 'bench', 'boot.elf');
    for (let round = 0; round < rounds; round++) {
        const [program, ...rest] = sealiftRun(image, [], COMMAND);
        own.push((await runCommand(program!, rest)).firstByte);
        bundling.push(await makeBootImage(image.reference, 'bench', bootImage));
        lines.push(await machineTimeline(bootImage, MACHINE_MEBIBYTES));
        for (const { name, command } of comparisons) {
            times.get(name)!.push((await runCommand(command[0]!, command.slice(1))).firstByte);
        }
    }
    const between = (from: keyof Timeline | null, to: keyof Timeline): number[] =>
        lines.map((line) => line[to] - (from === null ? 0 : line[from]));
    const cli = median(own) - median(between(null, 'firstByte'));
    const rows = [
        ['sealift run', spread(own, 1)],
        ['  node and the CLI, the boot image included', `${cli.toFixed(1)} (the whole less the next four)`],
        ['  boot: seL4 model, the manager runs', spread(between(null, 'hello'), 1)],
        ['  digests checked', spread(between('hello', 'unpack'), 1)],
        ['  layer unpacked, sentry made', spread(between('unpack', 'start'), 1)],
        ['  sentry and program started, first byte', spread(between('start', 'firstByte'), 1)],
        ['then: first byte to exit reported', spread(between('firstByte', 'exit'), 1)],
        ['then: memory taken back, machine off', spread(between('exit', 'off'), 1)],
        ...[...times].map(([name, values]) => [name, spread(values, 1)]),
    ];
    notes.unshift(
        `The image: one gzipped layer of ${(image.storedBytes / 1024).toFixed(0)} KiB, ${(image.unpackedBytes / 1024).toFixed(0)} KiB unpacked. Sealift reads, checks and ` +
            `unpacks it every time;\n  chroot and runc are given the unpacked folder.`,
        `Reading the image and writing the boot image (in this process, warm): ${spread(bundling, 1)} ms of the CLI's part.`,
    );
    return `${table(['START TO FIRST BYTE', 'MILLISECONDS'], rows)}${notes.map((note) => `  ${note}\n`).join('')}`;
}
