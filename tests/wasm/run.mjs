// SPDX-License-Identifier: Apache-2.0
//
// Builds and runs the interpreter's tests: unit tests, a comparison with Node's engine on random modules, both also
// under AddressSanitizer and UBSan, and the specification's test suite.
//
//   node tests/wasm/run.mjs [FOLDER-OF-WAST-FILES]
//
// The suite's folder is the argument, else SEALIFT_WASM_SPEC, else ../shared/wasm-spec beside the repository, else the
// older set in Debian's source package binaryen; the output says which. Then twenty seconds of fuzzing. What is built goes to build/tests/wasm. The last line is "N passed, N failed, N skipped"; the exit code is 1 if any failed.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { debianSource } from '../../scripts/debian-source.mjs';
import { reasonToLeaveOut } from './binaryenSet.mjs';
import { compare } from './differential/compare.mjs';
import { runEngineTests } from './engines.mjs';
import { runFuzzing } from './fuzz/run.mjs';
import { convert } from './suite.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '..', '..');
const build = join(top, 'build', 'tests', 'wasm');
const interpreter = join(top, 'runtime-c', 'wasm');
const run = promisify(execFile);

const warnings = ['-std=gnu11', '-Wall', '-Wextra', '-Werror'];
const variants = {
    plain: ['-O2', '-g'],
    sanitized: ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
};

/** Runs tasks, a few at a time. */
async function inParallel(tasks) {
    const queue = [...tasks];
    const worker = async () => {
        for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task();
    };
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
}

function filesIn(folder, ending) {
    return readdirSync(folder)
        .filter((name) => name.endsWith(ending))
        .sort()
        .map((name) => join(folder, name));
}

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Compiles C files into one program, those whose objects are older than they or any header. */
async function compile(program, flags, sources, folder) {
    mkdirSync(folder, { recursive: true });
    const headers = [...filesIn(interpreter, '.h'), ...filesIn(join(here, 'unit'), '.h')].map(modified);
    const newest = Math.max(...headers, modified(fileURLToPath(import.meta.url)));
    const objects = sources.map((source) =>
        join(folder, `${basename(dirname(source))}-${basename(source, '.c')}.o`),
    );
    const stale = sources.filter((source, i) => modified(objects[i]) <= Math.max(newest, modified(source)));
    await inParallel(
        stale.map((source) => async () => {
            await run('cc', [...warnings, ...flags, '-c', source, '-o', objects[sources.indexOf(source)]]);
        }),
    );
    if (stale.length > 0 || !existsSync(program)) await run('cc', [...flags, ...objects, '-o', program]);
}

/** Runs a test program and reads its last line, "N passed, N failed". */
async function count(program, args) {
    let output;
    try {
        output = (await run(program, args, { maxBuffer: 1 << 26, timeout: 600_000 })).stdout;
    } catch (error) {
        output = `${error.stdout ?? ''}${error.stderr ?? ''}`;
        if (error.signal) output += `${basename(program)}: ended by ${error.signal}\n`;
    }
    const match = /^(\d+) passed, (\d+) failed\n$/m.exec(
        output.slice(output.lastIndexOf('\n', output.length - 2) + 1),
    );
    const details = output.split('\n').slice(0, match ? -2 : undefined);
    return {
        passed: Number(match?.[1] ?? 0),
        failed: Number(match?.[2] ?? 1),
        details: details.join('\n').trim(),
    };
}

const total = { passed: 0, failed: 0, skipped: 0 };

function report(name, { passed, failed, details }, skipped = 0) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
    console.log(`${name.padEnd(32)} ${counts.filter(Boolean).join(', ')}`);
    if (details) console.log(details);
}

async function runUnitTests() {
    const modules = join(build, 'modules');
    mkdirSync(modules, { recursive: true });
    for (const source of filesIn(join(here, 'modules'), '.wat')) {
        const target = join(modules, `${basename(source, '.wat')}.wasm`);
        if (modified(target) <= modified(source))
            await run('wat2wasm', ['--debug-names', source, '-o', target]);
    }
    const sources = [...filesIn(interpreter, '.c'), ...filesIn(join(here, 'unit'), '.c')];
    for (const [variant, flags] of Object.entries(variants)) {
        const program = join(build, `unit-${variant}`);
        await compile(program, flags, sources, join(build, 'objects', variant));
        report(`unit tests (${variant})`, await count(program, [modules]));
    }
}

/** Random modules with the seeds from 1 on: always the same ones. differential/long.mjs goes further. */
async function runComparison() {
    const MODULES = 300;
    const sources = [...filesIn(interpreter, '.c'), join(here, 'differential', 'main.c')];
    for (const [variant, flags] of Object.entries(variants)) {
        const program = join(build, `differential-${variant}`);
        await compile(program, flags, sources, join(build, 'objects', variant));
        report(`random modules (${variant})`, await compare([program], build, 1, MODULES));
    }
}

/** The same fuzzing every time, ten seconds for each of the two targets. fuzz/run.mjs goes further. */
async function runFuzzingSlice() {
    const SECONDS = 10;
    const SEED = 1;
    await runFuzzing(build, [join(build, 'spec-files'), join(build, 'modules')], SECONDS, SEED, true, report);
}

/** The suite's folder, and what it is: the one asked for, the one beside the repository, or Debian's older set. */
function findSuite() {
    const named = process.argv[2] ?? process.env.SEALIFT_WASM_SPEC;
    if (named) return { folder: named, title: named };
    const beside = join(top, '..', 'shared', 'wasm-spec');
    if (existsSync(beside)) return { folder: beside, title: '../shared/wasm-spec' };
    const source = debianSource('binaryen', (text) => console.log(text));
    return {
        folder: join(source, 'test', 'spec'),
        title: "test/spec of Debian's source package binaryen",
        leaveOut: reasonToLeaveOut,
    };
}

async function runSuite() {
    let suite;
    try {
        suite = findSuite();
    } catch (error) {
        report('specification suite', { passed: 0, failed: 0 }, 1);
        console.log(`SKIPPED: ../shared/wasm-spec is absent, and so is Debian's set: ${error.message}`);
        return;
    }
    const { folder, title, leaveOut } = suite;
    if (!existsSync(folder)) {
        report('specification suite', {
            passed: 0,
            failed: 1,
            details: `${folder}: there is no such folder`,
        });
        return;
    }
    console.log(`specification suite: ${title}`);
    const program = join(build, 'spec');
    const sources = [...filesIn(interpreter, '.c'), join(here, 'spec.c')];
    await compile(program, variants.plain, sources, join(build, 'objects', 'plain'));
    const files = filesIn(folder, '.wast');
    const results = new Map();
    await inParallel(
        files.map((file) => async () => {
            const reason = leaveOut?.(basename(file));
            if (reason) return void results.set(file, { refused: reason });
            const { script, skipped, refused } = convert(file, join(build, 'spec-files'));
            if (refused) results.set(file, { refused: `wast2json does not know its text: ${refused}` });
            else results.set(file, { counts: await count(program, [script]), skipped });
        }),
    );
    for (const file of files) {
        const { counts, skipped, refused } = results.get(file);
        if (refused) {
            report(basename(file), { passed: 0, failed: 0 }, 1);
            console.log(`SKIPPED: ${refused}`);
        } else report(basename(file), counts, skipped);
    }
}

try {
    await runUnitTests();
    await runComparison();
    await runEngineTests(top, build, join(build, 'modules', 'everyTrap.wasm'), report);
    await runSuite();
    await runFuzzingSlice(); // last: it begins with the suite's modules
} catch (error) {
    // A program that could not be built: what the compiler said is all there is to say.
    report('build', {
        passed: 0,
        failed: 1,
        details: error.stderr || error.stack,
    });
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
