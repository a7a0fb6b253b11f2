// SPDX-License-Identifier: Apache-2.0
//
// Compares a suite's verdicts test by test, and writes docs/linux-abi.md from the results that runs have left.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import type { Verdicts } from './runSuite.js';
import type { Suite, Verdict } from './suite.js';
import { suites } from './suites.js';

/** A test that hangs, or takes its container along, counts as this many failures. */
export const HANG_FAILURES = 10;

export interface Difference {
    test: string;
    /** What the test does here; on Linux it passes. "missing": it did not say. */
    verdict: Verdict | 'missing';
}

export interface SuiteResult {
    suite: string;
    /** "platform/linux", or a board's name. */
    where: string;
    date: string;
    tests: number;
    passedOnLinux: number;
    passedHere: number;
    hangs: number;
    differences: Difference[];
    /** What a reader has to know of this run: tests that were not reached, results put together from several runs. */
    remark?: string;
}

/** Everything that passes on Linux and not here. */
export function compare(suite: Suite, linux: Verdicts, container: Verdicts, where: string): SuiteResult {
    const passed = [...linux.verdicts].filter(([, verdict]) => verdict === 'pass').map(([test]) => test);
    const differences = passed
        .map((test): Difference => ({ test, verdict: container.verdicts.get(test) ?? 'missing' }))
        .filter(({ verdict }) => verdict !== 'pass');
    const hangs = [...container.verdicts].filter(
        ([test, verdict]) => verdict === 'hang' && linux.verdicts.get(test) !== 'hang',
    );
    return {
        suite: suite.name,
        where,
        date: new Date().toISOString().slice(0, 10),
        tests: linux.verdicts.size,
        passedOnLinux: passed.length,
        passedHere: passed.length - differences.length,
        hangs: hangs.length,
        differences,
    };
}

/** The share of what passes on Linux, hangs counted as the issue of trust that they are. */
export function share({ passedOnLinux, passedHere, hangs }: SuiteResult): number {
    return (passedHere - (HANG_FAILURES - 1) * hangs) / passedOnLinux;
}

/** Why tests that pass on Linux do not pass here: by suite, then by test's name or its beginning with an asterisk. */
export type Explanations = Readonly<Record<string, Readonly<Record<string, string>>>>;

const explanationsFile = join(projectFolder, 'tests/suites/differences.json');

export function readExplanations(): Explanations {
    return JSON.parse(readFileSync(explanationsFile, 'utf8')) as Explanations;
}

export function explanationOf(explanations: Explanations, suite: string, test: string): string | undefined {
    const known = explanations[suite] ?? {};
    if (known[test] !== undefined) return known[test];
    const key = Object.keys(known).find((name) => name.endsWith('*') && test.startsWith(name.slice(0, -1)));
    return key === undefined ? undefined : known[key];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function resultsOf(suite: Suite): SuiteResult[] {
    return ['amd64', 'arm64'].flatMap((architecture) =>
        ['linux', 'pc99', 'qemu-arm-virt'].flatMap((where) => {
            const path = join(
                projectFolder,
                'build/suites',
                suite.name,
                architecture,
                `result-${where}.json`,
            );
            return existsSync(path) ? [JSON.parse(readFileSync(path, 'utf8')) as SuiteResult] : [];
        }),
    );
}

/** Writes the page from the latest result of every suite and machine; suites without a result keep none. */
export function writeReport(): void {
    const explanations = readExplanations();
    const lines = [
        '<!-- Written by `npm run test:linux`. Do not edit; tests/suites/differences.json has the explanations. -->',
        '',
        '# The Linux ABI, judged by public test suites',
        '',
        'Each test runs on Linux and in a container, the same program with the same image as its root; what counts is what passes on Linux. A test',
        `that hangs or ends its container counts as ${HANG_FAILURES} failures. On aarch64 the list of what passes on Linux is that of x86_64, where the same`,
        'sources were compiled. `npm run test:linux` repeats the suites from Debian; the others are built by hand from their repositories and',
        'given with `--folder`. [syscalls.md](syscalls.md) lists what the sentry has.',
        '',
        '| suite | where | run | pass on Linux | of them here | hang | share | goal |',
        '|---|---|---|---:|---:|---:|---:|---:|',
    ];
    const details: string[] = [];
    for (const suite of suites) {
        const results = resultsOf(suite);
        if (results.length === 0) {
            lines.push(`| ${suite.title} | not run | | | | | | ${(suite.goal * 100).toFixed(0)} % |`);
        }
        details.push('', `## ${suite.title}`, '', suite.selection);
        for (const result of results) {
            lines.push(
                `| ${suite.title} | ${result.where} | ${result.date} | ${result.passedOnLinux} of ${result.tests} | ${result.passedHere} | ${result.hangs} | ${(share(result) * 100).toFixed(1)} % | ${(suite.goal * 100).toFixed(0)} % |`,
            );
            details.push('', `### ${suite.title}: ${result.where}`, '');
            if (result.remark !== undefined) details.push(result.remark, '');
            if (result.differences.length === 0) {
                details.push('No differences.');
                continue;
            }
            details.push('| passes on Linux, not here | here | why |', '|---|---|---|');
            for (const { test, verdict } of result.differences) {
                const why = explanationOf(explanations, suite.name, test) ?? 'not explained yet';
                details.push(`| ${cell(test)} | ${verdict} | ${cell(why)} |`);
            }
        }
    }
    writeFileSync(join(projectFolder, 'docs/linux-abi.md'), `${[...lines, ...details].join('\n')}\n`);
}
