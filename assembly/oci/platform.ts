// SPDX-License-Identifier: Apache-2.0

import { Failure, Result } from "../std/failure";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";

/** What a program in an image runs on; architectures are Go's names (image-spec, image-index.md). */
export class Platform {
    constructor(
        readonly os: string,
        readonly architecture: string,
        /** "v8" and the like, or "". */
        readonly variant: string,
    ) {}

    /** "linux/arm64/v8" as users write it. */
    toString(): string {
        return this.os + "/" + this.architecture + (this.variant.length != 0 ? "/" + this.variant : "");
    }

    /**
     * Whether an image for `this` runs on `wanted`. A variant that one side leaves out matches the architecture's
     * first: arm64 means arm64/v8, amd64 means amd64/v1.
     */
    matches(wanted: Platform): bool {
        return (
            this.os == wanted.os &&
            this.architecture == wanted.architecture &&
            effectiveVariant(this) == effectiveVariant(wanted)
        );
    }

    /** Whether this is what BuildKit writes for attestations, which are no images. */
    get isUnknown(): bool {
        return this.os == "unknown";
    }
}

function effectiveVariant(platform: Platform): string {
    if (platform.variant.length != 0) return platform.variant;
    if (platform.architecture == "arm64") return "v8";
    if (platform.architecture == "amd64") return "v1";
    return "";
}

/** Reads os/architecture[/variant]. */
export function parsePlatform(text: string): Result<Platform | null> {
    const parts = text.split("/");
    let wellFormed = parts.length == 2 || parts.length == 3;
    for (let i = 0; i < parts.length; i++) wellFormed = wellFormed && parts[i].length != 0;
    if (!wellFormed) {
        return Result.fail<Platform | null>(
            new Failure(
                '"' + text + '" is no platform; write it as os/architecture, for example linux/amd64',
            ),
        );
    }
    return Result.of<Platform | null>(new Platform(parts[0], parts[1], parts.length == 3 ? parts[2] : ""));
}

/** Reads a platform object; mistyped members become failures of `owner`. */
export function readPlatform(value: JsonValue, owner: JsonFields): Platform {
    const fields = new JsonFields(value, owner.thing);
    const platform = new Platform(
        fields.string("os"),
        fields.string("architecture"),
        fields.string("variant"),
    );
    const failure = fields.failure;
    if (failure !== null && owner.failure === null) owner.failure = failure;
    return platform;
}
