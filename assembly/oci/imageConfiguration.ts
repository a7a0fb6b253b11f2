// SPDX-License-Identifier: Apache-2.0
//
// The image configuration (image-spec, config.md; Docker's is the same with more members).

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { LAYERS_MAXIMUM } from "../std/containerConfiguration";
import { checkDigest } from "./digest";
import { DOCKER_UNIT, HealthOptions, readHealthOptions } from "./health";
import { JsonKind, JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { Platform } from "./platform";

export class ImageConfiguration {
    constructor(
        readonly platform: Platform,
        /** Digests of the uncompressed layers, the lowest first. */
        readonly diffIds: string[],
        /** RFC 3339, or "". */
        readonly created: string,
        readonly author: string,
        /** Null where the image says nothing. */
        readonly entrypoint: string[] | null,
        readonly command: string[] | null,
        /** "NAME=value". */
        readonly environment: string[],
        readonly workingDirectory: string,
        readonly user: string,
        readonly stopSignal: string,
        /** Docker's Healthcheck, or null. */
        readonly health: HealthOptions | null,
        /** "80/tcp" and the like. */
        readonly exposedPorts: string[],
        readonly volumes: string[],
        readonly labels: Map<string, string>,
    ) {}
}

export function readImageConfiguration(
    value: JsonValue | null,
    thing: string,
): Result<ImageConfiguration | null> {
    const fields = new JsonFields(value, thing);
    const rootFilesystem = fields.memberObject("rootfs");
    if (rootFilesystem === null) fields.fail('has no "rootfs"; it is no container image');
    let failure = fields.failure;
    if (failure !== null) return Result.fail<ImageConfiguration | null>(failure);

    const layers = new JsonFields(rootFilesystem, thing + ' in "rootfs"');
    if (layers.string("type") != "layers") layers.fail('has a "type" other than "layers"');
    const diffIds = layers.strings("diff_ids");
    failure = layers.failure;
    if (failure === null) failure = checkDiffIds(diffIds, thing);

    // An image without "config" runs only with a command from the user, which is legal: all its members are absent.
    const processValue = fields.memberObject("config");
    const process = new JsonFields(
        processValue === null ? new JsonValue(JsonKind.Object) : processValue,
        thing + ' in "config"',
    );
    const environment = process.strings("Env");
    const health = readHealthOptions(
        process.memberObject("Healthcheck"),
        thing + ' in "Healthcheck"',
        DOCKER_UNIT,
    );
    failure = health.failure;
    if (failure !== null) return Result.fail<ImageConfiguration | null>(failure);
    const configuration = new ImageConfiguration(
        new Platform(fields.string("os"), fields.string("architecture"), fields.string("variant")),
        diffIds === null ? new Array<string>() : diffIds,
        fields.string("created"),
        fields.string("author"),
        process.strings("Entrypoint"),
        process.strings("Cmd"),
        environment === null ? new Array<string>() : environment,
        process.string("WorkingDir"),
        process.string("User"),
        process.string("StopSignal"),
        health.value,
        process.nameSet("ExposedPorts"),
        process.nameSet("Volumes"),
        process.stringMap("Labels"),
    );
    if (failure === null) failure = fields.failure;
    if (failure === null) failure = process.failure;
    return failure !== null
        ? Result.fail<ImageConfiguration | null>(failure)
        : Result.of<ImageConfiguration | null>(configuration);
}

function checkDiffIds(diffIds: string[] | null, thing: string): Failure | null {
    if (diffIds === null) return new Failure(thing + ' has no "diff_ids"; it is no container image');
    if (<u32>diffIds.length > LAYERS_MAXIMUM) {
        return new Failure(
            thing +
                " has " +
                decimal(diffIds.length) +
                " layers; at most " +
                decimal(LAYERS_MAXIMUM) +
                " are supported",
        );
    }
    for (let i = 0; i < diffIds.length; i++) {
        const failure = checkDigest(diffIds[i], "uncompressed layer " + decimal(i + 1) + " of " + thing);
        if (failure !== null) return failure;
    }
    return null;
}
