// SPDX-License-Identifier: Apache-2.0
//
// Builds the monitor: node platform/linux/build.mjs. The result is build/linux/sealift-linux-kernel.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const output = join(root, 'build/linux/sealift-linux-kernel');

function files(folder, ending) {
    return readdirSync(join(here, folder))
        .filter((name) => name.endsWith(ending))
        .map((name) => join(here, folder, name));
}

/** Compiles the monitor if one of its files is newer than the result. Returns the result's path. */
export function buildMonitor({ compiler = process.env.CC ?? 'gcc' } = {}) {
    const sources = [...files('.', '.c'), ...files('devices', '.c')];
    const headers = [...files('.', '.h'), ...files('devices', '.h'), ...files('include/sel4', '.h')];
    const newest = Math.max(...[...sources, ...headers].map((file) => statSync(file).mtimeMs));
    if (existsSync(output) && statSync(output).mtimeMs > newest) return output;
    mkdirSync(dirname(output), { recursive: true });
    const flags = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
    const result = spawnSync(compiler, [...flags, `-I${join(here, 'include')}`, ...sources, '-o', output], {
        stdio: 'inherit',
    });
    if (result.error) throw new Error(`${compiler}: ${result.error.message}; install gcc or set CC`);
    if (result.status !== 0)
        throw new Error("the monitor does not compile; see the compiler's messages above");
    return output;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    try {
        console.log(buildMonitor());
    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
    }
}
