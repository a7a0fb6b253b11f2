// SPDX-License-Identifier: Apache-2.0
//
// Media types of the documents and layers that are read: OCI's (image-spec, media-types.md) and those of Docker's
// schema 2, which mean the same.

import { Failure } from "../std/failure";

export const OCI_INDEX: string = "application/vnd.oci.image.index.v1+json";
export const OCI_MANIFEST: string = "application/vnd.oci.image.manifest.v1+json";
export const OCI_CONFIGURATION: string = "application/vnd.oci.image.config.v1+json";
const DOCKER_LIST: string = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: string = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIGURATION: string = "application/vnd.docker.container.image.v1+json";
const OCI_LAYER: string = "application/vnd.oci.image.layer.v1.tar";
const OCI_FOREIGN_LAYER: string = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const DOCKER_LAYER: string = "application/vnd.docker.image.rootfs.diff.tar";
const DOCKER_FOREIGN_LAYER: string = "application/vnd.docker.image.rootfs.foreign.diff.tar";

/** How a layer's bytes are packed. */
export enum Compression {
    None,
    Gzip,
    Zstd,
    /** No media type says it (docker save): the first bytes decide. */
    Detect,
    /** Not at all: an EROFS image (erofs.ts) in place of an archive. Images have no such layers; boot images do. */
    Unpacked,
}

export function isIndexType(mediaType: string): bool {
    return mediaType == OCI_INDEX || mediaType == DOCKER_LIST;
}

export function isManifestType(mediaType: string): bool {
    return mediaType == OCI_MANIFEST || mediaType == DOCKER_MANIFEST;
}

export function isConfigurationType(mediaType: string): bool {
    return mediaType == OCI_CONFIGURATION || mediaType == DOCKER_CONFIGURATION;
}

/** Compression of a layer of `mediaType`, which checkLayerType has accepted. */
export function layerCompression(mediaType: string): Compression {
    if (mediaType.endsWith("gzip")) return Compression.Gzip;
    return mediaType.endsWith("zstd") ? Compression.Zstd : Compression.None;
}

/** Whether layers of `mediaType` can be unpacked; `layer` names the layer in the message. */
export function checkLayerType(mediaType: string, layer: string): Failure | null {
    if (mediaType == OCI_LAYER || mediaType == OCI_LAYER + "+gzip" || mediaType == OCI_LAYER + "+zstd")
        return null;
    if (
        mediaType == DOCKER_LAYER ||
        mediaType == DOCKER_LAYER + ".gzip" ||
        mediaType == DOCKER_LAYER + ".zstd"
    )
        return null;
    if (mediaType.startsWith(OCI_FOREIGN_LAYER) || mediaType.startsWith(DOCKER_FOREIGN_LAYER)) {
        return new Failure(
            layer +
                " is non-distributable (" +
                mediaType +
                "): such layers may lie elsewhere than their image and are not taken, even where the image carries them;" +
                " use an image whose layers are all distributable",
        );
    }
    return new Failure(
        layer + ' has the media type "' + mediaType + '", which is no layer that can be unpacked',
    );
}
