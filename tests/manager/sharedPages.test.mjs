// SPDX-License-Identifier: Apache-2.0
//
// Pages that layers have in common: kept once, whatever file, layer or image they are of, and read as if they were not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { baseLayer, writeLayout } from './images.mjs';
import { SystemClient, container } from './systemClient.mjs';
import { tarEnd, tarEntries, tarEntry } from './tar.mjs';

const PAGE = 4096;

/** Bytes that repeat no page. */
function noise(length, seed) {
    const blocks = [];
    for (let i = 0; i * 32 < length; i++) {
        blocks.push(createHash('sha256').update(`${seed} ${i}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, length);
}

const file = (name, content) => tarEntry({ name, content: content.toString('latin1') });
const archive = (...entries) => Buffer.concat([...entries, tarEnd()]);

/** The pages of a file, the last one filled up with zeros. */
function pagesOf(content) {
    const count = Math.ceil(content.length / PAGE);
    const whole = Buffer.concat([content, Buffer.alloc(count * PAGE - content.length)]);
    return Array.from({ length: count }, (_, i) => whole.toString('latin1', i * PAGE, (i + 1) * PAGE));
}

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

/** What BusyBox says of the files, by name. */
async function digests(system, channel, names) {
    await system.exit(channel);
    const lines = system.output(channel).trim().split('\n');
    assert.equal(lines.length, names.length, system.output(channel));
    return Object.fromEntries(lines.map((line) => line.split(/ +/).reverse()));
}

/** Boots one container for each entry of `reads`, a list of an image's number and file names; its digests go to `body`. */
async function withReaders(layouts, reads, body) {
    const containers = reads.map(([image, names], number) =>
        container(`reader${number}`, ['md5sum', ...names], { image, dependsOn: [] }),
    );
    const keeper = container('keeper', ['cat'], { interactive: true });
    const system = new SystemClient([keeper, ...containers], layouts);
    try {
        const read = [];
        for (const [number, [, names]] of reads.entries())
            read.push(await digests(system, number + 2, names));
        const stats = await system.request('stats');
        const sum = stats.owners.reduce((total, { bytes }) => total + bytes, 0);
        assert.equal(sum, stats.machineMemory);
        const owned = (name) => stats.owners.find(({ owner }) => owner === name)?.bytes ?? 0;
        const unique = stats.layers.reduce(
            (total, { dataBytes, sharedBytes }) => total + dataBytes - sharedBytes,
            0,
        );
        assert.equal(owned('layer store: files'), unique);
        const places = stats.layers.reduce((total, { dataBytes }) => total + dataBytes / PAGE, 0);
        assert.equal(owned('layer store: page maps'), Math.ceil((places * 4) / PAGE) * PAGE);
        assert.equal(owned('unpacking'), 0);
        await body(read, stats);
    } finally {
        system.kill();
        await system.off;
    }
}

const base = baseLayer();
const basePages = tarEntries(base).flatMap(({ content }) => pagesOf(content));
const busybox = tarEntries(base).find(({ name }) => name.endsWith('bin/busybox'));

/** An image of the base layer and more. */
const imageOf = (name, ...layers) =>
    writeLayout(
        name,
        [base, ...layers].map((bytes) => ({ bytes })),
    );

test('within a layer, across layers and across images', async () => {
    const text = noise(3 * PAGE + 100, 'text');
    const longer = Buffer.concat([text, noise(200, 'more')]);
    const zeros = Buffer.alloc(5 * PAGE + 7);
    const other = noise(PAGE + 1, 'other');
    const second = archive(
        file('text', text),
        file('zeros', zeros),
        file('copy', text),
        file('other', other),
    );
    const third = archive(file('longer', longer), file('more-zeros', zeros));
    const fourth = archive(file('moved', text), file('own', noise(2 * PAGE, 'own')));
    const files = { text, zeros, copy: text, other, longer, 'more-zeros': zeros };
    const layouts = [imageOf('common', second, third), imageOf('common-too', fourth)];
    const reads = [
        [0, Object.keys(files).map((name) => `/${name}`)],
        [1, ['/moved', '/own', '/bin/busybox']],
    ];
    await withReaders(layouts, reads, (read, { layers }) => {
        for (const [name, content] of Object.entries(files)) assert.equal(read[0][`/${name}`], md5(content));
        assert.equal(read[1]['/moved'], md5(text));
        assert.equal(read[1]['/own'], md5(noise(2 * PAGE, 'own')));
        assert.equal(read[1]['/bin/busybox'], md5(busybox.content));

        const known = new Set();
        const expected = [
            basePages,
            ...[second, third, fourth].map((layer) =>
                tarEntries(layer).flatMap(({ content }) => pagesOf(content)),
            ),
        ].map((pages) => {
            let shared = 0;
            for (const page of pages) {
                if (known.has(page)) shared++;
                known.add(page);
            }
            return { dataBytes: pages.length * PAGE, sharedBytes: shared * PAGE };
        });
        assert.deepEqual(
            layers.map(({ dataBytes, sharedBytes }) => ({ dataBytes, sharedBytes })),
            expected,
        );
        assert.ok(expected[1].sharedBytes >= 9 * PAGE);
    });
});

test('a hard link to a file of a lower layer takes no pages', async () => {
    const link = archive(tarEntry({ name: 'linked', type: '1', link: busybox.name }));
    await withReaders([imageOf('linked', link)], [[0, ['/linked', '/bin/busybox']]], (read, { layers }) => {
        assert.equal(read[0]['/linked'], md5(busybox.content));
        assert.equal(read[0]['/bin/busybox'], md5(busybox.content));
        assert.equal(layers[1].dataBytes, pagesOf(busybox.content).length * PAGE);
        assert.equal(layers[1].sharedBytes, layers[1].dataBytes);
    });
});

test('a layer is unpacked again only where what lies below it matters', async () => {
    const lower = (name) => archive(file(name, noise(10, name)));
    // The one names its directory, the other leaves open what "d" is in the layers below.
    const told = archive(tarEntry({ name: 'd/', type: '5', mode: 0o755 }), file('d/told', noise(10, 'told')));
    const implied = archive(file('d/implied', noise(10, 'implied')));
    const count = async (name, layer, path) => {
        const layouts = [imageOf(`${name}-1`, lower('x'), layer), imageOf(`${name}-2`, lower('y'), layer)];
        let layers;
        await withReaders(
            layouts,
            [
                [0, [path]],
                [1, [path]],
            ],
            (read, stats) => {
                assert.deepEqual(read[0], read[1]);
                layers = stats.layers.length;
            },
        );
        return layers;
    };
    assert.equal(await count('told', told, '/d/told'), 4);
    assert.equal(await count('implied', implied, '/d/implied'), 5);
});
