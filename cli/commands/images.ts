// SPDX-License-Identifier: Apache-2.0
//
// `sealift images` and `sealift rmi`: what the image store has, and taking it out.

import { Command, Option } from 'commander';
import { ImageStore, type StoredImage } from '../image/imageStore.js';
import { table } from '../report/table.js';
import { formatBytes } from './memorySize.js';
import { storedImages } from './storedImages.js';

interface ImageRow {
    name: string;
    digest: string;
    platforms: string[];
    /** Bytes of its blobs, shared ones included. */
    size: number;
    stored: string;
}

/** Architectures of the manifests that are here, from their configurations. */
function platformsOf(store: ImageStore, image: StoredImage): string[] {
    const platforms = new Set<string>();
    for (const { descriptor, kind } of store.partsHere(image.descriptor)) {
        if (kind !== 'config') continue;
        try {
            const { os, architecture, variant } = JSON.parse(
                store.document(descriptor.digest).toString('utf8'),
            ) as Record<string, string | undefined>;
            if (os && architecture) platforms.add([os, architecture, variant].filter(Boolean).join('/'));
        } catch {
            // A configuration that is no JSON: reading the image says so.
        }
    }
    return [...platforms].sort();
}

function rowOf(store: ImageStore, image: StoredImage): ImageRow {
    const sizes = new Map(
        store.partsHere(image.descriptor).map(({ descriptor }) => [descriptor.digest, descriptor.size]),
    );
    return {
        name: image.name,
        digest: image.descriptor.digest,
        platforms: platformsOf(store, image),
        size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
        stored: image.stored.toISOString(),
    };
}

/** Adds `images` and `rmi` to the program. */
export function addImagesCommands(program: Command): void {
    program
        .command('images')
        .description('List the images that are kept on this machine')
        .addOption(
            new Option('--format <format>', 'how to show them').choices(['table', 'json']).default('table'),
        )
        .action(({ format }: { format: 'table' | 'json' }) => {
            const store = new ImageStore();
            const rows = store.list().map((image) => rowOf(store, image));
            process.stdout.write(
                format === 'json'
                    ? `${JSON.stringify(rows, null, 4)}\n`
                    : table(
                          ['NAME', 'DIGEST', 'PLATFORMS', 'SIZE', 'STORED'],
                          rows.map(({ name, digest, platforms, size, stored }) => [
                              name,
                              digest.slice('sha256:'.length, 'sha256:'.length + 12),
                              platforms.join(', ') || '-',
                              formatBytes(size),
                              stored.slice(0, 16).replace('T', ' '),
                          ]),
                          [3],
                      ),
            );
        });
    program
        .command('rmi')
        .description('Remove images that are kept on this machine')
        .argument('<image...>', 'names as `sealift images` shows them, or docker:// references')
        .action((images: string[]) => {
            const store = new ImageStore();
            for (const image of storedImages(store, images)) {
                const bytes = store.remove(image);
                process.stdout.write(`${image.name}: removed, ${formatBytes(bytes)} freed\n`);
            }
        });
}
