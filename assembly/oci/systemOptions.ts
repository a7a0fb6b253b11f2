// SPDX-License-Identifier: Apache-2.0
//
// system.json: the images and containers of a system, at the front of a bundle (docs/control-channel.md).

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { ContainerOptions, readContainerOptions } from "./containerOptions";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { quote } from "./jsonText";
import { Platform, parsePlatform } from "./platform";

/** The version that this build reads. */
const SYSTEM_VERSION: i64 = 2;
/** Containers of a system: as many as have numbers (manager/system.ts). */
export const CONTAINERS_MAXIMUM: i32 = 511;

/** Where an image is in the bundle, and which of those in it is meant. */
export class ImageOptions {
    constructor(
        /** The folder of its files in the bundle. */
        readonly folder: string,
        /** "layout", "docker-archive", or "" to tell by the files that there are. */
        readonly kind: string,
        readonly tag: string,
        readonly platform: Platform,
        /** As the user named it, or "". */
        readonly name: string,
        /** Digests of the EROFS images of its layers, the lowest first; empty where its layers are packed. */
        readonly unpacked: string[],
    ) {}
}

export class SystemOptions {
    constructor(
        /** The machine is switched off when the only container has ended. */
        readonly oneShot: bool,
        readonly statistics: bool,
        readonly images: ImageOptions[],
        readonly containers: ContainerOptions[],
    ) {}
}

export function readSystemOptions(value: JsonValue | null): Result<SystemOptions | null> {
    const fields = new JsonFields(value, "system.json");
    const version = fields.count("version", 0);
    if (fields.failure === null && version != SYSTEM_VERSION)
        fields.fail(
            "has the version " +
                decimal(version) +
                "; this system knows version " +
                decimal(SYSTEM_VERSION) +
                ": build the boot image again",
        );
    const options = new SystemOptions(
        fields.boolean("oneShot"),
        fields.boolean("statistics"),
        new Array<ImageOptions>(),
        new Array<ContainerOptions>(),
    );
    const images = fields.items("images");
    const containers = fields.items("containers");
    for (let i = 0; images !== null && i < images.length; i++) readImage(fields, options, images[i]);
    for (let i = 0; containers !== null && i < containers.length; i++)
        readContainer(fields, options, containers[i]);
    if (options.containers.length > CONTAINERS_MAXIMUM)
        fields.fail("has more than " + decimal(CONTAINERS_MAXIMUM) + " containers");
    if (options.oneShot && options.containers.length != 1)
        fields.fail("is for one run, but has not one container");
    checkReferences(fields, options);
    const failure = fields.failure;
    return failure !== null
        ? Result.fail<SystemOptions | null>(failure)
        : Result.of<SystemOptions | null>(options);
}

function readImage(fields: JsonFields, options: SystemOptions, value: JsonValue): void {
    const image = new JsonFields(value, 'system.json\'s "images"');
    const platform = parsePlatform(image.string("platform"));
    const failure = platform.failure;
    if (failure !== null) image.fail("has no platform: " + failure.message);
    else {
        const unpacked = image.strings("unpacked");
        options.images.push(
            new ImageOptions(
                image.string("folder"),
                image.string("kind"),
                image.string("tag"),
                platform.value!,
                image.string("name"),
                unpacked === null ? new Array<string>() : unpacked,
            ),
        );
    }
    fields.take(image);
}

function readContainer(fields: JsonFields, options: SystemOptions, value: JsonValue): void {
    const read = readContainerOptions(value);
    const failure: Failure | null = read.failure;
    if (failure !== null) {
        if (fields.failure === null) fields.failure = failure;
        return;
    }
    options.containers.push(read.value!);
}

/** Names are unique, and what a container refers to is there and does not wait for it in turn. */
function checkReferences(fields: JsonFields, options: SystemOptions): void {
    const containers = options.containers;
    const numbers = new Map<string, i32>();
    for (let i = 0; i < containers.length; i++) {
        const container = containers[i];
        if (numbers.has(container.name)) fields.fail("has two containers named " + quote(container.name));
        numbers.set(container.name, i);
        if (container.image >= options.images.length)
            fields.fail(
                "has no image " + decimal(container.image) + ", which " + quote(container.name) + " is of",
            );
    }
    // What is waited for has to be before: so there is no circle.
    for (let i = 0; i < containers.length; i++) {
        const dependencies = containers[i].dependsOn;
        for (let d = 0; d < dependencies.length; d++) {
            const name = dependencies[d].container;
            if (!numbers.has(name) || numbers.get(name) >= i)
                fields.fail(
                    "has a container " +
                        quote(containers[i].name) +
                        " that depends on " +
                        quote(name) +
                        ", which is not listed before it",
                );
        }
    }
}
