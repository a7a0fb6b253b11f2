// SPDX-License-Identifier: Apache-2.0
//
// Measures the memory of Sealift and of Linux machines with the same idle containers, and writes bench/results.
// docs/measuring.md says how to read them.
//
//   npm run bench:memory
//     --systems=sealift,crun,podman    the systems that are measured; the others keep their former figures
//     --counts=0,1,4,16,64,256         numbers of containers
//     --images=busybox,redis
//     --rounds=N                       starts of each, for the times; 3 unless given
//     --large-kernel=FOLDER            another seL4 kernel, for images with more pages than the first one's root CNode has slots for
//     --keep                           measured systems keep former figures that are not measured again
//     --quick                          one round of 0, 1 and 4 containers, without the search for the least memory

import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { memoryBenchPackages } from './debian-packages.mjs';
import { note, runMain, runStep, StepError } from './progress.mjs';
import { setUp } from './setup.mjs';

const ROUNDS = 3;

/** "1,4" as numbers. */
function numbers(option, text, least) {
    return text.split(',').map((word) => {
        const number = Number(word);
        if (word === '' || !Number.isInteger(number) || number < least) {
            throw new StepError(`--${option}=${text}: "${word}" is no whole number of ${least} or more`);
        }
        return number;
    });
}

await runMain(async () => {
    const { values } = parseArgs({
        options: {
            systems: { type: 'string', default: 'sealift,crun,podman' },
            counts: { type: 'string' },
            images: { type: 'string', default: 'busybox,redis' },
            rounds: { type: 'string' },
            'large-kernel': { type: 'string' },
            keep: { type: 'boolean', default: false },
            quick: { type: 'boolean', default: false },
        },
    });
    const options = {
        systems: values.systems.split(','),
        counts: numbers('counts', values.counts ?? (values.quick ? '0,1,4' : '0,1,4,16,64,256'), 0),
        images: values.images.split(','),
        rounds: numbers('rounds', values.rounds ?? String(values.quick ? 1 : ROUNDS), 1)[0],
        smallest: !values.quick,
        keep: values.keep,
        largeKernel: values['large-kernel'],
    };
    await setUp({ forTests: true, others: memoryBenchPackages });
    await build();
    const { Failure } = await import('../build/cli/failure.js');
    const { benchMemory } = await import('../build/bench/memory/main.js');
    const warnings = await runStep('bench-memory', 'Measure machines with idle containers', async (step) => {
        try {
            return await benchMemory(options, (text) => step.say(text));
        } catch (error) {
            throw error instanceof Failure ? new StepError(error.message) : error;
        }
    });
    for (const warning of warnings) note(warning);
    note('written to bench/results: memory.md, memory*.csv, *.svg');
});
