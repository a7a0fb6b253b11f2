// SPDX-License-Identifier: Apache-2.0
//
// Pages that programs relocate alike are there once for all containers, and what one of them writes afterwards is its own.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { writeLayout } from './images.mjs';
import { FRAME } from './systemClient.mjs';
import { bytesOf, programEntry, withPrograms } from './programs.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const PAGES = 32;
const PAGE = 4096;
/** An ordinary static program's own pages, and the manager's least number of such pages, leave room for them. */
const STORED_PAGES = 1024;

let layout;

before(() => {
    const numbered = (pages, seed) => {
        const bytes = Buffer.alloc(pages * PAGE);
        for (let page = 0; page < pages; page++) bytes.writeUInt32LE(seed + page, page * PAGE);
        return bytes.toString('latin1');
    };
    layout = writeLayout('relocated', [
        {
            bytes: Buffer.concat([
                programEntry('relocated'),
                tarEntry({ name: 'data', content: numbered(PAGES, 1) }),
                tarEntry({ name: 'ballast', content: numbered(STORED_PAGES, 1000) }),
                tarEnd(),
            ]),
        },
    ]);
});

test('relocated pages are shared, until one container writes its own', async () => {
    await withPrograms(layout, '/relocated', 2, async (system, ask) => {
        const first = await ask(1, 'sum');
        assert.equal(await ask(2, 'sum'), first);
        const before = await system.request('stats');
        const shared = bytesOf(before, 'layer store: patched code');
        assert.ok(shared >= PAGES * PAGE, `${shared} bytes are shared`);
        const anonymous = before.containers.map((one) => bytesOf(one, 'anonymous'));
        for (const bytes of anonymous)
            assert.ok(bytes < PAGES * PAGE, `${bytes} bytes are a container's own`);

        // The file is written: its own page is another one from then on, and the relocated one stays.
        assert.equal(await ask(1, 'file'), first);
        // A child that shares the pages writes them.
        assert.equal(await ask(1, 'child'), `0 ${first}`);
        const changed = await ask(2, 'secret 17');
        assert.notEqual(changed, first);
        assert.equal(await ask(2, 'sum'), changed);
        assert.equal(await ask(1, 'sum'), first);
        assert.equal(await ask(1, 'secret 17'), changed);
    });
});

test('a program that is executed again and again takes nothing more', async () => {
    await withPrograms(layout, '/relocated', 1, async (system, ask) => {
        const first = await ask(1, 'sum');
        const used = async () => {
            const { containers, owners } = await system.request('stats');
            return [
                bytesOf({ owners }, 'layer store: patched code'),
                ...['anonymous', 'capabilities', 'sentry: heap'].map((name) => bytesOf(containers[0], name)),
            ];
        };
        for (let i = 0; i < 10; i++) system.send(FRAME.STDIN, 1, Buffer.from('again\n'));
        assert.equal(await ask(1, 'sum'), first);
        const before = await used();
        for (let i = 0; i < 40; i++) system.send(FRAME.STDIN, 1, Buffer.from('again\n'));
        assert.equal(await ask(1, 'sum'), first);
        assert.deepEqual(await used(), before);
    });
});

test('what the manager has no room for stays the containers own', async () => {
    await withPrograms(layout, '/relocated', 3, async (system, ask) => {
        const sums = new Set();
        // Each round makes as many different pages as there are; soon they are more than there may be.
        for (let round = 0; round < 6; round++)
            for (let number = 1; number <= 3; number++)
                sums.add(await ask(number, `secret ${round}-${number}`));
        assert.equal(sums.size, 18);
        const { owners, containers } = await system.request('stats');
        const stored = bytesOf({ owners }, 'layer store: files');
        const shared = bytesOf({ owners }, 'layer store: patched code');
        assert.ok(shared <= stored / 4, `${shared} bytes are shared, ${stored} stored`);
        assert.ok(containers.some((one) => bytesOf(one, 'anonymous') >= PAGES * PAGE));
    });
});
