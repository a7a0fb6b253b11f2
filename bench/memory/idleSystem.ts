// SPDX-License-Identifier: Apache-2.0
//
// What a machine of Sealift is told to run: containers of one image that become idle.

import { withUnpackedLayers, type ContainerOptions, type SystemBundle } from '../../cli/boot/bundle.js';
import { OpenImage } from '../../cli/image/imageReader.js';
import { parseImageReference } from '../../cli/image/reference.js';
import type { IdleCommand } from './measurement.js';

const PLATFORM = 'linux/amd64';

function container(image: IdleCommand, index: number, memory: number): ContainerOptions {
    const name = `idle-${index + 1}`;
    return {
        name,
        image: 0,
        memory,
        nanoCpus: 0,
        entrypoint: [],
        command: [...image.command],
        environment: [],
        workingDirectory: null,
        user: null,
        hostname: name,
        readOnly: false,
        strace: false,
        interactive: false,
    };
}

/**
 * The system of `count` containers with that memory limit in bytes, while `use` has it: the image is closed afterwards. `unpacked`: its layers
 * are, as with --unpacked.
 */
export async function withIdleSystem<T>(
    image: IdleCommand | null,
    count: number,
    memory: number,
    unpacked: boolean,
    use: (system: SystemBundle) => Promise<T>,
): Promise<T> {
    const system = { oneShot: false, statistics: false, files: [] };
    if (image === null) return use({ ...system, images: [], containers: [] });
    const opened = await OpenImage.open(parseImageReference(`oci:${image.layoutFolder}:${image.tag}`));
    try {
        const paths = await opened.bundleFiles(PLATFORM);
        const bundle = {
            ...system,
            images: [
                {
                    files: opened.files,
                    paths,
                    tag: image.tag,
                    platform: PLATFORM,
                    name: `${image.name}:latest`,
                },
            ],
            containers: Array.from({ length: count }, (_, index) => container(image, index, memory)),
        };
        return await withUnpackedLayers(bundle, [opened], unpacked, use);
    } finally {
        opened.close();
    }
}
