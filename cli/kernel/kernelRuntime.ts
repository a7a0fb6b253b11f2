// SPDX-License-Identifier: Apache-2.0
//
// The C runtime for a kernel. It is compiled against that kernel's own headers, so each kernel has its own; it is kept
// under a hash of everything it was made from and made once. So is the runtime whose modules are compiled ahead of time.

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
        sel4?: string;
        board?: string;
        sentry: string;
        output: string;
        aot: boolean;
    }) => Promise<unknown>;
}

const buildScript = join(projectFolder, 'scripts', 'build-runtime.mjs');

/** What else decides how a module is compiled ahead of time. */
const compilerScripts = ['compile-module.mjs', 'wasm-sections.mjs'].map((name) =>
    join(projectFolder, 'scripts', name),
);

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

/** What a runtime is for, where its headers are, and how it is built. */
interface Recipe {
    architecture: Architecture;
    /** First part of the folder's name in build/runtime/ARCHITECTURE. */
    label: string;
    /** In messages. */
    description: string;
    headers: string;
    /** More files that the result depends on. */
    inputs: readonly string[];
    board?: Board;
    /** The install prefix for a folder that it may write to. */
    prefix?: (folder: string) => string;
    aot: boolean;
}

/** The runtime's ELF, built unless it is there; `building` is called before it is compiled, which takes seconds. */
async function makeRuntime(recipe: Recipe, building: () => void): Promise<string> {
    const { architecture, headers, aot } = recipe;
    const sentry = sentryModule(architecture);
    const modules = [sentry, buildProduct('wasm/manager.wasm'), buildProduct('wasm/unpacker.wasm')];
    const inputs = [...modules, buildScript, ...recipe.inputs];
    const sources = [headers, join(projectFolder, 'runtime-c')];
    const hash = hashFiles(sources, inputs, [headers, aot ? 'aot' : 'interpreter']);
    const folder = join(projectFolder, 'build', 'runtime', architecture, `${recipe.label}-${hash}`);
    const result = join(folder, 'runtime.elf');
    if (existsSync(result)) return result;
    building();
    mkdirSync(folder, { recursive: true });
    const draft = join(folder, `draft-${process.pid}.elf`);
    try {
        const { buildRuntime } = (await import(buildScript)) as RuntimeBuilder;
        await buildRuntime({
            architecture,
            ...(recipe.prefix && { sel4: recipe.prefix(folder) }),
            ...(recipe.board && { board: recipe.board.name }),
            sentry,
            output: draft,
            aot,
        });
        renameSync(draft, result);
    } catch (error) {
        rmSync(folder, { recursive: true, force: true });
        throw new Failure(`runtime for ${recipe.description}: it cannot be built; ${messageOf(error)}`);
    }
    return result;
}

/**
 * The runtime's ELF for this board and kernel.
 * @param aot compile the modules ahead of time instead of interpreting them
 */
export async function kernelRuntime(
    board: Board,
    kernel: KernelInstallation,
    aot: boolean,
    building: () => void,
): Promise<string> {
    return makeRuntime(
        {
            architecture: board.architecture,
            label: board.name,
            description: `${kernel.folder} on ${board.name}`,
            headers: kernel.headers,
            inputs: [
                join(projectFolder, 'platform', 'boards', board.name, 'board.json'),
                ...(aot ? compilerScripts : []),
            ],
            board,
            prefix: (folder) => prefixOf(kernel, folder),
            aot,
        },
        building,
    );
}

/** The runtime's ELF for platform/linux with its modules compiled ahead of time. */
export async function compiledLinuxRuntime(building: () => void): Promise<string> {
    return makeRuntime(
        {
            architecture: 'x86_64',
            label: 'linux-aot',
            description: 'platform/linux',
            headers: join(projectFolder, 'platform', 'linux', 'include'),
            inputs: compilerScripts,
            aot: true,
        },
        building,
    );
}
