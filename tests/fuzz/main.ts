// SPDX-License-Identifier: Apache-2.0
//
// npm run fuzz:syscalls -- [--seconds=N] [--seed=N] [--board=NAME --architecture=amd64|arm64|riscv64]
//
// One run of N seconds, an hour unless given; the seed is the clock's unless given. With a board's name on real seL4.

import { parseArgs } from 'node:util';
import { fuzzSystemCalls, type FuzzOptions } from './syscallFuzzer.js';

const LONG_SECONDS = 3600;

const { values } = parseArgs({
    options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        board: { type: 'string' },
        architecture: { type: 'string' },
    },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
console.log(`seed ${seed}`);
const { calls, workers, complaints, output } = await fuzzSystemCalls({
    seconds: Number(values.seconds ?? LONG_SECONDS),
    seed,
    board: values.board,
    architecture: values.architecture as FuzzOptions['architecture'],
});
if (complaints.length > 0) console.log(output);
for (const complaint of complaints) console.log(complaint);
console.log(
    `${calls} system calls by ${workers} workers: ${complaints.length === 0 ? 'nothing found' : 'FAILED'}`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
