// SPDX-License-Identifier: Apache-2.0
//
// Measures the WebAssembly interpreter. docs/measuring.md says how to read it.
//
//   npm run bench:wasm [-- --rounds=N]       rounds of everything that is timed, 5 unless given
//     --wasm3=PATH --iwasm=PATH              other interpreters' executables, measured beside ours
//     --coremark=DIR                         a checkout of CoreMark's repository, measured as well
//     --only=NAME                            workloads whose names begin so
//     --json=FILE                            all figures as JSON

import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { runMain, runStep, StepError } from './progress.mjs';
import { setUp } from './setup.mjs';

const ROUNDS = 5;

await runMain(async () => {
    const names = ['rounds', 'wasm3', 'iwasm', 'coremark', 'only', 'json'];
    const { values } = parseArgs({
        options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    });
    const rounds = values.rounds === undefined ? ROUNDS : Number(values.rounds);
    if (!(Number.isInteger(rounds) && rounds >= 1)) {
        throw new StepError(`--rounds=${values.rounds}: not a number of rounds; give 1 or more`);
    }
    await setUp({ forTests: true });
    await build();
    const { Failure } = await import('../build/cli/failure.js');
    const { printWasmFigures } = await import('../build/bench/wasm/main.js');
    const lines = [];
    await runStep('bench-wasm', 'Build and measure the workloads', async (step) => {
        const print = console.log;
        console.log = (...words) => lines.push(words.join(' ')); // the step's own line is in the way until it ends
        try {
            await printWasmFigures({ ...values, rounds }, (text) => step.say(text));
        } catch (error) {
            throw error instanceof Failure ? new StepError(error.message) : error;
        } finally {
            console.log = print;
        }
    });
    console.log(lines.join('\n'));
});
