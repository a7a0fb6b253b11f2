// SPDX-License-Identifier: Apache-2.0
//
// Images as ordinary tools make them: copied by skopeo to every form that Sealift reads, and changed by umoci.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ImageDescription } from '../../cli/image/imageReader.js';
import { projectFolder, sealift } from '../cli/commandLine.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

const demo = `oci:${join(projectFolder, 'build/images/demo')}:demo`;

/** What node:test takes as `skip`: false where the tool is there. */
function skipWithout(tool: string): string | false {
    return spawnSync(tool, ['--version']).status === 0 ? false : `SKIPPED: ${tool} is not installed`;
}

/** Everything that depends on the image and not on its form. */
async function contentOf(
    image: string,
): Promise<{ code: number | string; output: string; diffIds: string[] }> {
    const run = await sealift(['run', image]);
    const inspect = await sealift(['inspect', '--format', 'json', image]);
    assert.equal(inspect.code, 0, inspect.stderr);
    const description = JSON.parse(inspect.stdout.toString()) as ImageDescription;
    assert.equal(run.stderr, '');
    return {
        code: run.code,
        output: run.stdout.toString('latin1'),
        diffIds: description.layers.map(({ diffId }) => diffId),
    };
}

test('skopeo copies to archives and layouts that run the same', { skip: skipWithout('skopeo') }, async () => {
    const expected = await contentOf(demo);
    assert.equal(expected.code, 7);
    assert.equal(expected.diffIds.length, 2);
    const copies = [
        `oci-archive:${folder}/copy.oci.tar:tagged`,
        `docker-archive:${folder}/copy.docker.tar:example/demo:1.0`,
        `oci:${folder}/copy:latest`,
    ];
    for (const copy of copies) {
        execFileSync('skopeo', ['copy', '--quiet', '--override-arch', 'amd64', demo, copy]);
        assert.deepEqual(await contentOf(copy), expected, copy);
        // A name may be left out where there is only one image.
        const [transport, path] = copy.split(':');
        assert.deepEqual(await contentOf(`${transport}:${path}`), expected, copy);
    }
    execFileSync('gzip', ['--keep', join(folder, 'copy.docker.tar')]);
    assert.deepEqual(await contentOf(`docker-archive:${folder}/copy.docker.tar.gz`), expected);
});

test('layers that skopeo compressed with zstd', { skip: skipWithout('skopeo') }, async () => {
    const copy = `${folder}/zstd`;
    const options = [
        '--quiet',
        '--override-arch',
        'amd64',
        '--dest-compress',
        '--dest-compress-format',
        'zstd',
    ];
    execFileSync('skopeo', ['copy', ...options, demo, `oci:${copy}:latest`]);
    execFileSync('skopeo', ['copy', '--quiet', `oci:${copy}:latest`, `oci-archive:${copy}.tar:latest`]);
    const expected = await contentOf(demo);
    assert.deepEqual(await contentOf(`oci:${copy}`), expected);
    assert.deepEqual(await contentOf(`oci-archive:${copy}.tar`), expected);
    const { stdout } = await sealift(['inspect', `oci:${copy}`]);
    assert.match(stdout.toString(), /tar\+zstd/);
});

test(
    'an image that umoci made and changed',
    { skip: skipWithout('umoci') || skipWithout('skopeo') },
    async () => {
        const layout = join(folder, 'umoci');
        execFileSync('skopeo', ['copy', '--quiet', '--override-arch', 'amd64', demo, `oci:${layout}:base`]);
        const added = join(folder, 'added');
        mkdirSync(join(added, 'inner'), { recursive: true });
        writeFileSync(join(added, 'inner', 'file.txt'), 'inserted by umoci\n');
        const umoci = (...commandArguments: string[]): void => {
            execFileSync('umoci', commandArguments, { stdio: 'pipe' });
        };
        umoci('insert', '--image', `${layout}:base`, '--tag', 'changed', added, '/opt/added');
        umoci('insert', '--image', `${layout}:changed`, '--whiteout', '/srv/layers/base.txt');
        umoci(
            'config',
            '--image',
            `${layout}:changed`,
            '--config.env',
            'FROM=umoci',
            '--config.user',
            'user',
        );
        umoci(
            'config',
            '--image',
            `${layout}:changed`,
            '--config.entrypoint',
            '/bin/sh',
            '--config.entrypoint',
            '-c',
        );
        const script = 'cat /opt/added/inner/file.txt; ls /srv/layers; echo $FROM; id -un';
        const { code, stdout, stderr } = await sealift(['run', `oci:${layout}:changed`, script]);
        assert.equal(stderr, '');
        assert.equal(
            stdout.toString(),
            'inserted by umoci\nadded.txt\nchanged.txt\nlinked.txt\nopaque\numoci\nuser\n',
        );
        assert.equal(code, 0);
    },
);

test('the static Go program of esbuild bundles a TypeScript program', async () => {
    const image = `oci:${join(projectFolder, 'build/images/esbuild')}:esbuild`;
    const { code, stdout, stderr } = await sealift(['run', '--memory', '256m', image]);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const result = spawnSync(process.execPath, ['-'], { input: stdout, encoding: 'utf8' });
    assert.equal(result.stdout, 'Hello, seL4\nHello, Linux\n');
    assert.doesNotMatch(stdout.toString(), /left out/);
});
