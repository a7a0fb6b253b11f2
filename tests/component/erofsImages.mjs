// SPDX-License-Identifier: Apache-2.0
//
// EROFS images of layers, as the command line makes them, and modules in AssemblyScript that read them, for tests.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import asc from 'assemblyscript/asc';

import { OpenImage } from '../../build/cli/image/imageReader.js';
import { parseImageReference } from '../../build/cli/image/reference.js';
import { UnpackedLayers } from '../../build/cli/image/unpackedLayers.js';
import { addBlob, finishLayout, sha256 } from './memoryImage.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** For files of tests; removed with the process. */
export const scratch = mkdtempSync(join(tmpdir(), 'sealift-erofs-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

export const TAR = 'application/vnd.oci.image.layer.v1.tar';
let made = 0;

/** Writes a layout of an image with the layers (archives, or {type, bytes, archive}); the result is its folder. */
function writeLayout(layers, diffIds) {
    const files = new Map();
    const packed = layers.map((layer) =>
        Buffer.isBuffer(layer) ? { type: TAR, bytes: layer, archive: layer } : layer,
    );
    const descriptors = packed.map(({ type, bytes }) => addBlob(files, type, bytes));
    const config = addBlob(files, 'application/vnd.oci.image.config.v1+json', {
        os: 'linux',
        architecture: 'amd64',
        config: { Cmd: ['/x'] },
        rootfs: {
            type: 'layers',
            diff_ids: diffIds ?? packed.map(({ archive }) => `sha256:${sha256(archive)}`),
        },
    });
    const manifest = addBlob(files, 'application/vnd.oci.image.manifest.v1+json', {
        schemaVersion: 2,
        config,
        layers: descriptors,
    });
    const folder = join(scratch, `layout${made++}`);
    for (const [path, bytes] of finishLayout(files, [manifest])) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
    }
    return folder;
}

/** The EROFS images of an image's layers, as files. */
export async function unpack(layers, diffIds) {
    const image = await OpenImage.open(parseImageReference(`oci:${writeLayout(layers, diffIds)}`));
    try {
        const unpacked = await UnpackedLayers.make(image, 'linux/amd64');
        try {
            return unpacked.layers.map(({ digest, extent }) => {
                const bytes = readFileSync(`/proc/self/fd/${extent.descriptor}`);
                assert.equal(bytes.length, extent.size);
                assert.equal(sha256(bytes), digest);
                const path = join(scratch, `image${made++}.erofs`);
                writeFileSync(path, bytes);
                return path;
            });
        } finally {
            unpacked.close();
        }
    } finally {
        image.close();
    }
}

/** Compiles a module of tests/unit for the machine that runs the tests. Options are asc's own. */
export async function compileModule(name, ...options) {
    const output = join(scratch, `${name}.wasm`);
    const { error, stderr } = await asc.main([
        `tests/unit/${name}.ts`,
        '--baseDir',
        root,
        '--runtime',
        'minimal',
        '-O1',
        '-o',
        output,
        ...options,
    ]);
    assert.ok(!error, stderr.toString());
    return WebAssembly.compile(readFileSync(output));
}
