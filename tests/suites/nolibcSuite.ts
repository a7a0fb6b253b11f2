// SPDX-License-Identifier: Apache-2.0
//
// nolibc-test, the self test of Linux's own small C library (Debian's package linux-source-6.1): one static program that makes
// a system call for each of its checks and says what it expected.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import { file } from '../images/busyboxImage.js';
import { debianPackageFiles } from '../images/debianPackage.js';
import { compileAll, compilers, suiteFolder } from './programs.js';
import type { BuiltSuite, CommandOutcome, Suite, SuiteArchitecture, Verdict } from './suite.js';

const PACKAGE = 'linux-source-6.1';

/** The folders of Linux's source that the test is made from, taken out of the package once. */
function sources(): string {
    const folder = join(projectFolder, 'build/suites/nolibc');
    const tree = join(folder, PACKAGE);
    if (existsSync(tree)) return tree;
    mkdirSync(folder, { recursive: true });
    const files = debianPackageFiles(PACKAGE, 'amd64', join(projectFolder, 'build/apt-binary'));
    const archive = join(files, 'usr/src', `${PACKAGE}.tar.xz`);
    const wanted = ['tools/include/nolibc', 'tools/testing/selftests/nolibc'].map(
        (path) => `${PACKAGE}/${path}`,
    );
    execFileSync('tar', ['--extract', '--file', archive, '--directory', folder, ...wanted]);
    return tree;
}

function build(architecture: SuiteArchitecture): BuiltSuite | string {
    const tree = sources();
    const program = join(suiteFolder('nolibc', architecture), 'nolibc-test');
    // As the test's own Makefile does it, with the header included in place of an installed one.
    const built = compileAll([
        {
            program,
            folder: tree,
            words: [
                compilers[architecture],
                ...[
                    '-Os',
                    '-w',
                    '-fno-ident',
                    '-fno-asynchronous-unwind-tables',
                    '-s',
                    '-nostdlib',
                    '-static',
                ],
                ...['-include', 'tools/include/nolibc/nolibc.h'],
                ...['tools/testing/selftests/nolibc/nolibc-test.c', '-o', program, '-lgcc'],
            ],
        },
    ]);
    if (built.length === 0) return 'nolibc-test does not compile';
    return {
        entries: [file('suite/nolibc-test', readFileSync(program), 0o755)],
        commands: [{ name: 'nolibc-test', words: ['/suite/nolibc-test'] }],
    };
}

/** "12 getpid = 7 [OK]": the check's number and name; those of both parts, "syscall" and "stdlib", count on their own. */
function judge({ output, how }: CommandOutcome): Map<string, Verdict> {
    const verdicts = new Map<string, Verdict>();
    let part = '';
    for (const line of output.split('\n')) {
        part = /^Running test '(\w+)'/.exec(line)?.[1] ?? part;
        const check = /^(\d+) (\w+) .*\[(OK|FAIL|SKIPPED)\]/.exec(line);
        if (check === null || check[3] === 'SKIPPED') continue;
        verdicts.set(`${part}.${check[1]}.${check[2]}`, check[3] === 'OK' ? 'pass' : 'fail');
    }
    if (how !== 'exit') verdicts.set('the end', how === 'signal' ? 'fail' : 'hang');
    return verdicts;
}

export const nolibcSuite: Suite = {
    name: 'nolibc',
    title: 'nolibc-test',
    selection: `Linux's own \`tools/testing/selftests/nolibc\` from Debian's package \`${PACKAGE}\`: every check that is not skipped.`,
    limits: { linux: 60, container: 120, board: 240 },
    goal: 1,
    build,
    judge,
};
