// SPDX-License-Identifier: Apache-2.0
//
// The QEMU command line of a board.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { MachineProgram } from '../control/machineProcess.js';
import { Failure } from '../failure.js';
import type { KernelInstallation } from '../kernel/installation.js';
import { isHypervisorKernel } from '../kernel/suitability.js';
import type { Board } from './board.js';
import type { BoardImage } from './boardImage.js';

/** Where a program is in PATH, or null. */
export function findProgram(name: string, environment: NodeJS.ProcessEnv = process.env): string | null {
    for (const folder of (environment.PATH ?? '').split(delimiter)) {
        if (folder === '') continue;
        try {
            accessSync(join(folder, name), constants.X_OK);
            return join(folder, name);
        } catch {
            // Not in this one.
        }
    }
    return null;
}

/** QEMU of a board; a Failure that names Debian's package where it is not installed. */
export function findQemu(board: Board): string {
    const path = findProgram(board.qemu.command);
    if (path !== null) return path;
    throw new Failure(
        `${board.qemu.command}: it is not installed; install the Debian package ${board.qemu.package}`,
    );
}

/** QEMU's arguments for an image of a board. */
export function qemuArguments(
    board: Board,
    kernel: KernelInstallation,
    image: BoardImage,
    mebibytes: number,
): string[] {
    return [
        ...board.qemu.arguments,
        ...(isHypervisorKernel(kernel) ? board.qemu.virtualization : []),
        ...['-m', `${mebibytes}M`],
        ...board.qemu.console,
        ...['-net', 'none', '-no-reboot'],
        ...['-kernel', image.kernel],
        ...(image.module === null ? [] : ['-initrd', image.module]),
    ];
}

/** Throws when the kernel asks for what QEMU's emulated processors do not have: it would stop at boot, silently. */
function requireEmulated(kernel: KernelInstallation): void {
    if (kernel.configuration.SUPPORT_PCID !== true) return;
    throw new Failure(
        `${kernel.origin}: the kernel needs process-context identifiers (SUPPORT_PCID), which QEMU's emulated processors lack; ` +
            'build it with -DKernelSupportPCID=OFF to run it here, or write an image for hardware with `sealift build`',
    );
}

/** QEMU as the machine of a run. It ends with us, however we end: the kernel of the host sees to that. */
export function qemuMachine(
    board: Board,
    kernel: KernelInstallation,
    image: BoardImage,
    mebibytes: number,
): MachineProgram {
    requireEmulated(kernel);
    const command = [findQemu(board), ...qemuArguments(board, kernel, image, mebibytes)];
    const guard = findProgram('setpriv');
    const [program, ...rest] = guard === null ? command : [guard, '--pdeathsig', 'KILL', ...command];
    return {
        name: 'QEMU',
        command: program!,
        arguments: rest,
        remedy: `reinstall the Debian package ${board.qemu.package}`,
        switchesOff: board.powerOff.kind !== 'none',
        boots: true,
    };
}
