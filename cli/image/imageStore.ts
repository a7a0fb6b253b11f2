// SPDX-License-Identifier: Apache-2.0
//
// The images that are kept on this machine, by name: what `sealift pull` and `sealift load` leave. Blobs lie once, by digest, as in
// an OCI layout; each name is a file of its own, an index with one descriptor. So nothing that is shared is ever changed, and no
// lock is held: a name appears by a rename when its blobs are there.

import { createHash } from 'node:crypto';
import {
    closeSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describeFileError, Failure, systemErrorCode } from '../failure.js';
import { openFileExtent, type Extent, type ImageFiles } from './files.js';

export interface Descriptor {
    mediaType: string;
    digest: string;
    size: number;
    platform?: { os: string; architecture: string; variant?: string };
    annotations?: Record<string, string>;
}

/** An image that has a name here. */
export interface StoredImage {
    name: string;
    /** Of its manifest or index. */
    descriptor: Descriptor;
    /** When it got the name. */
    stored: Date;
}

/** Something that an image consists of. */
export interface Part {
    descriptor: Descriptor;
    kind: 'index' | 'manifest' | 'config' | 'layer';
}

export const NAME_ANNOTATION = 'org.opencontainers.image.ref.name';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER_INDEX_TYPE = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** Documents that are read into memory at most: the specification's limit for manifests. */
export const DOCUMENT_MAXIMUM = 4 << 20;
/** What a pull has not touched for so long it will not go on with. */
const ABANDONED_MILLISECONDS = 24 * 3_600_000;
/** Indexes within indexes, as the image reader takes them. */
export const NESTING_MAXIMUM = 4;

export function digestOf(bytes: Uint8Array): string {
    return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function isIndexType(mediaType: string): boolean {
    return mediaType === INDEX_TYPE || mediaType === DOCKER_INDEX_TYPE;
}

export function isManifestType(mediaType: string): boolean {
    return mediaType === MANIFEST_TYPE || mediaType === DOCKER_MANIFEST_TYPE;
}

/** A descriptor of an image's document; `thing` names the document. */
export function checkDescriptor(value: unknown, thing: string): Descriptor {
    const it = value as Descriptor | null;
    const valid =
        typeof it === 'object' &&
        it !== null &&
        typeof it.mediaType === 'string' &&
        typeof it.digest === 'string' &&
        /^sha256:[0-9a-f]{64}$/.test(it.digest) &&
        Number.isSafeInteger(it.size) &&
        it.size >= 0;
    if (!valid)
        throw new Failure(
            `${thing}: has a descriptor without mediaType, sha256 digest and size; make the image again`,
        );
    return it;
}

/** The descriptors in a manifest or index, with what they are. */
export function partsOf(document: Buffer, mediaType: string, thing: string): Part[] {
    let value: { manifests?: unknown; config?: unknown; layers?: unknown } | null;
    try {
        value = JSON.parse(document.toString('utf8')) as typeof value;
    } catch {
        value = null;
    }
    if (typeof value !== 'object' || value === null)
        throw new Failure(`${thing}: not a JSON object; make the image again`);
    const list = (member: unknown, kind: Part['kind'], name: string): Part[] => {
        if (!Array.isArray(member))
            throw new Failure(`${thing}: has no list "${name}"; make the image again`);
        return member.map((entry) => ({ descriptor: checkDescriptor(entry, thing), kind }));
    };
    if (isIndexType(mediaType)) {
        return list(value.manifests, 'manifest', 'manifests').map(({ descriptor }) => ({
            descriptor,
            kind: isIndexType(descriptor.mediaType) ? 'index' : 'manifest',
        }));
    }
    return [
        { descriptor: checkDescriptor(value.config, thing), kind: 'config' },
        ...list(value.layers, 'layer', 'layers'),
    ];
}

export class ImageStore {
    readonly folder: string;

    constructor(environment: NodeJS.ProcessEnv = process.env) {
        const base = environment.XDG_DATA_HOME;
        const data =
            base && base.startsWith('/') ? base : join(environment.HOME || homedir(), '.local', 'share');
        this.folder = join(data, 'sealift', 'images');
    }

    /** Where a blob is, or will be. */
    blobPath(digest: string): string {
        return join(this.folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
    }

    hasBlob(digest: string): boolean {
        return existsSync(this.blobPath(digest));
    }

    /** Makes the store's folders where they are not there. */
    prepare(): void {
        try {
            mkdirSync(join(this.folder, 'blobs', 'sha256'), { recursive: true });
            mkdirSync(join(this.folder, 'names'), { recursive: true });
            const marker = join(this.folder, 'oci-layout');
            if (!existsSync(marker)) writeFileSync(marker, '{"imageLayoutVersion":"1.0.0"}\n');
        } catch (error) {
            throw new Failure(`${this.folder}: ${describeFileError(error)}; make it writable`);
        }
    }

    /** Keeps the bytes as a blob and returns its digest. */
    addBlob(bytes: Uint8Array): string {
        const digest = digestOf(bytes);
        if (!this.hasBlob(digest)) {
            const draft = `${this.blobPath(digest)}.${process.pid}`;
            writeFileSync(draft, bytes);
            renameSync(draft, this.blobPath(digest));
        }
        return digest;
    }

    /** A document that is here. */
    document(digest: string): Buffer {
        const path = this.blobPath(digest);
        if (statSync(path).size > DOCUMENT_MAXIMUM)
            throw new Failure(
                `${digest}: a document of more than ${DOCUMENT_MAXIMUM} bytes; make the image smaller`,
            );
        return readFileSync(path);
    }

    private namePath(name: string): string {
        return join(this.folder, 'names', `${createHash('sha256').update(name).digest('hex')}.json`);
    }

    /** Writes the index of an image that is still on its way, for openIndex and publish. The result is its path. */
    draftIndex(name: string, descriptor: Descriptor): string {
        const annotations = { ...descriptor.annotations, [NAME_ANNOTATION]: name };
        const index = {
            schemaVersion: 2,
            mediaType: INDEX_TYPE,
            manifests: [{ ...descriptor, annotations }],
        };
        const draft = `${this.namePath(name)}.${process.pid}`;
        writeFileSync(draft, `${JSON.stringify(index)}\n`);
        return draft;
    }

    /** The image of a draft is whole: it gets its name. One that had it keeps its blobs until `remove`. */
    publish(name: string, draft: string): void {
        renameSync(draft, this.namePath(name));
    }

    /** The image of a name, or null. */
    find(name: string): StoredImage | null {
        return this.readName(this.namePath(name));
    }

    private readName(path: string): StoredImage | null {
        let text: string;
        try {
            text = readFileSync(path, 'utf8');
        } catch (error) {
            if (systemErrorCode(error) === 'ENOENT') return null;
            throw new Failure(`${path}: ${describeFileError(error)}; make it readable`);
        }
        let descriptor: Descriptor;
        try {
            descriptor = checkDescriptor((JSON.parse(text) as { manifests: unknown[] }).manifests[0], path);
        } catch {
            throw new Failure(`${path}: damaged; remove it and pull or load its image again`);
        }
        const name = descriptor.annotations?.[NAME_ANNOTATION] ?? '';
        return { name, descriptor, stored: statSync(path).mtime };
    }

    /** All images, by name. */
    list(): StoredImage[] {
        let files: string[];
        try {
            files = readdirSync(join(this.folder, 'names'));
        } catch (error) {
            if (systemErrorCode(error) === 'ENOENT') return [];
            throw new Failure(`${this.folder}: ${describeFileError(error)}; make it readable`);
        }
        return files
            .filter((file) => file.endsWith('.json'))
            .map((file) => this.readName(join(this.folder, 'names', file)))
            .filter((image) => image !== null)
            .sort((a, b) => (a.name < b.name ? -1 : 1));
    }

    /** What of an image is here: its documents, and through those that are here, their parts. */
    partsHere(descriptor: Descriptor, depth = 0): Part[] {
        const { digest, mediaType } = descriptor;
        if (!this.hasBlob(digest) || depth > NESTING_MAXIMUM) return [];
        if (!isIndexType(mediaType) && !isManifestType(mediaType)) return [];
        const parts: Part[] = [{ descriptor, kind: isIndexType(mediaType) ? 'index' : 'manifest' }];
        for (const part of partsOf(this.document(digest), mediaType, digest)) {
            if (part.kind === 'config' || part.kind === 'layer') {
                if (this.hasBlob(part.descriptor.digest)) parts.push(part);
            } else {
                parts.push(...this.partsHere(part.descriptor, depth + 1));
            }
        }
        return parts;
    }

    /**
     * Takes a name away, and with it the blobs that no other name needs; the result is their bytes. What pulls left behind that were
     * given up long ago goes with them.
     */
    remove(image: StoredImage): number {
        const digests = (one: StoredImage): string[] =>
            this.partsHere(one.descriptor).map(({ descriptor }) => descriptor.digest);
        const mine = new Set(digests(image));
        rmSync(this.namePath(image.name), { force: true });
        for (const other of this.list()) for (const digest of digests(other)) mine.delete(digest);
        let bytes = this.sweep(digests);
        for (const digest of mine) {
            bytes += statSync(this.blobPath(digest)).size;
            rmSync(this.blobPath(digest), { force: true });
        }
        return bytes;
    }

    /** Removes blobs, whole or not, that no name needs and nobody has written to for a while; the result is their bytes. */
    private sweep(digestsOf: (image: StoredImage) => string[]): number {
        const folder = join(this.folder, 'blobs', 'sha256');
        const needed = new Set(this.list().flatMap(digestsOf));
        let bytes = 0;
        for (const file of readdirSync(folder)) {
            const path = join(folder, file);
            const status = statSync(path, { throwIfNoEntry: false });
            if (status === undefined || needed.has(`sha256:${file}`)) continue;
            if (Date.now() - status.mtimeMs < ABANDONED_MILLISECONDS) continue;
            bytes += status.size;
            rmSync(path, { force: true });
        }
        return bytes;
    }

    /** The files of a named image, as an OCI layout that has nothing else. */
    open(name: string): ImageFiles {
        return this.openIndex(this.namePath(name));
    }

    /** The same for the index at `path`. */
    openIndex(path: string): ImageFiles {
        return new StoredImageFiles(this, path);
    }
}

/** One image of the store as a layout of its own. */
class StoredImageFiles implements ImageFiles {
    readonly kind = 'layout';
    private readonly opened = new Map<string, Extent>();

    constructor(
        private readonly store: ImageStore,
        private readonly index: string,
    ) {}

    find(path: string): Extent | null {
        const known = this.opened.get(path);
        if (known) return known;
        let file = '';
        if (path === 'index.json') file = this.index;
        else if (path === 'oci-layout') file = join(this.store.folder, path);
        else if (/^blobs\/sha256\/[0-9a-f]{64}$/.test(path)) file = join(this.store.folder, path);
        const extent = file === '' ? null : openFileExtent(file, path);
        if (extent !== null) this.opened.set(path, extent);
        return extent;
    }

    close(): void {
        for (const { descriptor } of this.opened.values()) closeSync(descriptor);
        this.opened.clear();
    }
}
