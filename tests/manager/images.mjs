// SPDX-License-Identifier: Apache-2.0
//
// Image layouts on disk and containers run from them by the command line, for tests of the manager.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { addBlob, finishLayout, sha256 } from '../component/memoryImage.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const scratch = mkdtempSync(join(tmpdir(), 'sealift-manager-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));

export const TAR = 'application/vnd.oci.image.layer.v1.tar';
export const TAR_GZIP = `${TAR}+gzip`;
export const TAR_ZSTD = `${TAR}+zstd`;

/** The lowest layer of the demonstration image for this machine, uncompressed: BusyBox and little else. */
export function baseLayer() {
    const folder = join(root, 'build', 'images', 'demo');
    const blob = (digest) => readFileSync(join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length)));
    const document = (digest) => JSON.parse(blob(digest).toString());
    const index = document(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests[0].digest);
    const image = index.manifests.find(({ platform }) => platform.architecture === 'amd64');
    return gunzipSync(blob(document(image.digest).layers[0].digest));
}

/**
 * Writes a layout whose image has the layers (each {type, bytes, diffId}); the result is its folder. `spoil` may change
 * the files (a Map from path to bytes) before they are written. `config` is the image's process configuration.
 */
export function writeLayout(name, layers, spoil = () => {}, config = { Cmd: ['/bin/true'] }) {
    const files = new Map();
    const descriptors = layers.map(({ type = TAR, bytes }) => addBlob(files, type, bytes));
    const configuration = addBlob(files, 'application/vnd.oci.image.config.v1+json', {
        os: 'linux',
        architecture: 'amd64',
        config,
        rootfs: {
            type: 'layers',
            diff_ids: layers.map(({ bytes, diffId }) => diffId ?? `sha256:${sha256(bytes)}`),
        },
    });
    const manifest = addBlob(files, 'application/vnd.oci.image.manifest.v1+json', {
        schemaVersion: 2,
        config: configuration,
        layers: descriptors,
    });
    finishLayout(files, [manifest]);
    spoil(files, descriptors);
    const folder = join(scratch, name);
    for (const [path, bytes] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
    }
    return folder;
}

/** `sealift run` with options before and words after the image: {status, stdout, stderr}. */
export function run(
    folder,
    { options = [], command = [], environment = {}, input = '', transport = 'oci' } = {},
) {
    return spawnSync(
        process.execPath,
        [join(root, 'cli', 'sealift.mjs'), 'run', '-q', ...options, `${transport}:${folder}`, ...command],
        { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...environment }, input },
    );
}
