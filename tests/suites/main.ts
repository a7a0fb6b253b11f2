// SPDX-License-Identifier: Apache-2.0
//
// npm run test:linux -- [SUITE...] [--board=NAME] [--folder=PATH] [--every=N] [--no-report]
//
// Runs public test suites in containers and on this machine's Linux, test by test, and writes docs/linux-abi.md. Without names
// all suites that can be built here. libc-test and ltp take their programs from a folder (--folder, one suite at a time). --every=N
// takes every Nth command of a suite only, for a sample.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { imageArchitectures } from '../e2e/kernels.js';
import { readBoard } from '../../cli/boards/board.js';
import { suiteFolder } from './programs.js';
import { compare, share, writeReport, type SuiteResult } from './report.js';
import { compareSuite } from './runSuite.js';
import type { BuiltSuite, SuiteArchitecture } from './suite.js';
import { suites } from './suites.js';

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        board: { type: 'string' },
        folder: { type: 'string' },
        every: { type: 'string' },
        'no-report': { type: 'boolean' },
    },
});
if (values.folder !== undefined) process.env.SEALIFT_SUITE_FOLDER = values.folder;
const every = Number(values.every ?? 1);
if (!(Number.isInteger(every) && every >= 1)) {
    console.error(`--every=${values.every}: not a number of commands; give 1 or more`);
    process.exit(2);
}
/** A suite with every Nth of its commands, and without the programs of the others. */
function sampled(built: BuiltSuite): BuiltSuite {
    const commands = built.commands.filter((_, index) => index % every === 0);
    const kept = new Set(commands.map(({ words }) => words[0]));
    const left = new Set(built.commands.map(({ words }) => words[0]!).filter((word) => !kept.has(word)));
    return { commands, entries: built.entries.filter(({ name }) => !left.has(`/${name}`)) };
}
const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
    console.error(
        `suite ${unknown.join(', ')}: there is none; the suites are ${suites.map(({ name }) => name).join(', ')}`,
    );
    process.exit(2);
}
const architecture: SuiteArchitecture =
    values.board === undefined
        ? 'amd64'
        : (imageArchitectures[readBoard(values.board).architecture] as SuiteArchitecture);

let worst = 0;
for (const suite of suites) {
    if (positionals.length > 0 && !positionals.includes(suite.name)) continue;
    console.log(`\n== ${suite.title}`);
    const native = suite.build('amd64', false);
    const built = architecture === 'amd64' ? native : suite.build(architecture, false);
    const refusal = [native, built].find((result) => typeof result === 'string');
    if (typeof native === 'string' || typeof built === 'string') {
        console.log(`SKIPPED: ${refusal}`);
        continue;
    }
    const sides = await compareSuite(suite, sampled(built), sampled(native), architecture, {
        board: values.board,
        say: (text) => console.log(text),
    });
    const result: SuiteResult = compare(
        suite,
        sides.linux,
        sides.container,
        values.board ?? 'platform/linux',
    );
    if (every > 1) result.remark = `A sample: every ${every}th command of the suite.`;
    const folder = suiteFolder(suite.name, architecture);
    writeFileSync(join(folder, `result-${values.board ?? 'linux'}.json`), JSON.stringify(result, null, 1));
    writeFileSync(
        join(folder, `outcomes-${values.board ?? 'linux'}.json`),
        JSON.stringify(sides.container.outcomes, null, 1),
    );
    console.log(
        `${suite.title}: ${result.passedOnLinux} pass on Linux, ${result.passedHere} of them here, ${result.hangs} hang or end the container: ` +
            `${(share(result) * 100).toFixed(1)} % (goal ${(suite.goal * 100).toFixed(0)} %)`,
    );
    for (const { test, verdict } of result.differences) console.log(`  ${verdict}: ${test}`);
    if (result.passedHere < result.passedOnLinux) worst = 1;
}
if (values['no-report'] !== true) writeReport();
process.exitCode = worst;
