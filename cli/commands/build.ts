// SPDX-License-Identifier: Apache-2.0
//
// `sealift build`: writes a bootable image for a board, of one container or of a Compose file's services, and says how to start it.

import { Command } from 'commander';
import { basename } from 'node:path';
import { readBoard, type Board } from '../boards/board.js';
import type { BoardImage } from '../boards/boardImage.js';
import { qemuArguments } from '../boards/qemu.js';
import { bundleParts, oneShotSystem, withUnpackedLayers, type SystemBundle } from '../boot/bundle.js';
import { composeSystem } from '../compose/system.js';
import { Failure } from '../failure.js';
import type { OpenImage } from '../image/imageReader.js';
import { provideImage } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { machineMebibytes } from '../kernel/suitability.js';
import { ProgressLine } from '../report/progressLine.js';
import { openBoard, writeTarget, type BoardTarget } from './boardTarget.js';
import { appendValue, composeProject } from './composeOptions.js';
import { addContainerOptions, makeRequest, type ContainerCommandOptions } from './containerOptions.js';
import { imagePlatform } from './machineOptions.js';

const examples = `
Examples:
  sealift build --board pc99 -o demo.elf oci:build/images/demo:demo
  sealift build --board pc99 -o shop.elf -f compose.yaml
  sealift build --board zynqmp --kernel ~/sel4/zynqmp -o demo.elf oci:busybox sh -c 'echo hello'
`;

interface BuildOptions extends ContainerCommandOptions {
    board: string;
    output: string;
    file?: string;
    projectName?: string;
    profile?: string[];
    quiet?: boolean;
}

/** A system to be written, and what to close afterwards. */
interface ProvidedSystem {
    bundle: SystemBundle;
    images: readonly OpenImage[];
    close(): void;
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
    const build = program
        .command('build')
        .description('Write a bootable image for a board that runs a container, or a system of them');
    addContainerOptions(build, true)
        .option('-f, --file <file>', 'a Compose file, whose services go into the image')
        .option('-p, --project-name <name>', "with -f, the project's name")
        .option('--profile <name>', 'with -f, choose the services of a profile', appendValue)
        .requiredOption('--board <name>', 'the board (`sealift boards` lists them)')
        .requiredOption('-o, --output <file>', 'the image to write')
        .option('--kernel <folder>', "the seL4 kernel's install folder")
        .option('-q, --quiet', 'show no progress and no instructions')
        .passThroughOptions()
        .addHelpText('after', examples)
        .action((image: string | undefined, command: string[], options: BuildOptions, self: Command) => {
            if (options.file !== undefined && image !== undefined)
                throw new Failure(`${image}: an image cannot be with --file; leave one of both out`);
            if (options.file !== undefined) {
                refuseContainerOptions(self);
                return buildSystem(options);
            }
            if (image === undefined)
                throw new Failure('image: none is named; name one, or a Compose file with --file');
            return buildImage(image, command, options);
        });
}

/** Options that go with a Compose file. */
const systemOptions = [
    'file',
    'projectName',
    'profile',
    'board',
    'output',
    'kernel',
    'unpacked',
    'quiet',
    'aot',
    'plainHttp',
];

/** Options of a container are refused where a Compose file says how its containers are. */
function refuseContainerOptions(build: Command): void {
    for (const option of build.options) {
        const name = option.attributeName();
        if (!systemOptions.includes(name) && build.getOptionValueSource(name) === 'cli')
            throw new Failure(
                `${option.long}: goes with an image, not with --file; write it in the Compose file`,
            );
    }
}

async function buildImage(image: string, command: readonly string[], options: BuildOptions): Promise<void> {
    const reference = parseImageReference(image);
    const board = readBoard(options.board);
    const request = makeRequest(reference.tag, command, board.architecture, options);
    await write(board, options, async (progress) => {
        const provided = { ...options, platform: request.platform };
        const opened = await provideImage(reference, provided, progress);
        try {
            const bundle = await oneShotSystem(request, opened);
            return { bundle, images: [opened], close: () => opened.close() };
        } catch (error) {
            opened.close();
            throw error;
        }
    });
}

async function buildSystem(options: BuildOptions): Promise<void> {
    const board = readBoard(options.board);
    const { file, projectName, profile, quiet, plainHttp } = options;
    const { project, services } = composeProject({ file, projectName, profile, quiet }, []);
    const system = { platform: imagePlatform(board.architecture), plainHttp };
    await write(board, options, (progress) => composeSystem(project, services, system, progress));
}

/** Writes the image of what `provide` opens, and says how to start it. */
async function write(
    board: Board,
    options: BuildOptions,
    provide: (progress: ProgressLine) => Promise<ProvidedSystem>,
): Promise<void> {
    const { quiet, output, kernel, aot, unpacked } = options;
    const target = openBoard(board, kernel, !quiet);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !quiet);
    try {
        const system = await provide(progress);
        try {
            if (unpacked) progress.show('unpacking layers');
            const written = await withUnpackedLayers(
                system.bundle,
                system.images,
                unpacked === true,
                (bundle) => writeTarget(target, bundleParts(bundle), output, aot === true, progress),
            );
            progress.clear();
            if (!quiet) process.stdout.write(instructions(target, written));
        } finally {
            system.close();
        }
    } finally {
        progress.clear();
    }
}
