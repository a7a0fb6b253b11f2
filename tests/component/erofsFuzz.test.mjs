// SPDX-License-Identifier: Apache-2.0
//
// A slice of fuzzing EROFS images, with other images every day: it has to find nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fuzzErofs } from './fuzz/erofsFuzzer.mjs';

const ROUNDS = 8000;
const MILLISECONDS_OF_A_DAY = 86_400_000;

test('thousands of EROFS images that are not right: each is refused, or a sound layer', async (context) => {
    const seed = Math.floor(Date.now() / MILLISECONDS_OF_A_DAY);
    const { rounds, refused, complaints } = await fuzzErofs({ seed, rounds: ROUNDS });
    context.diagnostic(`seed ${seed}: ${refused} of ${rounds} refused`);
    assert.deepEqual(complaints, [], `seed ${seed}`);
    assert.equal(rounds, ROUNDS);
    // Both ends are reached: what is refused, and what nobody minds.
    assert.ok(refused > ROUNDS / 10, `only ${refused} of ${rounds} images were refused`);
    assert.ok(refused < ROUNDS, 'every image was refused');
});
