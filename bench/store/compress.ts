// SPDX-License-Identifier: Apache-2.0
//
// How small contents become, and how long that takes here: deflate by Node's zlib, zstd and LZ4 by Debian's commands.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { root } from '../image.js';

export interface Compressed {
    /** Bytes of each content. */
    sizes: number[];
    milliseconds: number;
}

export interface Compressor {
    name: string;
    compress: (contents: readonly Buffer[]) => Compressed;
}

function deflate(contents: readonly Buffer[]): Compressed {
    const started = performance.now();
    const sizes = contents.map((content) => deflateRawSync(content, { level: 6 }).length);
    return { sizes, milliseconds: performance.now() - started };
}

/** Compresses files with a command that makes NAME.SUFFIX of each NAME; its time has those of the files. */
function byCommand(contents: readonly Buffer[], command: readonly string[], suffix: string): Compressed {
    const base = join(root, 'build', 'bench', 'store');
    mkdirSync(base, { recursive: true });
    const folder = mkdtempSync(join(base, 'compress-'));
    try {
        const paths = contents.map((_, unit) => join(folder, String(unit)));
        for (const [unit, path] of paths.entries()) writeFileSync(path, contents[unit]!);
        const started = performance.now();
        execFileSync(command[0]!, [...command.slice(1), folder]);
        const milliseconds = performance.now() - started;
        return { sizes: paths.map((path) => statSync(`${path}.${suffix}`).size), milliseconds };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

const commands = [
    { name: 'zstd -3', suffix: 'zst', command: ['zstd', '-q', '-3', '--single-thread', '--no-check', '-r'] },
    { name: 'lz4', suffix: 'lz4', command: ['lz4', '-q', '-m', '--no-frame-crc', '-r'] },
];

/** What is there: deflate always, the others where their command is installed. */
export function compressors(): Compressor[] {
    const usable = commands.filter(({ command }) => {
        try {
            execFileSync(command[0]!, ['--version'], { stdio: 'pipe' });
            return true;
        } catch {
            return false;
        }
    });
    return [
        { name: 'deflate -6', compress: deflate },
        ...usable.map(({ name, command, suffix }) => ({
            name,
            compress: (contents: readonly Buffer[]) => byCommand(contents, command, suffix),
        })),
    ];
}
