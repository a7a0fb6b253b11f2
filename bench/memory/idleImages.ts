// SPDX-License-Identifier: Apache-2.0
//
// The images whose containers are counted, and the commands that leave them idle: a process that sleeps, and a server
// without clients.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxPath } from '../../tests/e2e/shellImage.js';
import { appletPaths, baseEntries } from '../../tests/images/busyboxImage.js';
import { debianImage } from '../../tests/images/makeDebianImages.js';
import { makeLayer, OciLayout, type Descriptor } from '../../tests/images/ociLayout.js';
import { root } from '../image.js';
import type { IdleImage } from './measurement.js';

export const idleImageNames = ['busybox', 'redis'] as const;

const IDLE_SHELL = 'the container is idle';

/** Bytes of the layers of a layout's only image. */
function storedBytes(layoutFolder: string): number {
    const read = (path: string): unknown => JSON.parse(readFileSync(join(layoutFolder, path), 'utf8'));
    const { manifests } = read('index.json') as { manifests: Descriptor[] };
    const blob = `blobs/${manifests[0]!.digest.replace(':', '/')}`;
    const { layers } = read(blob) as { layers: Descriptor[] };
    return layers.reduce((sum, { size }) => sum + size, 0);
}

function busyboxImage(): IdleImage {
    const layoutFolder = join(root, 'build', 'bench', 'memory', 'busybox');
    const layer = makeLayer(baseEntries(readFileSync(busyboxPath), appletPaths(busyboxPath)), true);
    const layout = new OciLayout(layoutFolder);
    const config = { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] };
    layout.writeIndex({ busybox: layout.addImage({ architecture: 'amd64', config }, [layer]) });
    return {
        name: 'busybox',
        layoutFolder,
        tag: 'busybox',
        command: ['/bin/sh', '-c', `echo ${IDLE_SHELL}; exec sleep 1000000000`],
        firstText: IDLE_SHELL,
        idleText: IDLE_SHELL,
        startMilliseconds: 1000,
        storedBytes: storedBytes(layoutFolder),
    };
}

function redisImage(): IdleImage {
    const layoutFolder = debianImage('redis').split(':')[1]!;
    return {
        name: 'redis',
        layoutFolder,
        tag: 'redis',
        command: ['/usr/bin/redis-server', '--save', '', '--appendonly', 'no', '--dir', '/tmp'],
        firstText: 'Redis is starting',
        idleText: 'Ready to accept connections',
        startMilliseconds: 8000,
        storedBytes: storedBytes(layoutFolder),
    };
}

/** Makes the image where it is not there. */
export function idleImage(name: IdleImage['name']): IdleImage {
    return name === 'busybox' ? busyboxImage() : redisImage();
}
