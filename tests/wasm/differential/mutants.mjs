// SPDX-License-Identifier: Apache-2.0
//
// Compares the interpreter with Node's engine on random modules that the fuzzer's mutator has changed: both must agree
// which are valid, and what those do. Where the verdicts differ, wabt's validator decides: Node's engine knows proposals
// that the interpreter does not have.
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { linesOf, writePack } from './compare.mjs';
import { generate } from './generator.mjs';

const run = promisify(execFile);

/** A mutant that Node's engine does not end in this time, in ms, though ours did within its fuel, is a finding. */
const TIME_LIMIT = 60_000;

/** What wabt's validator says, with the proposals that it has by default and the interpreter lacks disabled. */
function isValidForWabt(bytes, folder) {
    const file = join(folder, 'doubtful.wasm');
    writeFileSync(file, bytes);
    try {
        execFileSync('wasm-validate', ['--disable-simd', file], { stdio: 'pipe' });
        return true;
    } catch {
        return false;
    } finally {
        rmSync(file);
    }
}

/** Modules of a pack file. */
function readPack(path) {
    const pack = readFileSync(path);
    const modules = [];
    for (let at = 0; at < pack.length;) {
        const length = pack.readUInt32LE(at);
        modules.push(pack.subarray(at + 4, at + 4 + length));
        at += 4 + length;
    }
    return modules;
}

/** Runs a list of mutants in Node's engine, in a thread that can be stopped. */
function runInNode(tasks) {
    return new Promise((resolve, reject) => {
        const results = [];
        const worker = new Worker(new URL(import.meta.url), { workerData: tasks });
        const timer = setTimeout(() => worker.terminate(), TIME_LIMIT);
        worker.on('message', (result) => results.push(result));
        worker.on('error', reject);
        worker.on('exit', () => {
            clearTimeout(timer);
            resolve(results);
        });
    });
}

if (!isMainThread && Array.isArray(workerData?.mutants)) {
    for (const { bytes, seed, number } of workerData.mutants) {
        try {
            parentPort.postMessage(linesOf({ ...generate(seed), bytes }, number).join('\n'));
        } catch (error) {
            parentPort.postMessage(`module ${number}\nNode's engine: ${error.message}`);
        }
    }
}

/**
 * @param {string} program of main.c
 * @param {string} mutator of fuzz/mutants.c
 * @param {string} folder for files
 * @param {number} first the first module's seed, and the mutator's
 * @param {number} count modules
 * @param {number} changes changes to each
 * @returns {Promise<{passed: number, failed: number, details: string, valid: number, executed: number}>}
 */
export async function compareMutants(program, mutator, folder, first, count, changes) {
    const originals = join(folder, 'originals');
    const pack = join(folder, 'mutants');
    writePack(
        originals,
        Array.from({ length: count }, (_, i) => generate(first + i).bytes),
    );
    const options = { maxBuffer: 1 << 28, encoding: 'buffer' };
    writeFileSync(pack, (await run(mutator, [originals, String(changes), String(first)], options)).stdout);
    const mutants = readPack(pack);
    const result = { passed: 0, failed: 0, details: [], valid: 0, executed: 0 };
    const fail = (i, text) => {
        result.failed++;
        result.details.push(`seed ${first + i}, ${changes} changes: ${text}`);
    };
    let output;
    try {
        output = (await run(program, [pack, 'fuel'], { maxBuffer: 1 << 28 })).stdout;
    } catch (error) {
        output = error.stdout ?? '';
        result.details.push(`${program}: ${error.signal ?? error.stderr}`);
    }
    const found = output.split(/^(?=module )/m).map((text) => text.trimEnd());
    const tasks = [];
    mutants.forEach((bytes, i) => {
        const refused = /^refused: .*/m.exec(found[i] ?? '');
        const valid = WebAssembly.validate(bytes);
        if (found[i] === undefined) fail(i, 'no output');
        else if (valid === !refused || isValidForWabt(bytes, folder) === !refused) {
            result.passed++;
            // A call that ended by the end of fuel, or of the stack, has no counterpart.
            if (refused || !valid) return;
            result.valid++;
            if (!/fuel$| other$/m.test(found[i])) tasks.push({ bytes, seed: first + i, number: i });
        } else fail(i, refused ? `a valid module is refused: ${refused[0]}` : 'an invalid module is loaded');
    });
    const answers = await runInNode({ mutants: tasks });
    tasks.forEach(({ number }, k) => {
        const ours = found[number];
        const theirs = answers[k];
        // Recursion ends where each engine's stack does.
        if (theirs !== undefined && /call stack size exceeded/i.test(theirs)) return;
        result.executed++;
        if (ours === theirs) result.passed++;
        else {
            const lines = (theirs ?? '(no answer in time)').split('\n');
            const at = lines.findIndex((line, n) => line !== ours.split('\n')[n]);
            fail(number, `expected "${lines[at]}", got "${ours.split('\n')[at]}" (line ${at})`);
        }
    });
    return { ...result, details: result.details.slice(0, 10).join('\n') };
}
