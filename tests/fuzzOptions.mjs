// SPDX-License-Identifier: Apache-2.0
//
// The options of the long fuzzers, which are the same: --seconds=N, an hour unless given, and --seed=N, the clock's unless given.

import { parseArgs } from 'node:util';

const LONG_SECONDS = 3600;

/** {seconds, seed}; ends the process where they are no whole numbers from 1 on. The clock's seed is below `seeds`. */
export function readFuzzOptions(seeds) {
    const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
    const seconds = Number(values.seconds ?? LONG_SECONDS);
    const seed = Number(values.seed ?? Date.now() % seeds);
    if (!(Number.isInteger(seconds) && seconds > 0) || !(Number.isInteger(seed) && seed > 0)) {
        console.error('fuzz: --seconds and --seed are whole numbers from 1 on');
        process.exit(2);
    }
    console.log(`seed ${seed}, ${seconds} seconds`);
    return { seconds, seed };
}
