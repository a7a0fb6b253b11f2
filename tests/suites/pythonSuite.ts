// SPDX-License-Identifier: Apache-2.0
//
// Files of CPython's own regression tests (Debian's package libpython3.11-testsuite) that are about the operating system, run by
// Debian's Python 3. Every test method is one test.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import { file } from '../images/busyboxImage.js';
import { debianImageEntries } from '../images/debianImage.js';
import { debianImages } from '../images/debianImages.js';
import type { BuiltSuite, CommandOutcome, Suite, SuiteArchitecture, Verdict } from './suite.js';

/** The chosen files: what Python asks of processes, signals, threads, files, memory, terminals and waiting. */
const files = [
    ...[
        'epoll',
        'fcntl',
        'fork1',
        'glob',
        'mmap',
        'openpty',
        'os',
        'pathlib',
        'poll',
        'popen',
        'posix',
        'pty',
    ],
    ...['queue', 'select', 'selectors', 'shutil', 'signal', 'stat', 'subprocess', 'tempfile', 'thread'],
    ...['threading', 'time', 'wait3', 'wait4'],
].map((name) => `test_${name}`);

function build(architecture: SuiteArchitecture): BuiltSuite {
    const image = debianImages.find(({ name }) => name === 'python-tests')!;
    const script = readFileSync(join(projectFolder, 'tests/suites/pythonTest.py'));
    return {
        entries: [
            ...debianImageEntries(image, architecture, join(projectFolder, 'build/apt-binary')),
            file('suite/pythonTest.py', script),
        ],
        commands: files.map((name) => ({ name, words: ['/usr/bin/python3', '/suite/pythonTest.py', name] })),
    };
}

/** Of tests with the same name, and of a test and its subtests, the worst counts. */
function judge({ name, how, output }: CommandOutcome): Map<string, Verdict> {
    const verdicts = new Map<string, Verdict>();
    for (const [, verdict, what] of output.matchAll(/^(PASS|FAIL): (\S+)$/gm)) {
        const test = `${name}: ${what}`;
        if (verdict === 'FAIL' || !verdicts.has(test))
            verdicts.set(test, verdict === 'PASS' ? 'pass' : 'fail');
    }
    const hangs = how === 'timeout' || how === 'lost';
    verdicts.set(`${name}: the end`, hangs ? 'hang' : /^END$/m.test(output) ? 'pass' : 'fail');
    return verdicts;
}

export const pythonSuite: Suite = {
    name: 'python',
    title: "CPython's regression tests",
    selection:
        "Debian's packages `python3` and `libpython3.11-testsuite`: every test method of " +
        `${files.map((name) => `\`${name}\``).join(', ')} that is not skipped on Linux.`,
    limits: { linux: 180, container: 600, board: 1800 },
    goal: 0.95,
    memory: { container: '512m', machine: '1024m' },
    build,
    judge,
};
