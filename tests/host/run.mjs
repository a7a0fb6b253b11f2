// SPDX-License-Identifier: Apache-2.0
//
// Tests of the C runtime's host functions: unit tests on this machine, plain and under AddressSanitizer and UBSan; what boards
// write last; and small managers that run in the real runtime, on platform/linux and, where SEL4_PREFIX names one, on a
// kernel in QEMU.
//
//   node tests/host/run.mjs
//
// What is built goes to build/tests/host. The last line is "N passed, N failed, N skipped".

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { debianSource } from '../../scripts/debian-source.mjs';
import { zstdFiles, zstdOptions } from '../../scripts/zstd.mjs';
import { writeData } from './data.mjs';
import { runGeneratorTests } from './generators.mjs';
import { runMachineTests } from './machine.mjs';
import { runPowerOffTests } from './powerOff.mjs';
import { runTranslateTests } from './translate.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const build = join(root, 'build', 'tests', 'host');
const runtime = join(root, 'runtime-c');
const run = promisify(execFile);

const total = { passed: 0, failed: 0, skipped: 0 };

function report(name, { passed = 0, failed = 0, skipped = 0, details = '' }) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
    console.log(`${name.padEnd(36)} ${counts.filter(Boolean).join(', ')}`);
    if (details) {
        console.log(details);
    }
}

/** The runtime's files under test; the rest is replaced by doubles in unit/. */
const sources = [
    'host/runtime.c',
    'host/text.c',
    'host/sha256.c',
    'host/digest.c',
    'host/pages.c',
    'host/crc32.c',
    'host/gunzip.c',
    'host/unzstd.c',
    'host/codec.c',
    'host/heap.c',
    'host/memory.c',
    'host/messages.c',
    'host/report.c',
    'host/clock.c',
    'host/pc/realtime_clock.c',
    'boot/boot_information.c',
];

const zlibFiles = ['inflate.c', 'inffast.c', 'inftrees.c', 'adler32.c', 'zutil.c'];

const variants = {
    plain: ['-O2'],
    sanitized: [
        '-O1',
        '-fsanitize=address,undefined',
        '-fno-sanitize-recover=undefined',
        '-fno-omit-frame-pointer',
    ],
};

/** Compiles the unit tests. The decoders themselves are not instrumented for undefined behaviour: they are not ours to change. */
async function compile(variant, flags, zlib, zstd) {
    const folder = join(build, variant);
    mkdirSync(folder, { recursive: true });
    const kernel = join(root, 'platform', 'linux', 'include');
    const search = ['-I', runtime, ...[zlib, zstd, kernel].flatMap((folder) => ['-isystem', folder])];
    const common = ['-std=c11', '-fasm', '-g', '-DZ_SOLO', ...flags, ...search];
    const strict = [...common, '-Wall', '-Wextra', '-Werror'];
    const rename = ['memcpy', 'memmove', 'memset', 'memcmp'].map((name) => `-D${name}=sealift_${name}`);
    const jobs = [
        ...sources.map((file) => [join(runtime, file), strict]),
        ...readdirSync(join(here, 'unit'))
            .filter((file) => file.endsWith('.c'))
            .map((file) => [join(here, 'unit', file), strict]),
        [join(runtime, 'libc', 'string.c'), [...strict, '-fno-builtin', ...rename]],
        ...zlibFiles.map((file) => [join(zlib, file), [...common, '-w', '-fno-sanitize=undefined']]),
        ...zstdFiles.map((file) => [
            join(zstd, file),
            [...common, ...zstdOptions, '-w', '-fno-sanitize=undefined'],
        ]),
    ].map(([source, options]) => ({
        source,
        options,
        object: join(folder, `${basename(dirname(source))}-${basename(source)}.o`),
    }));
    const queue = [...jobs];
    const worker = async () => {
        for (let job = queue.shift(); job; job = queue.shift()) {
            await run('clang-19', [...job.options, '-c', job.source, '-o', job.object]);
        }
    };
    await Promise.all([worker(), worker()]);
    const program = join(folder, 'unit');
    await run('clang-19', [...flags, ...jobs.map((job) => job.object), '-o', program]);
    return program;
}

async function runUnitTests(data) {
    const zlib = debianSource('zlib');
    const zstd = join(debianSource('libzstd'), 'lib');
    for (const [variant, flags] of Object.entries(variants)) {
        const name = `unit tests (${variant})`;
        try {
            const program = await compile(variant, flags, zlib, zstd);
            const { stdout } = await run(program, [data], { timeout: 300_000 }).catch((error) => error);
            const match = /^(\d+) passed, (\d+) failed$/m.exec(stdout ?? '');
            const details = (stdout ?? '').split('\n').slice(0, match ? -2 : undefined);
            report(name, {
                passed: Number(match?.[1] ?? 0),
                failed: Number(match?.[2] ?? 1),
                details: details.join('\n').trim(),
            });
        } catch (error) {
            report(name, { failed: 1, details: error.stderr || error.message });
        }
    }
}

const data = join(build, 'data');
writeData(data);
await runUnitTests(data);
runGeneratorTests(report);
runPowerOffTests(report);
runTranslateTests(report);
await runMachineTests(report);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
