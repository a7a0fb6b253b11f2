// SPDX-License-Identifier: Apache-2.0
//
// Non-distributable layers: every command that takes an image refuses them with the same sentence, whether the blob is there or not.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeLayer, OciLayout } from '../images/ociLayout.js';
import { sealift } from './commandLine.js';
import { FakeRegistry, types } from './fakeRegistry.js';

const mediaTypes = [
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
];

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
let registry: FakeRegistry;
before(async () => {
    registry = await FakeRegistry.start();
});
after(async () => {
    await registry.stop();
    rmSync(folder, { recursive: true });
});

async function assertRefused(commandArguments: readonly string[], digest: string, type: string) {
    const environment = { HOME: folder, XDG_DATA_HOME: folder, DOCKER_CONFIG: folder };
    const { code, stdout, stderr } = await sealift(commandArguments, { environment });
    const sentence =
        `layer ${digest} is non-distributable (${type}): such layers may lie elsewhere than their image and are not taken, ` +
        'even where the image carries them; use an image whose layers are all distributable';
    assert.ok(stderr.includes(sentence), stderr);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(stdout.toString(), '');
    assert.equal(code, 125);
}

for (const mediaType of mediaTypes) {
    const layer = makeLayer([{ name: 'file', type: 'file', content: Buffer.from('content') }], true);

    test(`a layout with a layer of the type ${mediaType}`, async () => {
        const layout = new OciLayout(join(folder, String(mediaTypes.indexOf(mediaType))));
        const foreign = { ...layer, mediaType };
        const config = { Cmd: ['/bin/true'] };
        layout.writeIndex({ latest: layout.addImage({ architecture: 'amd64', config }, [foreign]) });
        const { digest } = layout.addBlob(layer.stored, mediaType);
        const image = `oci:${layout.folder}`;
        for (const words of [['inspect'], ['run'], ['load']])
            await assertRefused([...words, image], digest, mediaType);
        // As it is met in practice: the blob lies elsewhere.
        rmSync(join(layout.folder, 'blobs/sha256', digest.slice('sha256:'.length)));
        await assertRefused(['run', image], digest, mediaType);
    });

    test(`a registry's image with a layer of the type ${mediaType}`, async () => {
        const config = {
            os: 'linux',
            architecture: 'amd64',
            config: {},
            rootfs: { type: 'layers', diff_ids: [layer.diffId] },
        };
        const foreign = registry.blob(layer.stored, mediaType);
        const manifest = {
            schemaVersion: 2,
            config: registry.blob(Buffer.from(JSON.stringify(config)), types.config),
            layers: [foreign],
        };
        registry.manifest(manifest, types.manifest, 'latest');
        registry.requests.length = 0;
        await assertRefused(['pull', `docker://${registry.host}/team/app`], foreign.digest, mediaType);
        // The layer was not asked for, and nothing got a name.
        assert.ok(!registry.requests.some((line) => line.includes(foreign.digest)), registry.requests.join());
        assert.deepEqual(readdirSync(join(folder, 'sealift/images/names')), []);
    });
}
