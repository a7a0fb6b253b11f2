// SPDX-License-Identifier: Apache-2.0
//
// Pages with system calls are patched once for all containers that execute them, and a program that changes its code changes nobody else's.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { writeLayout } from './images.mjs';
import { bytesOf, programEntry, withPrograms } from './programs.mjs';
import { tarEnd } from './tar.mjs';

let layout;

before(() => {
    layout = writeLayout('code', [{ bytes: Buffer.concat([programEntry('codeWriter'), tarEnd()]) }]);
});

const PATCHED = 'layer store: patched code';

test('two containers share them, and neither has copies of its own', async () => {
    let one;
    await withPrograms(layout, '/codeWriter', 1, async (system, ask) => {
        assert.equal(await ask(1, 'call'), 'first');
        one = await system.request('stats');
        assert.ok(bytesOf(one, PATCHED) > 0);
    });
    await withPrograms(layout, '/codeWriter', 2, async (system, ask) => {
        assert.equal(await ask(1, 'call'), 'first');
        assert.equal(await ask(2, 'call'), 'first');
        const two = await system.request('stats');
        assert.equal(bytesOf(two, PATCHED), bytesOf(one, PATCHED));
        // Nor of the vDSO, which is one page more for all of them.
        for (const { owners } of two.containers) assert.equal(bytesOf({ owners }, 'files written'), 0);
    });
});

test('a program that changes its code changes it for itself', async () => {
    await withPrograms(layout, '/codeWriter', 2, async (system, ask) => {
        assert.equal(await ask(1, 'call'), 'first');
        assert.equal(await ask(2, 'call'), 'first');
        assert.equal(await ask(2, 'change'), 'changed');
        assert.equal(await ask(2, 'call'), 'second');
        assert.equal(await ask(1, 'call'), 'first');
    });
});
