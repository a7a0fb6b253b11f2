// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the interpreter with libFuzzer and a mutator that knows modules, under AddressSanitizer and UBSan:
//
//   node tests/wasm/fuzz/run.mjs [--seconds=N] [--seed=N]
//
// N seconds for each of the two targets, which run at the same time, and after them as long again for mutants in two
// engines; an hour unless given. What it finds stays in build/tests/wasm/fuzz, and the corpora grow there from run to run.
// tests/wasm/fuzz/corpus has inputs that between them reach all that fuzzing has reached, made from random modules, and is
// the place for any that shows a bug: they are tried first, every time. Ctrl-C ends it.
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { readFuzzOptions } from '../../fuzzOptions.mjs';
import { generate } from '../differential/generator.mjs';
import { compareMutants } from '../differential/mutants.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '..', '..', '..');
const runtime = join(top, 'runtime-c');
const kept = join(here, 'corpus');
const run = promisify(execFile);

const TARGETS = ['load', 'execute'];
const GENERATED_SEEDS = 100;
/** Larger modules of the suite only make fuzzing slow. */
const LARGEST_SEED = 8192;

const interpreter = () =>
    readdirSync(join(runtime, 'wasm'))
        .filter((name) => name.endsWith('.c'))
        .map((name) => join(runtime, 'wasm', name));

/** Builds a target; its program. */
async function buildTarget(target, folder) {
    const program = join(folder, target);
    const sources = [`${target}.c`, 'target.c', 'mutate.c'].map((name) => join(here, name));
    const sanitizers = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'];
    const options = ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', ...sanitizers, '-I', runtime];
    await run('clang-19', [...options, ...sources, ...interpreter(), '-o', program]);
    return program;
}

/** Builds the programs that the comparison of mutants takes. */
async function buildComparison(folder) {
    const build = async (name, ...sources) => {
        const program = join(folder, name);
        await run('cc', ['-std=gnu11', '-O1', '-I', runtime, ...sources, ...interpreter(), '-o', program]);
        return program;
    };
    return {
        program: await build('differential', join(here, '..', 'differential', 'main.c')),
        mutator: await build('mutator', join(here, 'mutants.c'), join(here, 'mutate.c')),
    };
}

/** Folders of modules to begin with: all of them for loading, the valid ones for running. */
function writeSeeds(folder, modules) {
    const folders = { load: join(folder, 'seeds-load'), execute: join(folder, 'seeds-execute') };
    for (const path of Object.values(folders)) mkdirSync(path, { recursive: true });
    const add = (name, bytes) => {
        if (bytes.length > LARGEST_SEED) return;
        writeFileSync(join(folders.load, name), bytes);
        if (WebAssembly.validate(bytes)) writeFileSync(join(folders.execute, name), bytes);
    };
    for (let seed = 1; seed <= GENERATED_SEEDS; seed++) add(`generated-${seed}`, generate(seed).bytes);
    for (const source of modules)
        for (const name of existsSync(source) ? readdirSync(source) : [])
            if (name.endsWith('.wasm')) add(name, readFileSync(join(source, name)));
    return folders;
}

/** Runs a program to its end; everything it printed on stderr. */
function collect(program, options, folder) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, options, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
        let text = '';
        child.stderr.on('data', (data) => (text = (text + data).slice(-1_000_000)));
        child.on('error', reject);
        child.on('close', (status, signal) => resolve({ status: signal ?? status, text }));
    });
}

/** The kept inputs of a target, one after the other; each is a test. */
async function replayKept(target, program) {
    const folder = join(kept, target);
    const files = readdirSync(folder).sort();
    const { status, text } = await collect(
        program,
        files.map((file) => join(folder, file)),
        here,
    );
    const executed = [...text.matchAll(/^Executed (\S+) in /gm)].length;
    if (status === 0 && executed === files.length) return { passed: executed, failed: 0, details: '' };
    const last = [...text.matchAll(/^Running: (\S+)/gm)].at(-1)?.[1];
    return {
        passed: executed,
        failed: files.length - executed,
        details: `${last}: ${text.slice(-4000)}`,
    };
}

/** Fuzzes with one target. */
async function fuzz(target, program, folder, seeds, seconds, seed) {
    const corpus = join(folder, `corpus-${target}`);
    mkdirSync(corpus, { recursive: true });
    const { status, text } = await collect(
        program,
        [
            ...['-max_len=16384', '-mutate_depth=1', '-timeout=30', '-print_final_stats=1'],
            ...[`-max_total_time=${seconds}`, `-seed=${seed}`, `-artifact_prefix=${folder}/${target}-`],
            ...[corpus, join(kept, target), seeds],
        ],
        folder,
    );
    const runs = Number(/number_of_executed_units: (\d+)/.exec(text)?.[1] ?? 0);
    const loads = /^loads: (\d+) of (\d+)$/m.exec(text);
    const coverage = [...text.matchAll(/ cov: (\d+) /g)].at(-1)?.[1] ?? '0';
    const share = loads ? `${Math.round((100 * loads[1]) / loads[2])} % of them valid, ` : '';
    const summary = `  ${runs} inputs, ${share}${coverage} edges`;
    if (status === 0 && runs > 0) return { passed: 1, failed: 0, details: summary };
    const artifact = /Test unit written to (\S+)/.exec(text)?.[1];
    const again = artifact ? `\n  again: ${program} ${artifact}` : '';
    const finding = text.slice(Math.max(0, text.search(/finding:|runtime error:|ERROR:/))).slice(0, 4000);
    return { passed: 0, failed: 1, details: `${summary}\n${finding}${again}` };
}

/**
 * Fuzzes for so many seconds.
 * @param {string} build folder for what is built, and for corpora
 * @param {string[]} modules folders of modules to begin with
 * @param {boolean} isSlice the same short work every time, not as much as fits in the time
 * @param report takes a name and the counts
 */
export async function runFuzzing(build, modules, seconds, seed, isSlice, report) {
    const folder = join(build, 'fuzz');
    mkdirSync(folder, { recursive: true });
    const seeds = writeSeeds(folder, modules);
    const programs = {};
    await Promise.all(TARGETS.map(async (target) => (programs[target] = await buildTarget(target, folder))));
    for (const target of TARGETS)
        report(`kept inputs, ${target}`, await replayKept(target, programs[target]));
    const results = await Promise.all(
        TARGETS.map((target) => fuzz(target, programs[target], folder, seeds[target], seconds, seed)),
    );
    TARGETS.forEach((target, i) => report(`fuzzing, ${target}`, results[i]));
    const { program, mutator } = await buildComparison(folder);
    const MODULES = 300;
    const end = Date.now() + (isSlice ? 0 : seconds * 1000);
    const sum = { passed: 0, failed: 0, details: '', valid: 0, executed: 0 };
    let first = seed * 1_000_003;
    do {
        for (const changes of [1, 2, 4]) {
            const result = await compareMutants(program, mutator, folder, first, MODULES, changes);
            for (const key of Object.keys(sum)) sum[key] += result[key];
            if (result.failed > 0)
                copyFileSync(join(folder, 'mutants'), join(folder, `mutants-${first}-${changes}`));
        }
        first += MODULES;
    } while (Date.now() < end);
    report('mutants in two engines', {
        ...sum,
        details: `  ${sum.valid} valid, ${sum.executed} of them run\n${sum.details}`.trimEnd(),
    });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
    const { seconds, seed } = readFuzzOptions(1_000_000);
    const build = join(top, 'build', 'tests', 'wasm');
    const total = { passed: 0, failed: 0 };
    await runFuzzing(
        build,
        [join(build, 'spec-files'), join(build, 'modules')],
        seconds,
        seed,
        false,
        (name, result) => {
            total.passed += result.passed;
            total.failed += result.failed;
            console.log(`${name.padEnd(32)} ${result.passed} passed, ${result.failed} failed`);
            if (result.details) console.log(result.details);
        },
    );
    console.log(`${total.passed} passed, ${total.failed} failed, 0 skipped`);
    process.exitCode = total.failed > 0 ? 1 : 0;
}
