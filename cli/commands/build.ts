// SPDX-License-Identifier: Apache-2.0
//
// `sealift build`: writes a bootable image for a board and says how to start it.

import { Command } from 'commander';
import { basename } from 'node:path';
import { readBoard } from '../boards/board.js';
import type { BoardImage } from '../boards/boardImage.js';
import { qemuArguments } from '../boards/qemu.js';
import { bundleParts, oneShotSystem } from '../boot/bundle.js';
import { provideImage } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { machineMebibytes } from '../kernel/suitability.js';
import { ProgressLine } from '../report/progressLine.js';
import { openBoard, writeTarget, type BoardTarget } from './boardTarget.js';
import { addContainerOptions, makeRequest, type ContainerCommandOptions } from './containerOptions.js';

const examples = `
Examples:
  sealift build --board pc99 -o demo.elf oci:build/images/demo:demo
  sealift build --board zynqmp --kernel ~/sel4/zynqmp -o demo.elf oci:busybox sh -c 'echo hello'
`;

interface BuildOptions extends ContainerCommandOptions {
    board: string;
    output: string;
}

/** An argument as a shell takes it. */
function quoted(argument: string): string {
    return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** How to start what was written. */
function instructions({ board, kernel }: BoardTarget, image: BoardImage): string {
    const command = [
        board.qemu.command,
        ...qemuArguments(board, kernel, image, machineMebibytes(board, kernel)),
    ];
    const lines = [
        image.module === null
            ? `${image.kernel}: loader, kernel and root task in one ELF file`
            : `${image.module}: the root task, a multiboot module\n${image.kernel}: the kernel for it, an ELF32 file`,
        '',
        'Under QEMU (the serial line carries the frames of docs/control-channel.md, not plain text):',
        `  ${command.map(quoted).join(' ')}`,
        '',
    ];
    if (image.module === null) {
        // A name that says what belongs there, where the memory leaves no such room.
        const address = image.loadAddress === null ? 'ADDRESS' : `0x${image.loadAddress.toString(16)}`;
        lines.push(
            'With U-Boot, on a board of this kind, from its first card (bootelf only starts what it loads with autostart):',
            `  load mmc 0:1 ${address} ${basename(image.kernel)}`,
            '  setenv autostart yes',
            `  bootelf -p ${address}`,
        );
    } else {
        lines.push(
            'With GRUB:',
            `  multiboot /boot/${basename(image.kernel)}`,
            `  module /boot/${basename(image.module)}`,
        );
    }
    return `${lines.join('\n')}\n`;
}

/** Adds `build` to the program. */
export function addBuildCommand(program: Command): void {
    addContainerOptions(
        program.command('build').description('Write a bootable image for a board that runs a container'),
    )
        .requiredOption('--board <name>', 'the board (`sealift boards` lists them)')
        .requiredOption('-o, --output <file>', 'the image to write')
        .option('--kernel <folder>', "the seL4 kernel's install folder")
        .option('-q, --quiet', 'show no progress and no instructions')
        .passThroughOptions()
        .addHelpText('after', examples)
        .action((image: string, command: string[], options: BuildOptions & { quiet?: boolean }) =>
            buildImage(image, command, options, options.quiet === true),
        );
}

async function buildImage(
    image: string,
    command: readonly string[],
    options: BuildOptions,
    quiet: boolean,
): Promise<void> {
    const reference = parseImageReference(image);
    const board = readBoard(options.board);
    const request = makeRequest(reference.tag, command, board.architecture, options);
    const target = openBoard(board, options.kernel, !quiet);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !quiet);
    try {
        const opened = await provideImage(reference, { ...options, platform: request.platform }, progress);
        try {
            const parts = bundleParts(await oneShotSystem(request, opened));
            const written = await writeTarget(target, parts, options.output, options.aot === true, progress);
            progress.clear();
            if (!quiet) process.stdout.write(instructions(target, written));
        } finally {
            opened.close();
        }
    } finally {
        progress.clear();
    }
}
