// SPDX-License-Identifier: Apache-2.0
//
// Everything that a layer's tar archive can hold, as GNU tar writes it: a program in the container sees what it would on Linux,
// where umoci has unpacked the same image.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, linkSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { chmodSync, chownSync, ftruncateSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file, folder as directory } from '../images/busyboxImage.js';
import { layerOfTar, makeLayer, OciLayout, type Layer } from '../images/ociLayout.js';
import { LinuxReference, skipWithoutRoot } from './linuxReference.js';
import { shellConfig, shellLayers } from './shellImage.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

const source = (name: string): string => join(projectFolder, 'tests/e2e', name);

/** A folder for one layer's files, with srv/features in it; both paths. */
function makeRoot(name: string): { root: string; features: string } {
    const root = join(folder, name);
    const features = join(root, 'srv/features');
    mkdirSync(features, { recursive: true });
    return { root, features };
}

/** The folder's srv/features as GNU tar archives it. */
function tarLayer(root: string, options: readonly string[], compress = false): Layer {
    const tar = execFileSync('tar', ['--create', '--directory', root, ...options, 'srv/features'], {
        maxBuffer: 1 << 28,
    });
    return layerOfTar(tar, compress);
}

function makeFile(path: string, content: string | Buffer, mode = 0o644, uid = 0, gid = 0): void {
    writeFileSync(path, content);
    chownSync(path, uid, gid);
    chmodSync(path, mode);
}

/** Modes, devices, hard links and names that are no UTF-8, in GNU's format. */
function filesLayer(program: Buffer): Layer {
    const { root, features } = makeRoot('files');
    for (const name of ['modes', 'devices', 'names', 'links', 'deep']) mkdirSync(join(features, name));
    makeFile(join(features, 'archiveFeatures.sh'), readFileSync(source('archiveFeatures.sh')), 0o755);
    makeFile(join(features, 'show'), program, 0o755);
    const modes = join(features, 'modes');
    makeFile(join(modes, 'set-user-id'), program, 0o4755);
    makeFile(join(modes, 'set-group-id'), program, 0o2755, 0, 12);
    makeFile(join(modes, 'nobody-may'), '', 0o000, 3_000_000, 4_000_000_000);
    mkdirSync(join(modes, 'sticky'));
    chmodSync(join(modes, 'sticky'), 0o3777);
    const node = (name: string, ...options: string[]): void => {
        execFileSync('mknod', [...options.slice(0, 2), join(features, 'devices', name), ...options.slice(2)]);
    };
    node('null', '-m', '666', 'c', '1', '3');
    node('zero', '-m', '644', 'c', '1', '5');
    node('full', '-m', '622', 'c', '1', '7');
    node('disk', '-m', '660', 'b', '259', '1048575');
    node('pipe', '-m', '640', 'p');
    // "caf\351" in Latin 1, bytes that begin no character, and UTF-8 beside them.
    const name = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(`${features}/names/`), bytes]);
    writeFileSync(name(Buffer.from('caf\xe9', 'latin1')), 'latin 1\n');
    writeFileSync(name(Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0x20])), 'no UTF-8\n');
    writeFileSync(name(Buffer.from('n\u00e4me \u{10348}')), 'UTF-8\n');
    writeFileSync(name(Buffer.alloc(255, 0xff)), '255 bytes\n');
    const long = join(features, 'deep', ...Array.from({ length: 20 }, () => 'directory-with-a-long-name'));
    mkdirSync(long, { recursive: true });
    writeFileSync(join(long, 'file'), 'deep\n');
    symlinkSync(`/${'far/'.repeat(100)}away`, join(long, 'link'));
    makeFile(join(features, 'links/one'), 'linked\n');
    linkSync(join(features, 'links/one'), join(features, 'links/two'));
    makeFile(join(features, 'links/first'), 'linked\n');
    return tarLayer(root, ['--format=gnu'], true);
}

/** The newer forms in which GNU tar archives sparse files. */
const sparseForms = ['0.0', '0.1', '1.0'];

function posix(form: string): string[] {
    return ['--format=posix', `--sparse-version=${form}`];
}

/** A file of holes and 40 parts, and one that is a hole; the root of the layer. */
function makeSparse(name: string): string {
    const { root, features } = makeRoot(`sparse-${name}`);
    mkdirSync(join(features, 'sparse', name), { recursive: true });
    const file = openSync(join(features, 'sparse', name, 'file'), 'w');
    for (let part = 1; part <= 40; part++)
        writeSync(file, Buffer.alloc(5000, `${name} ${part} `), 0, 5000, part * 131_072);
    ftruncateSync(file, 6_000_001);
    closeSync(file);
    const hole = openSync(join(features, 'sparse', name, 'hole'), 'w');
    ftruncateSync(hole, 100_001);
    closeSync(hole);
    return root;
}

function sparseLayer(root: string, options: readonly string[]): Layer {
    const layer = tarLayer(root, ['--sparse', ...options]);
    assert.ok(layer.stored.length < 1_000_000, 'GNU tar has found the holes');
    return layer;
}

function attributesLayer(): Layer {
    const { root, features } = makeRoot('attributes');
    const path = (name: string): string => join(features, 'attributes', name);
    mkdirSync(path('directory'), { recursive: true });
    makeFile(path('file'), 'x');
    makeFile(path('program'), 'x', 0o755);
    return tarLayer(root, ['--format=posix', ...attributeRecords]);
}

/** pax records that `tar --xattrs` writes; given by hand, because not every file system keeps attributes. */
const attributeRecords = [
    '--pax-option=SCHILY.xattr.user.name:=value',
    `--pax-option=SCHILY.xattr.user.large:=${'0123456789'.repeat(300)}`,
    '--pax-option=SCHILY.xattr.user.equation:=a=b',
];

/** One more name, in a layer of its own, for a file of a lower layer. */
function linkLayer(): Layer {
    const { root, features } = makeRoot('link');
    mkdirSync(join(features, 'links'));
    makeFile(join(features, 'links/first'), 'not in the archive\n');
    linkSync(join(features, 'links/first'), join(features, 'links/later'));
    const archive = join(folder, 'link.tar');
    const names = ['srv/features/links/first', 'srv/features/links/later'];
    execFileSync('tar', ['--create', '--file', archive, '--directory', root, ...names]);
    execFileSync('tar', ['--delete', '--file', archive, names[0]!]);
    return layerOfTar(readFileSync(archive), false);
}

function writeImage(name: string, layers: readonly Layer[]): string {
    const layout = new OciLayout(join(folder, name));
    layout.writeIndex({
        latest: layout.addImage({ architecture: 'amd64', config: shellConfig }, layers),
    });
    return `oci:${join(folder, name)}:latest`;
}

test('what GNU tar archives is in the container what it is on Linux', { skip: skipWithoutRoot }, async () => {
    const program = join(folder, 'show');
    execFileSync('gcc', ['-O1', '-static', '-o', program, source('archiveFeatures.c')]);
    const oldSparse = makeSparse('old');
    const layers = [
        ...shellLayers(),
        filesLayer(readFileSync(program)),
        ...sparseForms.map((form) => sparseLayer(makeSparse(form), posix(form))),
        attributesLayer(),
        linkLayer(),
    ];
    const image = writeImage('image', [...layers, sparseLayer(oldSparse, ['--format=gnu'])]);
    // umoci does not know the oldest form.
    const linux = new LinuxReference(
        writeImage('reference', [...layers, sparseLayer(oldSparse, posix('1.0'))]),
    );
    const command = ['/bin/sh', '/srv/features/archiveFeatures.sh'];
    try {
        const environment = [...(shellConfig.Env ?? []), 'HOME=/root'];
        const expected = await linux.run(command, { environment });
        const actual = await sealift(['run', '--memory', '256m', image, ...command]);
        assert.equal(actual.stderr, expected.stderr);
        assert.equal(actual.stdout.toString('latin1'), expected.stdout.toString('latin1'));
        assert.equal(actual.code, expected.code);
    } finally {
        linux.close();
    }
});

test('a directory of 20,000 entries', async () => {
    const names = Array.from({ length: 20_000 }, (_, number) => `entry-${number}`);
    const entries = names.map((name) => file(`many/${name}`, name === 'entry-19999' ? 'the last\n' : ''));
    const layers = [...shellLayers(), makeLayer([directory('many'), ...entries], true)];
    const script = 'ls /many | md5sum; cat /many/entry-19999; rm /many/entry-11*; ls -a /many | wc -l';
    const image = writeImage('many', layers);
    const { code, stdout, stderr } = await sealift(['run', image, '/bin/sh', '-c', script]);
    assert.equal(stderr, '');
    const listing = names.sort().join('\n') + '\n';
    const digest = createHash('md5').update(listing).digest('hex');
    const left = names.filter((name) => !name.startsWith('entry-11')).length + 2;
    assert.equal(stdout.toString(), `${digest}  -\nthe last\n${left}\n`);
    assert.equal(code, 0);
});
