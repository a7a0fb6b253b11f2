// SPDX-License-Identifier: Apache-2.0
//
// Twenty seconds of the system call fuzzer, with another seed every day: it has to find nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzSystemCalls } from './syscallFuzzer.js';

const SECONDS = 20;
const MILLISECONDS_OF_A_DAY = 86_400_000;

test('twenty seconds of random system calls', async () => {
    const seed = Math.floor(Date.now() / MILLISECONDS_OF_A_DAY) * 100_000;
    const { calls, complaints, output } = await fuzzSystemCalls({ seconds: SECONDS, seed });
    assert.deepEqual(complaints, [], `seed ${seed}:\n${output.slice(-8000)}`);
    // Each worker makes some hundred calls, and starting one takes milliseconds.
    assert.ok(calls > 300, `only ${calls} calls in ${SECONDS} seconds`);
});
