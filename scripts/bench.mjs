// SPDX-License-Identifier: Apache-2.0
//
// Measures Sealift and prints the figures: memory by owner, time to the first byte, round trips, Wasm instructions.
// docs/measuring.md says how to read them.
//
//   npm run bench [-- --rounds=N]     runs of everything that is timed, 7 unless given
//   npm run bench -- --cpus=N [--board=NAME]   what a limit of N CPUs leaves of the speed of a container that computes
//   npm run bench -- --applications [--board=NAME]
//                                     Redis, nginx and Python beside the same on Linux
//   npm run bench -- --board=NAME [--linux-kernel=FILE]
//                                     on a real kernel under QEMU (SEL4_PREFIX), beside platform/linux and a Linux guest,
//                                     which has Debian's kernel unless a file is given

import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { buildRuntime } from './build-runtime.mjs';
import { runMain, runStep, StepError } from './progress.mjs';
import { setUp } from './setup.mjs';

/** A round on a board boots machines under emulation: some ten seconds each. */
const BOARD_ROUNDS = 5;
/** A round with a limit counts for eight seconds four times. */
const LIMIT_ROUNDS = 3;
/** A round of the applications starts nine machines and takes a minute. */
const APPLICATION_ROUNDS = 3;

await runMain(async () => {
    const { values } = parseArgs({
        options: {
            rounds: { type: 'string' },
            board: { type: 'string' },
            cpus: { type: 'string' },
            applications: { type: 'boolean' },
            'linux-kernel': { type: 'string' },
        },
    });
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) {
        throw new StepError(`--rounds=${values.rounds}: not a number of runs; give 1 or more`);
    }
    await setUp({ forTests: true });
    await build();
    if (values.cpus !== undefined) {
        const { printProcessorLimit } = await import('../build/bench/processorLimit.js');
        await printProcessorLimit(values.cpus, values.board, rounds ?? LIMIT_ROUNDS);
        return;
    }
    if (values.applications === true) {
        const { applicationFigure } = await import('../build/bench/applications.js');
        const options = values.board === undefined ? [] : ['--board', values.board];
        console.log(await applicationFigure(rounds ?? APPLICATION_ROUNDS, options));
        return;
    }
    if (values.board !== undefined) {
        const { printBoardFigures } = await import('../build/bench/boardFigures.js');
        await printBoardFigures(values.board, rounds ?? BOARD_ROUNDS, values['linux-kernel']);
        return;
    }
    const { elf } = await runStep('build-counting', 'Build the runtime that counts instructions', (step) =>
        buildRuntime({ countInstructions: true, say: (text) => step.say(text) }),
    );
    const { printFigures } = await import('../build/bench/main.js');
    await printFigures(elf, rounds);
});
