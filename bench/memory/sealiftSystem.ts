// SPDX-License-Identifier: Apache-2.0
//
// Sealift as a system that is measured: on the seL4 kernel that is configured for the board, or, where there is none, on
// platform/linux, which is then said aloud.

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readBoard } from '../../cli/boards/board.js';
import { findQemu } from '../../cli/boards/qemu.js';
import { messageOf } from '../../cli/failure.js';
import { findKernel } from '../../cli/kernel/findKernel.js';
import { judgeKernel, requireSuitable } from '../../cli/kernel/suitability.js';
import type { Account } from '../account.js';
import { root } from '../image.js';
import {
    DoesNotFit,
    type BootedFile,
    type ContainerSystem,
    type IdleImage,
    type Measurement,
} from './measurement.js';
import { sealiftOwners, withoutContainer } from './sealiftAccount.js';

const MEBIBYTE = 1 << 20;
const BOARD = 'pc99';

/** A run that takes longer hangs. */
const TIMEOUT_MILLISECONDS = 180_000;

/** Container's memory limits: the least power of two that suffices. It is taken out of the machine's memory at once. */
const memoryLimits: Readonly<Record<IdleImage['name'], string>> = { busybox: '1m', redis: '8m' };

const folder = join(root, 'build', 'bench', 'memory', 'sealift');

/** Why there is no seL4 kernel to measure on, or what the kernel is. */
function findSel4(): { description: string } | { absent: string } {
    try {
        const board = readBoard(BOARD);
        const kernel = findKernel(board, { environment: process.env });
        requireSuitable(board, kernel);
        return { description: judgeKernel(board, kernel).description };
    } catch (error) {
        return { absent: messageOf(error) };
    }
}

/** What the shim noted: when QEMU was started (milliseconds since the epoch), and the sizes of the files that it was given. */
interface PowerOn {
    time: number;
    files: BootedFile[];
}

/** A program in front of QEMU in PATH that notes when it is started and with which files. */
function writeShim(qemu: string, note: string): string {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const shim = join(bin, readBoard(BOARD).qemu.command);
    writeFileSync(
        shim,
        `#!/bin/sh
{
    date +%s%3N
    previous=
    for word; do
        case $previous in -kernel | -initrd) echo "$previous $(stat -c %s "$word")" ;; esac
        previous=$word
    done
} >'${note}'
exec '${qemu}' "$@"
`,
    );
    chmodSync(shim, 0o755);
    return bin;
}

const fileNames: Readonly<Record<string, string>> = {
    '-kernel': 'kernel',
    '-initrd': 'root task with the image',
};

function readPowerOn(note: string): PowerOn {
    const [time, ...files] = readFileSync(note, 'utf8').trim().split('\n');
    return {
        time: Number(time),
        files: files.map((line) => {
            const [option, bytes] = line.split(' ');
            return { file: fileNames[option!]!, bytes: Number(bytes) };
        }),
    };
}

interface RunResult {
    stdout: string;
    stderr: string;
    status: number | null;
    /** Milliseconds since the epoch. */
    started: number;
    firstText: number;
}

/** Runs the command until its stdout has `idle`; then a line of input ends it. */
function runUntilIdle(command: readonly string[], image: IdleImage, path: string): Promise<RunResult> {
    return new Promise((resolve, reject) => {
        const result: RunResult = {
            stdout: '',
            stderr: '',
            status: null,
            started: Date.now(),
            firstText: NaN,
        };
        const child = spawn(command[0]!, command.slice(1), {
            stdio: ['pipe', 'pipe', 'pipe'],
            env: { ...process.env, PATH: path },
            timeout: TIMEOUT_MILLISECONDS,
        });
        let asked = false;
        child.stdout.on('data', (bytes: Buffer) => {
            result.stdout += bytes.toString('utf8');
            if (Number.isNaN(result.firstText) && result.stdout.includes(image.firstText))
                result.firstText = Date.now();
            if (asked || !result.stdout.includes(image.idleText)) return;
            asked = true;
            child.stdin.end('\n');
        });
        child.stderr.on('data', (bytes: Buffer) => (result.stderr += bytes.toString('utf8')));
        child.stdin.on('error', () => undefined);
        child.on('error', reject);
        child.on('close', (status) => resolve({ ...result, status }));
    });
}

function quoted(words: readonly string[]): string {
    return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

export class SealiftSystem implements ContainerSystem {
    readonly name = 'sealift';
    readonly title: string;
    readonly step = 2;
    /** `sealift run` runs one. */
    readonly mostContainers = 1;
    private readonly sel4 = findSel4();
    private readonly onSel4 = 'description' in this.sel4;
    private readonly note = join(folder, 'power-on');
    private readonly path: string;
    private readonly booted = new Map<string, BootedFile[]>();

    /** `emptyImage` is the image of the run from which the account without a container is made. */
    constructor(private readonly emptyImage: IdleImage) {
        this.title = this.onSel4 ? 'Sealift' : 'Sealift on platform/linux, not seL4';
        mkdirSync(folder, { recursive: true });
        const own = process.env.PATH ?? '';
        const shim = (): string => writeShim(findQemu(readBoard(BOARD)), this.note);
        this.path = this.onSel4 ? `${shim()}${delimiter}${own}` : own;
    }

    /** What has to be said before anything else, or null. */
    get warning(): string | null {
        if ('description' in this.sel4) return null;
        return `SEALIFT IS NOT MEASURED ON seL4, but on platform/linux: ${this.sel4.absent}`;
    }

    conditions(): string[] {
        const limits = Object.entries(memoryLimits).map(([image, limit]) => `${image} ${limit}`);
        return [
            'description' in this.sel4 ? this.sel4.description : this.warning!,
            `memory limits of containers: ${limits.join(', ')}, taken out of the machine's memory at once; what is free in them counts as free`,
            "a shell starts the command and waits, so that the account can be asked for: it counts as the container's",
            'no container: the account of one container less the container and the image',
        ];
    }

    async bootedFiles(image: IdleImage | null): Promise<BootedFile[]> {
        if (!this.onSel4) return [];
        const shown = image ?? this.emptyImage;
        if (!this.booted.has(shown.name)) await this.measure(shown, 1, 512);
        const files = this.booted.get(shown.name)!;
        if (image !== null) return files;
        return files.map(({ file, bytes }) =>
            file === 'kernel' ? { file, bytes } : { file: 'root task', bytes: bytes - shown.storedBytes },
        );
    }

    async measure(image: IdleImage | null, _count: number, mebibytes: number): Promise<Measurement> {
        const shown = image ?? this.emptyImage;
        rmSync(this.note, { force: true });
        const result = await runUntilIdle(
            [
                ...[process.execPath, join(root, 'cli', 'sealift.mjs'), 'run', '--quiet', '--stats-json'],
                ...['--machine-memory', `${mebibytes}m`, '--memory', memoryLimits[shown.name]],
                ...(this.onSel4 ? ['--board', BOARD] : []),
                `oci:${shown.layoutFolder}:${shown.tag}`,
                ...['/bin/sh', '-c', `${quoted(shown.command)} & read line; exit 0`],
            ],
            shown,
            this.path,
        );
        const line = result.stderr.split('\n').find((text) => text.startsWith('{"machineMemory"'));
        if (result.status !== 0 || line === undefined || !result.stdout.includes(shown.idleText))
            throw new DoesNotFit(`sealift run ended with ${result.status}: ${result.stderr.slice(-500)}`);
        const powerOn = existsSync(this.note) ? readPowerOn(this.note) : { time: result.started, files: [] };
        this.booted.set(shown.name, powerOn.files);
        const owners = sealiftOwners(JSON.parse(line) as Account, mebibytes * MEBIBYTE);
        return image === null
            ? { owners: withoutContainer(owners), firstBytes: [] }
            : { owners, firstBytes: [result.firstText - powerOn.time] };
    }
}
