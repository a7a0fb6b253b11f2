// SPDX-License-Identifier: Apache-2.0
//
// EROFS images of layers against those who know the format: Debian's erofs-utils check what we write, Linux mounts it, and our reader lists
// what mkfs.erofs writes.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
    chmodSync,
    chownSync,
    linkSync,
    lstatSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    readlinkSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { tarArchive } from '../../build/cli/image/tarWriter.js';
import { zstd } from '../images/zstd.mjs';
import { TAR, compileModule, scratch, unpack } from './erofsImages.mjs';
import { sha256 } from './memoryImage.mjs';

const listing = await compileModule('erofsListing');

/** What our reader says of an image: a line for each entry. */
async function list(path) {
    const abort = () => {
        throw new Error('a trap');
    };
    const { exports } = await WebAssembly.instantiate(listing, { env: { abort } });
    exports._initialize();
    const bytes = readFileSync(path);
    const image = exports.allocate(bytes.length);
    new Uint8Array(exports.memory.buffer).set(bytes, image);
    const text = exports.list(image, bytes.length);
    const length = new DataView(exports.memory.buffer).getUint32(text, true);
    return Buffer.from(exports.memory.buffer, text + 4, length * 2)
        .toString('utf16le')
        .split('\n');
}

/** erofs-utils' own opinion of an image. */
function check(path) {
    const { status, stdout, stderr } = spawnSync('fsck.erofs', [path], { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
}

const types = { 0o100000: '0', 0o120000: '2', 0o020000: '3', 0o060000: '4', 0o040000: '5', 0o010000: '6' };

function contentSum(bytes) {
    let sum = 0x811c9dc5;
    for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
    return sum;
}

/** A folder's tree in the lines that our reader has for it: names of one inode after the first as hard links. */
function describeTree(folder) {
    const lines = [];
    const known = new Map();
    const visit = (path, name) => {
        const status = lstatSync(path);
        const { mode, uid, gid, size, mtimeMs, rdev, ino } = status;
        const type = types[mode & 0o170000];
        const head = `${type} ${name || '/'} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${Math.floor(mtimeMs / 1000)}`;
        if (known.has(ino)) lines.push(`1 ${name} -> ${known.get(ino)}`);
        else if (type === '0') lines.push(`${head} ${size} ${contentSum(readFileSync(path))}`);
        else if (type === '2') lines.push(`${head} -> ${readlinkSync(path)}`);
        else if (type === '3' || type === '4') lines.push(`${head} ${rdev >> 8}:${rdev & 0xff}`);
        else lines.push(head);
        if (status.nlink > 1 && type !== '5' && !known.has(ino)) known.set(ino, name.slice(1));
        if (type !== '5') return;
        const names = readdirSync(path, 'buffer').sort(Buffer.compare);
        for (const child of names) visit(`${path}/${child}`, `${name}/${child}`);
    };
    visit(folder, '');
    return lines;
}

/** A layer with everything in it that a file system has. */
function richLayer() {
    const entries = [
        { name: './', type: 'directory', mode: 0o755, mtime: 1 },
        {
            name: 'tool',
            type: 'file',
            mode: 0o4755,
            content: Buffer.alloc(100_000, 'tool'),
            mtime: 1700000001,
        },
        { name: 'etc', type: 'directory', mode: 0o700, mtime: 1700000000 },
        { name: 'etc/passwd', type: 'file', content: Buffer.from('root:x:0:0\n'), mtime: 1700000000 },
        { name: 'etc/third', type: 'hardlink', linkName: 'tool' },
        { name: 'page', type: 'file', content: Buffer.alloc(4096, 'p'), mtime: 1 },
        { name: 'same', type: 'file', content: Buffer.alloc(4096, 'p'), mtime: 1 },
        { name: 'empty', type: 'file', content: Buffer.alloc(0), mtime: 1 },
        { name: 'owned', type: 'file', uid: 70000, gid: 65535, content: Buffer.from('x'), mtime: 1 },
        { name: 'link', type: 'symlink', linkName: 'etc/passwd', mode: 0o777, mtime: 1 },
        { name: 'long', type: 'symlink', linkName: 'd/'.repeat(2040), mode: 0o777, mtime: 1 },
        { name: 'again', type: 'hardlink', linkName: 'tool' },
        { name: 'fifo', type: 'fifo', mtime: 1 },
        { name: 'null', type: 'character', deviceMajor: 1, deviceMinor: 3, mtime: 1 },
        { name: 'disk', type: 'block', deviceMajor: 8, deviceMinor: 1, mtime: 1 },
        { name: 'many', type: 'directory', mode: 0o755, mtime: 1 },
    ];
    for (let i = 0; i < 600; i++)
        entries.push({
            name: `many/${'!-.a~'[i % 5]}${'n'.repeat(i % 90)}${i}`,
            type: 'file',
            content: Buffer.from(`content ${i}`),
            mtime: i % 3 ? 1 : 2,
        });
    return tarArchive(entries);
}

const isRoot = process.getuid() === 0;

/** Mounts an image, or says why not. */
function mount(path) {
    const point = mkdtempSync(join(scratch, 'mount'));
    const { status, stderr } = spawnSync('mount', ['-t', 'erofs', '-o', 'loop,ro', path, point], {
        encoding: 'utf8',
    });
    return status === 0 ? { point } : { reason: stderr.trim() || 'mount failed' };
}

test('a layer of everything: erofs-utils find no fault, our reader finds it all', async () => {
    const [path] = await unpack([richLayer()]);
    check(path);
    const broken = join(scratch, 'broken.erofs');
    writeFileSync(broken, readFileSync(path).fill(0xff, 4096, 8192));
    assert.notEqual(spawnSync('fsck.erofs', [broken]).status, 0, 'fsck.erofs finds faults');
    const dump = execFileSync('dump.erofs', ['-s', '--path=/tool', path], { encoding: 'utf8' });
    assert.match(dump, /Size: 100000 /);
    assert.match(dump, /Links: 3 /);
    const lines = await list(path);
    assert.ok(!lines.at(-1).startsWith('FAILED'), lines.at(-1));
    assert.equal(lines.length, 616);
    assert.ok(lines.includes(`0 /owned 644 70000:65535 1 1 ${contentSum(Buffer.from('x'))}`));
    assert.ok(lines.includes('1 /etc/third -> again'));
    assert.ok(lines.includes(`2 /long 777 0:0 1 -> ${'d/'.repeat(2040)}`));
    assert.ok(lines.includes('3 /null 644 0:0 1 1:3'));
});

test('Linux mounts it, and sees the tree that tar makes', async (context) => {
    if (!isRoot) return context.skip('only root can mount');
    const archive = richLayer();
    const [path] = await unpack([archive]);
    const folder = join(scratch, 'extracted');
    mkdirSync(folder);
    const extraction = spawnSync('tar', ['-x', '-p', '--numeric-owner', '-C', folder], { input: archive });
    if (extraction.status !== 0) return context.skip(`tar cannot make devices here: ${extraction.stderr}`);
    const { point, reason } = mount(path);
    if (reason !== undefined) return context.skip(`this Linux cannot mount EROFS here: ${reason}`);
    try {
        // Extracting changes the times of directories: tar sets them at the end.
        const tree = describeTree(folder);
        assert.deepEqual(describeTree(point), tree);
        assert.deepEqual(await list(path), tree);
    } finally {
        spawnSync('umount', [point]);
    }
});

test('equal files share their blocks', async () => {
    const content = Buffer.alloc(50_000, 'equal');
    const files = (count) =>
        tarArchive(Array.from({ length: count }, (_, i) => ({ name: `f${i}`, type: 'file', content })));
    const [one, two] = await unpack([files(1), files(2)]);
    const size = (path) => lstatSync(path).size;
    assert.ok(size(two) - size(one) <= 4096, `${size(one)} ${size(two)}`);
    check(two);
    const sums = (await list(two)).slice(-2).map((line) => line.split(' ').slice(-2).join(' '));
    assert.deepEqual(sums, Array(2).fill(`50000 ${contentSum(content)}`));
});

test('whiteouts, opaque directories and hard links to lower layers', async () => {
    const content = Buffer.from('of the lower layer');
    const lower = tarArchive([
        { name: 'd', type: 'directory', mode: 0o755 },
        { name: 'd/f', type: 'file', content },
        { name: 'gone', type: 'file', content: Buffer.from('x') },
    ]);
    const upper = tarArchive([
        { name: '.wh.gone', type: 'file' },
        { name: 'copy', type: 'hardlink', linkName: 'd/f' },
        { name: 'o', type: 'directory', mode: 0o755 },
        { name: 'o/.wh..wh..opq', type: 'file' },
    ]);
    const [, path] = await unpack([lower, upper]);
    check(path);
    const sum = contentSum(content);
    assert.deepEqual(await list(path), [
        `0 /copy 644 0:0 0 ${content.length} ${sum}`,
        // Nothing describes "d" in the upper layer; it is there for the other name of the copy.
        '0 /d/.wh..wh.aufs',
        '1 /d/f -> copy',
        '0 /.wh.gone',
        '5 /o 755 0:0 0',
        '0 /o/.wh..wh..opq',
    ]);
    if (!isRoot) return;
    const { point, reason } = mount(path);
    if (reason !== undefined) return;
    try {
        const gone = lstatSync(join(point, 'gone'));
        assert.ok(gone.isCharacterDevice());
        assert.equal(gone.rdev, 0);
    } finally {
        spawnSync('umount', [point]);
    }
});

test('packed layers of all kinds make the same image', async () => {
    const archive = richLayer();
    const paths = await unpack([
        archive,
        { type: `${TAR}+gzip`, bytes: gzipSync(archive), archive },
        { type: `${TAR}+zstd`, bytes: zstd(archive), archive },
    ]);
    const [plain, gzip, compressed] = paths.map((path) => sha256(readFileSync(path)));
    assert.equal(gzip, plain);
    assert.equal(compressed, plain);
});

test('a layer that is not what the configuration says is refused, and so is a damaged one', async () => {
    const archive = richLayer();
    await assert.rejects(
        unpack([archive], [`sha256:${'0'.repeat(64)}`]),
        /uncompressed content's digest is sha256:/,
    );
    const cut = archive.subarray(0, 3000);
    await assert.rejects(unpack([cut]), /layer sha256:.*"tool": it ends before byte/);
    const gzip = gzipSync(archive).subarray(0, 500);
    await assert.rejects(
        unpack([{ type: `${TAR}+gzip`, bytes: gzip, archive }]),
        /layer sha256:.*unexpected end/,
    );
    const packed = zstd(archive).subarray(0, 500);
    await assert.rejects(
        unpack([{ type: `${TAR}+zstd`, bytes: packed, archive }]),
        /zstd cannot decompress it/,
    );
    const outside = tarArchive([{ name: '../x', type: 'file' }]);
    await assert.rejects(unpack([outside]), /leads out of the image/);
});

test('our reader reads what mkfs.erofs makes', async () => {
    const folder = join(scratch, 'tree');
    mkdirSync(join(folder, 'dir', 'below'), { recursive: true });
    mkdirSync(join(folder, 'many'));
    writeFileSync(join(folder, 'small'), 'small');
    writeFileSync(join(folder, 'dir', 'large'), Buffer.alloc(70_001, 'large'));
    writeFileSync(join(folder, 'dir', 'empty'), '');
    writeFileSync(join(folder, 'pages'), Buffer.alloc(8192, 'pages'));
    linkSync(join(folder, 'small'), join(folder, 'dir', 'below', 'other'));
    symlinkSync('dir/large', join(folder, 'symlink'));
    symlinkSync('t'.repeat(3000), join(folder, 'longlink'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    for (let i = 0; i < 500; i++) writeFileSync(join(folder, 'many', `${'n'.repeat(i % 100)}${i}`), `${i}`);
    chmodSync(join(folder, 'small'), 0o4711);
    if (isRoot) chownSync(join(folder, 'pages'), 100_000, 7);
    utimesSync(join(folder, 'pages'), 1e9, 1e9);
    for (const options of [[], ['-T', '1234567890']]) {
        const path = join(scratch, `made${options.length}.erofs`);
        execFileSync('mkfs.erofs', ['-E', 'noinline_data', ...options, path, folder]);
        const tree = describeTree(folder).map((line) =>
            options.length > 0 && !line.startsWith('1')
                ? line.replace(/^(\S+ \S+ \S+ \S+) \S+/, '$1 1234567890')
                : line,
        );
        assert.deepEqual(await list(path), tree);
    }
    const inline = join(scratch, 'inline.erofs');
    execFileSync('mkfs.erofs', [inline, folder]);
    assert.match((await list(inline)).at(-1), /^FAILED ".*" is packed into the metadata/);
    const compressed = join(scratch, 'compressed.erofs');
    execFileSync('mkfs.erofs', ['-E', 'noinline_data', '-z', 'lz4', compressed, folder]);
    assert.match((await list(compressed)).at(-1), /^FAILED (it has features|inode \d+ is compressed)/);
});
