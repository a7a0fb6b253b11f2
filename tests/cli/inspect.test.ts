// SPDX-License-Identifier: Apache-2.0
//
// `sealift inspect` and what it says of images that are not right.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ImageDescription } from '../../cli/image/imageReader.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';
import { sealift } from './commandLine.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** A layout with one image for amd64 and arm64 under the tag "latest". */
function makeLayout(): OciLayout {
    const layout = new OciLayout(join(folder, `layout-${++made}`));
    const layer = makeLayer([{ name: 'file', type: 'file', content: Buffer.from('content') }], true);
    const config = { Cmd: ['/bin/sh', '-c', 'echo hi'], Env: ['A=1'], User: '7', WorkingDir: '/srv' };
    layout.writeIndex({
        latest: layout.addIndex(
            ['amd64', 'arm64'].map((architecture) => layout.addImage({ architecture, config }, [layer])),
        ),
    });
    return layout;
}

async function inspect(...commandArguments: string[]): Promise<ImageDescription> {
    const { code, stdout, stderr } = await sealift(['inspect', '--format', 'json', ...commandArguments]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout.toString()) as ImageDescription;
}

test('the JSON form has index, manifest, configuration and layers', async () => {
    const { folder: path } = makeLayout();
    const shown = await inspect('--platform', 'linux/arm64', `oci:${path}:latest`);
    assert.equal(shown.platform, 'linux/arm64');
    assert.deepEqual(
        shown.index.map(({ platform }) => platform),
        ['linux/amd64', 'linux/arm64'],
    );
    assert.equal(shown.manifest?.digest, shown.index[1]?.digest);
    assert.deepEqual(shown.config.cmd, ['/bin/sh', '-c', 'echo hi']);
    assert.deepEqual(shown.config.env, ['A=1']);
    assert.equal(shown.config.user, '7');
    assert.equal(shown.layers.length, 1);
    const stored = readFileSync(join(path, shown.layers[0]!.path));
    assert.equal(shown.layers[0]!.size, stored.length);
});

test('the table has the same facts', async () => {
    const { folder: path } = makeLayout();
    const { code, stdout } = await sealift(['inspect', `oci:${path}`]);
    assert.equal(code, 0);
    const text = stdout.toString();
    assert.match(text, /^Platform +linux\/amd64$/m);
    assert.match(text, /^Cmd +\/bin\/sh -c "echo hi"$/m);
    assert.match(text, /^linux\/arm64 .* sha256:[0-9a-f]{64}$/m);
    assert.match(text, /^Layers: 1, /m);
    assert.match(text, /^1 +\d+ B +tar\+gzip +sha256:[0-9a-f]{64}$/m);
});

test('images that are not right end with one sentence and exit code 125', async () => {
    const blob = (layout: OciLayout, digest: string): string =>
        join(layout.folder, 'blobs', 'sha256', digest.slice(7));
    const wrongLayer = makeLayout();
    const { layers, config, manifest } = await inspect(`oci:${wrongLayer.folder}`);
    writeFileSync(blob(wrongLayer, layers[0]!.digest!), Buffer.alloc(layers[0]!.size));
    const wrongConfig = makeLayout();
    writeFileSync(blob(wrongConfig, config.digest), Buffer.alloc(config.size, 32));
    const noManifest = makeLayout();
    rmSync(blob(noManifest, manifest!.digest));
    const noJson = makeLayout();
    writeFileSync(join(noJson.folder, 'index.json'), '{"manifests": [');
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    writeFileSync(join(folder, 'archive.tar'), 'this is no archive'.repeat(100));

    const cases: [string, string[], RegExp][] = [
        ['not a layout', [`oci:${empty}`], /oci-layout/],
        ['absent', [`oci:${folder}/absent`], /absent: there is no such file or folder; check the path/],
        [
            'a file as layout',
            [`oci:${folder}/archive.tar`],
            /is a file, not an OCI layout's folder; for an archive write/,
        ],
        [
            'a folder as archive',
            [`oci-archive:${empty}`],
            /is a folder, not an archive; for an OCI layout write/,
        ],
        ['not an archive', [`oci-archive:${folder}/archive.tar`], /it is not a tar archive/],
        ['index not JSON', [`oci:${noJson.folder}`], /index\.json/],
        ['missing manifest', [`oci:${noManifest.folder}`], new RegExp(manifest!.digest.slice(7, 19))],
        ['wrong config digest', [`oci:${wrongConfig.folder}`], /digest|sha256/],
        ['wrong layer digest', [`oci:${wrongLayer.folder}`], /digest|sha256/],
        ['missing tag', [`oci:${wrongLayer.folder}:other`], /other.*latest/],
        [
            'missing platform',
            ['--platform', 'linux/s390x', `oci:${wrongLayer.folder}`],
            /linux\/amd64, linux\/arm64/,
        ],
    ];
    for (const [name, commandArguments, message] of cases) {
        const { code, stdout, stderr } = await sealift(['inspect', ...commandArguments]);
        assert.equal(code, 125, name);
        assert.equal(stdout.length, 0, name);
        assert.match(stderr, /^sealift: [^\n]+; [^\n]+\n$|^sealift: [^\n]+: choose [^\n]+\n$/, name);
        assert.match(stderr, message, name);
    }
});

test('every verb has help with an example', async () => {
    for (const verb of ['run', 'inspect', 'doctor']) {
        const { code, stdout } = await sealift([verb, '--help']);
        assert.equal(code, 0);
        assert.match(stdout.toString(), new RegExp(`Examples?:\\n  sealift ${verb}`));
    }
    const all = await sealift(['--help']);
    assert.equal(all.code, 0);
    assert.match(all.stdout.toString(), /Examples:/);
});
