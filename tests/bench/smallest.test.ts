// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallestMemory } from '../../bench/memory/smallest.js';

/** Searches what needs `needed` MiB; what was found, and what was tried. */
async function search(needed: number, guess: number, step: number, most: number) {
    const tried: number[] = [];
    const attempt = (mebibytes: number): Promise<string | null> => {
        tried.push(mebibytes);
        return Promise.resolve(mebibytes >= needed ? `in ${mebibytes}` : null);
    };
    return { found: await smallestMemory(attempt, guess, step, most), tried };
}

test('the least multiple of the step is found from any guess', async () => {
    for (const step of [1, 2, 8]) {
        for (let needed = 1; needed <= 130; needed += 3) {
            for (const guess of [1, 20, 77, 200]) {
                const { found, tried } = await search(needed, guess, step, 512);
                const expected = Math.ceil(needed / step) * step;
                assert.deepEqual(found, { mebibytes: expected, result: `in ${expected}` });
                assert.equal(new Set(tried).size, tried.length, `tried twice: ${tried.join()}`);
            }
        }
    }
});

test('what does not fit into the most is not found', async () => {
    const { found, tried } = await search(600, 100, 8, 512);
    assert.equal(found, null);
    assert.equal(Math.max(...tried), 512);
});
