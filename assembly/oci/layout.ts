// SPDX-License-Identifier: Apache-2.0
//
// OCI image layouts (image-spec, image-layout.md): the files oci-layout and index.json, and blobs/sha256/.

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { Blobs } from "./blobs";
import { Descriptor } from "./descriptor";
import { blobPath, shortDigest } from "./digest";
import { Image, ImageKind, Layer, checkConfigurationPlatform } from "./image";
import { readImageConfiguration } from "./imageConfiguration";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { isIndexType, isManifestType, layerCompression } from "./mediaTypes";
import { Manifest, readIndex, readManifest } from "./manifest";
import { Platform } from "./platform";

/** Indexes within indexes. Builders make one level; the limit ends cycles. */
export const INDEX_NESTING_MAXIMUM: i32 = 4;
/** Manifests met while an image is selected: bounds the work that nested indexes can ask for. */
export const CANDIDATES_MAXIMUM: i32 = 4096;

const MARKER: string = "oci-layout";
const INDEX: string = "index.json";

export function openLayout(blobs: Blobs, tag: string, wanted: Platform): Result<Image | null> {
    let failure = checkMarker(blobs);
    if (failure !== null) return Result.fail<Image | null>(failure);

    const document = blobs.json(INDEX, INDEX);
    failure = document.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    const index = readIndex(document.value, INDEX);
    failure = index.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);

    const named = selectName(index.value!, tag);
    failure = named.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);

    const selection = new Selection(blobs, wanted);
    failure = selection.visit(named.value!, 0);
    if (failure !== null) return Result.fail<Image | null>(failure);
    const chosen = selection.chosen;
    if (chosen === null) return Result.fail<Image | null>(selection.nothingChosen());
    return readImage(blobs, chosen, wanted, selection);
}

function checkMarker(blobs: Blobs): Failure | null {
    if (blobs.size(MARKER) < 0) {
        return new Failure(
            "there is no file oci-layout, so this is no OCI image layout; name one that skopeo, buildah or umoci made",
        );
    }
    const document = blobs.json(MARKER, MARKER);
    const failure = document.failure;
    if (failure !== null) return failure;
    const fields = new JsonFields(document.value, MARKER);
    const version = fields.string("imageLayoutVersion");
    if (fields.failure === null && version != "1.0.0") {
        fields.fail('states the layout version "' + version + '"; only 1.0.0 is known');
    }
    return fields.failure;
}

/** The descriptors of index.json that `tag` names. Without a tag there must be only one name to choose from. */
function selectName(descriptors: Descriptor[], tag: string): Result<Descriptor[] | null> {
    const selected = new Array<Descriptor>();
    const names = new Array<string>();
    for (let i = 0; i < descriptors.length; i++) {
        const name = descriptors[i].referenceName;
        if (name.length != 0 && !names.includes(name)) names.push(name);
        if (tag.length == 0 || name == tag) selected.push(descriptors[i]);
    }
    if (tag.length != 0 && selected.length == 0) {
        return Result.fail<Descriptor[] | null>(
            new Failure(
                'index.json has no image named "' +
                    tag +
                    '"; ' +
                    (names.length == 0
                        ? "its images have no names: leave the name out"
                        : "it has " + names.join(", ")),
            ),
        );
    }
    if (tag.length == 0 && names.length > 1) {
        return Result.fail<Descriptor[] | null>(
            new Failure(
                "index.json names several images: " +
                    names.join(", ") +
                    "; append one of the names, as in oci:DIRECTORY:" +
                    names[0],
            ),
        );
    }
    if (selected.length == 0) {
        return Result.fail<Descriptor[] | null>(
            new Failure("index.json lists no image; the layout is empty"),
        );
    }
    return Result.of<Descriptor[] | null>(selected);
}

/** Walks descriptors and nested indexes for the manifest of a platform. */
class Selection {
    chosen: Descriptor | null = null;
    /** The chosen image's documents, where they had to be read to know its platform. */
    chosenManifest: Manifest | null = null;
    chosenConfiguration: JsonValue | null = null;
    /** Every manifest met. */
    readonly met: Descriptor[] = new Array<Descriptor>();
    /** Documents read. */
    readonly documents: string[] = [MARKER, INDEX];
    private readonly present: string[] = new Array<string>();
    private readonly otherTypes: string[] = new Array<string>();

    constructor(
        private readonly blobs: Blobs,
        private readonly wanted: Platform,
    ) {}

    visit(descriptors: Descriptor[], depth: i32): Failure | null {
        if (depth > INDEX_NESTING_MAXIMUM) {
            return new Failure(
                "image indexes nest more than " +
                    decimal(INDEX_NESTING_MAXIMUM) +
                    " deep; the image is damaged",
            );
        }
        for (let i = 0; i < descriptors.length; i++) {
            const descriptor = descriptors[i];
            const failure = isIndexType(descriptor.mediaType)
                ? this.visitIndex(descriptor, depth)
                : isManifestType(descriptor.mediaType)
                  ? this.visitManifest(descriptor)
                  : this.noteOtherType(descriptor.mediaType);
            if (failure !== null) return failure;
        }
        return null;
    }

    /** The message for a selection that found nothing: it lists what there is. */
    nothingChosen(): Failure {
        if (this.present.length == 0) {
            return new Failure(
                "the index lists no container image" +
                    (this.otherTypes.length == 0
                        ? ""
                        : ", only content of the types " + this.otherTypes.join(", ")) +
                    "; check the image's name",
            );
        }
        return new Failure(
            "the image has no " +
                this.wanted.toString() +
                "; it has " +
                this.present.join(", ") +
                ": choose one with --platform",
        );
    }

    private visitIndex(descriptor: Descriptor, depth: i32): Failure | null {
        const thing = "image index " + descriptor.digest;
        const path = blobPath(descriptor.digest);
        let failure = this.blobs.verify(path, descriptor.digest, descriptor.size, thing);
        if (failure !== null) return failure;
        const document = this.blobs.json(path, thing);
        failure = document.failure;
        if (failure !== null) return failure;
        const index = readIndex(document.value, thing);
        failure = index.failure;
        if (failure !== null) return failure;
        this.documents.push(path);
        return this.visit(index.value!, depth + 1);
    }

    private visitManifest(descriptor: Descriptor): Failure | null {
        if (this.met.length >= CANDIDATES_MAXIMUM) {
            return new Failure(
                "the image's indexes list more than " +
                    decimal(CANDIDATES_MAXIMUM) +
                    " manifests; use a smaller image",
            );
        }
        this.met.push(descriptor);
        let platform = descriptor.platform;
        if (platform === null || platform.os.length == 0 || platform.architecture.length == 0) {
            const read = this.platformOf(descriptor);
            const failure = read.failure;
            if (failure !== null) return failure;
            platform = read.value;
        }
        if (platform === null || platform.isUnknown) return null;
        const name = platform.toString();
        if (!this.present.includes(name)) this.present.push(name);
        if (this.chosen === null && platform.matches(this.wanted)) this.chosen = descriptor;
        return null;
    }

    /**
     * The platform that a manifest's configuration states, for descriptors that state none (umoci's, skopeo's). Null for a manifest
     * of something else than an image, which is passed over.
     */
    private platformOf(descriptor: Descriptor): Result<Platform | null> {
        const manifest = loadManifest(this.blobs, descriptor);
        let failure = manifest.failure;
        if (failure !== null) return Result.fail<Platform | null>(failure);
        const configuration = manifest.value!.configuration;
        if (!manifest.value!.isImage) {
            this.noteOtherType(configuration.mediaType);
            return Result.of<Platform | null>(null);
        }
        const document = loadConfiguration(this.blobs, configuration);
        failure = document.failure;
        if (failure !== null) return Result.fail<Platform | null>(failure);
        const fields = new JsonFields(document.value, configurationName(configuration));
        const platform = new Platform(
            fields.string("os"),
            fields.string("architecture"),
            fields.string("variant"),
        );
        failure = fields.failure;
        if (failure !== null) return Result.fail<Platform | null>(failure);
        if (this.chosen === null && platform.matches(this.wanted)) {
            this.chosenManifest = manifest.value;
            this.chosenConfiguration = document.value;
        }
        return Result.of<Platform | null>(platform);
    }

    private noteOtherType(mediaType: string): Failure | null {
        const name = mediaType.length == 0 ? "(none)" : mediaType;
        if (!this.otherTypes.includes(name)) this.otherTypes.push(name);
        return null;
    }
}

function loadManifest(blobs: Blobs, descriptor: Descriptor): Result<Manifest | null> {
    const thing = "image manifest " + descriptor.digest;
    const path = blobPath(descriptor.digest);
    let failure = blobs.verify(path, descriptor.digest, descriptor.size, thing);
    if (failure !== null) return Result.fail<Manifest | null>(failure);
    const document = blobs.json(path, thing);
    failure = document.failure;
    if (failure !== null) return Result.fail<Manifest | null>(failure);
    return readManifest(document.value, thing);
}

function configurationName(descriptor: Descriptor): string {
    return "image configuration " + shortDigest(descriptor.digest);
}

function loadConfiguration(blobs: Blobs, descriptor: Descriptor): Result<JsonValue | null> {
    const thing = configurationName(descriptor);
    const path = blobPath(descriptor.digest);
    const failure = blobs.verify(path, descriptor.digest, descriptor.size, thing);
    return failure !== null ? Result.fail<JsonValue | null>(failure) : blobs.json(path, thing);
}

function readImage(
    blobs: Blobs,
    chosen: Descriptor,
    wanted: Platform,
    selection: Selection,
): Result<Image | null> {
    // Where the descriptor stated no platform, both documents were read for it.
    const known = selection.chosenManifest;
    const manifest = known !== null ? Result.of<Manifest | null>(known) : loadManifest(blobs, chosen);
    let failure = manifest.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    failure = checkManifest(manifest.value!, chosen);
    if (failure !== null) return Result.fail<Image | null>(failure);
    const configurationDescriptor = manifest.value!.configuration;
    const knownDocument = selection.chosenConfiguration;
    const document =
        knownDocument !== null
            ? Result.of<JsonValue | null>(knownDocument)
            : loadConfiguration(blobs, configurationDescriptor);
    failure = document.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    const thing = configurationName(configurationDescriptor);
    const configuration = readImageConfiguration(document.value, thing);
    failure = configuration.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    failure = checkConfigurationPlatform(configuration.value!, wanted, thing);
    if (failure !== null) return Result.fail<Image | null>(failure);
    const layers = listLayers(chosen, manifest.value!.layers, configuration.value!.diffIds);
    failure = layers.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);

    const path = blobPath(configurationDescriptor.digest);
    const documents = selection.documents;
    documents.push(blobPath(chosen.digest));
    documents.push(path);
    return Result.of<Image | null>(
        new Image(
            ImageKind.Layout,
            chosen.referenceName,
            chosen.digest,
            chosen.mediaType,
            chosen.size,
            configurationDescriptor.digest,
            path,
            configurationDescriptor.size,
            configuration.value!,
            layers.value!,
            selection.met,
            documents,
        ),
    );
}

/** Whether the chosen manifest is one of an image that can be unpacked. Of others only the platform matters. */
function checkManifest(manifest: Manifest, descriptor: Descriptor): Failure | null {
    if (manifest.isImage) return manifest.checkLayers();
    return new Failure(
        "image manifest " +
            descriptor.digest +
            ' has a configuration of the type "' +
            manifest.configuration.mediaType +
            '": it is no container image',
    );
}

/** Pairs the manifest's layers with the configuration's digests of their uncompressed contents. */
function listLayers(
    chosen: Descriptor,
    descriptors: Descriptor[],
    diffIds: string[],
): Result<Layer[] | null> {
    if (descriptors.length != diffIds.length) {
        return Result.fail<Layer[] | null>(
            new Failure(
                "image manifest " +
                    chosen.digest +
                    " has " +
                    decimal(descriptors.length) +
                    " layers and its configuration " +
                    decimal(diffIds.length) +
                    "; the image is damaged",
            ),
        );
    }
    const layers = new Array<Layer>();
    for (let i = 0; i < descriptors.length; i++) {
        const layer = descriptors[i];
        layers.push(
            new Layer(
                blobPath(layer.digest),
                layer.digest,
                layer.size,
                layer.mediaType,
                layerCompression(layer.mediaType),
                diffIds[i],
            ),
        );
    }
    return Result.of<Layer[] | null>(layers);
}
