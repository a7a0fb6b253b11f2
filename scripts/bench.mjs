// SPDX-License-Identifier: Apache-2.0
//
// Measures Sealift and prints the figures: memory by owner, time to the first byte, round trips, Wasm instructions.
// docs/measuring.md says how to read them.
//
//   npm run bench [-- --rounds=N]     runs of everything that is timed, 7 unless given

import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { buildRuntime } from './build-runtime.mjs';
import { runMain, runStep, StepError } from './progress.mjs';
import { setUp } from './setup.mjs';

await runMain(async () => {
    const { values } = parseArgs({ options: { rounds: { type: 'string' } } });
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) {
        throw new StepError(`--rounds=${values.rounds}: not a number of runs; give 1 or more`);
    }
    await setUp({ forTests: true });
    await build();
    const { elf } = await runStep('build-counting', 'Build the runtime that counts instructions', (step) =>
        buildRuntime({ countInstructions: true, say: (text) => step.say(text) }),
    );
    const { printFigures } = await import('../build/bench/main.js');
    await printFigures(elf, rounds);
});
