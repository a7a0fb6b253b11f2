// SPDX-License-Identifier: Apache-2.0
//
// Layers compressed with zstd, run through the command line on platform/linux: those that work, and what is said of those
// that do not.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { sha256 } from '../component/memoryImage.mjs';
import { skippableFrame, zstd } from '../images/zstd.mjs';
import { TAR_GZIP, TAR_ZSTD, baseLayer, run, writeLayout } from './images.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const DOCKER_ZSTD = 'application/vnd.docker.image.rootfs.diff.tar.zstd';

const layer = baseLayer();
const diffId = `sha256:${sha256(layer)}`;
const config = { Cmd: ['/bin/sh', '-c', '/bin/busybox md5sum /bin/busybox; exit 5'] };

/** Writes an image of the layer, packed as `bytes`. */
const imageOf = (name, type, bytes) => writeLayout(name, [{ type, bytes, diffId }], undefined, config);

const expected = run(imageOf('gzip', TAR_GZIP, gzipSync(layer)));

function runsAlike(path, transport = 'oci') {
    const { status, stdout, stderr } = run(path, { transport });
    assert.equal(stderr, '');
    assert.equal(stdout, expected.stdout);
    assert.equal(status, 5);
}

test('frames with and without content size and checksum', () => {
    assert.equal(expected.status, 5, expected.stderr);
    runsAlike(imageOf('plain', TAR_ZSTD, zstd(layer)));
    runsAlike(imageOf('docker', DOCKER_ZSTD, zstd(layer, '--no-check')));
    runsAlike(imageOf('sized', TAR_ZSTD, zstd(layer, '-19', `--stream-size=${layer.length}`)));
    runsAlike(imageOf('window', TAR_ZSTD, zstd(layer, '--zstd=wlog=23')));
});

test('several frames, and skippable ones before, between and behind them', () => {
    // As tools for seekable layers write them: a frame for every piece, and a table in a skippable frame at the end.
    const pieces = [];
    for (let at = 0; at < layer.length; at += 200_000) {
        pieces.push(zstd(layer.subarray(at, at + 200_000), ...(at % 400_000 === 0 ? ['--no-check'] : [])));
        pieces.push(skippableFrame(at === 0 ? 0 : 20_000, 7));
    }
    runsAlike(imageOf('frames', TAR_ZSTD, Buffer.concat([skippableFrame(4), ...pieces])));
});

test('what docker save writes without a media type is told by its first bytes', () => {
    const configuration = JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        config,
        rootfs: { type: 'layers', diff_ids: [diffId] },
    });
    const configurationPath = `${sha256(configuration)}.json`;
    const folder = imageOf('archive', TAR_ZSTD, zstd(layer));
    for (const [name, bytes] of [
        ['frame', zstd(layer)],
        ['skippable', Buffer.concat([skippableFrame(4), zstd(layer)])],
    ]) {
        const path = join(folder, `${name}.tar`);
        const manifest = JSON.stringify([
            { Config: configurationPath, RepoTags: ['a:b'], Layers: ['layer'] },
        ]);
        const entries = { 'manifest.json': manifest, [configurationPath]: configuration };
        writeFileSync(
            path,
            Buffer.concat([
                ...Object.entries(entries).map(([entry, content]) => tarEntry({ name: entry, content })),
                tarEntry({ name: 'layer', content: bytes.toString('latin1') }),
                tarEnd(),
            ]),
        );
        runsAlike(path, 'docker-archive');
    }
});

/** Owners of the machine's memory at the container's end, in bytes, as --stats prints them. */
function memoryOf(folder) {
    const { status, stderr } = run(folder, { options: ['--stats'] });
    assert.equal(status, 5, stderr);
    const machine = stderr.slice(0, stderr.indexOf('OF IT, CONTAINER'));
    return new Map(
        [...machine.matchAll(/^(\S.*?) {2,}(\d+) /gm)].map(([, owner, bytes]) => [owner, Number(bytes)]),
    );
}

test("the decoder's memory is given back", () => {
    const before = memoryOf(imageOf('gzip', TAR_GZIP, gzipSync(layer)));
    const after = memoryOf(imageOf('window', TAR_ZSTD, zstd(layer, '--zstd=wlog=23')));
    // The packed image has another size, whose last page is partly rounding. The manager's heap keeps what it once had, among it what it
    // knew of the decoder's 2048 pages.
    const free = (owners) =>
        owners.get('free') +
        owners.get('rounding') +
        owners.get('root task: packed image') +
        owners.get('root task: heap');
    assert.equal(free(after), free(before));
    assert.ok(after.get('root task: heap') - before.get('root task: heap') <= 128 * 1024);
    assert.equal(after.get('capabilities'), before.get('capabilities'));
    assert.equal(after.get('page tables'), before.get('page tables'));
    assert.equal(after.has('unpacking'), false);
});

/** Runs the image and expects exit code 125 and one line on stderr that matches. */
function refuses(name, bytes, pattern, options = []) {
    const { status, stdout, stderr } = run(imageOf(name, TAR_ZSTD, bytes), { options });
    assert.match(stderr, pattern);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(status, 125);
    assert.equal(stdout, '');
}

const packed = zstd(layer);

test('a zstd stream that ends early', () => {
    const early = /layer sha256:[0-9a-f]{12}: zstd stream ends early at byte (\d+); pull the image again/;
    refuses('cut', packed.subarray(0, packed.length - 20), early);
    refuses('cut-in-header', packed.subarray(0, 5), early);
    refuses('cut-in-skippable', Buffer.concat([packed, skippableFrame(50).subarray(0, 40)]), early);
    refuses('no-bytes', Buffer.alloc(0), early);
});

test('a zstd stream that is corrupt', () => {
    const corrupt = /layer sha256:[0-9a-f]{12}: zstd stream is corrupt near byte \d+; pull the image again/;
    const flipped = Buffer.from(packed);
    flipped[flipped.length - 2] ^= 0x10; // of the checksum
    refuses('flipped', flipped, corrupt);
    refuses('no-zstd', layer, corrupt);
    refuses('garbage-behind', Buffer.concat([packed, Buffer.alloc(100, 1)]), corrupt);
});

test('a window larger than the limit', () => {
    refuses(
        'far',
        zstd(layer, '--zstd=wlog=24'),
        /layer sha256:[0-9a-f]{12}: zstd frame near byte 6 has a window of 16 MiB \(16777216 bytes\); at most 8 MiB can be decoded; recompress the image: skopeo copy --dest-compress-format gzip/,
    );
    const behind = Buffer.concat([packed, zstd(Buffer.from('more'), '--zstd=wlog=27', '--ultra')]);
    refuses('far-behind', behind, /zstd frame near byte \d+ has a window of 128 MiB .*; at most 8 MiB/);
});

test('a frame that was made with a dictionary', () => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x58, 0x2a, 0, 0, 0]);
    refuses(
        'dictionary',
        header,
        /zstd frame near byte 7 was made with a dictionary, which no layer carries; recompress/,
    );
});

test('no memory for the window', () => {
    refuses(
        'small-machine',
        zstd(layer, '--zstd=wlog=23'),
        /zstd frame near byte 6 has a window of 8 MiB .*: decoding it takes 8\.\d MiB, which does not fit the machine's free memory of .*; give the machine more memory/,
        ['--machine-memory', '8m', '--memory', '1m'],
    );
});
