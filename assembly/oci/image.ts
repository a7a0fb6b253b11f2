// SPDX-License-Identifier: Apache-2.0
//
// An image as a whole: from the files that a tool wrote to the configuration and the layers of one platform. Every
// document is checked against its digest before it is parsed; layers are checked by `verifyLayer`.

import { Failure, Result } from "../std/failure";
import { Blobs } from "./blobs";
import { Descriptor } from "./descriptor";
import { shortDigest } from "./digest";
import { openDockerArchive } from "./dockerArchive";
import { ImageConfiguration } from "./imageConfiguration";
import { openLayout } from "./layout";
import { Compression } from "./mediaTypes";
import { Platform } from "./platform";

/** How an image's files are laid out. */
export enum ImageKind {
    /** An OCI image layout: oci-layout, index.json, blobs/. */
    Layout,
    /** What `docker save` writes: manifest.json. */
    DockerArchive,
}

/** One layer, packed. */
export class Layer {
    constructor(
        readonly path: string,
        /** Digest of the file, or "" where nothing states it (docker archives). */
        readonly digest: string,
        /** Bytes of the file. */
        readonly size: i64,
        readonly mediaType: string,
        readonly compression: Compression,
        /** Digest of the uncompressed tar archive. */
        readonly diffId: string,
    ) {}

    /** How messages name the layer. */
    get name(): string {
        return "layer " + shortDigest(this.digest.length != 0 ? this.digest : this.diffId);
    }
}

export class Image {
    constructor(
        readonly kind: ImageKind,
        /** The name the image has in its layout or archive, or "". */
        readonly name: string,
        /** Digest of the image manifest, or "" for a docker archive. */
        readonly manifestDigest: string,
        readonly manifestMediaType: string,
        readonly manifestSize: i64,
        readonly configurationDigest: string,
        readonly configurationPath: string,
        readonly configurationSize: i64,
        readonly configuration: ImageConfiguration,
        /** The lowest layer first. */
        readonly layers: Layer[],
        /** What the selection chose from: the manifests of every platform and name, empty for a docker archive. */
        readonly alternatives: Descriptor[],
        /** Files that were read on the way here, without layers: a bundle needs them and the layers' files. */
        readonly documents: string[],
    ) {}
}

/**
 * Finds the image that `tag` names ("" for the only one) for the platform `wanted`, reads and verifies its documents.
 */
export function openImage(
    blobs: Blobs,
    kind: ImageKind,
    tag: string,
    wanted: Platform,
): Result<Image | null> {
    return kind == ImageKind.Layout ? openLayout(blobs, tag, wanted) : openDockerArchive(blobs, tag, wanted);
}

/** ImageKind of "layout" or "docker-archive". */
export function parseImageKind(text: string): Result<ImageKind> {
    if (text == "layout") return Result.of<ImageKind>(ImageKind.Layout);
    if (text == "docker-archive") return Result.of<ImageKind>(ImageKind.DockerArchive);
    return Result.fail<ImageKind>(
        new Failure('"' + text + '" is no kind of image; it is "layout" or "docker-archive"'),
    );
}

/** Checks a layer's file against its descriptor. A docker archive states none: the diff id is checked at unpacking. */
export function verifyLayer(blobs: Blobs, layer: Layer): Failure | null {
    if (layer.digest.length == 0) return null;
    // What was unpacked for a boot image is in no registry.
    return layer.compression == Compression.Unpacked
        ? blobs.verify(
              layer.path,
              layer.digest,
              layer.size,
              layer.name,
              "the boot image is damaged: build it again",
          )
        : blobs.verify(layer.path, layer.digest, layer.size, layer.name);
}

/** Checks that the configuration of an image was made for `wanted`. */
export function checkConfigurationPlatform(
    configuration: ImageConfiguration,
    wanted: Platform,
    thing: string,
): Failure | null {
    const platform = configuration.platform;
    // Tools that build single-platform images do not always write the variant down, so it decides nothing here.
    if (platform.os == wanted.os && platform.architecture == wanted.architecture) return null;
    return new Failure(
        thing +
            " is for " +
            platform.toString() +
            ", not for " +
            wanted.toString() +
            "; give --platform " +
            platform.toString() +
            " or use another image",
    );
}
