// SPDX-License-Identifier: Apache-2.0
//
// The files of an image by the path they have in their OCI layout or archive, wherever they are: a folder or a tar
// archive. Reading is synchronous because the image reader (a WebAssembly component) calls it from inside.

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeFileError, Failure, systemErrorCode } from '../failure.js';
import { ImageStore } from './imageStore.js';
import type { ImageReference } from './reference.js';
import { TarArchive } from './tarArchive.js';

/** Bytes read at a time when a whole file is copied or hashed. */
export const CHUNK_BYTES = 1 << 20;

/** A file's bytes in some file on disk. */
export interface Extent {
    descriptor: number;
    offset: number;
    size: number;
}

export interface ImageFiles {
    /** How the image reader names the form: an OCI layout or the archive of `docker save`. */
    readonly kind: 'layout' | 'docker-archive';
    /** Where the bytes of `path` are, or null where the image has no such file. */
    find(path: string): Extent | null;
    close(): void;
}

/** Reads exactly `length` bytes at `offset` of a file's extent; a short file is a Failure. */
export function readExtent(extent: Extent, offset: number, length: number, name: string): Buffer {
    if (offset < 0 || length < 0 || offset + length > extent.size) {
        throw new Failure(
            `${name}: ${length} bytes at ${offset} are beyond its end at ${extent.size}; make the image again`,
        );
    }
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
        const count = readSync(extent.descriptor, bytes, done, length - done, extent.offset + offset + done);
        if (count === 0) throw new Failure(`${name}: the file ends early; make the image again`);
        done += count;
    }
    return bytes;
}

/** Writes all of `bytes`, at `position` or, without one, where the file is. */
export function writeAll(descriptor: number, bytes: Uint8Array, position?: number): void {
    for (let done = 0; done < bytes.length;) {
        const at = position === undefined ? null : position + done;
        done += writeSync(descriptor, bytes, done, bytes.length - done, at);
    }
}

/** The bytes of an extent in pieces of at most CHUNK_BYTES. */
export function* chunksOf(extent: Extent, name: string): Generator<Buffer> {
    for (let offset = 0; offset < extent.size; offset += CHUNK_BYTES) {
        yield readExtent(extent, offset, Math.min(CHUNK_BYTES, extent.size - offset), name);
    }
}

/** The SHA-256 of an extent's bytes. */
export function hashExtent(extent: Extent, name: string): Buffer {
    const hash = createHash('sha256');
    for (const chunk of chunksOf(extent, name)) hash.update(chunk);
    return hash.digest();
}

/** True for a path that stays inside the layout: relative, no empty part, no "." and no "..". */
function isPlainPath(path: string): boolean {
    return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** A whole regular file; null where there is none. `name` is what messages call it. */
export function openFileExtent(file: string, name: string): Extent | null {
    let descriptor: number;
    try {
        descriptor = openSync(file, 'r');
    } catch (error) {
        const code = systemErrorCode(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') return null;
        throw new Failure(`${name}: ${describeFileError(error)}; make it readable`);
    }
    const status = fstatSync(descriptor);
    if (status.isFile()) return { descriptor, offset: 0, size: status.size };
    closeSync(descriptor);
    return null;
}

/** An OCI layout in a folder. Paths come from documents of the image, so those that leave the folder are refused. */
class LayoutFolder implements ImageFiles {
    readonly kind = 'layout';
    private readonly opened = new Map<string, Extent>();

    constructor(private readonly folder: string) {}

    find(path: string): Extent | null {
        if (!isPlainPath(path)) return null;
        const known = this.opened.get(path);
        if (known) return known;
        const extent = openFileExtent(join(this.folder, path), path);
        if (extent !== null) this.opened.set(path, extent);
        return extent;
    }

    close(): void {
        for (const { descriptor } of this.opened.values()) closeSync(descriptor);
        this.opened.clear();
    }
}

/** An image that is kept on this machine. */
function openStored(name: string, text: string): ImageFiles {
    const store = new ImageStore();
    if (store.find(name) !== null) return store.open(name);
    throw new Failure(
        text.startsWith('docker://')
            ? `image ${text}: is not on this machine; pull it with \`sealift pull ${text}\``
            : `image ${text}: names no transport, and no image on this machine has that name (\`sealift images\` lists them); write oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or docker://HOST/NAME[:TAG]`,
    );
}

/** Opens the layout or archive that a reference names; throws a Failure when it cannot be one. */
export function openImageFiles(reference: ImageReference): ImageFiles {
    const { transport, path, tag, text } = reference;
    if (transport === 'docker' || transport === 'stored') return openStored(tag, text);
    let folder: boolean;
    try {
        folder = statSync(path).isDirectory();
    } catch (error) {
        throw new Failure(`image ${text}: ${path}: ${describeFileError(error)}; check the path`);
    }
    if (transport === 'oci') {
        if (!folder) {
            throw new Failure(
                `image ${text}: ${path} is a file, not an OCI layout's folder; for an archive write oci-archive:${path}`,
            );
        }
        return new LayoutFolder(path);
    }
    if (folder) {
        throw new Failure(
            `image ${text}: ${path} is a folder, not an archive; for an OCI layout write oci:${path}`,
        );
    }
    return new TarArchive(path, transport === 'oci-archive' ? 'layout' : 'docker-archive');
}
