// SPDX-License-Identifier: Apache-2.0
//
// Builds the Linux programs of runtime-c/tools, which show what the interpreter does.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runtime = join(root, 'runtime-c');
const folder = join(root, 'build', 'tools');

const interpreter = readdirSync(join(runtime, 'wasm')).filter((name) => name.endsWith('.c'));
const sources = ['tools/wasm_dump.c', ...interpreter.map((name) => `wasm/${name}`)];
mkdirSync(folder, { recursive: true });
execFileSync(
    'gcc',
    [
        ...['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-I', runtime],
        ...sources.map((name) => join(runtime, name)),
        ...['-o', join(folder, 'wasm_dump')],
    ],
    { stdio: 'inherit' },
);
