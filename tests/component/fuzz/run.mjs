// SPDX-License-Identifier: Apache-2.0
//
// npm run fuzz:erofs -- [--seconds=N] [--seed=N]
//
// Tries EROFS images for N seconds, an hour unless given; the seed is the clock's unless given. Images that show a bug are kept in
// build/tests/fuzz-erofs.

import { parseArgs } from 'node:util';
import { fuzzErofs } from './erofsFuzzer.mjs';

const LONG_SECONDS = 3600;

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds ?? LONG_SECONDS);
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
if (!(Number.isInteger(seconds) && seconds > 0) || !(Number.isInteger(seed) && seed > 0)) {
    console.error('fuzz: --seconds and --seed are whole numbers from 1 on');
    process.exit(2);
}
console.log(`seed ${seed}, ${seconds} seconds`);
const { rounds, refused, complaints } = await fuzzErofs({ seed, seconds });
for (const complaint of complaints) console.log(complaint);
console.log(`${rounds} images, ${refused} refused: ${complaints.length === 0 ? 'nothing found' : 'FAILED'}`);
process.exitCode = complaints.length === 0 ? 0 : 1;
