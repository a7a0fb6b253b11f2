// SPDX-License-Identifier: Apache-2.0
//
// npm run fuzz:erofs -- [--seconds=N] [--seed=N]
//
// Tries EROFS images for N seconds, an hour unless given; the seed is the clock's unless given. Images that show a bug are kept in
// build/tests/fuzz-erofs.

import { readFuzzOptions } from '../../fuzzOptions.mjs';
import { fuzzErofs } from './erofsFuzzer.mjs';

const { seconds, seed } = readFuzzOptions(1_000_000_000);
const { rounds, refused, complaints } = await fuzzErofs({ seed, seconds });
for (const complaint of complaints) console.log(complaint);
console.log(`${rounds} images, ${refused} refused: ${complaints.length === 0 ? 'nothing found' : 'FAILED'}`);
process.exitCode = complaints.length === 0 ? 0 : 1;
