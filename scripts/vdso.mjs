// SPDX-License-Identifier: Apache-2.0
//
// Builds the vDSO, the shared library that the sentry maps into every process, from runtime-c/vdso. scripts/sentry.mjs puts it
// into the sentry's module.
//
//   node scripts/vdso.mjs [ARCHITECTURE...]      x86_64, aarch64, riscv64; all unless named
//
// The result, build/vdso/ARCHITECTURE.so, has no section headers: nothing that a process sees needs them, and they would not
// fit the page.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './progress.mjs';

const source = join(root, 'runtime-c', 'vdso');

/** The compiler's target and options, and second names of the functions. */
const architectures = {
    x86_64: {
        options: ['--target=x86_64-unknown-linux-gnu', '-mgeneral-regs-only', '-mno-red-zone'],
        emulation: 'elf_x86_64',
        secondNames: ['clock_gettime', 'clock_getres', 'gettimeofday', 'time', 'getcpu'],
    },
    aarch64: {
        options: ['--target=aarch64-linux-gnu', '-mgeneral-regs-only'],
        emulation: 'aarch64linux',
        secondNames: [],
    },
    riscv64: {
        options: ['--target=riscv64-linux-gnu', '-march=rv64gc', '-mabi=lp64d', '-mno-relax'],
        emulation: 'elf64lriscv',
        secondNames: [],
    },
};

const compilerOptions = [
    '-std=c11',
    '-fasm',
    '-O2',
    '-ffreestanding',
    '-fPIC',
    '-fno-stack-protector',
    '-fasynchronous-unwind-tables',
    '-fno-builtin',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-I',
    join(root, 'runtime-c'),
];

/** Where an architecture's vDSO is built, from the project's root. */
export function vdsoFile(architecture) {
    return `build/vdso/${architecture}.so`;
}

/** The bytes of the one PT_LOAD segment of an ELF file, without a trace of section headers. */
function loadedBytes(elf) {
    const programHeaders = Number(elf.readBigUInt64LE(32));
    const [type, offset, address] = [
        elf.readUInt32LE(programHeaders),
        elf.readBigUInt64LE(programHeaders + 8),
        elf.readBigUInt64LE(programHeaders + 16),
    ];
    if (type !== 1 || offset !== 0n || address !== 0n) {
        throw new Error('the first segment of the vDSO is not the whole file');
    }
    const bytes = Buffer.from(elf.subarray(0, Number(elf.readBigUInt64LE(programHeaders + 32))));
    bytes.writeBigUInt64LE(0n, 40); // e_shoff
    bytes.fill(0, 58, 64); // e_shentsize, e_shnum, e_shstrndx
    return bytes;
}

/** Builds an architecture's vDSO. */
export function buildVdso(name) {
    const architecture = architectures[name];
    if (!architecture) {
        throw new Error(`architecture ${name}: there is none; they are ${Object.keys(architectures)}`);
    }
    const output = join(root, vdsoFile(name));
    const folder = join(root, 'build', 'vdso', name);
    mkdirSync(folder, { recursive: true });
    const run = (command, words) => execFileSync(command, words, { stdio: ['ignore', 'inherit', 'pipe'] });
    const assembly = readdirSync(join(source, name)).filter((file) => file.endsWith('.S'));
    const sources = ['time.c', 'clock_data.c', ...assembly.map((file) => join(name, file))].map((file) =>
        join(source, file),
    );
    const objects = sources.map((file, index) => {
        const object = join(folder, `${index}.o`);
        run('clang-19', [...architecture.options, ...compilerOptions, '-c', file, '-o', object]);
        return object;
    });
    const linked = join(folder, 'linked.so');
    run('ld.lld-19', [
        ...['-m', architecture.emulation, '-shared', '-nostdlib', '-Bsymbolic', '--fatal-warnings'],
        ...['--hash-style=both', '--build-id=none', '--eh-frame-hdr', '-soname', 'linux-vdso.so.1'],
        ...['-z', 'max-page-size=4096', '-z', 'noexecstack', '-z', 'norelro'],
        ...['-T', join(source, 'vdso.ld'), '--version-script', join(source, name, 'vdso.map')],
        ...architecture.secondNames.map((second) => `--defsym=${second}=__vdso_${second}`),
        ...['-o', linked, ...objects],
    ]);
    writeFileSync(output, loadedBytes(readFileSync(linked)));
    rmSync(folder, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const named = process.argv.slice(2);
    for (const name of named.length > 0 ? named : Object.keys(architectures)) {
        try {
            buildVdso(name);
        } catch (error) {
            process.stderr.write(`vdso: ${name}: ${error.stderr?.toString() ?? error.message}\n`);
            process.exitCode = 1;
        }
    }
}
