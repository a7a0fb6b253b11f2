// SPDX-License-Identifier: Apache-2.0
//
// A hundred idle containers in a machine of 64 MiB, and what is asked of them all at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { baseLayer, writeLayout } from './images.mjs';
import { SystemClient, container } from './systemClient.mjs';

const COUNT = 100;
const MEBIBYTES = 64;
const KIBIBYTE = 1024;
/** What an idle container may take (docs/measuring.md). */
const IDLE_MAXIMUM = 256 * KIBIBYTE;

const sumOf = (owners) => owners.reduce((sum, { bytes }) => sum + bytes, 0);
const bytesOf = (owners, name) => owners.find(({ owner }) => owner === name)?.bytes ?? 0;

test('a hundred idle containers in 64 MiB', async () => {
    const command = ['/bin/sh', '-c', 'echo idle; exec sleep 1000000'];
    const containers = Array.from({ length: COUNT }, (_, number) =>
        container(`idle${number}`, command, { memory: 512 * KIBIBYTE }),
    );
    const layout = writeLayout('many', [{ bytes: baseLayer() }]);
    const system = new SystemClient(containers, [layout], { memory: MEBIBYTES });
    try {
        for (let channel = 1; channel <= COUNT; channel++)
            await system.until(
                () => system.output(channel) === 'idle\n' || undefined,
                `container ${channel}`,
            );
        for (let round = 0; round < 3; round++) {
            const stats = await system.request('stats');
            assert.equal(sumOf(stats.owners), stats.machineMemory);
            assert.equal(stats.containers.length, COUNT);
            for (const { name, owners, memoryLimit, processesNow } of stats.containers) {
                assert.equal(sumOf(owners), memoryLimit, name);
                assert.equal(processesNow, 1, name);
                const used = memoryLimit - bytesOf(owners, 'free');
                assert.ok(used <= IDLE_MAXIMUM, `${name} takes ${used / KIBIBYTE} KiB`);
            }
            const list = await system.request('ps');
            assert.equal(list.containers.length, COUNT);
            assert.ok(list.containers.every(({ state }) => state === 'running'));
            // What answers are made of is nothing that stays, and nothing that grows with the number of containers.
            const heap = bytesOf(stats.owners, 'root task: heap');
            assert.ok(heap <= 768 * KIBIBYTE, `the manager's heap is ${heap / KIBIBYTE} KiB`);
        }
        await system.request('down', { timeout: 0 });
        await system.off;
    } finally {
        system.kill();
        await system.off;
    }
});
