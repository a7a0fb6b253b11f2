// SPDX-License-Identifier: Apache-2.0
//
// Sealift's two engines, the interpreter and modules compiled ahead of time, do the same: the benchmark's kernels give the
// same checksums, which Node's engine gives too; and every trap has the same words and the same functions in its backtrace.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeCompiledModule } from '../../scripts/compile-module.mjs';

const run = promisify(execFile);
const flags = ['-std=gnu11', '-O1', '-fno-pic', '-fno-pie', '-no-pie'];

const KERNELS = ['sha256', 'inflate', 'hashMap', 'json', 'dispatch'];
const ITERATIONS = 3;

/** Ways to trap in everyTrap.wat; the last one is a recursion, whose depth is each engine's own. */
const TRAPS = 19;
const RECURSION = 18;
const SHOWN_FRAMES = 5;

/** What a driver prints: its result, or the trap and the backtrace. */
async function outcome(program, module, argument) {
    try {
        return (await run(program, [module, 'run', String(argument)])).stdout.trim();
    } catch (error) {
        if (error.code !== 1) return `ended with ${error.signal ?? error.code}: ${error.stderr}`;
        return error.stderr.trim();
    }
}

class Drivers {
    constructor(top, build) {
        this.top = top;
        this.build = build;
        this.runtime = join(top, 'runtime-c');
        this.driver = join(top, 'bench', 'wasm', 'driver.c');
    }

    filesOf(folder) {
        const names = readdirSync(join(this.runtime, folder)).filter((name) => name.endsWith('.c'));
        return names.map((name) => join(this.runtime, folder, name));
    }

    async interpreter() {
        const program = join(this.build, 'driver');
        await run('cc', [...flags, '-I', this.runtime, this.driver, ...this.filesOf('wasm'), '-o', program]);
        return program;
    }

    async compiled(module, name) {
        const code = join(this.build, `${name}.c`);
        const object = join(this.build, `${name}.o`);
        const program = join(this.build, name);
        writeCompiledModule(module, 'kernel', code);
        const search = ['-I', join(this.runtime, 'aot'), '-I', this.runtime];
        const generated = ['-w', '-frounding-math', '-fsignaling-nans'];
        const shims = ['-I', join(this.runtime, 'aot', 'include')];
        await run('cc', [...flags, ...generated, ...search, ...shims, '-c', code, '-o', object]);
        const shared = ['unwind.c', 'trap_message.c'].map((file) => join(this.runtime, 'wasm', file));
        const files = [this.driver, ...this.filesOf('aot'), ...shared, object];
        await run('cc', [...flags, '-DSEALIFT_AOT', ...search, ...files, '-o', program]);
        return program;
    }
}

/** The innermost frames of a backtrace, or all of any other text. */
const beginning = (text) => text.split('\n').slice(0, SHOWN_FRAMES).join('\n');

async function compareTraps(drivers, interpreter, module) {
    const compiled = await drivers.compiled(module, 'everyTrap');
    const failures = [];
    const seen = new Set();
    for (let way = 0; way <= TRAPS; way++) {
        const shorten = way === RECURSION ? beginning : (text) => text;
        const expected = shorten(await outcome(interpreter, module, way));
        const found = shorten(await outcome(compiled, module, way));
        seen.add(expected);
        if (found !== expected) failures.push(`way ${way}: interpreted "${expected}", compiled "${found}"`);
    }
    // A test of traps that are all the same would prove nothing.
    if (seen.size < TRAPS - 1)
        failures.push(`only ${seen.size} different outcomes: ${[...seen].join(' | ')}`);
    return { passed: TRAPS + 1 - failures.length, failed: failures.length, details: failures.join('\n') };
}

async function compareKernel(drivers, interpreter, kernel) {
    const module = join(drivers.build, `${kernel}.wasm`);
    const bench = join(drivers.top, 'bench', 'wasm');
    const compiler = join(drivers.top, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
    const options = [
        '--config',
        join(bench, 'asconfig.json'),
        '--runtime',
        'incremental',
        '--optimizeLevel',
        '1',
    ];
    const source = join(bench, 'kernels', `${kernel}.ts`);
    await run(process.execPath, [compiler, source, ...options, '-o', module], {
        cwd: drivers.top,
    });
    const { instance } = await WebAssembly.instantiate(readFileSync(module), {});
    const expected = String(instance.exports.run(ITERATIONS));
    const outcomes = {
        interpreted: await outcome(interpreter, module, ITERATIONS),
        compiled: await outcome(await drivers.compiled(module, kernel), module, ITERATIONS),
    };
    return Object.entries(outcomes)
        .filter(([, text]) => text !== expected)
        .map(([engine, text]) => `${kernel} ${engine}: "${text}", in Node's engine ${expected}`);
}

/**
 * @param {string} top the repository
 * @param {string} folder for what is built
 * @param {string} everyTrap the module of modules/everyTrap.wat
 * @param report takes a name and the counts
 */
export async function runEngineTests(top, folder, everyTrap, report) {
    const build = join(folder, 'engines');
    mkdirSync(build, { recursive: true });
    const drivers = new Drivers(top, build);
    const interpreter = await drivers.interpreter();
    report('traps, interpreted and compiled', await compareTraps(drivers, interpreter, everyTrap));
    const { writeInflateInput } = await import('../../bench/wasm/inflateInput.mjs');
    writeInflateInput(join(top, 'build', 'bench', 'wasm', 'inflateInput.ts'));
    const failures = [];
    for (const kernel of KERNELS) failures.push(...(await compareKernel(drivers, interpreter, kernel)));
    report('kernels in three engines', {
        passed: 2 * KERNELS.length - failures.length,
        failed: failures.length,
        details: failures.join('\n'),
    });
}
