// SPDX-License-Identifier: Apache-2.0
//
// Loads the image reader in Node (wit/image.wit says what it offers). `node scripts/component.mjs` puts this file
// beside what it generates.

import { readFile } from 'node:fs/promises';

import { instantiate } from './image.js';

const modules = new Map();

/** Compiles a core module of the component, once per process. */
async function compile(name) {
    if (!modules.has(name))
        modules.set(name, await WebAssembly.compile(await readFile(new URL(name, import.meta.url))));
    return modules.get(name);
}

/** What the component says of bad input: a message for the person who named the image. */
export class ImageError extends Error {}

/**
 * A reader over the files of one image.
 *
 * `blobs` has three functions: `size(path)` gives bytes as a bigint, or undefined where there is no such file;
 * `read(path, offset, length)` (offset a bigint) a Uint8Array of `length` bytes; `sha256(path)` 32 bytes. What they throw becomes
 * part of the answer's message. `unpacking` has `place`, `share` and `finish`, which only `unpack(layers)` calls (wit/image.wit).
 *
 * The result has `inspect(kind, tag, platform, verifyLayers)`, `files(kind, tag, platform)` and
 * `process(kind, tag, platform, options)`. They throw an ImageError for what is wrong with the image, and an Error whose message
 * begins with "the image reader failed" where the component trapped; the next call starts with a fresh instance.
 */
export async function openImageReader(blobs, unpacking = noUnpacking) {
    const imports = {
        'sealift:image/blobs': {
            size: (path) => blobs.size(path),
            read: (path, offset, length) => reported(() => blobs.read(path, offset, length)),
            sha256: (path) => reported(() => blobs.sha256(path)),
        },
        'sealift:image/unpacking': {
            place: (layer, offset, size) => reported(() => unpacking.place(layer, offset, size)),
            share: (layer, lower, page, size) => reported(() => unpacking.share(layer, lower, page, size)),
            finish: (layer, metadata) => reported(() => unpacking.finish(layer, metadata)),
        },
        'sealift:image/report': {
            abort(message, file, line, column) {
                throw new Error(`${message} (${file}:${line}:${column})`);
            },
        },
    };
    let instance = await instantiate(compile, imports);
    const fresh = () => instantiate(compile, imports);

    async function call(name, parameters) {
        try {
            return instance[name](...parameters);
        } catch (error) {
            // A result's error is thrown as its text; anything else is a trap.
            if (typeof error === 'string') throw new ImageError(error);
            instance = await fresh();
            throw new Error(`the image reader failed: ${error.message}`, { cause: error });
        }
    }

    return {
        inspect: (kind, tag, platform, verifyLayers = false) =>
            call('inspect', [kind, tag, platform, verifyLayers]),
        files: (kind, tag, platform) => call('files', [kind, tag, platform]),
        unpack: (layers) => call('unpack', [layers]),
        process: (kind, tag, platform, options) => call('process', [kind, tag, platform, options]),
    };
}

const noUnpacking = {};

/** The component expects a result's error as a thrown object with the text as `payload`. */
function reported(action) {
    try {
        return action();
    } catch (error) {
        throw Object.assign(new Error(error.message), { payload: error.message });
    }
}
