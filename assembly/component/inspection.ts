// SPDX-License-Identifier: Apache-2.0
//
// The JSON texts that wit/image.wit describes.

import { Image } from "../oci/image";
import { ImageConfiguration } from "../oci/imageConfiguration";
import { JsonText } from "../oci/jsonText";
import { Process } from "../oci/process";

/** Documents first, then layers; a layer that occurs twice is one file. */
export function imageFiles(image: Image): string[] {
    const files = new Array<string>();
    for (let i = 0; i < image.documents.length; i++) addOnce(files, image.documents[i]);
    for (let i = 0; i < image.layers.length; i++) addOnce(files, image.layers[i].path);
    return files;
}

export function inspectionText(image: Image, kind: string): string {
    const json = new JsonText();
    json.beginObject();
    json.name("kind").string(kind);
    json.name("name").string(image.name);
    json.name("platform").string(image.configuration.platform.toString());

    json.name("index").beginArray();
    for (let i = 0; i < image.alternatives.length; i++) {
        const descriptor = image.alternatives[i];
        const platform = descriptor.platform;
        json.beginObject();
        json.name("mediaType").string(descriptor.mediaType);
        json.name("digest").string(descriptor.digest);
        json.name("size").integer(descriptor.size);
        json.name("platform");
        stringOrNothing(json, platform === null ? "" : platform.toString());
        json.name("name");
        stringOrNothing(json, descriptor.referenceName);
        json.endObject();
    }
    json.endArray();

    json.name("manifest");
    if (image.manifestDigest.length == 0) {
        json.nothing();
    } else {
        json.beginObject();
        json.name("mediaType").string(image.manifestMediaType);
        json.name("digest").string(image.manifestDigest);
        json.name("size").integer(image.manifestSize);
        json.endObject();
    }

    writeConfiguration(json.name("config"), image);

    json.name("layers").beginArray();
    for (let i = 0; i < image.layers.length; i++) {
        const layer = image.layers[i];
        json.beginObject();
        json.name("path").string(layer.path);
        json.name("mediaType").string(layer.mediaType);
        json.name("digest");
        stringOrNothing(json, layer.digest);
        json.name("size").integer(layer.size);
        json.name("diffId").string(layer.diffId);
        json.endObject();
    }
    json.endArray();
    json.name("files").strings(imageFiles(image));
    return json.endObject().toString();
}

export function processText(process: Process): string {
    return new JsonText()
        .beginObject()
        .name("arguments")
        .strings(process.arguments)
        .name("environment")
        .strings(process.environment)
        .name("workingDirectory")
        .string(process.workingDirectory)
        .name("user")
        .string(process.user)
        .endObject()
        .toString();
}

function writeConfiguration(json: JsonText, image: Image): void {
    const configuration: ImageConfiguration = image.configuration;
    json.beginObject();
    json.name("digest").string(image.configurationDigest);
    json.name("size").integer(image.configurationSize);
    json.name("path").string(image.configurationPath);
    json.name("created").string(configuration.created);
    json.name("author").string(configuration.author);
    json.name("os").string(configuration.platform.os);
    json.name("architecture").string(configuration.platform.architecture);
    json.name("variant").string(configuration.platform.variant);
    json.name("entrypoint").strings(configuration.entrypoint);
    json.name("cmd").strings(configuration.command);
    json.name("env").strings(configuration.environment);
    json.name("workingDir").string(configuration.workingDirectory);
    json.name("user").string(configuration.user);
    json.name("stopSignal").string(configuration.stopSignal);
    json.name("exposedPorts").strings(configuration.exposedPorts);
    json.name("volumes").strings(configuration.volumes);
    json.name("labels").stringMap(configuration.labels);
    json.endObject();
}

function stringOrNothing(json: JsonText, text: string): void {
    if (text.length == 0) json.nothing();
    else json.string(text);
}

function addOnce(files: string[], path: string): void {
    if (!files.includes(path)) files.push(path);
}
