// SPDX-License-Identifier: Apache-2.0
//
// Sealift as a system that is measured: on the seL4 kernel that is configured for the board, or, where there is none, on
// platform/linux, which is then said aloud.

import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readBoard, type Board } from '../../cli/boards/board.js';
import { writeBoardImage } from '../../cli/boards/boardImage.js';
import { qemuMachine } from '../../cli/boards/qemu.js';
import { writeBootImage } from '../../cli/boot/bootImage.js';
import { bundleParts, type SystemBundle } from '../../cli/boot/bundle.js';
import { messageOf } from '../../cli/failure.js';
import { findKernel } from '../../cli/kernel/findKernel.js';
import type { KernelInstallation } from '../../cli/kernel/installation.js';
import { kernelRuntime } from '../../cli/kernel/kernelRuntime.js';
import { judgeKernel, requireSuitable } from '../../cli/kernel/suitability.js';
import { linuxKernel, linuxRuntime } from '../../cli/projectPaths.js';
import { root } from '../image.js';
import { withIdleSystem } from './idleSystem.js';
import {
    DoesNotFit,
    sumOf,
    type BootedFile,
    type ContainerSystem,
    type IdleImage,
    type Measurement,
} from './measurement.js';
import { sealiftOwners } from './sealiftAccount.js';
import { runUntilIdle } from './sealiftMachine.js';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const BOARD = 'pc99';

/** Memory limits of a container, little above what it needs. They are taken out of the machine's memory when it is made. */
const memoryLimits: Readonly<Record<IdleImage['name'], number>> = {
    busybox: 512 * KIBIBYTE,
    redis: 5 * MEBIBYTE,
};

/** The kernel gives a capability for each page of the boot image: large images take a large root CNode, or are packed. */
const areUnpacked: Readonly<Record<IdleImage['name'], boolean>> = { busybox: true, redis: false };

const folder = join(root, 'build', 'bench', 'memory', 'sealift');

/** The kernel, in the install folder `option` or where the configuration says; or why there is none to measure on. */
function findSel4(board: Board, option?: string): KernelInstallation | string {
    try {
        const kernel = findKernel(board, { environment: process.env, option });
        requireSuitable(board, kernel);
        return kernel;
    } catch (error) {
        return messageOf(error);
    }
}

interface Booted {
    /** QEMU's, or the model's, without the memory. */
    command: (mebibytes: number) => string[];
    files: BootedFile[];
}

export class SealiftSystem implements ContainerSystem {
    readonly name = 'sealift';
    readonly title: string;
    readonly step = 2;
    private readonly board = readBoard(BOARD);
    private readonly kernel = findSel4(this.board);
    /** For images that are packed, whose boot image is large. */
    private readonly kernelForLarge: KernelInstallation | string;
    /** What is booted, by image and number of containers: a boot image carries the system's description. */
    private readonly booted = new Map<string, Promise<Booted>>();

    /** `largeKernel` is the install folder of another kernel, for images with more pages than the first one's root CNode has slots for. */
    constructor(largeKernel?: string) {
        this.kernelForLarge = largeKernel === undefined ? this.kernel : findSel4(this.board, largeKernel);
        this.title = typeof this.kernel === 'string' ? 'Sealift on platform/linux, not seL4' : 'Sealift';
    }

    /** What has to be said before anything else, or null. */
    get warning(): string | null {
        const missing = [this.kernel, this.kernelForLarge].find((kernel) => typeof kernel === 'string');
        return missing === undefined
            ? null
            : `SEALIFT WAS NOT MEASURED ON seL4, but on platform/linux: ${missing}`;
    }

    conditions(): string[] {
        const limits = Object.entries(memoryLimits).map(
            ([image, limit]) => `${image} ${limit / KIBIBYTE} KiB`,
        );
        return [
            this.warning ?? `seL4, ${this.describeKernel(this.kernel)}`,
            ...(this.kernelForLarge === this.kernel
                ? []
                : [`for redis, whose boot image is larger, ${this.describeKernel(this.kernelForLarge)}`]),
            'layers of busybox unpacked in the boot image (--unpacked), as the Linux machines have theirs; those of redis packed, whose pages are more than a root CNode of 2^13 has slots for',
            `memory limits of a container: ${limits.join(', ')}, taken out of the machine's memory when it is made; what is free in them counts as free, and so does what only the layer store or the root task's heap can still use (rows "free, …")`,
        ];
    }

    private describeKernel(kernel: KernelInstallation | string): string {
        return typeof kernel === 'string' ? 'none' : judgeKernel(this.board, kernel).description;
    }

    private boot(image: IdleImage | null, count: number): Promise<Booted> {
        const key = `${image?.name ?? 'none'}-${count}`;
        let booted = this.booted.get(key);
        if (booted === undefined) {
            booted = this.describe(image, count, key);
            this.booted.set(key, booted);
        }
        return booted;
    }

    private describe(image: IdleImage | null, count: number, name: string): Promise<Booted> {
        const memory = image === null ? 0 : memoryLimits[image.name];
        const unpacked = image !== null && areUnpacked[image.name];
        return withIdleSystem(image, count, memory, unpacked, (system) =>
            this.write(system, name, image === null || unpacked ? this.kernel : this.kernelForLarge),
        );
    }

    /** Writes the boot image of a system. */
    private async write(
        system: SystemBundle,
        name: string,
        kernel: KernelInstallation | string,
    ): Promise<Booted> {
        mkdirSync(folder, { recursive: true });
        const output = join(folder, `${name}.elf`);
        const parts = bundleParts(system);
        const { board } = this;
        if (typeof kernel === 'string') {
            writeBootImage(linuxRuntime(), parts, output);
            return {
                command: (mebibytes) => [linuxKernel(), '--memory', String(mebibytes), output],
                files: [{ file: 'root task', bytes: lstatSync(output).size }],
            };
        }
        const runtime = await kernelRuntime(board, kernel, false, () => undefined);
        const written = writeBoardImage(board, kernel, runtime, parts, output);
        const files = [{ file: 'kernel', bytes: lstatSync(written.kernel).size }];
        if (written.module !== null) files.push({ file: 'root task', bytes: lstatSync(written.module).size });
        return {
            command: (mebibytes) => {
                const machine = qemuMachine(board, kernel, written, mebibytes);
                return [machine.command, ...machine.arguments];
            },
            files,
        };
    }

    async bootedFiles(image: IdleImage | null): Promise<BootedFile[]> {
        return (await this.boot(image, image === null ? 0 : 1)).files;
    }

    async measure(image: IdleImage | null, count: number, mebibytes: number): Promise<Measurement> {
        const { command } = await this.boot(image, count);
        const { account, firstBytes } = await runUntilIdle(command(mebibytes), image, count);
        if (account.containers.length !== count)
            throw new DoesNotFit(`of ${count} containers ${account.containers.length} are left`);
        const owners = sealiftOwners(account, mebibytes * MEBIBYTE);
        if (sumOf(owners) !== mebibytes * MEBIBYTE)
            throw new Error(`the account's owners have ${sumOf(owners)} bytes of ${mebibytes} MiB`);
        return { owners, firstBytes };
    }
}
