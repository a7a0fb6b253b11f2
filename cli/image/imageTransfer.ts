// SPDX-License-Identifier: Apache-2.0
//
// Images between the store and archives: `sealift load` and `sealift save`. An archive of `docker save` has no manifests; it gets one
// of the OCI's. What is written is an OCI archive of what is here of the image.

import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describeFileError, Failure } from '../failure.js';
import { chunksOf, openFileExtent, readExtent, writeAll, type ImageFiles } from './files.js';
import { OpenImage } from './imageReader.js';
import {
    ImageStore,
    INDEX_TYPE,
    MANIFEST_TYPE,
    NAME_ANNOTATION,
    partsOf,
    type Descriptor,
    type StoredImage,
} from './imageStore.js';
import { tarEnd, tarHeader, tarPadding } from './tarWriter.js';

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const TAR_TYPE = 'application/vnd.oci.image.layer.v1.tar';

/** Copies a file of an image into the store as a blob; its digest, which is checked where it is given. */
function keepBlob(store: ImageStore, files: ImageFiles, path: string, wanted: string | null): string {
    if (wanted !== null && store.hasBlob(wanted)) return wanted;
    const extent = files.find(path);
    if (extent === null) throw new Failure(`${path}: the image has no such file; make the image again`);
    const draft = join(store.folder, 'blobs', `draft.${process.pid}`);
    const file = openSync(draft, 'w');
    try {
        const hash = createHash('sha256');
        for (const chunk of chunksOf(extent, path)) {
            hash.update(chunk);
            writeAll(file, chunk);
        }
        const digest = `sha256:${hash.digest('hex')}`;
        if (wanted !== null && digest !== wanted)
            throw new Failure(`${path}: its digest is not ${wanted}; make the image again`);
        renameSync(draft, store.blobPath(digest));
        return digest;
    } finally {
        closeSync(file);
        rmSync(draft, { force: true });
    }
}

/** The media type of a layer in an archive of `docker save`, which has none: by its first bytes. */
function layerType(files: ImageFiles, path: string): string {
    const extent = files.find(path);
    const start = extent === null || extent.size < 4 ? '' : readExtent(extent, 0, 4, path).toString('hex');
    if (start.startsWith('1f8b')) return `${TAR_TYPE}+gzip`;
    // A frame, or a skippable one (RFC 8878, 3.1).
    return start === '28b52ffd' || /^5.2a4d18$/.test(start) ? `${TAR_TYPE}+zstd` : TAR_TYPE;
}

/**
 * Keeps the image that the tag names, for one platform, under `name`. Returns its manifest's descriptor. Every blob is checked
 * against its digest.
 */
export async function loadImage(
    image: OpenImage,
    store: ImageStore,
    platform: string,
    name: string,
): Promise<Descriptor> {
    store.prepare();
    const { manifest, config, layers } = await image.describe(platform, true);
    keepBlob(store, image.files, config.path, config.digest);
    const kept: Descriptor[] = [];
    for (const { path, digest, mediaType, size } of layers) {
        const type = digest === null ? layerType(image.files, path) : mediaType;
        kept.push({ mediaType: type, digest: keepBlob(store, image.files, path, digest), size });
    }
    let descriptor: Descriptor;
    if (manifest !== null) {
        descriptor = { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.size };
        keepBlob(
            store,
            image.files,
            `blobs/sha256/${manifest.digest.slice('sha256:'.length)}`,
            manifest.digest,
        );
    } else {
        const made = Buffer.from(
            JSON.stringify({
                schemaVersion: 2,
                mediaType: MANIFEST_TYPE,
                config: { mediaType: CONFIG_TYPE, digest: config.digest, size: config.size },
                layers: kept,
            }),
        );
        descriptor = { mediaType: MANIFEST_TYPE, digest: store.addBlob(made), size: made.length };
    }
    const draft = store.draftIndex(name, descriptor);
    store.publish(name, draft);
    return descriptor;
}

/** The manifests of an image that are here with all their blobs. */
function wholeManifests(store: ImageStore, image: StoredImage): Descriptor[] {
    return store
        .partsHere(image.descriptor)
        .filter(({ kind }) => kind === 'manifest')
        .map(({ descriptor }) => descriptor)
        .filter(({ digest, mediaType }) =>
            partsOf(store.document(digest), mediaType, digest).every(({ descriptor }) =>
                store.hasBlob(descriptor.digest),
            ),
        );
}

/** Writes images as an OCI archive. The archive appears when it is whole. */
export function saveImages(store: ImageStore, images: readonly StoredImage[], output: string): void {
    const manifests: Descriptor[] = [];
    const digests = new Set<string>();
    for (const image of images) {
        const whole = wholeManifests(store, image);
        if (whole.length === 0)
            throw new Failure(`image ${image.name}: is not whole on this machine; pull it again`);
        for (const manifest of whole) {
            const annotations = { ...manifest.annotations, [NAME_ANNOTATION]: image.name };
            manifests.push({ ...manifest, annotations });
            digests.add(manifest.digest);
            for (const { descriptor } of partsOf(
                store.document(manifest.digest),
                manifest.mediaType,
                manifest.digest,
            ))
                digests.add(descriptor.digest);
        }
    }
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }));
    const draft = `${output}.${process.pid}`;
    try {
        const file = openSync(draft, 'w');
        try {
            const put = (bytes: Uint8Array): void => writeAll(file, bytes);
            const document = (name: string, bytes: Buffer): void => {
                put(tarHeader({ name, type: 'file', size: bytes.length }));
                put(bytes);
                put(tarPadding(bytes.length));
            };
            document('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
            document('index.json', index);
            for (const digest of [...digests].sort()) {
                const name = `blobs/sha256/${digest.slice('sha256:'.length)}`;
                const extent = openFileExtent(store.blobPath(digest), name)!;
                put(tarHeader({ name, type: 'file', size: extent.size }));
                for (const chunk of chunksOf(extent, name)) put(chunk);
                put(tarPadding(extent.size));
                closeSync(extent.descriptor);
            }
            put(tarEnd());
            fsyncSync(file);
        } finally {
            closeSync(file);
        }
        renameSync(draft, output);
    } catch (error) {
        rmSync(draft, { force: true });
        if (error instanceof Failure) throw error;
        throw new Failure(`${output}: ${describeFileError(error)}; make room, or its folder writable`);
    }
}
