// SPDX-License-Identifier: Apache-2.0
//
// Image indexes and image manifests (image-spec, image-index.md and manifest.md; Docker's schema 2 alike).

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { LAYERS_MAXIMUM } from "../std/containerConfiguration";
import { Descriptor, readDescriptor } from "./descriptor";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { checkLayerType, isConfigurationType, isIndexType, isManifestType } from "./mediaTypes";

/** Descriptors in one index. Multi-platform images have about ten; a layout of many tagged images has more. */
export const INDEX_ENTRIES_MAXIMUM: i32 = 1024;

/** The descriptors of an image index. */
export function readIndex(value: JsonValue | null, thing: string): Result<Descriptor[] | null> {
    const fields = new JsonFields(value, thing);
    checkSchemaVersion(fields);
    const mediaType = fields.string("mediaType");
    if (mediaType.length != 0 && !isIndexType(mediaType))
        fields.fail('has the media type "' + mediaType + '", which is no index');
    const items = fields.items("manifests");
    if (items === null) fields.fail('has no "manifests"; it is no image index');
    else if (items.length > INDEX_ENTRIES_MAXIMUM) {
        fields.fail(
            "lists " +
                decimal(items.length) +
                " manifests; at most " +
                decimal(INDEX_ENTRIES_MAXIMUM) +
                " are read",
        );
    }
    const failure = fields.failure;
    if (failure !== null) return Result.fail<Descriptor[] | null>(failure);
    return readDescriptors(items!, "entry ", " of " + thing);
}

/** What an image manifest lists: the configuration and the layers, the lowest first. */
export class Manifest {
    constructor(
        readonly configuration: Descriptor,
        readonly layers: Descriptor[],
    ) {}

    /** Whether it describes a container image: other things (signatures, charts, models) have manifests too. */
    get isImage(): bool {
        return isConfigurationType(this.configuration.mediaType);
    }

    /** Whether Sealift can unpack every layer. */
    checkLayers(): Failure | null {
        for (let i = 0; i < this.layers.length; i++) {
            const failure = checkLayerType(this.layers[i].mediaType, "layer " + this.layers[i].digest);
            if (failure !== null) return failure;
        }
        return null;
    }
}

export function readManifest(value: JsonValue | null, thing: string): Result<Manifest | null> {
    const fields = new JsonFields(value, thing);
    checkSchemaVersion(fields);
    const mediaType = fields.string("mediaType");
    if (mediaType.length != 0 && !isManifestType(mediaType)) {
        fields.fail('has the media type "' + mediaType + '", which is no image manifest');
    }
    const configurationValue = fields.memberObject("config");
    if (configurationValue === null) fields.fail('has no "config"; it is no image manifest');
    const items = fields.items("layers");
    if (items === null) fields.fail('has no "layers"; it is no image manifest');
    else if (<u32>items.length > LAYERS_MAXIMUM) {
        fields.fail(
            "has " + decimal(items.length) + " layers; at most " + decimal(LAYERS_MAXIMUM) + " are supported",
        );
    }
    let failure = fields.failure;
    if (failure !== null) return Result.fail<Manifest | null>(failure);

    const configuration = readDescriptor(configurationValue, "the configuration of " + thing);
    failure = configuration.failure;
    if (failure !== null) return Result.fail<Manifest | null>(failure);
    const layers = readDescriptors(items!, "layer ", " of " + thing);
    failure = layers.failure;
    if (failure !== null) return Result.fail<Manifest | null>(failure);
    return Result.of<Manifest | null>(new Manifest(configuration.value!, layers.value!));
}

function readDescriptors(items: JsonValue[], before: string, after: string): Result<Descriptor[] | null> {
    const descriptors = new Array<Descriptor>();
    for (let i = 0; i < items.length; i++) {
        const descriptor = readDescriptor(items[i], before + decimal(i + 1) + after);
        const failure = descriptor.failure;
        if (failure !== null) return Result.fail<Descriptor[] | null>(failure);
        descriptors.push(descriptor.value!);
    }
    return Result.of<Descriptor[] | null>(descriptors);
}

function checkSchemaVersion(fields: JsonFields): void {
    const version = fields.count("schemaVersion", 0);
    if (version == 1)
        fields.fail(
            "is of Docker's schema 1, which no current tool makes; convert the image: skopeo copy --format oci",
        );
    else if (version != 2) fields.fail('has no "schemaVersion": 2; it is no image manifest or index');
}
