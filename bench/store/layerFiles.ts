// SPDX-License-Identifier: Apache-2.0
//
// The files of an image's layers with the data pages that they have in the layer store: the target's own code says in which order
// contents come (wit/image.wit), and a layer's pages are numbered as they come.

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { readExtent } from '../../cli/image/files.js';
import { OpenImage, unpackArchives } from '../../cli/image/imageReader.js';
import { parseImageReference } from '../../cli/image/reference.js';
import { digestOf } from '../../tests/images/ociLayout.js';
import { PAGE, type StoreFile } from './savings.js';

const TAR_BLOCK = 512;
const GZIP_MAGIC = 0x8b1f;

/** The name in the tar header before a content, without what extended headers say: for a person to recognize the file. */
function headerName(tar: Buffer, contentOffset: number): string {
    const header = tar.subarray(contentOffset - TAR_BLOCK, contentOffset);
    const text = (from: number, length: number): string =>
        header.toString('utf8', from, from + length).split('\0')[0]!;
    const prefix = text(345, 155);
    return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

/** Keys of the pages of a content; zeros behind its end belong to the last one. */
function pageKeys(content: Buffer): string[] {
    const keys: string[] = [];
    for (let at = 0; at < content.length; at += PAGE)
        keys.push(
            createHash('sha256')
                .update(content.subarray(at, at + PAGE))
                .digest('base64'),
        );
    return keys;
}

/** A content as its pages have it. */
function padded(content: Buffer): Buffer {
    return Buffer.concat([content, Buffer.alloc((PAGE - (content.length % PAGE)) % PAGE)]);
}

/** All contents of an image whose layers are gzipped or as they are. */
export async function layerFiles(reference: string): Promise<StoreFile[]> {
    const image = await OpenImage.open(parseImageReference(reference));
    try {
        const { layers } = await image.describe('linux/amd64', true);
        const archives = layers.map(({ path }) => {
            const extent = image.files.find(path)!;
            const stored = readExtent(extent, 0, extent.size, path);
            return stored.readUInt16LE() === GZIP_MAGIC ? gunzipSync(stored) : stored;
        });
        const files: StoreFile[] = [];
        const pages = archives.map(() => 0);
        const add = (layer: number, name: string, content: Buffer): number => {
            const firstPage = pages[layer]!;
            const keys = pageKeys(content);
            files.push({ layer, name, firstPage, keys, content });
            pages[layer] = firstPage + keys.length;
            return firstPage;
        };
        const archive = (name: string): Buffer => archives[Number(name)]!;
        const blobs = {
            size: (name: string) => BigInt(archive(name).length),
            read: (name: string, offset: bigint, length: number) =>
                archive(name).subarray(Number(offset), Number(offset) + length),
            sha256: (name: string) => Buffer.from(digestOf(archive(name)).split(':')[1]!, 'hex'),
        };
        const unpacking = {
            place: (layer: number, offset: bigint, size: bigint) => {
                const at = Number(offset);
                const tar = archives[layer]!;
                return add(layer, headerName(tar, at), padded(tar.subarray(at, at + Number(size))));
            },
            share: (layer: number, lower: number, page: number) => {
                const target = files.find((file) => file.layer === lower && file.firstPage === page)!;
                return add(layer, target.name, target.content);
            },
            finish: () => undefined,
        };
        await unpackArchives([...archives.keys()].map(String), blobs, unpacking);
        return files;
    } finally {
        image.close();
    }
}
