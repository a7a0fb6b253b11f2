// SPDX-License-Identifier: Apache-2.0
//
// Linux as a guest of the QEMU machine that also runs seL4: the same program, the same processor model, and nothing else in
// the guest. The kernel is Debian's, or a file.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Board } from '../cli/boards/board.js';
import { findQemu } from '../cli/boards/qemu.js';
import { Failure } from '../cli/failure.js';
import type { ImageArchitecture } from '../tests/e2e/shellImage.js';
import { debianPackageFiles, type DebianArchitecture } from '../tests/images/debianPackage.js';
import type { BenchImage } from './image.js';
import { root } from './image.js';
import { initialRamdisk } from './initialRamdisk.js';
import { runCommand } from './processes.js';

/** Whose packages this release of Debian has. */
const debianArchitectures: Readonly<Record<ImageArchitecture, DebianArchitecture | null>> = {
    amd64: 'amd64',
    arm64: 'arm64',
    riscv64: null,
};

/** Linux's names of the serial lines that boards have. */
const consoles: Readonly<Record<string, string>> = { pc: 'ttyS0', ns16550: 'ttyS0', pl011: 'ttyAMA0' };

const EXECUTABLE = 0o100755;
const GUEST_MEMORY = '512M';
/** What the guest's first program says first. */
const STARTED = 'first-program-started';

export interface LinuxGuest {
    kernel: string;
    ramdisk: string;
    /** "6.1.0-56-cloud-amd64" */
    version: string;
    console: string;
}

/** One operation of roundTrips, and how often. */
export interface GuestOperation {
    name: string;
    repetitions: number;
}

export interface DebianKernel {
    kernel: string;
    /** "6.1.0-56-cloud-amd64" */
    version: string;
    /** The folder with its modules. */
    modules: string;
}

/** Debian's kernel for virtual machines, by the name that always means the present one. */
export function debianKernel(architecture: DebianArchitecture): DebianKernel {
    const wanted = `linux-image-cloud-${architecture}`;
    const cache = join(root, 'build', 'apt-binary');
    debianPackageFiles(wanted, architecture, cache);
    const archive = readdirSync(join(cache, 'packages')).find((name) => name.startsWith(`${wanted}_`))!;
    const field = execFileSync('dpkg-deb', ['--field', join(cache, 'packages', archive), 'Depends'], {
        encoding: 'utf8',
    });
    const name = field.split(/[ ,]/)[0]!.trim();
    const files = debianPackageFiles(name, architecture, cache);
    const boot = join(files, 'boot');
    const kernel = readdirSync(boot).find((file) => file.startsWith('vmlinuz-'));
    if (kernel === undefined) throw new Error(`package ${name} has no boot/vmlinuz-*`);
    const version = kernel.slice('vmlinuz-'.length);
    return { kernel: join(boot, kernel), version, modules: join(files, 'lib/modules', version) };
}

/** Lines of a shell script that print a figure for each operation, for `readFigures`. */
export function operationScript(operations: readonly GuestOperation[]): string[] {
    return operations.map(
        ({ name, repetitions }) => `echo "figure ${name} $(/bin/roundTrips ${name} ${repetitions})"`,
    );
}

/** Nanoseconds of all repetitions by operation, from what the script printed. */
export function readFigures(text: string): Map<string, number> {
    const found = [...text.matchAll(/figure (\w+) (\d+)/g)];
    return new Map(found.map(([, name, nanoseconds]) => [name!, Number(nanoseconds)]));
}

/**
 * The kernel, and a RAM disk of the image's files that runs `operations` and switches off. `kernelFile` is another kernel
 * than Debian's. Without either, the sentence that says why there is no guest.
 */
export function makeLinuxGuest(
    board: Board,
    architecture: ImageArchitecture,
    image: BenchImage,
    operations: readonly GuestOperation[],
    kernelFile: string | undefined,
): LinuxGuest | string {
    const console = consoles[board.uart.kind];
    if (console === undefined)
        return `board ${board.name} is no machine of Debian's kernel for virtual machines`;
    const debian = debianArchitectures[architecture];
    if (kernelFile === undefined && debian === null)
        return `this release of Debian has no kernel for ${architecture}; give one with --linux-kernel=FILE`;
    if (kernelFile !== undefined && !existsSync(kernelFile))
        throw new Failure(
            `--linux-kernel=${kernelFile}: there is no such file; give a kernel that QEMU can load`,
        );
    const init = [
        '#!/bin/sh',
        `echo ${STARTED}`,
        ...operationScript(operations),
        '/bin/busybox poweroff -f',
        '',
    ].join('\n');
    const folder = join(root, 'build', 'bench', architecture);
    mkdirSync(folder, { recursive: true });
    const ramdisk = join(folder, 'guest.cpio');
    writeFileSync(
        ramdisk,
        initialRamdisk(image.rootFolder, [{ name: 'init', mode: EXECUTABLE, content: init }]),
    );
    const kernel =
        kernelFile === undefined
            ? debianKernel(debian!)
            : { kernel: kernelFile, version: basename(kernelFile) };
    return { ...kernel, ramdisk, console };
}

/** Runs the guest once; nanoseconds of all repetitions by operation, and milliseconds to its first program's first byte. */
export async function runLinuxGuest(
    board: Board,
    guest: LinuxGuest,
    parameters: string,
): Promise<{ figures: Map<string, number>; firstByte: number }> {
    const { stdout, firstByte } = await runCommand(
        findQemu(board),
        [
            ...board.qemu.arguments,
            ...['-m', GUEST_MEMORY, ...board.qemu.console, '-net', 'none', '-no-reboot'],
            ...['-kernel', guest.kernel, '-initrd', guest.ramdisk],
            ...['-append', `console=${guest.console} quiet rdinit=/init panic=-1 ${parameters}`],
        ],
        {},
        STARTED,
    );
    const figures = readFigures(stdout);
    if (figures.size === 0) throw new Error(`the Linux guest printed no figures, but:\n${stdout}`);
    return { figures, firstByte };
}
