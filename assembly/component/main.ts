// SPDX-License-Identifier: Apache-2.0
//
// The component of wit/image.wit: assembly/oci for Node. Each export answers from the files alone and keeps nothing;
// its cabi_post function frees the answer and then collects, when no managed reference is on the stack.

import "./abort";
import { Image, openImage, parseImageKind, verifyLayer } from "../oci/image";
import { JSON_SIZE_MAXIMUM, parseJson } from "../oci/json";
import { parsePlatform } from "../oci/platform";
import { mergeProcess } from "../oci/process";
import { readContainerOptions } from "../oci/containerOptions";
import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { encodeUtf8, utf8Length } from "../std/utf8";
import {
    freeString,
    freeStrings,
    returnNothing,
    returnString,
    returnStrings,
    takeString,
    takeStrings,
} from "./canonicalAbi";
import { HostBlobs } from "./hostBlobs";
import { imageFiles, inspectionText, processText } from "./inspection";
import { unpackLayers } from "./unpacking";

export { cabi_realloc } from "./canonicalAbi";

export function inspect(
    kind: usize,
    kindLength: u32,
    tag: usize,
    tagLength: u32,
    platform: usize,
    platformLength: u32,
    verifyLayers: bool,
): usize {
    const blobs = new HostBlobs();
    const kindText = takeString(kind, kindLength);
    const opened = open(blobs, kindText, takeString(tag, tagLength), takeString(platform, platformLength));
    let failure = opened.failure;
    if (failure !== null) return returnString(failure.message, true);
    const image = opened.value!;
    for (let i = 0; verifyLayers && i < image.layers.length; i++) {
        failure = verifyLayer(blobs, image.layers[i]);
        if (failure !== null) return returnString(failure.message, true);
    }
    return returnString(inspectionText(image, kindText), false);
}

export function cabi_post_inspect(area: usize): void {
    freeString(area);
    __collect();
}

export function files(
    kind: usize,
    kindLength: u32,
    tag: usize,
    tagLength: u32,
    platform: usize,
    platformLength: u32,
): usize {
    const opened = open(
        new HostBlobs(),
        takeString(kind, kindLength),
        takeString(tag, tagLength),
        takeString(platform, platformLength),
    );
    const failure = opened.failure;
    return failure !== null ? returnString(failure.message, true) : returnStrings(imageFiles(opened.value!));
}

export function cabi_post_files(area: usize): void {
    freeStrings(area);
    __collect();
}

export function unpack(layers: usize, count: u32): usize {
    const failure = unpackLayers(new HostBlobs(), takeStrings(layers, count));
    return failure !== null ? returnString(failure.message, true) : returnNothing();
}

export function cabi_post_unpack(area: usize): void {
    freeString(area);
    __collect();
}

export function process(
    kind: usize,
    kindLength: u32,
    tag: usize,
    tagLength: u32,
    platform: usize,
    platformLength: u32,
    options: usize,
    optionsLength: u32,
): usize {
    const optionsText = takeString(options, optionsLength);
    const opened = open(
        new HostBlobs(),
        takeString(kind, kindLength),
        takeString(tag, tagLength),
        takeString(platform, platformLength),
    );
    const answer =
        opened.failure === null
            ? describeProcess(opened.value!, optionsText)
            : Result.fail<string>(opened.failure!);
    const failure = answer.failure;
    return failure !== null ? returnString(failure.message, true) : returnString(answer.value, false);
}

export function cabi_post_process(area: usize): void {
    freeString(area);
    __collect();
}

function open(blobs: HostBlobs, kind: string, tag: string, platform: string): Result<Image | null> {
    const imageKind = parseImageKind(kind);
    let failure = imageKind.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    const wanted = parsePlatform(platform);
    failure = wanted.failure;
    if (failure !== null) return Result.fail<Image | null>(failure);
    return openImage(blobs, imageKind.value, tag, wanted.value!);
}

function describeProcess(image: Image, optionsText: string): Result<string> {
    const length = utf8Length(optionsText);
    if (length > JSON_SIZE_MAXIMUM) {
        return Result.fail<string>(
            new Failure(
                "the options have " +
                    decimal(length) +
                    " bytes; at most " +
                    decimal(JSON_SIZE_MAXIMUM) +
                    " are read",
            ),
        );
    }
    const bytes = heap.alloc(length);
    encodeUtf8(optionsText, bytes);
    const document = parseJson(bytes, length);
    heap.free(bytes);
    let failure = document.failure;
    if (failure !== null) return Result.fail<string>(failure.within("the options"));
    const options = readContainerOptions(document.value);
    failure = options.failure;
    if (failure !== null) return Result.fail<string>(failure);
    const process = mergeProcess(image.configuration, options.value!.process);
    failure = process.failure;
    return failure !== null ? Result.fail<string>(failure) : Result.of<string>(processText(process.value!));
}
