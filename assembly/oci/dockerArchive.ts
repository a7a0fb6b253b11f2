// SPDX-License-Identifier: Apache-2.0
//
// What `docker save` writes: manifest.json lists images, each with a configuration and uncompressed layers by path.
// The archive states no digest of a layer's file, but the configuration's name is its digest and the configuration has
// the digests of the uncompressed layers, so nothing is believed unchecked.

import { Failure, Result } from "../std/failure";
import { LAYERS_MAXIMUM } from "../std/containerConfiguration";
import { decimal } from "../std/numberText";
import { Blobs } from "./blobs";
import { Descriptor } from "./descriptor";
import { isSha256Hex, sha256Digest } from "./digest";
import { Image, ImageKind, Layer, checkConfigurationPlatform } from "./image";
import { readImageConfiguration } from "./imageConfiguration";
import { JsonKind, JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { Compression } from "./mediaTypes";
import { Platform } from "./platform";

const LIST: string = "manifest.json";
/** Images in one archive: more than anybody saves together. */
export const ARCHIVE_IMAGES_MAXIMUM: i32 = 1024;

export function openDockerArchive(blobs: Blobs, tag: string, wanted: Platform): Result<Image | null> {
    if (blobs.size(LIST) < 0) {
        return Result.fail<Image | null>(
            new Failure(
                "there is no file manifest.json, so this is no docker archive; name a file that docker save or skopeo made",
            ),
        );
    }
    const document = blobs.json(LIST, LIST);
    let failure = document.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    const selected = selectImage(document.value!, tag);
    failure = selected.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);

    const fields = selected.value!;
    const configurationPath = fields.string("Config");
    const layerPaths = fields.strings("Layers");
    const tags = fields.strings("RepoTags");
    failure = fields.failure;
    if (failure === null) failure = checkPath(configurationPath, "Config");
    if (failure !== null) return Result.fail<Image | null>(failure);
    const paths = layerPaths === null ? new Array<string>() : layerPaths;
    if (<u32>paths.length > LAYERS_MAXIMUM) {
        return Result.fail<Image | null>(
            new Failure(
                "manifest.json lists " +
                    decimal(paths.length) +
                    " layers; at most " +
                    decimal(LAYERS_MAXIMUM) +
                    " are supported",
            ),
        );
    }

    const hex = configurationHex(configurationPath);
    if (!isSha256Hex(hex)) {
        return Result.fail<Image | null>(
            new Failure(
                'manifest.json names the configuration "' +
                    configurationPath +
                    '", which is no SHA-256 digest; save the image again',
            ),
        );
    }
    const thing = "image configuration " + configurationPath;
    failure = blobs.verify(configurationPath, sha256Digest(hex), -1, thing);
    if (failure !== null) return Result.fail<Image | null>(failure);
    const configurationDocument = blobs.json(configurationPath, thing);
    failure = configurationDocument.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    const configuration = readImageConfiguration(configurationDocument.value, thing);
    failure = configuration.failure;
    if (failure === null) failure = checkConfigurationPlatform(configuration.value!, wanted, "the image");
    if (failure !== null) return Result.fail<Image | null>(failure);

    const layers = readLayers(blobs, paths, configuration.value!.diffIds);
    failure = layers.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    return Result.of<Image | null>(
        new Image(
            ImageKind.DockerArchive,
            tag.length != 0 ? tag : tags !== null && tags.length != 0 ? tags[0] : "",
            "",
            "",
            -1,
            sha256Digest(hex),
            configurationPath,
            blobs.size(configurationPath),
            configuration.value!,
            layers.value!,
            new Array<Descriptor>(),
            [LIST, configurationPath],
        ),
    );
}

/**
 * An image's name with everything that people leave out, as the tools that write archives complete it: "busybox" is
 * "docker.io/library/busybox:latest".
 */
function fullName(name: string): string {
    const slash = name.indexOf("/");
    const host = slash < 0 ? "" : name.substring(0, slash);
    let full = name;
    if (!host.includes(".") && !host.includes(":") && host != "localhost") {
        full = "docker.io/" + (slash < 0 ? "library/" : "") + name;
    }
    return full.lastIndexOf(":") > full.lastIndexOf("/") ? full : full + ":latest";
}

/** The entry of manifest.json that `tag` names; a tag without a registry and ":latest" is completed as Docker does. */
function selectImage(list: JsonValue, tag: string): Result<JsonFields | null> {
    const items = list.items;
    if (list.kind != JsonKind.Array || items === null) {
        return Result.fail<JsonFields | null>(
            new Failure("manifest.json is no JSON array; this is no docker archive"),
        );
    }
    if (items.length > ARCHIVE_IMAGES_MAXIMUM) {
        return Result.fail<JsonFields | null>(
            new Failure(
                "manifest.json lists " +
                    decimal(items.length) +
                    " images; at most " +
                    decimal(ARCHIVE_IMAGES_MAXIMUM) +
                    " are read",
            ),
        );
    }
    const present = new Array<string>();
    let selected: JsonFields | null = null;
    for (let i = 0; i < items.length; i++) {
        const fields = new JsonFields(items[i], "image " + decimal(i + 1) + " of manifest.json");
        const tags = fields.strings("RepoTags");
        const failure = fields.failure;
        if (failure !== null) return Result.fail<JsonFields | null>(failure);
        let named = false;
        for (let t = 0; tags !== null && t < tags.length; t++) {
            present.push(tags[t]);
            named = named || (tag.length != 0 && fullName(tags[t]) == fullName(tag));
        }
        if (selected === null && (named || (tag.length == 0 && items.length == 1))) selected = fields;
    }
    if (selected !== null) return Result.of<JsonFields | null>(selected);
    const names = present.length == 0 ? "its images have no names" : "it has " + present.join(", ");
    return Result.fail<JsonFields | null>(
        new Failure(
            items.length == 0
                ? "manifest.json lists no image"
                : tag.length == 0
                  ? "the archive holds several images; append a name: " + names
                  : 'the archive has no image named "' + tag + '"; ' + names,
        ),
    );
}

function readLayers(blobs: Blobs, paths: string[], diffIds: string[]): Result<Layer[] | null> {
    if (paths.length != diffIds.length) {
        return Result.fail<Layer[] | null>(
            new Failure(
                "manifest.json lists " +
                    decimal(paths.length) +
                    " layers and the image configuration " +
                    decimal(diffIds.length) +
                    "; save the image again",
            ),
        );
    }
    const layers = new Array<Layer>();
    for (let i = 0; i < paths.length; i++) {
        const failure = checkPath(paths[i], "Layers");
        if (failure !== null) return Result.fail<Layer[] | null>(failure);
        const size = blobs.size(paths[i]);
        if (size < 0) {
            return Result.fail<Layer[] | null>(
                new Failure(
                    "layer " +
                        decimal(i + 1) +
                        ": the archive has no file " +
                        paths[i] +
                        "; save the image again",
                ),
            );
        }
        layers.push(new Layer(paths[i], "", size, "", Compression.Detect, diffIds[i]));
    }
    return Result.of<Layer[] | null>(layers);
}

/** Paths lead to files of the archive and nowhere else. */
function checkPath(path: string, member: string): Failure | null {
    if (path.length == 0)
        return new Failure('manifest.json has an image without "' + member + '"; save the image again');
    const parts = path.split("/");
    for (let i = 0; i < parts.length; i++) {
        if (parts[i].length == 0 || parts[i] == "." || parts[i] == "..") {
            return new Failure(
                'manifest.json has the path "' +
                    path +
                    '", which leads out of the archive; do not use this image',
            );
        }
    }
    return null;
}

/** The digits in "HEX.json" (Docker before 25, skopeo) or "blobs/sha256/HEX" (Docker since 25). */
function configurationHex(path: string): string {
    const name = path.substring(path.lastIndexOf("/") + 1);
    return name.endsWith(".json") ? name.substring(0, name.length - 5) : name;
}
