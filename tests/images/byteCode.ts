// SPDX-License-Identifier: Apache-2.0
//
// Compiles the Python modules of an image to byte code, as the maintainer scripts of Debian's Python packages do: without
// it a program spends its first seconds compiling the standard library, on Linux as in a container. Byte code is the same
// for every architecture, so the image's own interpreter does it wherever it runs, and this machine's of the same version elsewhere.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { folder } from './busyboxImage.js';
import type { LayerEntry } from './ociLayout.js';

const LIBRARY = 'usr/lib/python3.11';

/** Modules that tests of the interpreter have wrong on purpose end compileall with 1; the others are compiled. */
function compile(root: string): void {
    try {
        execFileSync(
            'python3',
            [
                ...['-m', 'compileall', '-q', '-j', '0', '--invalidation-mode', 'unchecked-hash'],
                ...['-s', root, '-p', '/', join(root, LIBRARY)],
            ],
            { stdio: 'ignore', env: { ...process.env, PYTHONHASHSEED: '0' } },
        );
    } catch {
        // Said above.
    }
}

/** The byte code of the modules of `files` that have none. */
export function pythonByteCode(files: ReadonlyMap<string, LayerEntry>): LayerEntry[] {
    const version = execFileSync('python3', ['--version'], { encoding: 'utf8' });
    if (!version.startsWith('Python 3.11.')) return [];
    const root = mkdtempSync(join(tmpdir(), 'sealift-python-'));
    try {
        const pythonFiles = [...files.values()].filter(
            ({ name, type }) => type === 'file' && name.startsWith(`${LIBRARY}/`) && name.endsWith('.py'),
        );
        for (const { name, content } of pythonFiles) {
            const compiled = `${dirname(name)}/__pycache__/${name.slice(dirname(name).length + 1, -3)}.cpython-311.pyc`;
            if (files.has(compiled)) continue;
            mkdirSync(join(root, dirname(name)), { recursive: true });
            writeFileSync(join(root, name), content!);
        }
        compile(root);
        const made = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
        return made
            .filter((name) => name.endsWith('.pyc') || name.endsWith('__pycache__'))
            .map((name) =>
                name.endsWith('.pyc')
                    ? { name, type: 'file', content: readFileSync(join(root, name)), mode: 0o644 }
                    : folder(name),
            );
    } finally {
        rmSync(root, { recursive: true, force: true });
    }
}
