// SPDX-License-Identifier: Apache-2.0
//
// A Linux machine of QEMU that runs containers: Debian's kernel and a RAM disk, on the machine and processor that also run
// seL4.

import { spawn } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { readBoard, type Board } from '../../cli/boards/board.js';
import { findQemu } from '../../cli/boards/qemu.js';
import { debianKernel } from '../linuxGuest.js';
import type { Engine } from './engines.js';
import { linuxOwners, reportParts } from './linuxAccount.js';
import { makeLinuxRamdisk, REPORTED, STARTED, type LinuxRamdisk } from './linuxRamdisk.js';
import {
    DoesNotFit,
    FellSilent,
    type BootedFile,
    type ContainerSystem,
    type IdleImage,
    type Measurement,
} from './measurement.js';

const MEBIBYTE = 1 << 20;

/** A machine that has said nothing new for this long hangs: the longest silence is the decompression of a RAM disk. */
const SILENCE_MILLISECONDS = 180_000;

/**
 * The RAM disk in ramfs, because a tmpfs would be limited to half of the memory. No isolation of page tables, for which each
 * process has two. No huge pages, which make processes larger. Lockdown keeps the kernel from making the files of tracefs, which
 * take 9 MiB. Running out of memory ends the machine. Only a panic is printed: anything else could stand in the middle of what a
 * container prints.
 */
const PARAMETERS = [
    'console=ttyS0 loglevel=1 rdinit=/init rootfstype=ramfs mitigations=off nokaslr transparent_hugepage=never',
    'lockdown=confidentiality panic=-1 sysctl.vm.panic_on_oom=1',
].join(' ');

/** How often `text` has `part`. */
function occurrences(text: string, part: string): number {
    return text.split(part).length - 1;
}

interface Dialogue {
    text: string;
    firstBytes: number[];
}

/** Runs QEMU until the guest has reported; asks for the report when every container is idle. */
function converse(command: readonly string[], image: IdleImage | null, count: number): Promise<Dialogue> {
    return new Promise((resolve, reject) => {
        const started = performance.now();
        const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
        let text = '';
        let asked = false;
        let silent = false;
        const firstBytes: number[] = [];
        const onSilence = (): void => {
            silent = true;
            child.kill('SIGKILL');
        };
        let timer = setTimeout(onSilence, SILENCE_MILLISECONDS);
        const hear = (bytes: Buffer): void => {
            text += bytes.toString('latin1');
            clearTimeout(timer);
            timer = setTimeout(onSilence, SILENCE_MILLISECONDS);
            const printed = image === null ? 0 : occurrences(text, image.firstText);
            while (firstBytes.length < Math.min(count, printed)) firstBytes.push(performance.now() - started);
            if (asked || !text.includes(STARTED)) return;
            if (image !== null && occurrences(text, image.idleText) < count) return;
            asked = true;
            child.stdin.write('report\n');
        };
        child.stdout.on('data', hear);
        child.stderr.on('data', hear);
        child.stdin.on('error', () => undefined);
        child.on('error', reject);
        child.on('close', () => {
            clearTimeout(timer);
            if (text.includes(REPORTED)) return resolve({ text, firstBytes });
            const end = text.trimEnd().split('\n').slice(-8).join('\n');
            if (silent) reject(new FellSilent(`the machine hangs after:\n${end}`));
            else reject(new DoesNotFit(`the machine ended with:\n${end}`));
        });
    });
}

export class LinuxVm implements ContainerSystem {
    readonly name: string;
    readonly title: string;
    readonly step: number;
    private readonly board: Board = readBoard('pc99');
    private readonly kernel = debianKernel('amd64');
    private readonly ramdisks = new Map<string, LinuxRamdisk>();

    constructor(private readonly engine: Engine) {
        ({ name: this.name, title: this.title, step: this.step } = engine);
    }

    private ramdisk(image: IdleImage | null): LinuxRamdisk {
        const name = image?.name ?? 'none';
        let ramdisk = this.ramdisks.get(name);
        if (ramdisk === undefined) {
            ramdisk = makeLinuxRamdisk(this.engine, image, this.kernel.modules);
            this.ramdisks.set(name, ramdisk);
        }
        return ramdisk;
    }

    conditions(): string[] {
        const versions = [...this.ramdisks.values()][0]?.versions ?? [];
        return [
            `Debian's kernel ${this.kernel.version}, ${versions.join(', ')}`,
            `kernel command line: ${PARAMETERS}`,
            ...this.engine.notes,
        ];
    }

    bootedFiles(image: IdleImage | null): Promise<BootedFile[]> {
        const { bytes } = this.ramdisk(image);
        return Promise.resolve([
            { file: 'kernel', bytes: lstatSync(this.kernel.kernel).size },
            { file: 'RAM disk', bytes },
        ]);
    }

    async measure(image: IdleImage | null, count: number, mebibytes: number): Promise<Measurement> {
        const ramdisk = this.ramdisk(image);
        const { text, firstBytes } = await converse(
            [
                findQemu(this.board),
                ...this.board.qemu.arguments,
                ...['-m', `${mebibytes}M`, ...this.board.qemu.console, '-net', 'none', '-no-reboot'],
                ...['-kernel', this.kernel.kernel, '-initrd', ramdisk.path],
                ...['-append', `${PARAMETERS} IMAGE=${image?.name ?? 'none'} COUNT=${count}`],
            ],
            image,
            count,
        );
        const parts = reportParts(text);
        const running = Number(parts.get('running'));
        if (running !== count) throw new DoesNotFit(`of ${count} containers ${running} are left`);
        const setting = { machineMemory: mebibytes * MEBIBYTE, imageBytes: ramdisk.imageBytes };
        return { owners: linuxOwners(parts, setting), firstBytes };
    }
}
