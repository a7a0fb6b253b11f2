// SPDX-License-Identifier: Apache-2.0
//
// The image reader as Node sees it: build/component/load.mjs over images made in memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ImageError, openImageReader } from '../../build/component/load.mjs';
import { addBlob, addImage, blobsOf, finishLayout, sha256 } from './memoryImage.mjs';

const TAG = 'org.opencontainers.image.ref.name';

/** Expects inspect to fail with a message that matches every pattern. */
async function refuses(
    files,
    patterns,
    { kind = 'layout', tag = '', platform = 'linux/amd64', verify = false } = {},
) {
    const reader = await openImageReader(blobsOf(files));
    await assert.rejects(reader.inspect(kind, tag, platform, verify), (error) => {
        assert.ok(error instanceof ImageError, `not an ImageError: ${error.stack}`);
        for (const pattern of [patterns].flat()) assert.match(error.message, pattern);
        return true;
    });
}

test('an image layout with two platforms: the wanted one is chosen', async () => {
    const files = new Map();
    const amd64 = addImage(files, { config: { Cmd: ['/bin/sh'], Env: ['A=ä𝄞'] }, layers: ['one', 'two'] });
    const arm64 = addImage(files, { architecture: 'arm64' });
    finishLayout(files, [
        { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
        { ...arm64, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    ]);
    const reader = await openImageReader(blobsOf(files));
    const answer = JSON.parse(await reader.inspect('layout', '', 'linux/amd64', true));
    assert.equal(answer.platform, 'linux/amd64');
    assert.equal(answer.manifest.digest, amd64.digest);
    assert.deepEqual(answer.config.cmd, ['/bin/sh']);
    assert.deepEqual(answer.config.env, ['A=ä𝄞']);
    assert.equal(answer.config.entrypoint, null);
    assert.equal(answer.layers.length, 2);
    assert.equal(answer.index.length, 2);
    assert.equal(answer.index[1].platform, 'linux/arm64/v8');
    assert.deepEqual(answer.files, await reader.files('layout', '', 'linux/amd64'));
    assert.deepEqual(answer.files.slice(0, 3), [
        'oci-layout',
        'index.json',
        `blobs/sha256/${amd64.digest.slice(7)}`,
    ]);
    assert.equal(
        JSON.parse(await reader.inspect('layout', '', 'linux/arm64', true)).manifest.digest,
        arm64.digest,
    );
});

test('a platform that the image lacks: the message lists those present', async () => {
    const files = new Map();
    const image = addImage(files);
    const attestation = addImage(files, { layers: ['attestation'] });
    finishLayout(files, [
        { ...image, platform: { os: 'linux', architecture: 'amd64' } },
        { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } },
    ]);
    await refuses(files, [/no linux\/riscv64/, /it has linux\/amd64: choose/], { platform: 'linux/riscv64' });
});

test('a manifest without a platform is known by its configuration', async () => {
    const files = new Map();
    finishLayout(files, [addImage(files, { architecture: 'arm64' })]);
    const reader = await openImageReader(blobsOf(files));
    assert.equal(JSON.parse(await reader.inspect('layout', '', 'linux/arm64')).platform, 'linux/arm64');
    await refuses(files, /no linux\/amd64; it has linux\/arm64/);
});

test('a nested index', async () => {
    const files = new Map();
    const image = addImage(files);
    const index = addBlob(files, 'application/vnd.oci.image.index.v1+json', {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [{ ...image, platform: { os: 'linux', architecture: 'amd64' } }],
    });
    finishLayout(files, [{ ...index, annotations: { [TAG]: 'latest' } }]);
    const reader = await openImageReader(blobsOf(files));
    const paths = await reader.files('layout', 'latest', 'linux/amd64');
    assert.ok(paths.includes(`blobs/sha256/${index.digest.slice(7)}`));
});

test('an index that contains itself in a chain too long ends', async () => {
    const files = new Map();
    let descriptor = addImage(files);
    for (let i = 0; i < 8; i++) {
        descriptor = addBlob(files, 'application/vnd.oci.image.index.v1+json', {
            schemaVersion: 2,
            manifests: [descriptor],
        });
    }
    await refuses(finishLayout(files, [descriptor]), /nest more than 4 deep/);
});

test('names: one of several must be given, an unknown one is answered with those present', async () => {
    const files = new Map();
    finishLayout(files, [
        { ...addImage(files, { layers: ['1'] }), annotations: { [TAG]: 'one' } },
        { ...addImage(files, { layers: ['2'] }), annotations: { [TAG]: 'two' } },
    ]);
    await refuses(files, /several images: one, two/);
    await refuses(files, [/no image named "three"/, /it has one, two/], { tag: 'three' });
    const reader = await openImageReader(blobsOf(files));
    assert.equal(JSON.parse(await reader.inspect('layout', 'two', 'linux/amd64')).name, 'two');
});

test('what is no layout, or a damaged one', async () => {
    await refuses(new Map(), /no file oci-layout/);
    await refuses(
        new Map([['oci-layout', Buffer.from('{"imageLayoutVersion":"2.0"}')]]),
        /layout version "2.0"/,
    );
    await refuses(
        new Map([['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"')]]),
        /oci-layout: not valid JSON at byte 29/,
    );

    const files = new Map();
    const image = addImage(files);
    finishLayout(files, [image]);
    files.set(`blobs/sha256/${image.digest.slice(7)}`, Buffer.alloc(image.size));
    await refuses(files, [/image manifest sha256:/, /digest is sha256:.*pull it again/]);
    files.set(`blobs/sha256/${image.digest.slice(7)}`, Buffer.alloc(3));
    await refuses(files, /has 3 bytes where its descriptor says/);
    files.delete(`blobs/sha256/${image.digest.slice(7)}`);
    await refuses(files, /the image has no file blobs\/sha256/);
});

test('a layer with a wrong digest is found where layers are verified', async () => {
    const files = new Map();
    finishLayout(files, [addImage(files, { layers: ['contents'] })]);
    files.set(`blobs/sha256/${sha256(Buffer.from('contents'))}`, Buffer.from('CONTENTS'));
    const reader = await openImageReader(blobsOf(files));
    await reader.inspect('layout', '', 'linux/amd64', false);
    await refuses(files, /layer sha256:.*the content's digest is sha256:/, { verify: true });
});

test('mistyped and hostile members', async () => {
    const cases = [
        [{ schemaVersion: 1 }, /schema 1/],
        [{ schemaVersion: 2, layers: 'x' }, /a string as "layers" where an array is expected/],
        [
            {
                schemaVersion: 2,
                config: {
                    mediaType: 'application/vnd.oci.image.config.v1+json',
                    digest: 'sha256:../../etc/passwd',
                    size: 1,
                },
            },
            /malformed digest/,
        ],
        [
            {
                schemaVersion: 2,
                config: {
                    mediaType: 'application/vnd.oci.image.config.v1+json',
                    digest: `sha512:${'a'.repeat(128)}`,
                    size: 1,
                },
            },
            /"sha512"; only sha256/,
        ],
        [
            {
                schemaVersion: 2,
                config: {
                    mediaType: 'application/vnd.oci.image.config.v1+json',
                    digest: `sha256:${'a'.repeat(64)}`,
                    size: -1,
                },
            },
            /whole number/,
        ],
        [
            {
                schemaVersion: 2,
                config: {
                    mediaType: 'application/vnd.wasm.config.v0+json',
                    digest: `sha256:${'a'.repeat(64)}`,
                    size: 1,
                },
            },
            /no container image/,
        ],
    ];
    for (const [manifest, pattern] of cases) {
        const files = new Map();
        await refuses(finishLayout(files, [addImage(files, { manifest })]), pattern);
    }
});

test('layers of every type that can be unpacked', async () => {
    for (const mediaType of [
        'application/vnd.oci.image.layer.v1.tar',
        'application/vnd.oci.image.layer.v1.tar+gzip',
        'application/vnd.oci.image.layer.v1.tar+zstd',
        'application/vnd.docker.image.rootfs.diff.tar',
        'application/vnd.docker.image.rootfs.diff.tar.gzip',
        'application/vnd.docker.image.rootfs.diff.tar.zstd',
    ]) {
        const files = new Map();
        const layer = addBlob(files, mediaType, 'x');
        finishLayout(files, [addImage(files, { manifest: { layers: [layer] } })]);
        const reader = await openImageReader(blobsOf(files));
        const { layers } = JSON.parse(await reader.inspect('layout', '', 'linux/amd64', true));
        assert.equal(layers[0].mediaType, mediaType);
    }
});

test('layer types that cannot be unpacked are refused by name', async () => {
    for (const [mediaType, pattern] of [
        ['application/vnd.oci.image.layer.v1.tar+xz', /tar\+xz", which is no layer/],
        ['text/plain', /"text\/plain", which is no layer/],
    ]) {
        const files = new Map();
        const layer = addBlob(files, mediaType, 'x');
        await refuses(finishLayout(files, [addImage(files, { manifest: { layers: [layer] } })]), pattern);
    }
});

test('what an index lists beside the image is passed over: artifacts, and images with layers of other kinds', async () => {
    const files = new Map();
    const artifact = addImage(files, {
        manifest: { config: addBlob(files, 'application/vnd.oci.empty.v1+json', '{}') },
    });
    const foreign = addBlob(files, 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'x');
    const other = addImage(files, { architecture: 'arm64', manifest: { layers: [foreign] } });
    const image = addImage(files);
    finishLayout(files, [artifact, other, image]);
    const reader = await openImageReader(blobsOf(files));
    const { manifest } = JSON.parse(await reader.inspect('layout', '', 'linux/amd64'));
    assert.equal(manifest.digest, image.digest);
    await refuses(files, new RegExp(`layer ${foreign.digest} is non-distributable`), {
        platform: 'linux/arm64',
    });
    await refuses(files, /no linux\/riscv64; it has linux\/arm64, linux\/amd64/, {
        platform: 'linux/riscv64',
    });
    const alone = new Map([...files]);
    await refuses(finishLayout(alone, [artifact]), /no container image, only .*vnd\.oci\.empty/);
    const named = { ...artifact, platform: { os: 'linux', architecture: 'amd64' } };
    await refuses(finishLayout(alone, [named]), /vnd\.oci\.empty\.v1\+json": it is no container image/);
});

test('docker archives', async () => {
    const files = new Map();
    const layer = Buffer.from('a layer');
    const config = Buffer.from(
        JSON.stringify({
            os: 'linux',
            architecture: 'amd64',
            config: { Entrypoint: ['/entry'] },
            rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
        }),
    );
    files.set(`${sha256(config)}.json`, config);
    files.set('abc/layer.tar', layer);
    const manifest = (changes = {}) =>
        files.set(
            'manifest.json',
            Buffer.from(
                JSON.stringify([
                    {
                        Config: `${sha256(config)}.json`,
                        RepoTags: ['busybox:latest'],
                        Layers: ['abc/layer.tar'],
                        ...changes,
                    },
                ]),
            ),
        );
    manifest();
    const reader = await openImageReader(blobsOf(files));
    for (const tag of ['', 'busybox', 'busybox:latest']) {
        const answer = JSON.parse(await reader.inspect('docker-archive', tag, 'linux/amd64'));
        assert.deepEqual(answer.files, ['manifest.json', `${sha256(config)}.json`, 'abc/layer.tar']);
        assert.equal(answer.manifest, null);
    }
    const options = { kind: 'docker-archive' };
    await refuses(files, /no image named "other"; it has busybox:latest/, { ...options, tag: 'other' });
    await refuses(files, /is for linux\/amd64, not for linux\/arm64/, {
        ...options,
        platform: 'linux/arm64',
    });
    manifest({ Layers: ['../../etc/shadow'] });
    await refuses(files, /leads out of the archive/, options);
    manifest({ Layers: ['missing/layer.tar'] });
    await refuses(files, /no file missing\/layer.tar/, options);
    manifest({ Layers: [] });
    await refuses(files, /lists 0 layers and the image configuration 1/, options);
    await refuses(new Map(), /no docker archive/, options);
});

test('the first process: what the user gives replaces what the image says', async () => {
    const files = new Map();
    finishLayout(files, [
        addImage(files, {
            config: { Entrypoint: ['/e'], Cmd: ['c'], Env: ['A=1', 'B=2'], WorkingDir: '/w', User: 'nobody' },
        }),
    ]);
    const reader = await openImageReader(blobsOf(files));
    const process = async (options) =>
        JSON.parse(await reader.process('layout', '', 'linux/amd64', JSON.stringify(options)));
    const plain = await process({ hostname: 'h' });
    assert.deepEqual(plain, {
        arguments: ['/e', 'c'],
        environment: [
            'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
            'HOSTNAME=h',
            'A=1',
            'B=2',
        ],
        workingDirectory: '/w',
        user: 'nobody',
    });
    assert.deepEqual((await process({ command: ['x', 'y'] })).arguments, ['/e', 'x', 'y']);
    assert.deepEqual((await process({ entrypoint: ['/n'] })).arguments, ['/n']);
    assert.deepEqual((await process({ entrypoint: [''], command: ['x'] })).arguments, ['x']);
    assert.deepEqual((await process({ environment: ['A=9', 'C=3', 'PATH=/x'] })).environment, [
        'PATH=/x',
        'A=9',
        'B=2',
        'C=3',
    ]);
    await assert.rejects(process({ workingDirectory: 'relative' }), /not absolute/);
    await assert.rejects(process({ command: ['a\0b'] }), /zero byte/);
    await assert.rejects(process({ command: 'x' }), /a string as "command" where an array is expected/);
});

test('a blob that cannot be read is an error with its path', async () => {
    const files = new Map();
    finishLayout(files, [addImage(files)]);
    const blobs = blobsOf(files);
    blobs.read = () => {
        throw new Error('the disk is on fire');
    };
    const reader = await openImageReader(blobs);
    await assert.rejects(reader.inspect('layout', '', 'linux/amd64'), /oci-layout: the disk is on fire/);
});

test('a thousand calls leave the component as it was', async () => {
    const files = new Map();
    finishLayout(files, [addImage(files)]);
    const reader = await openImageReader(blobsOf(files));
    const first = await reader.inspect('layout', '', 'linux/amd64');
    for (let i = 0; i < 1000; i++) assert.equal(await reader.inspect('layout', '', 'linux/amd64'), first);
});

test('a trap inside the component is an error, and the reader goes on', async () => {
    const files = new Map();
    finishLayout(files, [addImage(files)]);
    const blobs = blobsOf(files);
    const size = blobs.size;
    // `size` has no error result, so what it throws unwinds through the component as a trap does.
    blobs.size = () => {
        throw new Error('unwound');
    };
    const reader = await openImageReader(blobs);
    await assert.rejects(
        reader.inspect('layout', '', 'linux/amd64'),
        /^Error: the image reader failed: unwound$/,
    );
    blobs.size = size;
    await reader.inspect('layout', '', 'linux/amd64');
});
