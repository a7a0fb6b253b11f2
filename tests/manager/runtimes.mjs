// SPDX-License-Identifier: Apache-2.0
//
// Runtimes with a module of the tests' own in place of one of Sealift's.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './images.mjs';

const output = join(root, 'build', 'tests', 'manager');

/** Builds a runtime whose 'sentry' or 'unpacker' is compiled from a file of this folder; the result is its path. */
export function buildRuntime(module, name) {
    const wasm = join(output, `${name}.wasm`);
    const elf = join(output, `${name}.elf`);
    const node = (...words) => execFileSync(process.execPath, words, { cwd: root, stdio: 'pipe' });
    mkdirSync(output, { recursive: true });
    const compiler = 'node_modules/assemblyscript/bin/asc.js';
    node(compiler, `tests/manager/${name}.ts`, '--target', module, '-o', wasm);
    node('scripts/build-runtime.mjs', `--${module}=${wasm}`, `--output=${elf}`);
    return elf;
}
