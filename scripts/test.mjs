// SPDX-License-Identifier: Apache-2.0
//
// Runs every test from a fresh checkout: sets up, builds, then the suites, several at a time: most of them use one core, and not
// all of it.
//
//   npm test                     all suites
//   npm test -- SUITE...         the named ones: unit, wasm, host, platform, component, manager, cli, bench, linux,
//                                e2e, suites, fuzz, lint
//   npm run test:sel4            the suites that run on real seL4; a kernel that is absent for one of the three
//                                architectures is a failure there, elsewhere only a test that is skipped, aloud
//   npm run test:images          the end-to-end tests, with those of Debian's images on emulated boards
//   npm run test:aot             the suites that run containers, with Sealift's modules compiled ahead of time
//
// Each suite prints its own account. The last line sums them up: "N passed, N failed, N skipped". What was skipped is
// said aloud by the suite, with the reason.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from './build.mjs';
import { elapsedText, root, runMain, StepError } from './progress.mjs';
import { setUp } from './setup.mjs';

const node = process.execPath;

/** "N passed, N failed, N skipped", as our own runners end. */
function readPlainAccount(output) {
    const line = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
    return line && { passed: Number(line[1]), failed: Number(line[2]), skipped: Number(line[3]) };
}

/** The summary of Node's test runner. */
function readNodeAccount(output) {
    const count = (name) => [...output.matchAll(new RegExp(`^. ${name} (\\d+)$`, 'gm'))].at(-1)?.[1];
    const [passed, failed, cancelled, skipped, todo] = ['pass', 'fail', 'cancelled', 'skipped', 'todo'].map(
        count,
    );
    if (passed === undefined || failed === undefined) return undefined;
    return {
        passed: Number(passed),
        failed: Number(failed) + Number(cancelled ?? 0),
        skipped: Number(skipped ?? 0) + Number(todo ?? 0),
    };
}

/** The summary of as-pect, which counts passed tests out of all. */
function readAspectAccount(output) {
    // eslint-disable-next-line no-control-regex -- as-pect colours its summary
    const line = /\[Tests\]: (\d+) \/ (\d+)/.exec(output.replaceAll(/\u001b\[[0-9;]*m/g, ''));
    return line && { passed: Number(line[1]), failed: Number(line[2]) - Number(line[1]), skipped: 0 };
}

/** Test files of Node's runner below a folder. */
function testFiles(folder, pattern) {
    if (!existsSync(join(root, folder))) return [];
    return readdirSync(join(root, folder), { recursive: true })
        .filter((name) => pattern.test(name))
        .map((name) => `${folder}/${name}`)
        .sort();
}

/** Files of `e2e`, which takes longest, at a time: others run beside it. */
const E2E_FILES = Math.min(2, availableParallelism());

/** The files of a folder under Node's runner, one at a time unless `atOnce` says otherwise. */
function nodeTests(folder, pattern, atOnce = 1) {
    return () => [
        node,
        '--test',
        '--test-reporter=spec',
        `--test-concurrency=${atOnce}`,
        ...testFiles(folder, pattern),
    ];
}

/**
 * In the order in which they begin: what takes long first. They run beside each other: none says anything about time, and what several
 * of them make or fetch below build/ is behind a lock (scripts/lock.mjs). `atOnce`: processes of tests that a suite is, 1 unless given.
 */
const suites = [
    {
        name: 'e2e',
        title: 'real images, end to end',
        atOnce: E2E_FILES,
        command: nodeTests('build/tests/e2e', /\.test\.js$/, E2E_FILES),
        account: readNodeAccount,
    },
    {
        name: 'wasm',
        title: 'the interpreter: unit tests, sanitizers, specification',
        command: () => [node, 'tests/wasm/run.mjs'],
        account: readPlainAccount,
    },
    {
        name: 'host',
        title: 'host functions and the C runtime',
        command: () => [node, 'tests/host/run.mjs'],
        account: readPlainAccount,
    },
    {
        name: 'manager',
        title: 'the manager and bad images',
        command: nodeTests('tests/manager', /\.test\.mjs$/),
        account: readNodeAccount,
    },
    {
        name: 'lint',
        title: 'layout and style',
        command: () => [node, 'scripts/lint.mjs'],
        account: readPlainAccount,
    },
    {
        name: 'cli',
        title: 'the command line',
        command: nodeTests('build/tests/cli', /\.test\.js$/),
        account: readNodeAccount,
    },
    {
        name: 'suites',
        title: 'public test suites, test by test as on Linux',
        command: nodeTests('build/tests/suites', /\.test\.js$/),
        account: readNodeAccount,
    },
    {
        name: 'linux',
        title: 'the Linux ABI: C programs, compared with Linux',
        command: nodeTests('build/tests/linux', /\.test\.js$/),
        account: readNodeAccount,
    },
    {
        name: 'platform',
        title: "seL4's API",
        command: () => [node, 'tests/platform/run.mjs'],
        account: readPlainAccount,
    },
    {
        name: 'unit',
        title: 'AssemblyScript, under as-pect',
        command: () => [
            node,
            'node_modules/@as-pect/cli/bin/asp.js',
            '--config',
            'as-pect.config.js',
            '--summary',
        ],
        account: readAspectAccount,
    },
    {
        name: 'fuzz',
        title: 'random system calls',
        command: nodeTests('build/tests/fuzz', /\.test\.js$/),
        account: readNodeAccount,
    },
    {
        name: 'component',
        title: 'the image reader in Node',
        command: nodeTests('tests/component', /\.test\.mjs$/),
        account: readNodeAccount,
    },
    {
        name: 'bench',
        title: "the benches' accounts, tables and plots",
        command: nodeTests('build/tests/bench', /\.test\.js$/),
        account: readNodeAccount,
    },
];

const plainAccount = /^\d+ passed, \d+ failed, \d+ skipped$/;

/**
 * Runs a suite's command, hands what it prints to `show`, line by line, and returns its exit status and output. Accounts of single
 * suites are left out: the only such line of the whole run is its last.
 */
function run([command, ...commandArguments], show) {
    return new Promise((resolve, reject) => {
        const child = spawn(command, commandArguments, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
            const lines = createInterface({ input: stream, crlfDelay: Infinity });
            lines.on('line', (line) => {
                output += `${line}\n`;
                if (!plainAccount.test(line)) show(`${line}\n`);
            });
        }
        child.on('error', reject);
        child.on('close', (status) => resolve({ status, output }));
    });
}

/** Runs a suite; its account, and a line about it. */
async function runSuite({ name, title, command, account }, show) {
    show(`\n== ${name}: ${title}\n`);
    const started = performance.now();
    const { status, output } = await run(command(), show);
    const counts = account(output) ?? { passed: 0, failed: 0, skipped: 0 };
    // A suite that ends badly without a failed test, or without any account, has failed all the same.
    if ((status !== 0 || account(output) === undefined) && counts.failed === 0) counts.failed = 1;
    const took = elapsedText(performance.now() - started);
    const line = `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${took}`;
    return { counts, line };
}

/**
 * Processes of tests that run at a time: one more than there are processors, because each waits now and then, for children, downloads
 * and what is meant to take time; four at most, for the sake of memory and of limits on time.
 */
const PLACES = Math.min(availableParallelism() + 1, 4);

/**
 * Runs suites, their results in the same order. What they print does not mix: that of the suite that began first appears at once, that of
 * the others when those in front of them have ended.
 */
async function runSuites(chosen) {
    const waiting = [...chosen];
    const begun = [];
    const results = new Map();
    const printHeld = () => {
        while (begun.length > 0) {
            process.stdout.write(begun[0].held);
            begun[0].held = '';
            if (!begun[0].ended) return;
            begun.shift();
        }
    };
    let free = PLACES;
    const running = new Set();
    const begin = async (suite) => {
        const output = { held: '', ended: false };
        begun.push(output);
        const show = (text) => {
            output.held += text;
            if (begun[0] === output) printHeld();
        };
        results.set(suite, await runSuite(suite, show));
        output.ended = true;
        printHeld();
    };
    while (waiting.length > 0 || running.size > 0) {
        const { atOnce = 1 } = waiting[0] ?? { atOnce: Infinity };
        if (atOnce > free) {
            await Promise.race(running);
            continue;
        }
        const suite = waiting.shift();
        free -= atOnce;
        const ended = begin(suite).finally(() => {
            running.delete(ended);
            free += atOnce;
        });
        running.add(ended);
    }
    return chosen.map((suite) => results.get(suite));
}

await runMain(async () => {
    const needsKernels = process.argv.includes('--require-kernels');
    if (needsKernels) process.env.SEALIFT_REQUIRE_KERNELS = '1';
    if (process.argv.includes('--all-images')) process.env.SEALIFT_TEST_ALL_IMAGES = '1';
    if (process.argv.includes('--aot')) process.env.SEALIFT_TEST_AOT = '1';
    const wanted = process.argv.slice(2).filter((name) => !name.startsWith('--'));
    const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
    if (unknown.length > 0) {
        const known = suites.map(({ name }) => name).join(', ');
        throw new StepError(`test suite ${unknown.join(', ')}: there is none; the suites are ${known}`);
    }
    await setUp({ forTests: true });
    await build();
    const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    const results = await runSuites(chosen);
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const { counts } of results) for (const key of Object.keys(sum)) sum[key] += counts[key];
    const lines = results.map(({ line }) => line);
    console.log(`\n${lines.join('\n')}\n`);
    console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
    return sum.failed === 0 ? 0 : 1;
});
