// SPDX-License-Identifier: Apache-2.0
//
// Decides whether a build step can be skipped: its inputs' contents and its command are hashed, and the hash is kept in
// build/stamp/ when the step has succeeded. Contents rather than times, so that a fresh clone, a switch of branches and
// a touched file behave the same.

import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildFolder, root } from './progress.mjs';

/** Adds every file below `path` (a file or folder, relative to the project) to `found`. */
function collect(path, found) {
    const absolute = join(root, path);
    const status = lstatSync(absolute, { throwIfNoEntry: false });
    if (!status) return;
    if (!status.isDirectory()) {
        found.push(path);
        return;
    }
    for (const name of readdirSync(absolute).sort()) {
        if (name === 'node_modules') continue;
        collect(join(path, name), found);
    }
}

/** SHA-256 over the names and contents of the files at or below `paths`, and over `parameters`. */
export function hashInputs(paths, parameters) {
    const hash = createHash('sha256').update(JSON.stringify(parameters));
    const found = [];
    for (const path of paths) collect(path, found);
    for (const path of found) {
        const content = readFileSync(join(root, path));
        hash.update(`\0${path}\0${content.length}\0`).update(content);
    }
    return hash.digest('hex');
}

function stampPath(name) {
    return join(buildFolder, 'stamp', name);
}

/** True when step `name` last succeeded with this hash and all `outputs` are still there. */
export function isFresh(name, hash, outputs) {
    const path = stampPath(name);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== hash) return false;
    return outputs.every((output) => existsSync(join(root, output)));
}

/** Records that step `name` succeeded with this hash; `null` forgets it. */
export function stamp(name, hash) {
    const path = stampPath(name);
    if (hash === null) {
        rmSync(path, { force: true });
        return;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, hash);
}
