// SPDX-License-Identifier: Apache-2.0
//
// Images made in memory: an OCI layout or docker archive as a map from path to bytes, and the `blobs` that read it.

import { createHash } from 'node:crypto';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** `blobs` of wit/image.wit over a Map from path to Buffer. */
export function blobsOf(files) {
    const file = (path) => {
        if (!files.has(path)) throw new Error('no such file');
        return files.get(path);
    };
    return {
        size: (path) => (files.has(path) ? BigInt(files.get(path).length) : undefined),
        read: (path, offset, length) => file(path).subarray(Number(offset), Number(offset) + length),
        sha256: (path) => createHash('sha256').update(file(path)).digest(),
    };
}

/** Adds a blob; the result is its descriptor. */
export function addBlob(files, mediaType, content) {
    const bytes = Buffer.isBuffer(content)
        ? content
        : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    const digest = sha256(bytes);
    files.set(`blobs/sha256/${digest}`, bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

/** Adds an image of one platform; the result is its manifest's descriptor. */
export function addImage(
    files,
    { architecture = 'amd64', config = {}, layers = ['a layer'], manifest = {} } = {},
) {
    const layerDescriptors = layers.map((layer) =>
        addBlob(files, 'application/vnd.oci.image.layer.v1.tar', Buffer.from(layer)),
    );
    const configuration = addBlob(files, 'application/vnd.oci.image.config.v1+json', {
        os: 'linux',
        architecture,
        config,
        rootfs: { type: 'layers', diff_ids: layerDescriptors.map((descriptor) => descriptor.digest) },
    });
    return addBlob(files, 'application/vnd.oci.image.manifest.v1+json', {
        schemaVersion: 2,
        config: configuration,
        layers: layerDescriptors,
        ...manifest,
    });
}

/** A layout whose index.json lists `descriptors`. */
export function finishLayout(files, descriptors) {
    files.set('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    files.set('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: descriptors })));
    return files;
}
