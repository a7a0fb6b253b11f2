// SPDX-License-Identifier: Apache-2.0
//
// Boot images with unpacked layers that are not what `sealift build --unpacked` wrote: damaged on their way, or with digests that fit and
// contents of nonsense. The machine refuses each with a sentence that names the layer, and goes off in order.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { writeBootImage } from '../../build/cli/boot/bootImage.js';
import { bundleParts, oneShotSystem } from '../../build/cli/boot/bundle.js';
import { FrameDecoder } from '../../build/cli/control/frames.js';
import { hashExtent } from '../../build/cli/image/files.js';
import { OpenImage } from '../../build/cli/image/imageReader.js';
import { parseImageReference } from '../../build/cli/image/reference.js';
import { UnpackedLayers } from '../../build/cli/image/unpackedLayers.js';
import { baseLayer, root, writeLayout } from './images.mjs';
import { FRAME, container } from './systemClient.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const PLATFORM = 'linux/amd64';
const TIMEOUT = 60_000;
const scratch = mkdtempSync(join(tmpdir(), 'sealift-damaged-'));
after(() => rmSync(scratch, { recursive: true }));

const upper = Buffer.concat([
    tarEntry({ name: 'd/', type: '5', mode: 0o755 }),
    tarEntry({ name: 'd/file', content: 'content'.repeat(1000) }),
    tarEnd(),
]);
const layout = writeLayout(
    'damaged',
    [baseLayer(), upper].map((bytes) => ({ bytes })),
    undefined,
    { Cmd: ['/bin/true'] },
);

// The superblock and an inode (assembly/oci/erofs.ts).
const SUPERBLOCK = 1024;
const COMPATIBLE_FEATURES = SUPERBLOCK + 8;
const ROOT_NID = SUPERBLOCK + 14;
const BLOCKS = SUPERBLOCK + 36;
const METADATA_BLOCK = SUPERBLOCK + 40;
const SLOT = 32;
const BLOCK = 4096;
/** Bit of an inode's format: it has two slots; the bits above say where its data is. */
const EXTENDED = 1;
const INLINE = 2;
const INODE_ATTRIBUTES = 2;
const INODE_MODE = 4;
const INODE_SIZE = 8;
/** Bytes of a directory's entry, and where the place of its name is in it. */
const DIRENT = 12;
const DIRENT_NAME = 8;

/** A layer's EROFS image, to be changed. */
class Volume {
    constructor(layer) {
        this.layer = layer;
        this.file = layer.extent.descriptor;
        this.rootInode = this.read(METADATA_BLOCK, 4) * BLOCK + this.read(ROOT_NID, 2) * SLOT;
    }

    read(at, size) {
        const bytes = Buffer.alloc(size);
        readSync(this.file, bytes, 0, size, at);
        return bytes.readUIntLE(0, size);
    }

    write(at, value, size) {
        const bytes = Buffer.alloc(size);
        bytes.writeUIntLE(value, 0, size);
        writeSync(this.file, bytes, 0, size, at);
    }

    /** Leaves the superblock's checksum out, and gives the layer the digest that it has now. */
    seal() {
        this.write(COMPATIBLE_FEATURES, 0, 4);
        this.layer.digest = hashExtent(this.layer.extent, 'image').toString('hex');
    }

    /** Where the root directory's entries are: there are few, so that they follow its inode and the attributes. */
    get rootEntries() {
        const format = this.read(this.rootInode, 2);
        assert.equal((format & ~EXTENDED) >> 1, INLINE);
        const attributes = this.read(this.rootInode + INODE_ATTRIBUTES, 2);
        const head = (format & EXTENDED) === 0 ? SLOT : 2 * SLOT;
        return this.rootInode + head + (attributes === 0 ? 0 : 12 + (attributes - 1) * 4);
    }
}

/** Boots a system of one container whose upper layer `change` has been at: what the machine said, frame by frame. */
async function boot(name, change) {
    const image = await OpenImage.open(parseImageReference(`oci:${layout}`));
    const bootImage = join(scratch, `${name}.elf`);
    let digest;
    try {
        const request = { tag: '', platform: PLATFORM, statistics: false };
        const system = await oneShotSystem({ ...request, container: container('it', ['/bin/true']) }, image);
        const unpacked = await UnpackedLayers.make(image, PLATFORM);
        try {
            const layer = unpacked.layers.at(-1);
            change(new Volume(layer));
            digest = layer.digest;
            const images = [{ ...system.images[0], unpacked: unpacked.layers }];
            const runtime = join(root, 'build/runtime/x86_64/linux/runtime.elf');
            writeBootImage(runtime, bundleParts({ ...system, images }), bootImage);
        } finally {
            unpacked.close();
        }
    } finally {
        image.close();
    }
    const kernel = join(root, 'build/linux/sealift-linux-kernel');
    const { status, signal, stdout } = spawnSync(kernel, ['--memory', '64', bootImage], { timeout: TIMEOUT });
    const frames = [];
    let text = '';
    const decoder = new FrameDecoder({
        frame: ({ type, payload }) => frames.push({ type, text: payload.toString() }),
        text: (bytes) => (text += bytes),
        damaged: (length) => assert.fail(`a frame of ${length} bytes`),
    });
    decoder.push(stdout);
    assert.equal(decoder.unfinishedBytes, 0);
    return { status, signal, frames, text, digest };
}

/** Requires that the machine refuses the layer, by its name, for the reason, and does nothing else. */
async function refuses(name, change, reason) {
    const { status, signal, frames, text, digest } = await boot(name, change);
    const ofType = (type) => frames.filter((frame) => frame.type === type).map((frame) => frame.text);
    const failures = ofType(FRAME.FAILED).map((document) => JSON.parse(document));
    assert.equal(failures.length, 1, `${JSON.stringify(frames)}\n${text}`);
    const [{ message, exitCode }] = failures;
    assert.ok(message.includes(`layer sha256:${digest.slice(0, 12)}: `), message);
    assert.match(message, reason);
    assert.equal(exitCode, 125);
    assert.deepEqual([status, signal], [0, null]);
    assert.deepEqual(ofType(FRAME.EXIT), []);
    assert.doesNotMatch(text, /trapped|fault/);
}

test('an image that nobody has touched runs', async () => {
    const { frames } = await boot('whole', () => undefined);
    const exits = frames.filter(({ type }) => type === FRAME.EXIT).map(({ text }) => JSON.parse(text));
    assert.deepEqual(
        exits.map(({ exitCode }) => exitCode),
        [0],
    );
});

const WRONG_DIGEST =
    /the content's digest is sha256:[0-9a-f]{64}; the boot image is damaged: build it again$/;

test('a flipped bit of the superblock', () =>
    refuses('superblock', (volume) => volume.write(BLOCKS, volume.read(BLOCKS, 4) ^ 1, 4), WRONG_DIGEST));

test("a flipped bit of a file's content", () =>
    refuses(
        'content',
        (volume) => {
            const last = volume.layer.extent.size - BLOCK;
            volume.write(last, volume.read(last, 1) ^ 0x10, 1);
        },
        WRONG_DIGEST,
    ));

/** Contents that have the digest that system.json says, and are no layer. */
const nonsense = {
    'another file system': [(volume) => volume.write(SUPERBLOCK, 0x1234, 4), /it is no EROFS image/],
    'more blocks than there are': [(volume) => volume.write(BLOCKS, 0xffffffff, 4), /it ends before its/],
    'a root behind the end': [(volume) => volume.write(METADATA_BLOCK, 0xffffff, 4), /behind its end/],
    'a root that is a file': [
        (volume) => volume.write(volume.rootInode + INODE_MODE, 0o100644, 2),
        /root.*directory/,
    ],
    'a directory of 4 GiB': [
        (volume) => volume.write(volume.rootInode + INODE_SIZE, 0xffffffff, 4),
        /inode \d+ has data behind the image's end/,
    ],
    'names outside of their block': [
        (volume) => volume.write(volume.rootEntries + DIRENT + DIRENT_NAME, 0xfff0, 2),
        /is a directory with a malformed block/,
    ],
    'an entry that is its own directory': [
        (volume) => {
            // The third one, behind "." and "..": "d" leads to the root.
            volume.write(volume.rootEntries + 2 * DIRENT, volume.read(ROOT_NID, 2), 6);
        },
        /EROFS image is damaged/,
    ],
};

for (const [name, [change, reason]] of Object.entries(nonsense))
    test(`nonsense with a digest that fits: ${name}`, () =>
        refuses(
            name.replaceAll(' ', '-'),
            (volume) => {
                change(volume);
                volume.seal();
            },
            reason,
        ));
