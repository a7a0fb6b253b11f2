// SPDX-License-Identifier: Apache-2.0
//
// `sealift inspect`: what an image consists of, read and verified by the code that the target runs.

import { Argument, Command, Option } from 'commander';
import type { ImageDescription } from '../image/imageReader.js';
import { provideImage } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { ProgressLine } from '../report/progressLine.js';
import { table } from '../report/table.js';
import { formatBytes } from './memorySize.js';
import { parsePlatform } from './platform.js';

interface InspectOptions {
    format: 'table' | 'json';
    platform: string;
    plainHttp?: boolean;
}

const examples = `
Examples:
  sealift inspect oci:build/images/demo:demo
  sealift inspect --platform linux/arm64 oci:build/images/demo:demo
  sealift inspect --format json docker-archive:busybox.tar

Every document and layer is checked against its digest; a wrong one is an error (exit code 125).
`;

/** Adds `inspect` to the program. */
export function addInspectCommand(program: Command): void {
    program
        .command('inspect')
        .description("Show an image's index, manifest, configuration and layers")
        .addArgument(
            new Argument(
                '<image>',
                'oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker://HOST/NAME[:TAG], or a name of `sealift images`',
            ),
        )
        .addOption(
            new Option('--format <format>', 'how to show it').choices(['table', 'json']).default('table'),
        )
        .option('--platform <os/architecture>', 'which platform of the image to show', 'linux/amd64')
        .option('--plain-http', 'speak HTTP without TLS to the registry')
        .addHelpText('after', examples)
        .action(async (image: string, options: InspectOptions) => {
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
