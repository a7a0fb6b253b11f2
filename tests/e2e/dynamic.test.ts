// SPDX-License-Identifier: Apache-2.0
//
// Programs as compilers and linkers make them: linked against glibc and musl, dynamically and statically, at a fixed address and
// not, with LD_PRELOAD, from scripts, set-user-ID. They print what Linux has them print.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file, folder as directory } from '../images/busyboxImage.js';
import { makeLayer, OciLayout, type Layer } from '../images/ociLayout.js';
import { testBoards } from './kernels.js';
import { LinuxReference, skipWithoutRoot } from './linuxReference.js';
import { shellConfig, shellLayers, type ImageArchitecture } from './shellImage.js';

const sources = join(projectFolder, 'tests', 'linux', 'dynamic');
const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

/** A C library for an architecture: its compiler, where its files are on this machine, and where programs expect them. */
interface Library {
    compiler: string;
    options: string[];
    /** Path in the image, without the leading slash: path here. */
    files: Record<string, string>;
    linker: string;
}

/** Debian's glibc for this machine, or of its cross compilers. */
function glibc(prefix: string, from: string, to: string, linker: string): Library {
    const files: Record<string, string> = { [linker.slice(1)]: join(from, basename(linker)) };
    for (const name of ['libc.so.6', 'libm.so.6', 'libgcc_s.so.1']) {
        files[`${to}/${name}`] = join(from, name);
    }
    return { compiler: `${prefix}gcc`, options: [], files, linker };
}

const glibcOf: Readonly<Record<ImageArchitecture, Library>> = {
    amd64: glibc('', '/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', '/lib64/ld-linux-x86-64.so.2'),
    arm64: glibc('aarch64-linux-gnu-', '/usr/aarch64-linux-gnu/lib', 'lib', '/lib/ld-linux-aarch64.so.1'),
    riscv64: glibc(
        'riscv64-linux-gnu-',
        '/usr/riscv64-linux-gnu/lib',
        'lib',
        '/lib/ld-linux-riscv64-lp64d.so.1',
    ),
};

const musl: Library = {
    compiler: 'musl-gcc',
    options: ['-DMUSL'],
    files: { 'lib/ld-musl-x86_64.so.1': '/lib/x86_64-linux-musl/libc.so' },
    linker: '/lib/ld-musl-x86_64.so.1',
};

/** How the program is linked, by the name that it gets. */
interface Linking {
    library: Library;
    options: string[];
    dynamic: boolean;
}

function linkings(architecture: ImageArchitecture): Record<string, Linking> {
    const library = glibcOf[architecture];
    const withGlibc: Record<string, Linking> = {
        'glibc-pie': { library, options: ['-pie', '-fPIE'], dynamic: true },
        'glibc-fixed': { library, options: ['-no-pie', '-fno-pie'], dynamic: true },
        'glibc-static': { library, options: ['-static', '-DSTATIC'], dynamic: false },
    };
    // Debian's glibc for riscv64 has no start-up code for these.
    if (architecture !== 'riscv64') {
        const options = ['-static-pie', '-fPIE', '-DSTATIC'];
        withGlibc['glibc-static-pie'] = { library, options, dynamic: false };
    }
    if (architecture !== 'amd64') return withGlibc;
    return {
        ...withGlibc,
        'musl-dynamic': { library: musl, options: ['-pie', '-fPIE'], dynamic: true },
        'musl-fixed': { library: musl, options: ['-no-pie', '-fno-pie'], dynamic: true },
        'musl-static': { library: musl, options: ['-static', '-DSTATIC'], dynamic: false },
    };
}

function compile(
    { compiler, options }: Library,
    extra: readonly string[],
    source: string,
    target: string,
): void {
    const warnings = ['-Wall', '-Wextra', '-Werror'];
    // With unwind tables, for backtraces; compilers differ in what they do by themselves.
    const common = [
        '-std=gnu11',
        '-O1',
        ...warnings,
        '-pthread',
        '-rdynamic',
        '-fasynchronous-unwind-tables',
    ];
    const words = [...common, ...options, ...extra, '-o', target, join(sources, source), '-lm'];
    execFileSync(compiler, words, { stdio: ['ignore', 'inherit', 'pipe'] });
}

/** Runs the program in every way that its linking allows. */
function script(all: Record<string, Linking>): string {
    const lines = ['#!/bin/sh'];
    const run = (command: string): void => {
        lines.push(`echo '== ${command}'`, `${command}; echo "ended with $?"`);
    };
    for (const [name, { library, dynamic }] of Object.entries(all)) {
        run(`/opt/${name} one "two words"`);
        run(`LD_PRELOAD=/opt/preload-${library.compiler}.so /opt/${name}`);
        run(`/opt/script-${name} further`);
        if (dynamic) run(`${library.linker} /opt/${name} by its linker`);
    }
    return `${lines.join('\n')}\n`;
}

/** The layer with the programs, and the image's reference. */
function writeImage(architecture: ImageArchitecture): string {
    const work = join(folder, architecture);
    execFileSync('mkdir', ['-p', work]);
    const all = linkings(architecture);
    const entries = new Map<string, { path: string; mode: number }>();
    for (const [name, { library, options }] of Object.entries(all)) {
        const target = join(work, name);
        compile(library, options, 'program.c', target);
        entries.set(`opt/${name}`, { path: target, mode: 0o755 });
        entries.set(`opt/set-id-${name}`, { path: target, mode: 0o6755 });
        for (const [where, path] of Object.entries(library.files)) entries.set(where, { path, mode: 0o755 });
        const preload = join(work, `preload-${library.compiler}.so`);
        if (!existsSync(preload)) compile(library, ['-shared', '-fPIC'], 'preload.c', preload);
        entries.set(`opt/preload-${library.compiler}.so`, { path: preload, mode: 0o755 });
    }
    const plugin = join(work, 'plugin.so');
    compile(glibcOf[architecture], ['-shared', '-fPIC', '-nostdlib'], 'plugin.c', plugin);
    entries.set('opt/plugin.so', { path: plugin, mode: 0o755 });
    const folders = new Set<string>();
    for (const name of entries.keys()) {
        const parts = name.split('/').slice(0, -1);
        parts.forEach((_, index) => folders.add(parts.slice(0, index + 1).join('/')));
    }
    const scripts = Object.keys(all).map((name) =>
        file(`opt/script-${name}`, Buffer.from(`#! /opt/${name} from a script\n`), 0o755),
    );
    const layer: Layer = makeLayer(
        [
            ...[...folders].sort().map((name) => directory(name)),
            ...[...entries].map(([name, { path, mode }]) => file(name, readFileSync(path), mode)),
            ...scripts,
            file('opt/all', Buffer.from(script(all)), 0o755),
        ],
        true,
    );
    const layout = new OciLayout(join(folder, `image-${architecture}`));
    const image = layout.addImage({ architecture, config: shellConfig }, [
        ...shellLayers(architecture),
        layer,
    ]);
    layout.writeIndex({ latest: image });
    return `oci:${layout.folder}:latest`;
}

const environment = [...(shellConfig.Env ?? []), 'HOME=/root'];

describe('programs linked in several ways', { skip: skipWithoutRoot }, () => {
    test('as on Linux', async () => {
        const image = writeImage('amd64');
        const linux = new LinuxReference(image);
        try {
            const expected = await linux.run(['/opt/all'], { environment });
            const actual = await sealift(['run', image, '/opt/all'], { timeout: 120_000 });
            assert.equal(actual.stdout.toString('latin1'), expected.stdout.toString('latin1'));
            assert.equal(actual.stderr, expected.stderr);
            assert.match(actual.stdout.toString('latin1'), /ended with 3/);
            // Set-ID programs of other users ignore LD_PRELOAD.
            for (const name of ['glibc-pie', 'musl-dynamic', 'glibc-static']) {
                const command = [`/opt/set-id-${name}`];
                const preload = `LD_PRELOAD=/opt/preload-${name.startsWith('musl') ? 'musl-' : ''}gcc.so`;
                const user = { uid: 1000, gid: 1000 };
                const reference = await linux.run(command, { environment: [...environment, preload], user });
                const words = ['run', '--user', '1000:1000', '-e', preload, image, ...command];
                const result = await sealift(words);
                assert.equal(result.stdout.toString('latin1'), reference.stdout.toString('latin1'));
                assert.match(
                    result.stdout.toString('latin1'),
                    /secure: 1, user 1000 effective 0 group 1000 effective 0/,
                );
                assert.equal(result.code, 3);
            }
        } finally {
            linux.close();
        }
    });
});

for (const { board, image: architecture, skip } of testBoards) {
    test(
        `programs linked in several ways on board ${board.name}`,
        { skip: skip || skipWithoutRoot },
        async () => {
            const image = writeImage(architecture);
            const actual = await sealift(['run', '--quiet', '--board', board.name, image, '/opt/all'], {
                timeout: 300_000,
            });
            const reference = new LinuxReference(writeImage('amd64'));
            try {
                const expected = await reference.run(['/opt/all'], { environment });
                const names = Object.keys(linkings(architecture)).filter((name) => name.startsWith('glibc'));
                // What these programs print, without the command, which names the dynamic linker.
                const text = (bytes: Buffer): string =>
                    bytes
                        .toString('latin1')
                        .split('== ')
                        .filter((part) => names.some((name) => new RegExp(`${name}[ \n]`).test(part)))
                        .map((part) => part.replace(/^.*\n/, ''))
                        .join('');
                assert.equal(text(actual.stdout), text(expected.stdout));
            } finally {
                reference.close();
            }
        },
    );
}
