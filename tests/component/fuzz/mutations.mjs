// SPDX-License-Identifier: Apache-2.0
//
// Changes an EROFS image at random, knowing its form (assembly/oci/erofs.ts): most images that are damaged anywhere are refused at the
// superblock's checksum, and never reach what comes behind it.

const SUPERBLOCK = 1024;
const BLOCK = 4096;
const SLOT = 32;
const DIRENT = 12;
const CHECKSUM = SUPERBLOCK + 4;
const METADATA_BLOCK = SUPERBLOCK + 40;

/** Fields by their place and bytes: of the superblock, of an inode in either form, of a directory's entry, of attributes. */
const superblockFields = [[0, 4], [8, 4], [12, 1], [14, 2], [36, 4], [40, 4], [44, 4], [80, 4], [86, 2], [90, 1]]; // prettier-ignore
const inodeFields = [[0, 2], [2, 2], [4, 2], [6, 2], [8, 4], [8, 8], [16, 4], [24, 4], [32, 8], [40, 4], [44, 4]]; // prettier-ignore
const entryFields = [[0, 8], [8, 2], [10, 1], [11, 1]]; // prettier-ignore
const attributeFields = [[4, 1], [12, 1], [13, 1], [14, 2], [16, 4]]; // prettier-ignore

/** CRC-32C as EROFS has it: without the final inversion. */
function checksum(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return crc >>> 0;
}

function seal(image) {
    image.writeUInt32LE(0, CHECKSUM);
    image.writeUInt32LE(checksum(image.subarray(SUPERBLOCK, BLOCK)), CHECKSUM);
}

/** A value that is at some edge, or any. */
function value(random, present, size) {
    const largest = 2n ** BigInt(8 * size) - 1n;
    const choices = [
        () => 0n,
        () => 1n,
        () => largest,
        () => largest >> 1n,
        () => (largest >> 1n) + 1n,
        () => present + 1n,
        () => present - 1n,
        () => present ^ (1n << BigInt(random(8 * size))),
        () => present * 2n,
        () => BigInt(random(64)),
        () => BigInt(random(64)) * BigInt(BLOCK),
        () => BigInt(random(0x100000000)) * BigInt(random(0x100000000)),
    ];
    return choices[random(choices.length)]() & largest;
}

function change(image, random, at, size) {
    if (at + size > image.length) return;
    let present = 0n;
    for (let i = size - 1; i >= 0; i--) present = (present << 8n) | BigInt(image[at + i]);
    let next = value(random, present, size);
    for (let i = 0; i < size; i++, next >>= 8n) image[at + i] = Number(next & 0xffn);
}

/** Bytes of the image that are not files' contents, of which there are few: the first blocks. */
const METADATA_BLOCKS = 4;

const mutations = [
    (image, random) => {
        const [at, size] = superblockFields[random(superblockFields.length)];
        change(image, random, SUPERBLOCK + at, size);
    },
    ...[inodeFields, inodeFields, attributeFields].map((fields) => (image, random) => {
        const start = image.readUInt32LE(METADATA_BLOCK) * BLOCK;
        const slots = Math.max(
            1,
            Math.floor((Math.min(image.length, METADATA_BLOCKS * BLOCK) - start) / SLOT),
        );
        const [at, size] = fields[random(fields.length)];
        change(image, random, start + random(slots) * SLOT + at, size);
    }),
    // An entry, wherever one might be: they are aligned to 4 bytes.
    (image, random) => {
        const [at, size] = entryFields[random(entryFields.length)];
        const place = SUPERBLOCK + 4 * random((METADATA_BLOCKS * BLOCK - SUPERBLOCK) / 4);
        change(image, random, place + at, size);
    },
    (image, random) => {
        const at = SUPERBLOCK + random(Math.min(image.length, METADATA_BLOCKS * BLOCK) - SUPERBLOCK);
        image[at] = random(2) === 0 ? random(256) : image[at] ^ (1 << random(8));
    },
    // Something of the image in another place: entries twice, inodes of inodes.
    (image, random) => {
        const length = [DIRENT, SLOT, 2 * SLOT, 256][random(4)];
        const places = Math.min(image.length, METADATA_BLOCKS * BLOCK) - SUPERBLOCK - length;
        if (places <= 0) return;
        const from = SUPERBLOCK + (random(places) & ~3);
        image.copy(image, SUPERBLOCK + (random(places) & ~3), from, from + length);
    },
];

/** A changed copy of an image; now and then it ends early, or its checksum is left as it was. */
export function mutate(original, random) {
    const image = Buffer.from(original);
    for (let count = random(4); count >= 0; count--) mutations[random(mutations.length)](image, random);
    if (random(8) !== 0) seal(image);
    return random(32) === 0 ? image.subarray(0, random(image.length)) : image;
}
