// SPDX-License-Identifier: Apache-2.0
//
// Images as the tools make them that people build images with: buildah, umoci, `docker save` of old and new, and those that put
// one program into an image and nothing else. Each is run, in every form that its tool can give it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tarArchive } from '../../cli/image/tarWriter.js';
import { sealift } from '../cli/commandLine.js';
import { file } from '../images/busyboxImage.js';
import { digestOf, layerOfTar, makeLayer, OciLayout, type Layer } from '../images/ociLayout.js';
import { skipWithoutRoot } from './linuxReference.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const dockerManifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerConfigType = 'application/vnd.docker.container.image.v1+json';

/** What node:test takes as `skip`. */
function skipWithout(tool: string): string | false {
    return spawnSync(tool, ['--version']).error === undefined ? false : `SKIPPED: ${tool} is not installed`;
}

/** A static program: it prints its arguments and the file /data/word, and ends with 3. */
const program = join(folder, 'program');
before(() => {
    const source = join(folder, 'program.c');
    writeFileSync(
        source,
        `#include <stdio.h>
        int main(int argc, char **argv) {
            char word[64] = "none";
            FILE *file = fopen("/data/word", "r");
            if (file) fscanf(file, "%63s", word);
            for (int i = 1; i < argc; i++) printf("%s ", argv[i]);
            puts(word);
            return 3;
        }`,
    );
    execFileSync('gcc', ['-O1', '-static', '-w', '-o', program, source]);
});

async function assertRuns(image: string, expected: string, ...command: string[]): Promise<void> {
    const { code, stdout, stderr } = await sealift(['run', image, ...command]);
    assert.equal(stderr, '', image);
    assert.equal(stdout.toString(), expected, image);
    assert.equal(code, 3, image);
}

test('buildah', { skip: skipWithout('buildah') || skipWithoutRoot }, async () => {
    const storage = [
        '--root',
        join(folder, 'store'),
        '--runroot',
        join(folder, 'run'),
        '--storage-driver',
        'vfs',
    ];
    const environment = { ...process.env, HOME: folder, BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' };
    const buildah = (...words: string[]): string =>
        execFileSync('buildah', [...storage, ...words], {
            encoding: 'utf8',
            env: environment,
            stdio: 'pipe',
        });
    const word = join(folder, 'word');
    writeFileSync(word, 'buildah');
    const container = buildah('from', 'scratch').trim();
    buildah('add', '--chmod', '755', container, program, '/program');
    buildah('add', container, word, '/data/word');
    buildah(
        'config',
        '--entrypoint',
        '["/program"]',
        '--cmd',
        'by default',
        '--label',
        'made=here',
        container,
    );
    const path = join(folder, 'buildah');
    for (const [format, image] of [
        ['oci', `oci:${path}:1.0`],
        ['docker', `docker-archive:${path}.tar:localhost/made:docker`],
    ] as const) {
        const name = `localhost/made:${format}`;
        buildah('commit', '--quiet', '--format', format, container, name);
        buildah('push', '--quiet', name, image);
        await assertRuns(image, 'by default buildah\n');
    }
    // A second layer, over the first image: its whiteout hides the word.
    const second = buildah('from', '--pull-never', 'localhost/made:oci').trim();
    rmSync(join(buildah('mount', second).trim(), 'data/word'));
    buildah('umount', second);
    buildah('commit', '--quiet', '--format', 'oci', second, 'localhost/made:second');
    buildah('push', '--quiet', 'localhost/made:second', `oci-archive:${path}.oci.tar:1.0`);
    await assertRuns(`oci-archive:${path}.oci.tar`, 'given none\n', 'given');
});

test('umoci, from nothing', { skip: skipWithout('umoci') }, async () => {
    const layout = join(folder, 'umoci');
    const root = join(folder, 'umoci-root');
    mkdirSync(join(root, 'data'), { recursive: true });
    writeFileSync(join(root, 'data/word'), 'umoci');
    const umoci = (...words: string[]): void => void execFileSync('umoci', words, { stdio: 'pipe' });
    umoci('init', '--layout', layout);
    umoci('new', '--image', `${layout}:made`);
    umoci('insert', '--rootless', '--image', `${layout}:made`, program, '/program');
    umoci('insert', '--rootless', '--image', `${layout}:made`, join(root, 'data'), '/data');
    umoci(
        'config',
        '--image',
        `${layout}:made`,
        '--config.entrypoint',
        '/program',
        '--config.cmd',
        'one',
        '--os',
        'linux',
        '--architecture',
        'amd64',
    );
    await assertRuns(`oci:${layout}:made`, 'one umoci\n');
});

/** The layers of the images that are written by hand: a program and a file, and no directories. */
function bareLayers(word: string, compress: boolean): Layer[] {
    const program755 = file('ko-app/app', readFileSync(program), 0o755);
    return [
        makeLayer([{ ...program755, mtime: 0 }], compress),
        makeLayer([{ ...file('data/word', word), mtime: 0 }], compress),
    ];
}

/** An image's configuration without anything that can be left out. */
function bareConfig(layers: readonly Layer[]): Buffer {
    return Buffer.from(
        JSON.stringify({
            created: '1970-01-01T00:00:00Z',
            architecture: 'amd64',
            os: 'linux',
            config: { Entrypoint: ['/ko-app/app'] },
            rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
        }),
    );
}

test('one program in many small layers, without directories, history or times, as ko makes them', async () => {
    // One of them is empty: a tar archive of nothing but its end.
    const small = Array.from({ length: 60 }, (_, number) =>
        makeLayer([file(`etc/part-${number}`, `${number}`)], true),
    );
    const bare = [...bareLayers('ko', true), layerOfTar(tarArchive([]), true)];
    const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
    for (const docker of [false, true]) {
        const layers = docker ? bare : [...bare, ...small];
        const layout = new OciLayout(join(folder, `ko-${docker}`));
        const annotations = { 'org.opencontainers.image.base.name': 'example/static:nonroot' };
        const manifest = {
            schemaVersion: 2,
            mediaType: docker ? dockerManifestType : manifestType,
            config: layout.addBlob(bareConfig(layers), docker ? dockerConfigType : configType),
            layers: layers.map(({ stored, mediaType }) =>
                layout.addBlob(stored, docker ? dockerLayer : mediaType),
            ),
            annotations,
        };
        const descriptor = layout.addBlob(Buffer.from(JSON.stringify(manifest)), manifest.mediaType);
        // ko's layouts have no names; the images of an index no tag.
        const platform = { os: 'linux', architecture: 'amd64' };
        const index = {
            schemaVersion: 2,
            mediaType: indexType,
            manifests: [{ ...descriptor, platform, annotations }],
        };
        const nested = layout.addBlob(Buffer.from(JSON.stringify(index)), indexType);
        writeFileSync(
            join(layout.folder, 'index.json'),
            JSON.stringify({ ...index, manifests: [{ ...nested, annotations }] }),
        );
        await assertRuns(`oci:${layout.folder}`, 'x ko\n', 'x');
    }
});

/** An archive of files by name, in this order. */
function writeArchive(name: string, files: ReadonlyMap<string, Buffer | { linkName: string }>): string {
    const path = join(folder, name);
    const entries = [...files].map(([entry, content]) =>
        Buffer.isBuffer(content)
            ? { name: entry, type: 'file' as const, content }
            : { name: entry, type: 'symlink' as const, ...content },
    );
    writeFileSync(path, tarArchive(entries));
    return path;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('docker save before version 25: a folder for each layer, and links to layers that are there already', async () => {
    const [app, word] = bareLayers('old', false) as [Layer, Layer];
    const layers = [app, word, word];
    const config = bareConfig(layers);
    const hex = digestOf(config).slice('sha256:'.length);
    const ids = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
    const files = new Map<string, Buffer | { linkName: string }>();
    layers.forEach(({ stored }, number) => {
        const id = ids[number]!;
        files.set(`${id}/VERSION`, Buffer.from('1.0'));
        files.set(`${id}/json`, json({ id, parent: ids[number - 1] }));
        files.set(`${id}/layer.tar`, number === 2 ? { linkName: `../${ids[1]}/layer.tar` } : stored);
    });
    files.set(`${hex}.json`, config);
    const Layers = ids.map((id) => `${id}/layer.tar`);
    files.set('manifest.json', json([{ Config: `${hex}.json`, RepoTags: ['example/old:1.0'], Layers }]));
    files.set('repositories', json({ 'example/old': { '1.0': ids[2] } }));
    const path = writeArchive('docker-old.tar', files);
    await assertRuns(`docker-archive:${path}:example/old:1.0`, 'x old\n', 'x');
});

test(
    'docker save since version 25: an OCI layout with a manifest.json',
    { skip: skipWithout('zstd') },
    async () => {
        const layout = new OciLayout(join(folder, 'docker-new'));
        const layers = bareLayers('new', false);
        const config = layout.addBlob(bareConfig(layers), configType);
        const blobs = layers.map(({ stored, mediaType }) => layout.addBlob(stored, mediaType));
        const manifest = layout.addBlob(
            json({ schemaVersion: 2, mediaType: manifestType, config, layers: blobs }),
            manifestType,
        );
        const annotations = {
            'io.containerd.image.name': 'docker.io/example/new:1.0',
            'org.opencontainers.image.ref.name': '1.0',
        };
        const index = { schemaVersion: 2, mediaType: indexType, manifests: [{ ...manifest, annotations }] };
        writeFileSync(join(layout.folder, 'index.json'), json(index));
        const path = ({ digest }: { digest: string }): string =>
            `blobs/sha256/${digest.slice('sha256:'.length)}`;
        const LayerSources = Object.fromEntries(blobs.map((blob) => [blob.digest, blob]));
        const entry = {
            Config: path(config),
            RepoTags: ['example/new:1.0'],
            Layers: blobs.map(path),
            LayerSources,
        };
        writeFileSync(join(layout.folder, 'manifest.json'), json([entry]));
        writeFileSync(join(layout.folder, 'repositories'), json({ 'example/new': { '1.0': 'x' } }));
        const archive = join(folder, 'docker-new.tar');
        execFileSync('tar', ['--create', '--file', archive, '--directory', layout.folder, '.']);
        await assertRuns(`docker-archive:${archive}:example/new:1.0`, 'x new\n', 'x');
        await assertRuns(`oci-archive:${archive}:1.0`, 'x new\n', 'x');
        execFileSync('zstd', ['--quiet', archive]);
        await assertRuns(`oci-archive:${archive}.zst:1.0`, 'x new\n', 'x');
    },
);
