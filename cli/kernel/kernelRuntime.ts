// SPDX-License-Identifier: Apache-2.0
//
// The C runtime for a kernel. It is compiled against that kernel's own headers, so each kernel has its own; it is kept
// under a hash of everything it was made from and made once.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Architecture, Board } from '../boards/board.js';
import { Failure, messageOf } from '../failure.js';
import { buildProduct } from '../projectPaths.js';
import type { KernelInstallation } from './installation.js';

// Compiled, this file is build/cli/kernel/kernelRuntime.js.
const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));

/** What scripts/build-runtime.mjs exports. */
interface RuntimeBuilder {
    buildRuntime: (options: {
        architecture: string;
        sel4: string;
        board: string;
        sentry: string;
        output: string;
    }) => Promise<unknown>;
}

/** The sentry of an architecture. */
function sentryModule(architecture: Architecture): string {
    return buildProduct(architecture === 'x86_64' ? 'wasm/sentry.wasm' : `wasm/${architecture}/sentry.wasm`);
}

/** All files below a folder (or the file itself), in a fixed order. */
function filesBelow(path: string): string[] {
    const entries = existsSync(path) ? readdirSync(path, { withFileTypes: true, recursive: true }) : [];
    return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
}

/** A hash over names and contents. */
function hashFiles(folders: readonly string[], files: readonly string[], more: readonly string[]): string {
    const hash = createHash('sha256');
    const add = (name: string, path: string): void => {
        hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
    };
    for (const folder of folders) for (const file of filesBelow(folder)) add(relative(folder, file), file);
    for (const file of files) add(file, file);
    for (const text of more) hash.update(`${text}\0`);
    return hash.digest('hex').slice(0, 16);
}

/** A folder that looks like an install prefix: the headers of a Microkit SDK lie elsewhere. */
function prefixOf(kernel: KernelInstallation, folder: string): string {
    if (kernel.headers === join(kernel.folder, 'libsel4', 'include')) return kernel.folder;
    const prefix = join(folder, 'prefix');
    rmSync(prefix, { recursive: true, force: true });
    mkdirSync(join(prefix, 'libsel4'), { recursive: true });
    symlinkSync(kernel.headers, join(prefix, 'libsel4', 'include'));
    return prefix;
}

/** The runtime's ELF for this board and kernel; `building` is called before it is compiled, which takes seconds. */
export async function kernelRuntime(
    board: Board,
    kernel: KernelInstallation,
    building: () => void,
): Promise<string> {
    const sentry = sentryModule(board.architecture);
    const script = join(projectFolder, 'scripts', 'build-runtime.mjs');
    const inputs = [sentry, buildProduct('wasm/manager.wasm'), script];
    inputs.push(join(projectFolder, 'platform', 'boards', board.name, 'board.json'));
    const hash = hashFiles([kernel.headers, join(projectFolder, 'runtime-c')], inputs, [kernel.headers]);
    const folder = join(projectFolder, 'build', 'runtime', board.architecture, `${board.name}-${hash}`);
    const result = join(folder, 'runtime.elf');
    if (existsSync(result)) return result;
    building();
    mkdirSync(folder, { recursive: true });
    const draft = join(folder, `draft-${process.pid}.elf`);
    try {
        const { buildRuntime } = (await import(script)) as RuntimeBuilder;
        await buildRuntime({
            architecture: board.architecture,
            sel4: prefixOf(kernel, folder),
            board: board.name,
            sentry,
            output: draft,
        });
        renameSync(draft, result);
    } catch (error) {
        rmSync(folder, { recursive: true, force: true });
        throw new Failure(
            `runtime for ${kernel.folder} on ${board.name}: it cannot be built; ${messageOf(error)}`,
        );
    }
    return result;
}
