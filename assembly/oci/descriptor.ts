// SPDX-License-Identifier: Apache-2.0

import { Failure, Result } from "../std/failure";
import { checkDigest } from "./digest";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { Platform, readPlatform } from "./platform";

/** Annotation that names an image in an OCI layout's index.json (image-spec, annotations.md). */
const REFERENCE_NAME: string = "org.opencontainers.image.ref.name";

/** A reference to content (image-spec, descriptor.md). */
export class Descriptor {
    constructor(
        readonly mediaType: string,
        readonly digest: string,
        /** Bytes of the content. */
        readonly size: i64,
        /** Null where the descriptor does not say. */
        readonly platform: Platform | null,
        readonly annotations: Map<string, string>,
    ) {}

    /** The name that index.json gives the image, or "". */
    get referenceName(): string {
        return this.annotations.has(REFERENCE_NAME) ? this.annotations.get(REFERENCE_NAME) : "";
    }
}

/** Reads a descriptor and checks its digest and size. `thing` names it: "layer 2 of manifest sha256:…". */
export function readDescriptor(value: JsonValue | null, thing: string): Result<Descriptor | null> {
    const fields = new JsonFields(value, thing);
    const platformValue = fields.memberObject("platform");
    const descriptor = new Descriptor(
        fields.string("mediaType"),
        fields.string("digest"),
        fields.count("size", -1),
        platformValue === null ? null : readPlatform(platformValue, fields),
        fields.stringMap("annotations"),
    );
    let failure: Failure | null = fields.failure;
    if (failure === null) failure = checkDigest(descriptor.digest, thing);
    if (failure === null && descriptor.size < 0)
        failure = new Failure(thing + " has no size; the image is damaged");
    return failure !== null
        ? Result.fail<Descriptor | null>(failure)
        : Result.of<Descriptor | null>(descriptor);
}
