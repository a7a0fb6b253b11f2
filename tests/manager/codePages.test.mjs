// SPDX-License-Identifier: Apache-2.0
//
// Pages with system calls are patched once for all containers that execute them, and a program that changes its code changes nobody else's.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { root, writeLayout } from './images.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

let layout;

before(() => {
    const folder = join(root, 'build', 'tests', 'manager');
    mkdirSync(folder, { recursive: true });
    const program = join(folder, 'codeWriter');
    const source = join(root, 'tests/manager/codeWriter.c');
    execFileSync('gcc', ['-std=gnu11', '-O1', '-static', '-o', program, source]);
    const content = readFileSync(program).toString('latin1');
    layout = writeLayout('code', [
        { bytes: Buffer.concat([tarEntry({ name: 'codeWriter', content, mode: 0o755 }), tarEnd()]) },
    ]);
});

const PATCHED = 'layer store: patched code';
const bytesOf = ({ owners }, name) => owners.find(({ owner }) => owner === name)?.bytes ?? 0;

/** Boots `count` containers that call their code for each line of input. */
async function withCallers(count, body) {
    const callers = Array.from({ length: count }, (_, number) =>
        container(`caller${number}`, ['/codeWriter'], { interactive: true }),
    );
    const system = new SystemClient(callers, [layout]);
    /** What caller `number` (from 1) answers to a line, which it has time to get ready for. */
    const ask = async (number, line) => {
        await system.frameOf(FRAME.CREDIT, number);
        const before = system.output(number).length;
        system.send(FRAME.STDIN, number, Buffer.from(`${line}\n`));
        await system.until(
            () => (system.output(number).length > before ? true : undefined),
            `answer to ${line}`,
        );
        return system.output(number).slice(before).trim();
    };
    try {
        await body(system, ask);
    } finally {
        system.kill();
        await system.off;
    }
}

test('two containers share them, and neither has copies of its own', async () => {
    let one;
    await withCallers(1, async (system, ask) => {
        assert.equal(await ask(1, 'call'), 'first');
        one = await system.request('stats');
        assert.ok(bytesOf(one, PATCHED) > 0);
    });
    await withCallers(2, async (system, ask) => {
        assert.equal(await ask(1, 'call'), 'first');
        assert.equal(await ask(2, 'call'), 'first');
        const two = await system.request('stats');
        assert.equal(bytesOf(two, PATCHED), bytesOf(one, PATCHED));
        // Nor of the vDSO, which is one page more for all of them.
        for (const { owners } of two.containers) assert.equal(bytesOf({ owners }, 'files written'), 0);
    });
});

test('a program that changes its code changes it for itself', async () => {
    await withCallers(2, async (system, ask) => {
        assert.equal(await ask(1, 'call'), 'first');
        assert.equal(await ask(2, 'call'), 'first');
        assert.equal(await ask(2, 'change'), 'changed');
        assert.equal(await ask(2, 'call'), 'second');
        assert.equal(await ask(1, 'call'), 'first');
    });
});
