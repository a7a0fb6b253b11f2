// SPDX-License-Identifier: Apache-2.0
//
// Layers as the EROFS images that a boot image carries with --unpacked: each layer's archive is decompressed to a temporary file and its
// digest checked against the diff id; the image reader (wit/image.wit) says what the metadata is, and contents are copied from
// archive to image here, equal ones once.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Failure, messageOf, systemErrorCode } from '../failure.js';
import { chunksOf, hashExtent, openFileExtent, readExtent, writeAll, type Extent } from './files.js';
import { unpackArchives, type OpenImage } from './imageReader.js';

const PAGE = 4096;
const GZIP_MAGIC = 0x8b1f;
const ZSTD_MAGIC = 0xfd2fb528;
/** RFC 8878: 16 kinds of skippable frames. */
const ZSTD_SKIPPABLE = 0x184d2a5;

/** A layer's EROFS image. */
export interface UnpackedLayer {
    /** The layer's file in the image. */
    path: string;
    /** Its own SHA-256 in hexadecimal digits. */
    digest: string;
    extent: Extent;
}

/** Writes a layer's archive to `path`. Whether it is compressed its first bytes tell, as on the target. */
async function decompress(extent: Extent, name: string, path: string, diffId: string): Promise<void> {
    const { descriptor, offset, size } = extent;
    const source = createReadStream('', {
        fd: descriptor,
        autoClose: false,
        start: offset,
        end: offset + Math.max(size, 1) - 1,
    });
    const hash = createHash('sha256');
    const digest = new Transform({
        transform(chunk: Buffer, _encoding, done) {
            hash.update(chunk);
            done(null, chunk);
        },
    });
    const file = createWriteStream(path, { mode: 0o600 });
    const magic = size >= 4 ? readExtent(extent, 0, 4, name).readUInt32LE() : 0;
    if ((magic & 0xffff) === GZIP_MAGIC) await pipeline(source, createGunzip(), digest, file);
    else if (magic === ZSTD_MAGIC || magic >>> 4 === ZSTD_SKIPPABLE)
        await decompressZstd(source, digest, file);
    else await pipeline(source, digest, file);
    const computed = `sha256:${hash.digest('hex')}`;
    if (computed !== diffId) {
        throw new Failure(
            `the uncompressed content's digest is ${computed}, not ${diffId}; the image is damaged: pull it again`,
        );
    }
}

/** Node 20 has no decoder of its own. */
async function decompressZstd(
    source: Readable,
    digest: Transform,
    file: NodeJS.WritableStream,
): Promise<void> {
    const zstd = spawn('zstd', ['-q', '-d', '-c'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaint = '';
    zstd.stderr.on('data', (chunk: Buffer) => void (complaint += chunk.toString()));
    const ended = new Promise<void>((resolve, reject) => {
        zstd.on('error', (error) =>
            reject(
                systemErrorCode(error) === 'ENOENT'
                    ? new Failure(
                          "zstd: is not installed; install Debian's package zstd, or leave --unpacked out",
                      )
                    : error,
            ),
        );
        zstd.on('close', (status) =>
            status === 0
                ? resolve()
                : reject(
                      new Failure(`zstd cannot decompress it (${complaint.trim()}); pull the image again`),
                  ),
        );
    });
    // What zstd says tells more than that its end of a pipe was closed.
    const [outcome, drained] = await Promise.allSettled([
        ended,
        pipeline(zstd.stdout, digest, file),
        pipeline(source, zstd.stdin),
    ]);
    for (const result of [outcome, drained]) if (result.status === 'rejected') throw result.reason;
}

/** One layer's archive and the data pages of its image. */
class LayerData {
    readonly archive: Extent;
    private readonly file: string;
    private readonly descriptor: number;
    private readonly places = new Map<string, number>();
    private pages = 0;

    constructor(folder: string, number: number) {
        this.archive = openFileExtent(join(folder, `${number}.tar`), `${number}.tar`)!;
        this.file = join(folder, `${number}.data`);
        this.descriptor = openSync(this.file, 'wx+', 0o600);
    }

    /** Puts a file's content into pages of its own, or finds those that have it. The result is the first page. */
    place(content: Extent, name: string): number {
        const key = `${content.size} ${hashExtent(content, name).toString('hex')}`;
        const known = this.places.get(key);
        if (known !== undefined) return known;
        const page = this.pages;
        let at = page * PAGE;
        for (const chunk of chunksOf(content, name)) {
            writeAll(this.descriptor, chunk, at);
            at += chunk.length;
        }
        const rest = (PAGE - (at % PAGE)) % PAGE;
        writeAll(this.descriptor, Buffer.alloc(rest), at);
        this.pages = (at + rest) / PAGE;
        this.places.set(key, page);
        return page;
    }

    /** A part of the archive. */
    archived(offset: number, size: number): Extent {
        const { descriptor, size: end } = this.archive;
        if (offset + size > end)
            throw new Failure(`it ends before byte ${offset + size}; pull the image again`);
        return { descriptor, offset, size };
    }

    /** `size` bytes from a data page on. */
    content(page: number, size: number): Extent {
        return { descriptor: this.descriptor, offset: page * PAGE, size };
    }

    /** All data pages. */
    get data(): Extent {
        return this.content(0, this.pages * PAGE);
    }

    close(): void {
        closeSync(this.archive.descriptor);
        closeSync(this.descriptor);
    }
}

/** The EROFS images of an image's layers, in temporary files. Call close() on every path. */
export class UnpackedLayers {
    /** The lowest first. */
    readonly layers: UnpackedLayer[] = [];
    private readonly folder = mkdtempSync(join(tmpdir(), 'sealift-unpacked-'));
    private readonly data: LayerData[] = [];
    private readonly paths: string[] = [];

    /** Unpacks the layers of an image. */
    static async make(image: OpenImage, platform: string): Promise<UnpackedLayers> {
        const made = new UnpackedLayers();
        try {
            await made.unpack(image, platform);
            return made;
        } catch (error) {
            made.close();
            throw error instanceof Failure
                ? error
                : new Failure(`image ${image.text}: its layers cannot be unpacked: ${messageOf(error)}`);
        } finally {
            for (const layer of made.data) layer.close();
        }
    }

    private async unpack(image: OpenImage, platform: string): Promise<void> {
        const { layers } = await image.describe(platform, true);
        const names: string[] = [];
        for (const [number, { path, digest, diffId }] of layers.entries()) {
            const name = `layer ${(digest ?? diffId).slice(0, 'sha256:'.length + 12)}`;
            const extent = image.files.find(path);
            if (extent === null)
                throw new Failure(`${path}: the image has no such file; make the image again`);
            try {
                await decompress(extent, path, join(this.folder, `${number}.tar`), diffId);
            } catch (error) {
                throw new Failure(`image ${image.text}: ${name}: ${messageOf(error)}`);
            }
            // Names are keys of the files too: a layer may be there twice.
            names.push(`${name} (${number + 1} of ${layers.length})`);
            this.paths.push(path);
            this.data.push(new LayerData(this.folder, number));
        }
        const layer = (number: number): LayerData => this.data[number]!;
        const archive = (name: string): Extent => layer(names.indexOf(name)).archive;
        const blobs = {
            size: (name: string) => BigInt(archive(name).size),
            read: (name: string, offset: bigint, length: number) =>
                readExtent(archive(name), Number(offset), length, name),
            sha256: (name: string) => hashExtent(archive(name), name),
        };
        const unpacking = {
            place: (number: number, offset: bigint, size: bigint) =>
                layer(number).place(layer(number).archived(Number(offset), Number(size)), names[number]!),
            share: (number: number, lower: number, page: number, size: bigint) =>
                layer(number).place(layer(lower).content(page, Number(size)), names[lower]!),
            finish: (number: number, metadata: Uint8Array) => this.finish(number, metadata),
        };
        try {
            await unpackArchives(names, blobs, unpacking);
        } catch (error) {
            throw new Failure(`image ${image.text}: ${messageOf(error)}`);
        }
    }

    /** Writes a layer's image. */
    private finish(number: number, metadata: Uint8Array): void {
        const descriptor = openSync(join(this.folder, `${number}.erofs`), 'wx+', 0o600);
        const { data } = this.data[number]!;
        const extent = { descriptor, offset: 0, size: metadata.length + data.size };
        writeAll(descriptor, metadata, 0);
        let at = metadata.length;
        for (const chunk of chunksOf(data, `${number}.data`)) {
            writeAll(descriptor, chunk, at);
            at += chunk.length;
        }
        this.layers.push({
            path: this.paths[number]!,
            digest: hashExtent(extent, `${number}.erofs`).toString('hex'),
            extent,
        });
    }

    close(): void {
        for (const { extent } of this.layers) closeSync(extent.descriptor);
        this.layers.length = 0;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
