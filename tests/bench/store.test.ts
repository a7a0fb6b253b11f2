// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    keptBytes,
    PAGE,
    pageName,
    splitStore,
    storeBytes,
    touchedBytes,
    touchedFiles,
    type StoreFile,
} from '../../bench/store/savings.js';
import { readRequest } from '../../bench/store/touched.js';

/** A file of a layer whose pages are full of one letter each. */
function file(layer: number, firstPage: number, letters: string): StoreFile {
    const content = Buffer.concat([...letters].map((letter) => Buffer.alloc(PAGE, letter)));
    return { layer, name: letters, firstPage, keys: [...letters], content };
}

const files = [file(0, 0, 'abcd'), file(0, 4, 'ef'), file(1, 0, 'eghh'), file(1, 4, 'g')];

test('a store has equal pages once', () => {
    assert.equal(storeBytes(files), 8 * PAGE);
});

test('a file is touched when any of its pages is, in its own layer', () => {
    const touched = new Set([pageName(0, 5), pageName(1, 9)]);
    assert.deepEqual(
        touchedFiles(files, touched).map(({ name }) => name),
        ['ef'],
    );
    assert.equal(touchedBytes(files, touched), PAGE);
});

test('what a touched file has stays, and equal pages leave once', () => {
    const { warmBytes, cold, coldBytes } = splitStore(files, new Set([pageName(0, 5)]), Infinity);
    assert.equal(warmBytes, 2 * PAGE);
    assert.deepEqual(
        cold.map((content) => content.toString('latin1').replaceAll(/(.)\1*/g, '$1')),
        ['abcd', 'gh'],
    );
    assert.equal(coldBytes, 6 * PAGE);
    assert.equal(warmBytes + coldBytes, storeBytes(files));
});

test('by blocks only the touched part of a file stays', () => {
    const { warmBytes, cold, coldBytes } = splitStore(files, new Set([pageName(0, 2)]), 2);
    assert.equal(warmBytes, 2 * PAGE);
    assert.equal(coldBytes, 6 * PAGE);
    assert.deepEqual(
        cold.map(({ length }) => length / PAGE),
        [2, 2, 1, 1],
    );
});

test('what does not compress is kept as it is', () => {
    assert.equal(keptBytes([Buffer.alloc(10), Buffer.alloc(20)], [12, 5]), 15);
    assert.throws(() => keptBytes([Buffer.alloc(10)], []), RangeError);
});

test('requests for frames are read from a trace, other lines are not', () => {
    const line = (info: string): string => `Call thread 7f0 cap 12 info ${info} message 2 1f 10 3a`;
    assert.deepEqual(readRequest(line('6004')), { layer: 2, page: 0x1f, count: 0x10 });
    assert.equal(readRequest(line('c004')), null);
    assert.equal(readRequest('fault 5 of thread 7f0 at 400000'), null);
});
