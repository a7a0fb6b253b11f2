// SPDX-License-Identifier: Apache-2.0
//
// Makes images of Debian packages below build/images/debian, each only when what it is made from has changed.
//
//   node build/tests/images/makeDebianImages.js [--arm64] [NAME...]     the named ones or all, for amd64 or for arm64

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { madeFrom, writeDebianImage } from './debianImage.js';
import { debianImages } from './debianImages.js';
import type { DebianArchitecture } from './debianPackage.js';
import { withLock } from './lock.js';

// Compiled, this file is build/tests/images/makeDebianImages.js.
const here = fileURLToPath(new URL('./', import.meta.url));
const build = fileURLToPath(new URL('../../', import.meta.url));

/** What images are made from: this folder's code. New versions of packages are fetched when a folder in build/ is removed. */
function sourceKey(): string {
    const hash = createHash('sha256');
    for (const name of readdirSync(here).sort()) hash.update(readFileSync(join(here, name)));
    return hash.digest('hex');
}

/** The reference of an image, made when it is not there. */
export function debianImage(name: string, architecture: DebianArchitecture = 'amd64'): string {
    const image = debianImages.find((candidate) => candidate.name === name);
    if (image === undefined) {
        throw new Error(
            `image ${name}: there is none; the images are ${debianImages.map(({ name: known }) => known).join(', ')}`,
        );
    }
    const target = join(build, 'images', 'debian', `${name}-${architecture}`);
    // Several tests take the same image: the first of them makes it.
    withLock(`${target}.lock`, () => {
        const { fresh, note } = madeFrom(target, sourceKey());
        if (fresh && existsSync(target)) return;
        writeDebianImage(image, architecture, target, join(build, 'apt-binary'));
        note();
    });
    return `oci:${target}:${name}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const architecture = process.argv.includes('--arm64') ? 'arm64' : 'amd64';
    const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
    for (const name of named.length > 0 ? named : debianImages.map((image) => image.name)) {
        const started = performance.now();
        const reference = debianImage(name, architecture);
        console.log(`${reference} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    }
}
