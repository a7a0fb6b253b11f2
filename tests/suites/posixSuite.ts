// SPDX-License-Identifier: Apache-2.0
//
// The Open POSIX Test Suite (Debian's source package posixtestsuite): one program for each assertion of POSIX.1-2001's
// interfaces.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import { file } from '../images/busyboxImage.js';
import { compileAll, compilers, debianSourceFolder, libraryEntries, suiteFolder } from './programs.js';
import type { BuiltSuite, Suite, SuiteArchitecture } from './suite.js';

/** Left out, by what their names begin with. */
const leftOut: readonly { pattern: RegExp; reason: string }[] = [
    { pattern: /\bspeculative\b/, reason: 'what the standard leaves open' },
    { pattern: /^clock_settime\./, reason: "would set the machine's clock on Linux" },
    {
        pattern: /^(sched_set|pthread_(attr_)?setsched|pthread_setsched)/,
        reason: 'real-time priorities on the machine',
    },
    { pattern: /^(aio|lio)_/, reason: "the C library's own threads, no system calls" },
    { pattern: /^(kill|killpg)\./, reason: 'signals to whole groups and sessions' },
    { pattern: /^mlockall\./, reason: "locks the machine's memory" },
];

const options = [
    ...['-O1', '-w', '-std=gnu99'],
    ...['-D_POSIX_C_SOURCE=200112L', '-D_XOPEN_SOURCE=600', '-D_GNU_SOURCE', '-Iinclude'],
];
const libraries = ['-lpthread', '-lrt', '-lm'];

/** Programs of `npm test`: those that Linux passes at once. */
function sliceNames(): Set<string> {
    const text = readFileSync(join(projectFolder, 'tests/suites/posixSlice.txt'), 'utf8');
    return new Set(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
}

/** "fork/3-1.c" is test "fork.3-1". */
function testName(path: string): string {
    return path.replace(/\.c$/, '').replaceAll('/', '.');
}

function build(architecture: SuiteArchitecture, slice: boolean): BuiltSuite {
    const source = debianSourceFolder('posixtestsuite');
    const interfaces = join(source, 'conformance/interfaces');
    const only = slice ? sliceNames() : undefined;
    const wanted = readdirSync(interfaces, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.c') && /^\w+\/[\w-]+\.c$/.test(path))
        .filter((path) => !leftOut.some(({ pattern }) => pattern.test(testName(path))))
        .filter((path) => only === undefined || only.has(testName(path)))
        .sort();
    const folder = suiteFolder('posixtestsuite', architecture);
    const built = compileAll(
        wanted
            // What sets the clock would set this machine's.
            .filter((path) => !/\bclock_settime *\(/.test(readFileSync(join(interfaces, path), 'utf8')))
            .map((path) => ({
                program: join(folder, testName(path)),
                folder: source,
                words: [
                    compilers[architecture],
                    ...options,
                    `-Iconformance/interfaces/${dirname(path)}`,
                    `conformance/interfaces/${path}`,
                    '-o',
                    join(folder, testName(path)),
                    ...libraries,
                ],
            })),
    );
    const names = built.map((program) => program.slice(folder.length + 1));
    return {
        entries: [
            ...libraryEntries(architecture),
            ...names.map((name) => file(`suite/${name}`, readFileSync(join(folder, name)), 0o755)),
        ],
        commands: names.map((name) => ({ name, words: [`/suite/${name}`] })),
    };
}

export const posixSuite: Suite = {
    name: 'posix',
    title: 'Open POSIX Test Suite',
    selection:
        "Debian's source package `posixtestsuite`: every program of `conformance/interfaces` that builds with gcc, linked to Debian's libc6, without " +
        `${leftOut.map(({ pattern, reason }) => `\`${pattern.source.replaceAll('\\b', '').replaceAll('\\', '').replaceAll('|', ', ')}\` (${reason})`).join(', ')}, ` +
        'and without programs that set the clock.',
    // Some create thousands of processes and threads, a second's work for Linux.
    limits: { linux: 20, container: 120, board: 300 },
    goal: 0.95,
    build,
};
