// SPDX-License-Identifier: Apache-2.0
//
// Builds the Linux programs of runtime-c/tools: wasm_dump shows what the interpreter does, and wasm_translate prepares the
// modules that a runtime carries.
//
//   node scripts/build-tools.mjs

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { hashInputs, isFresh, stamp } from './inputs.mjs';
import { root } from './progress.mjs';

/** Files of runtime-c that a tool is made from, besides the interpreter and what the tools have in common. */
const TOOLS = {
    wasm_dump: ['tools/wasm_dump.c'],
    wasm_translate: ['tools/wasm_translate.c', 'boot/imports.c'],
};
const COMMON = ['tools/module_file.c'];
/** Files and folders of runtime-c that they are made from. */
const INPUTS = ['wasm', 'tools', 'boot/imports.c', 'boot/imports.h', 'host/generated', 'host/layout.h'];

/** Builds a tool unless it has been built from these sources already; its path. */
export function buildTool(name) {
    const path = `build/tools/${name}`;
    const interpreter = readdirSync(join(root, 'runtime-c', 'wasm')).filter((file) => file.endsWith('.c'));
    const sources = [...TOOLS[name], ...COMMON, ...interpreter.map((file) => `wasm/${file}`)];
    const command = [
        ...['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-I', 'runtime-c'],
        '-DHOST_FUNCTION(name)=NULL', // the tables of host functions are looked up in, nothing is called
        ...sources.map((file) => `runtime-c/${file}`),
    ];
    const inputs = INPUTS.map((path) => `runtime-c/${path}`);
    const hash = hashInputs(inputs, command);
    if (!isFresh(`tool-${name}`, hash, [path])) {
        mkdirSync(join(root, 'build', 'tools'), { recursive: true });
        // Builds at the same time do not see each other's halves.
        const draft = join(root, `${path}.${process.pid}.draft`);
        execFileSync('gcc', [...command, '-o', draft], { cwd: root, stdio: 'inherit' });
        renameSync(draft, join(root, path));
        stamp(`tool-${name}`, hash);
    }
    return join(root, path);
}

if (process.argv[1] === join(root, 'scripts', 'build-tools.mjs')) {
    Object.keys(TOOLS).forEach(buildTool);
}
