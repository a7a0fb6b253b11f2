// SPDX-License-Identifier: Apache-2.0
//
// Compiling suites: sources from Debian, programs below build/suites, each made once.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import { file, folder } from '../images/busyboxImage.js';
import { debianPackageFiles } from '../images/debianPackage.js';
import type { LayerEntry } from '../images/ociLayout.js';
import type { SuiteArchitecture } from './suite.js';

export const compilers: Readonly<Record<SuiteArchitecture, string>> = {
    amd64: 'gcc',
    arm64: 'aarch64-linux-gnu-gcc',
};

/** Where a suite's programs and results are kept. */
export function suiteFolder(name: string, architecture: SuiteArchitecture): string {
    const folder = join(projectFolder, 'build/suites', name, architecture);
    mkdirSync(folder, { recursive: true });
    return folder;
}

/** The folder with a Debian source package's files. */
export function debianSourceFolder(name: string): string {
    const script = join(projectFolder, 'scripts/debian-source.mjs');
    return execFileSync(process.execPath, [script, name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();
}

/** The libraries that programs for an architecture are linked to at run time: the C library, and what unwinds cancelled threads. */
export function libraryEntries(architecture: SuiteArchitecture): LayerEntry[] {
    const cache = join(projectFolder, 'build/apt-binary');
    const triplet = architecture === 'amd64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
    const loader = architecture === 'amd64' ? 'lib64/ld-linux-x86-64.so.2' : 'lib/ld-linux-aarch64.so.1';
    const libraries = {
        libc6: ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'librt.so.1', 'libdl.so.2'],
        'libgcc-s1': ['libgcc_s.so.1'],
    };
    const contents = Object.entries(libraries).flatMap(([name, names]) => {
        const files = debianPackageFiles(name, architecture, cache);
        const read = (library: string): Buffer =>
            readFileSync(realpathSync(join(files, 'lib', triplet, library)));
        const entries = names.map((library) => file(`lib/${triplet}/${library}`, read(library), 0o755));
        return name === 'libc6'
            ? [...entries, file(loader, read(loader.split('/').at(-1)!), 0o755)]
            : entries;
    });
    return [...['lib', 'lib64', `lib/${triplet}`].map((name) => folder(name)), ...contents];
}

export interface Compilation {
    /** Path of the program that is made. */
    program: string;
    /** Where the compiler runs. */
    folder: string;
    words: readonly string[];
}

/**
 * Makes the programs that are not there yet, as many at a time as there are processors, and returns the paths of those that
 * compile. What does not compile is remembered by a file beside it, and not tried again.
 */
export function compileAll(compilations: readonly Compilation[]): string[] {
    const refused = (program: string): string => `${program}.refused`;
    const missing = compilations.filter(
        ({ program }) => !existsSync(program) && !existsSync(refused(program)),
    );
    if (missing.length > 0) {
        console.log(`compiling ${missing.length} programs`);
        // xargs runs them side by side: one line is a folder, a program, and the compiler's words.
        const script = 'cd "$1" && program=$2 && shift 2 && { "$@" || : >"$program.refused"; }';
        const input = missing.map(({ program, folder, words }) => [folder, program, ...words].join('\n'));
        for (const { words } of missing) {
            if (words.some((word) => word.includes('\n') || word.includes(' ')))
                throw new Error(`words with spaces cannot be handed on: ${words.join(' ')}`);
        }
        const result = spawnSync(
            'xargs',
            ['--max-procs', String(cpus().length), '--max-lines=1', '/bin/sh', '-c', script, 'sh'],
            {
                input: input.map((lines) => `${lines.replaceAll('\n', ' ')}\n`).join(''),
                stdio: ['pipe', 'ignore', 'ignore'],
            },
        );
        if (result.error) throw result.error;
    }
    for (const { program } of compilations) {
        if (!existsSync(program) && !existsSync(refused(program))) writeFileSync(refused(program), '');
    }
    return compilations.map(({ program }) => program).filter((program) => existsSync(program));
}
