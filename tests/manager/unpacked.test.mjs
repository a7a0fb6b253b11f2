// SPDX-License-Identifier: Apache-2.0
//
// Boot images with unpacked layers: containers see what they see of packed ones, and the pages are the boot image's own.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { baseLayer, run, writeLayout } from './images.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const PAGE = 4096;
/** Bytes that repeat no page, and a page that is not full. */
const large = Array.from({ length: (20 * PAGE) / 32 + 1 }, (_, i) =>
    createHash('sha256').update(`${i}`).digest('latin1'),
).join('');

const middle = Buffer.concat([
    tarEntry({ name: 'd', type: '5', mode: 0o755 }),
    tarEntry({ name: 'd/large', content: large }),
    tarEntry({ name: 'd/same', content: large }),
    tarEntry({ name: 'd/gone', content: 'gone' }),
    tarEntry({ name: 'o', type: '5', mode: 0o700 }),
    tarEntry({ name: 'o/old', content: 'old' }),
    tarEnd(),
]);
const upper = Buffer.concat([
    tarEntry({ name: 'd/.wh.gone' }),
    tarEntry({ name: 'd/link', type: '1', link: 'd/large' }),
    tarEntry({ name: 'symbolic', type: '2', link: 'd/same' }),
    tarEntry({ name: 'o', type: '5', mode: 0o711 }),
    tarEntry({ name: 'o/.wh..wh..opq' }),
    tarEntry({ name: 'o/new', content: 'new' }),
    tarEnd(),
]);
const layout = writeLayout(
    'unpacked',
    [baseLayer(), middle, upper].map((bytes) => ({ bytes })),
);

/** Runs a script; its output, and the account of the machine. */
function account(script, options) {
    const { status, stdout, stderr } = run(layout, {
        options: ['--stats-json', ...options],
        command: ['sh', '-c', script],
    });
    assert.equal(status, 0, stderr);
    const statistics = JSON.parse(stderr.trim().split('\n').at(-1));
    const owned = (name) => statistics.owners.find(({ owner }) => owner === name)?.bytes ?? 0;
    const sum = statistics.owners.reduce((total, { bytes }) => total + bytes, 0);
    assert.equal(sum, statistics.machineMemory);
    return { stdout, statistics, owned };
}

const script =
    'ls -ln / /d /o; md5sum /d/* /o/* /symbolic /bin/busybox; ' +
    // Nothing is written to the boot image's pages.
    'echo more >> /d/large; echo x > /o/new; md5sum /d/* /o/*; tail -c 6 /d/link';

test('a container sees the same', () => {
    const packed = account(script, []);
    const unpacked = account(script, ['--unpacked']);
    assert.match(packed.stdout, /more/);
    assert.equal(unpacked.stdout, packed.stdout);
    const { freed } = unpacked.statistics;
    assert.equal(freed.returned, freed.carved);
});

test('the pages of files are on the layer store, what else the boot image had is free', () => {
    const packed = account('true', []);
    const unpacked = account('true', ['--unpacked']);
    // Equal files of a layer share pages here as well; equal pages do not, and a link to a lower layer's file is a copy of it.
    const files = unpacked.owned('layer store: files');
    assert.ok(files >= packed.owned('layer store: files'), `${files}`);
    assert.ok(files <= packed.owned('layer store: files') + 48 * PAGE, `${files}`);
    assert.equal(unpacked.owned('layer store: indexes'), packed.owned('layer store: indexes'));
    // Documents, headers of the bundle, and the edges of files.
    assert.ok(unpacked.owned('root task: packed image') <= 16 * PAGE);
    assert.equal(unpacked.owned('unpacking'), 0);
});
