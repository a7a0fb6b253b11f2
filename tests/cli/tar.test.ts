// SPDX-License-Identifier: Apache-2.0
//
// The CLI's tar reader and writer beside the machine's own tar.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readExtent } from '../../cli/image/files.js';
import { TarArchive } from '../../cli/image/tarArchive.js';
import { tarArchive } from '../../cli/image/tarWriter.js';
import { pseudoRandom } from './pseudoRandom.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

const longName = `blobs/${'long-folder-name/'.repeat(12)}file`;

function contentOf(archive: TarArchive, path: string): string | null {
    const extent = archive.find(path);
    return extent === null ? null : readExtent(extent, 0, extent.size, path).toString();
}

/** Options of GNU tar, each with a program that has to be there. */
const compressions = ['gzip', 'zstd', 'xz', 'bzip2']
    .filter((program) => spawnSync(program, ['--version'], { input: '' }).error === undefined)
    .map((program) => `--${program}`);

test('archives of GNU tar in every format', () => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, longName, '..'), { recursive: true });
    writeFileSync(join(tree, 'index.json'), '{}');
    writeFileSync(join(tree, longName), 'long');
    writeFileSync(join(tree, 'empty'), '');
    symlinkSync('index.json', join(tree, 'link'));
    symlinkSync(`../${longName}`, join(tree, 'blobs', 'far'));
    symlinkSync('loop', join(tree, 'loop'));
    symlinkSync('../../etc/passwd', join(tree, 'out'));
    linkSync(join(tree, 'index.json'), join(tree, 'zz-hard'));
    for (const format of ['gnu', 'pax', 'ustar']) {
        for (const compression of ['', ...compressions]) {
            // ustar has no room for the long name's links.
            const names =
                format === 'ustar' ? ['index.json', 'empty', 'link', 'loop', 'out', 'zz-hard'] : ['.'];
            const path = join(folder, `${format}${compression}.tar`);
            execFileSync(
                'tar',
                [
                    '--create',
                    `--format=${format}`,
                    ...(compression ? [compression] : []),
                    '-f',
                    path,
                    ...names,
                ],
                {
                    cwd: tree,
                },
            );
            const archive = new TarArchive(path, 'layout');
            try {
                assert.equal(contentOf(archive, 'index.json'), '{}');
                assert.equal(contentOf(archive, 'empty'), '');
                assert.equal(contentOf(archive, 'link'), '{}');
                assert.equal(contentOf(archive, 'zz-hard'), '{}');
                assert.equal(contentOf(archive, 'loop'), null);
                assert.equal(contentOf(archive, 'out'), null);
                assert.equal(contentOf(archive, 'absent'), null);
                if (format !== 'ustar') {
                    assert.equal(contentOf(archive, longName), 'long');
                    assert.equal(contentOf(archive, 'blobs/far'), 'long');
                }
            } finally {
                archive.close();
            }
        }
    }
});

test('GNU tar reads what the writer writes', () => {
    const path = join(folder, 'written.tar');
    writeFileSync(
        path,
        tarArchive([
            { name: 'folder/', type: 'directory', mode: 0o755, mtime: 1704067200 },
            {
                name: 'folder/file',
                type: 'file',
                mode: 0o640,
                uid: 7,
                gid: 8,
                mtime: 1704067200,
                content: Buffer.from('hello'),
            },
            { name: 'folder/link', type: 'symlink', linkName: 'file', mtime: 1704067200 },
            {
                name: 'folder/hard',
                type: 'hardlink',
                linkName: 'folder/file',
                mode: 0o640,
                uid: 7,
                gid: 8,
                mtime: 1704067200,
            },
            {
                name: 'null',
                type: 'character',
                deviceMajor: 1,
                deviceMinor: 3,
                mode: 0o666,
                mtime: 1704067200,
            },
            { name: longName, type: 'file', mtime: 1704067200, content: Buffer.from('long') },
        ]),
    );
    const listing = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '-f', path], {
        encoding: 'utf8',
    });
    assert.deepEqual(
        listing
            .trimEnd()
            .split('\n')
            .map((line) => line.replace(/ +/g, ' ')),
        [
            'drwxr-xr-x 0/0 0 2024-01-01 00:00 folder/',
            '-rw-r----- 7/8 5 2024-01-01 00:00 folder/file',
            'lrw-r--r-- 0/0 0 2024-01-01 00:00 folder/link -> file',
            'hrw-r----- 7/8 0 2024-01-01 00:00 folder/hard link to folder/file',
            'crw-rw-rw- 0/0 1,3 2024-01-01 00:00 null',
            `-rw-r--r-- 0/0 4 2024-01-01 00:00 ${longName}`,
        ],
    );
    assert.equal(
        execFileSync('tar', ['--extract', '--to-stdout', '-f', path, longName], { encoding: 'utf8' }),
        'long',
    );
});

test('damaged archives are refused with the place', () => {
    const good = tarArchive([{ name: 'a', type: 'file', content: Buffer.alloc(1000, 1) }]);
    const cases: [string, Buffer, RegExp][] = [
        ['no tar', Buffer.alloc(1024, 65), /it is not a tar archive; save the image again/],
        ['short header', good.subarray(0, 300), /it ends early, at byte 300/],
        ['short content', good.subarray(0, 1000), /the entry a at byte 0 is longer than the archive/],
        [
            'second header',
            Buffer.concat([good.subarray(0, 1536), Buffer.alloc(512, 9)]),
            /the header at byte 1536 has a wrong checksum/,
        ],
        [
            'cut gzip',
            Buffer.from([0x1f, 0x8b, 8, 0, 0]),
            /gzip cannot decompress it \(.*\); save the image again/,
        ],
        [
            'skippable zstd frame and then nothing',
            Buffer.from('5e2a4d1808000000ab', 'hex'),
            /zstd cannot decompress it \(.*\); save the image again/,
        ],
    ];
    for (const [name, bytes, message] of cases) {
        const path = join(folder, 'damaged.tar');
        writeFileSync(path, bytes);
        assert.throws(() => new TarArchive(path, 'layout'), message, name);
    }
});

test('a compressed archive without the program that decompresses it', () => {
    const path = join(folder, 'packed.tar.zst');
    writeFileSync(path, Buffer.from('28b52ffd00000000', 'hex'));
    const { PATH } = process.env;
    process.env.PATH = folder;
    try {
        assert.throws(
            () => new TarArchive(path, 'layout'),
            /there is no program zstd to decompress it; install zstd/,
        );
    } finally {
        process.env.PATH = PATH;
    }
});

test('random damage gives a Failure or a readable archive', () => {
    const random = pseudoRandom(11);
    const good = tarArchive([
        { name: 'a', type: 'file', content: Buffer.alloc(700, 1) },
        { name: longName, type: 'file', content: Buffer.alloc(10, 2) },
        { name: 'link', type: 'symlink', linkName: longName },
    ]);
    const path = join(folder, 'random.tar');
    for (let round = 0; round < 400; round++) {
        const bytes = Buffer.from(good);
        for (let count = 1 + random(6); count > 0; count--) bytes[random(bytes.length)] = random(256);
        writeFileSync(path, bytes);
        try {
            const archive = new TarArchive(path, 'layout');
            archive.find('a');
            archive.find('link');
            archive.close();
        } catch (error) {
            assert.equal((error as Error).name, 'Failure', `round ${round}: ${(error as Error).stack}`);
        }
    }
    assert.ok(readFileSync(path).length > 0);
});
