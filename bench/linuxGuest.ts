// SPDX-License-Identifier: Apache-2.0
//
// Debian's kernel as a guest of the QEMU machine that also runs seL4: the same program, the same processor model, and
// nothing else in the guest.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Board } from '../cli/boards/board.js';
import { findQemu } from '../cli/boards/qemu.js';
import { debianPackageFiles } from '../tests/images/debianPackage.js';
import type { BenchImage } from './image.js';
import { root } from './image.js';
import { initialRamdisk } from './initialRamdisk.js';
import { runCommand } from './processes.js';

/** Debian's kernel for virtual machines, by the name that always means the present one. */
const PACKAGE = 'linux-image-cloud-amd64';
const EXECUTABLE = 0o100755;
const GUEST_MEMORY = '512M';

export interface LinuxGuest {
    kernel: string;
    ramdisk: string;
    /** "6.1.0-56-cloud-amd64" */
    version: string;
}

/** One operation of roundTrips, and how often. */
export interface GuestOperation {
    name: string;
    repetitions: number;
}

function kernelFile(): { kernel: string; version: string } {
    const cache = join(root, 'build', 'apt-binary');
    debianPackageFiles(PACKAGE, 'amd64', cache);
    const archive = readdirSync(join(cache, 'packages')).find((name) => name.startsWith(`${PACKAGE}_`))!;
    const field = execFileSync('dpkg-deb', ['--field', join(cache, 'packages', archive), 'Depends'], {
        encoding: 'utf8',
    });
    const name = field.split(/[ ,]/)[0]!.trim();
    const boot = join(debianPackageFiles(name, 'amd64', cache), 'boot');
    const kernel = readdirSync(boot).find((file) => file.startsWith('vmlinuz-'));
    if (kernel === undefined) throw new Error(`package ${name} has no boot/vmlinuz-*`);
    return { kernel: join(boot, kernel), version: kernel.slice('vmlinuz-'.length) };
}

/** The kernel, and a RAM disk of the image's files that runs `operations` and switches off. */
export function makeLinuxGuest(image: BenchImage, operations: readonly GuestOperation[]): LinuxGuest {
    const lines = operations.map(
        ({ name, repetitions }) => `echo "figure ${name} $(/bin/roundTrips ${name} ${repetitions})"`,
    );
    const init = ['#!/bin/sh', ...lines, '/bin/busybox poweroff -f', ''].join('\n');
    const folder = join(root, 'build', 'bench');
    mkdirSync(folder, { recursive: true });
    const ramdisk = join(folder, 'guest.cpio');
    writeFileSync(
        ramdisk,
        initialRamdisk(image.rootFolder, [{ name: 'init', mode: EXECUTABLE, content: init }]),
    );
    return { ...kernelFile(), ramdisk };
}

/** Runs the guest once; nanoseconds of all repetitions by operation. */
export async function runLinuxGuest(
    board: Board,
    guest: LinuxGuest,
    parameters: string,
): Promise<Map<string, number>> {
    const { stdout } = await runCommand(findQemu(board), [
        ...board.qemu.arguments,
        ...['-m', GUEST_MEMORY, ...board.qemu.console, '-net', 'none', '-no-reboot'],
        ...['-kernel', guest.kernel, '-initrd', guest.ramdisk],
        ...['-append', `console=ttyS0 quiet rdinit=/init panic=-1 ${parameters}`],
    ]);
    const figures = new Map<string, number>();
    for (const [, name, nanoseconds] of stdout.matchAll(/figure (\w+) (\d+)/g)) {
        figures.set(name!, Number(nanoseconds));
    }
    if (figures.size === 0) throw new Error(`the Linux guest printed no figures, but:\n${stdout}`);
    return figures;
}
