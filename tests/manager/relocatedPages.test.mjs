// SPDX-License-Identifier: Apache-2.0
//
// Pages that programs relocate alike are there once for all containers, and what one of them writes afterwards is its own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { root, writeLayout } from './images.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const PAGES = 32;
const PAGE = 4096;
/** An ordinary static program's own pages, and the manager's least number of such pages, leave room for them. */
const STORED_PAGES = 1024;

let layout;

before(() => {
    const folder = join(root, 'build', 'tests', 'manager');
    mkdirSync(folder, { recursive: true });
    const program = join(folder, 'relocated');
    execFileSync('gcc', [
        '-std=gnu11',
        '-O1',
        '-static',
        '-o',
        program,
        join(root, 'tests/manager/relocated.c'),
    ]);
    const numbered = (pages, seed) => {
        const bytes = Buffer.alloc(pages * PAGE);
        for (let page = 0; page < pages; page++) bytes.writeUInt32LE(seed + page, page * PAGE);
        return bytes.toString('latin1');
    };
    const content = readFileSync(program).toString('latin1');
    layout = writeLayout('relocated', [
        {
            bytes: Buffer.concat([
                tarEntry({ name: 'relocated', content, mode: 0o755 }),
                tarEntry({ name: 'data', content: numbered(PAGES, 1) }),
                tarEntry({ name: 'ballast', content: numbered(STORED_PAGES, 1000) }),
                tarEnd(),
            ]),
        },
    ]);
});

const bytesOf = ({ owners }, name) => owners.find(({ owner }) => owner === name)?.bytes ?? 0;

/** Boots `count` containers, and asks them by their numbers, from 1. */
async function withPrograms(count, body) {
    const programs = Array.from({ length: count }, (_, number) =>
        container(`program${number}`, ['/relocated'], { interactive: true }),
    );
    const system = new SystemClient(programs, [layout]);
    const ask = async (number, line) => {
        await system.frameOf(FRAME.CREDIT, number);
        const lines = system.output(number).split('\n').length;
        system.send(FRAME.STDIN, number, Buffer.from(`${line}\n`));
        await system.until(
            () => (system.output(number).split('\n').length > lines ? true : undefined),
            `answer to ${line}`,
        );
        return system.output(number).trim().split('\n').pop();
    };
    try {
        await body(system, ask);
    } finally {
        system.kill();
        await system.off;
    }
}

test('relocated pages are shared, until one container writes its own', async () => {
    await withPrograms(2, async (system, ask) => {
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
    await withPrograms(1, async (system, ask) => {
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
    await withPrograms(3, async (system, ask) => {
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
