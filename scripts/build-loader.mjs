// SPDX-License-Identifier: Apache-2.0
//
// Builds the loaders that start the kernel on aarch64 and riscv64: build/boot/ARCHITECTURE/loader.elf. One for all boards
// of an architecture: it runs at any address and finds its facts in a descriptor that the command line fills in.
//
//   node scripts/build-loader.mjs [ARCHITECTURE...]

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'platform', 'boot');
const run = promisify(execFile);

/** Compiler's options and linker's format. The MMU is off at first: no unaligned accesses, no vector registers. */
const architectures = {
    aarch64: {
        compiler: ['--target=aarch64-unknown-none-elf', '-mgeneral-regs-only', '-mstrict-align'],
        linker: 'aarch64elf',
    },
    riscv64: {
        compiler: [
            '--target=riscv64-unknown-none-elf',
            '-march=rv64ima_zicsr_zifencei',
            '-mabi=lp64',
            '-mcmodel=medany',
            '-mno-relax',
        ],
        linker: 'elf64lriscv',
    },
};

/** Position-independent without a table of addresses: there is nobody who would relocate the loader. */
const options = [
    '-std=c11',
    '-Os',
    '-ffreestanding',
    '-fno-builtin',
    '-fpie',
    '-fno-stack-protector',
    '-fno-asynchronous-unwind-tables',
    '-fno-jump-tables',
    '-nostdlibinc',
    '-Wall',
    '-Wextra',
    '-Werror',
];

async function execute(command, words) {
    try {
        await run(command, words, { cwd: root });
    } catch (error) {
        if (error.code === 'ENOENT') {
            throw new Error(`${command} is not installed (Debian package of the same name)`);
        }
        throw new Error(`${command} failed:\n${error.stderr}`);
    }
}

/** Builds one architecture's loader; its path. */
export async function buildLoader(name) {
    const architecture = architectures[name];
    if (!architecture) {
        throw new Error(
            `there is no loader for ${name}; there is one for ${Object.keys(architectures).join(' and ')}`,
        );
    }
    const folder = join(root, 'build', 'boot', name);
    mkdirSync(folder, { recursive: true });
    const files = [join(sources, 'loader.c')];
    for (const entry of readdirSync(join(sources, name)).sort()) {
        if (/\.[cS]$/.test(entry)) files.push(join(sources, name, entry));
    }
    const objects = [];
    for (const file of files) {
        const object = join(folder, `${relative(sources, file).replaceAll('/', '-')}.o`);
        await execute('clang-19', [...architecture.compiler, ...options, '-c', file, '-o', object]);
        objects.push(object);
    }
    const output = join(folder, 'loader.elf');
    await execute('ld.lld-19', [
        '-m',
        architecture.linker,
        '-pie',
        '--no-dynamic-linker',
        '-z',
        'text',
        '-z',
        'norelro',
        '-z',
        'max-page-size=4096',
        '--build-id=none',
        '--fatal-warnings',
        '-T',
        join(sources, name, 'loader.ld'),
        '-o',
        output,
        ...objects,
    ]);
    return output;
}

async function main() {
    const wanted = process.argv.slice(2);
    for (const name of wanted.length > 0 ? wanted : Object.keys(architectures)) {
        console.log(relative(root, await buildLoader(name)));
    }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    main().catch((error) => {
        console.error(`build-loader: ${error.message}`);
        process.exitCode = 1;
    });
}
