// SPDX-License-Identifier: Apache-2.0
//
// `sealift inspect`: what an image consists of, read and verified by the code that the target runs; or, of a running system, all about a
// container.

import { Argument, Command, Option } from 'commander';
import { Failure } from '../failure.js';
import type { ImageDescription } from '../image/imageReader.js';
import { provideImage } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { ProgressLine } from '../report/progressLine.js';
import { table } from '../report/table.js';
import type { SystemClient } from '../system/client.js';
import type { ContainerInfo } from '../system/session.js';
import { formatBytes } from './memorySize.js';
import { parsePlatform } from './platform.js';
import {
    addSystemOptions,
    chosenContainers,
    containersNamed,
    runningSystems,
    withSystem,
    type SystemCommandOptions,
} from './systemOptions.js';

interface InspectOptions extends SystemCommandOptions {
    format: 'table' | 'json';
    platform: string;
    plainHttp?: boolean;
}

const examples = `
Examples:
  sealift inspect oci:build/images/demo:demo
  sealift inspect --platform linux/arm64 oci:build/images/demo:demo
  sealift inspect --format json docker-archive:busybox.tar
  sealift inspect web                      a container of the running system, as JSON

Every document and layer is checked against its digest; a wrong one is an error (exit code 125).
`;

/** Adds `inspect` to the program. */
export function addInspectCommand(program: Command): void {
    const command = program
        .command('inspect')
        .description(
            "Show an image's index, manifest, configuration and layers, or a running system's container",
        )
        .addArgument(
            new Argument(
                '<name>',
                'oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker://HOST/NAME[:TAG], or a name of `sealift images`; or a container or service of a running system, which goes before',
            ),
        );
    addSystemOptions(command)
        .addOption(
            new Option('--format <format>', 'how to show it').choices(['table', 'json']).default('table'),
        )
        .option('--platform <os/architecture>', 'which platform of the image to show', 'linux/amd64')
        .option('--plain-http', 'speak HTTP without TLS to the registry')
        .addHelpText('after', examples)
        .action(async (image: string, options: InspectOptions) => {
            if (await inspectContainers(image, options)) return;
            const platform = parsePlatform(options.platform);
            const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true);
            const provided = { platform, plainHttp: options.plainHttp };
            const opened = await provideImage(parseImageReference(image), provided, progress);
            progress.clear();
            try {
                const description = await opened.describe(platform, true);
                const { files: _files, ...shown } = description;
                process.stdout.write(
                    options.format === 'json'
                        ? `${JSON.stringify(shown, null, 4)}\n`
                        : describe(image, description),
                );
            } finally {
                opened.close();
            }
        });
}

/** Shows the containers of a name as JSON; false where no running system has one. */
async function inspectContainers(name: string, options: SystemCommandOptions): Promise<boolean> {
    if (options.projectName !== undefined || options.file !== undefined)
        return withSystem(options, async (client, info) => {
            await printContainers(client, chosenContainers(info, [name]));
            return true;
        });
    // A reference with a transport or a folder is never a container's name.
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) return false;
    const clients = await runningSystems();
    try {
        const having: { client: SystemClient; containers: ContainerInfo[] }[] = [];
        for (const client of clients) {
            const containers = containersNamed(await client.system(), name);
            if (containers.length > 0) having.push({ client, containers });
        }
        if (having.length > 1) {
            const projects = having.map(({ client }) => client.project).join(', ');
            throw new Failure(`${name}: several systems have one (${projects}); name one with -p`);
        }
        for (const { client, containers } of having) await printContainers(client, containers);
        return having.length > 0;
    } finally {
        for (const client of clients) client.close();
    }
}

async function printContainers(client: SystemClient, containers: readonly ContainerInfo[]): Promise<void> {
    const found: unknown[] = [];
    for (const { name } of containers)
        found.push((await client.call('inspect', { container: name })).container);
    process.stdout.write(`${JSON.stringify(found, null, 4)}\n`);
}

function words(list: readonly string[] | null): string {
    if (list === null || list.length === 0) return '-';
    return list.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

function describe(reference: string, image: ImageDescription): string {
    const { config } = image;
    const total = image.layers.reduce((sum, layer) => sum + layer.size, 0);
    const facts: [string, string][] = [
        ['Image', reference],
        ['Name', image.name || '-'],
        ['Platform', image.platform],
        ['Manifest', image.manifest ? `${image.manifest.digest} (${formatBytes(image.manifest.size)})` : '-'],
        ['Config', `${config.digest} (${formatBytes(config.size)})`],
        ['Created', config.created || '-'],
        ['Author', config.author || '-'],
        ['Entrypoint', words(config.entrypoint)],
        ['Cmd', words(config.cmd)],
        ['WorkingDir', config.workingDir || '/'],
        ['User', config.user || 'root'],
        ['StopSignal', config.stopSignal || 'SIGTERM'],
        ['Ports', words(config.exposedPorts)],
        ['Volumes', words(config.volumes)],
        ['Env', config.env.join('\n') || '-'],
        [
            'Labels',
            Object.entries(config.labels)
                .map(([key, value]) => `${key}=${value}`)
                .join('\n') || '-',
        ],
    ];
    const width = Math.max(...facts.map(([name]) => name.length)) + 2;
    const parts = facts.map(
        ([name, value]) => `${name.padEnd(width)}${value.split('\n').join(`\n${' '.repeat(width)}`)}\n`,
    );
    if (image.index.length > 0) {
        const rows = image.index.map((entry) => [
            entry.platform ?? '-',
            entry.name ?? '-',
            formatBytes(entry.size),
            entry.digest,
        ]);
        parts.push('\nIndex\n', table(['PLATFORM', 'NAME', 'SIZE', 'DIGEST'], rows, [2]));
    }
    const rows = image.layers.map((layer, index) => [
        String(index + 1),
        formatBytes(layer.size),
        layer.mediaType.replace(
            /^application\/vnd\.(oci\.image\.layer\.v1|docker\.image\.rootfs\.diff)\./,
            '',
        ),
        layer.digest ?? layer.diffId,
    ]);
    parts.push(
        `\nLayers: ${image.layers.length}, ${formatBytes(total)}\n`,
        table(['#', 'SIZE', 'TYPE', 'DIGEST'], rows, [0, 1]),
    );
    return parts.join('');
}
