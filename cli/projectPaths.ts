// SPDX-License-Identifier: Apache-2.0
//
// Where the CLI finds what the project's build made. Compiled, this file is build/cli/projectPaths.js.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Failure } from './failure.js';

const buildFolder = new URL('../', import.meta.url);

/** The path of a build product; a Failure where it was not built. */
export function buildProduct(name: string): string {
    const path = fileURLToPath(new URL(name, buildFolder));
    if (!existsSync(path))
        throw new Failure(`build/${name}: not there; build the project with \`npm run build\``);
    return path;
}

/** The runtime's ELF for platform/linux. */
export function linuxRuntime(): string {
    return process.env.SEALIFT_RUNTIME ?? buildProduct('runtime/x86_64/linux/runtime.elf');
}

/** The model of seL4's API on Linux. */
export function linuxKernel(): string {
    return process.env.SEALIFT_LINUX_KERNEL ?? buildProduct('linux/sealift-linux-kernel');
}
