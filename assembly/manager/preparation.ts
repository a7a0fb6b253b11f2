// SPDX-License-Identifier: Apache-2.0
//
// From the bundle to what containers need: system.json read, its images opened and verified, and their layers put into the store.

import { Image, ImageKind, Layer, openImage, parseImageKind, verifyLayer } from "../oci/image";
import { checkDigest, digestHex } from "../oci/digest";
import { Compression } from "../oci/mediaTypes";
import { Platform } from "../oci/platform";
import { ImageOptions, SystemOptions, readSystemOptions } from "../oci/systemOptions";
import { Failure } from "../std/failure";
import { Bundle, BundleFile, BundleFolder, SYSTEM_OPTIONS } from "./bundle";
import { DIGEST_SIZE, stirDigest } from "./entropy";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { Progress } from "./progress";
import { checkNanoCpus } from "./processorLimit";

/** Where EROFS images of layers are in the bundle. */
const UNPACKED_FOLDER: string = "unpacked/sha256/";

/** An image of the system. */
export class SystemImage {
    /** Its layers, the lowest first: numbers of the store's. */
    readonly layers: i32[] = new Array<i32>();

    constructor(
        readonly options: ImageOptions,
        readonly files: BundleFolder,
        readonly image: Image,
    ) {}

    /** As the user named it, else as the image names itself. */
    get name(): string {
        return this.options.name.length != 0 ? this.options.name : this.image.name;
    }
}

/** One layer to be put into the store. */
class LayerTask {
    private readonly found: BundleFile | null;

    constructor(
        readonly files: BundleFolder,
        readonly layer: Layer,
        /** The list that gets its number, and has those of the layers below it by then. */
        readonly layers: i32[],
        readonly progress: i32,
    ) {
        this.found = files.find(layer.path);
    }

    /** Its file, which has been verified. */
    get file(): BundleFile {
        return this.found!;
    }
}

/** Reads system.json and opens the images it names. */
export class Preparation {
    options: SystemOptions | null = null;
    readonly images: SystemImage[] = new Array<SystemImage>();
    /** For each container its layers. */
    readonly containerLayers: Array<i32[]> = new Array<i32[]>();
    private readonly bundle: Bundle = new Bundle();
    private readonly tasks: LayerTask[] = new Array<LayerTask>();

    /** The command line has put a fresh seed in system.json. */
    private stirOptions(files: BundleFolder): void {
        const digest = heap.alloc(DIGEST_SIZE);
        if (files.sha256(SYSTEM_OPTIONS, digest) === null) stirDigest(digest);
        heap.free(digest);
    }

    /** Reads system.json. Its images are to be opened one by one, with the garbage collected in between. */
    open(): Failure | null {
        let failure = this.bundle.open();
        if (failure !== null) return failure;
        const files = new BundleFolder(this.bundle, "");
        const document = files.json(SYSTEM_OPTIONS, SYSTEM_OPTIONS);
        failure = document.failure;
        if (failure !== null) return failure;
        const read = readSystemOptions(document.value);
        failure = read.failure;
        if (failure !== null) return failure;
        const options = read.value!;
        this.options = options;
        this.stirOptions(files);
        for (let i = 0; i < options.containers.length && failure === null; i++)
            failure = checkNanoCpus(options.containers[i].nanoCpus);
        return failure;
    }

    /** How many images there are. */
    get imageCount(): i32 {
        return this.options!.images.length;
    }

    /** Opens image `number`; after the last one follow the layers of single containers. */
    openImage(number: i32): Failure | null {
        const failure = this.readImage(this.options!.images[number]);
        if (failure !== null || number + 1 < this.imageCount) return failure;
        return this.addContainerLayers(new BundleFolder(this.bundle, ""));
    }

    private readImage(options: ImageOptions): Failure | null {
        let failure = checkArchitecture(options.platform);
        if (failure !== null) return failure;
        const files = new BundleFolder(this.bundle, options.folder);
        let kind = files.size("oci-layout") >= 0 ? ImageKind.Layout : ImageKind.DockerArchive;
        if (options.kind.length != 0) {
            const stated = parseImageKind(options.kind);
            failure = stated.failure;
            if (failure !== null) return failure;
            kind = stated.value;
        }
        const opened = openImage(files, kind, options.tag, options.platform);
        failure = opened.failure;
        if (failure !== null) return failure;
        const image = new SystemImage(options, files, opened.value!);
        this.images.push(image);
        const layers = image.image.layers;
        if (options.unpacked.length != 0) return this.addUnpackedLayers(image);
        for (let i = 0; i < layers.length; i++) this.addTask(files, layers[i], image.layers);
        return null;
    }

    /** The image's layers are in the bundle as EROFS images, by their own digests. */
    private addUnpackedLayers(image: SystemImage): Failure | null {
        const layers = image.image.layers;
        const digests = image.options.unpacked;
        const files = new BundleFolder(this.bundle, "");
        if (digests.length != layers.length)
            return new Failure(
                "system.json has another number of unpacked layers than " +
                    image.name +
                    "; the bundle is damaged",
            );
        for (let i = 0; i < layers.length; i++) {
            const failure = checkDigest(digests[i], "an unpacked layer");
            if (failure !== null) return failure;
            const path = UNPACKED_FOLDER + digestHex(digests[i]);
            const size = files.size(path);
            if (size < 0) return new Failure(path + " is missing; the bundle is damaged");
            const layer = new Layer(path, digests[i], size, "", Compression.Unpacked, layers[i].diffId);
            this.addTask(files, layer, image.layers);
        }
        return null;
    }

    /** Layers of single containers come when all images have theirs. */
    private addContainerLayers(files: BundleFolder): Failure | null {
        const containers = this.options!.containers;
        for (let i = 0; i < containers.length; i++) {
            const paths = containers[i].layers;
            const list = new Array<i32>();
            this.containerLayers.push(list);
            for (let p = 0; p < paths.length; p++) {
                const size = files.size(paths[p]);
                if (size < 0) return new Failure(paths[p] + " is missing; the bundle is damaged");
                this.addTask(files, new Layer(paths[p], "", size, "", Compression.None, ""), list);
            }
        }
        return null;
    }

    private addTask(files: BundleFolder, layer: Layer, layers: i32[]): void {
        this.tasks.push(new LayerTask(files, layer, layers, this.tasks.length + 1));
    }

    /** How many layers are to be unpacked. */
    get layerCount(): i32 {
        return this.tasks.length;
    }

    /** Checks every layer's file before a byte of it is believed. */
    verify(): Failure | null {
        const tasks = this.tasks;
        for (let i = 0; i < tasks.length; i++) {
            const files = tasks[i].files;
            files.observer = new Progress("verify", tasks[i].progress, tasks.length, tasks[i].layer.size);
            const failure = verifyLayer(files, tasks[i].layer);
            files.observer = null;
            if (failure !== null) return failure;
        }
        return null;
    }

    /** Puts layer `number` into the store. */
    unpack(store: LayerStore, number: i32): Failure | null {
        const task = this.tasks[number];
        const progress = new Progress("unpack", task.progress, this.tasks.length, task.layer.size);
        const file = task.file;
        let isLastUse = true;
        for (let i = number + 1; i < this.tasks.length && isLastUse; i++)
            isLastUse = this.tasks[i].file.offset != file.offset;
        const stored = store.provide(task.layer, file, task.layers, isLastUse, progress);
        const failure = stored.failure;
        if (failure !== null) return failure;
        task.layers.push(stored.value);
        return null;
    }

    /** The layers of container `number`: its image's and its own. */
    layersOf(number: i32): i32[] {
        return this.images[this.options!.containers[number].image].layers.concat(
            this.containerLayers[number],
        );
    }
}

/** Go's names of the architectures that the machine can be. */
function architectureName(architecture: u32): string {
    return architecture == 1 ? "amd64" : architecture == 2 ? "arm64" : "riscv64";
}

function checkArchitecture(platform: Platform): Failure | null {
    const name = architectureName(machine().architecture);
    if (platform.os == "linux" && platform.architecture == name) return null;
    return new Failure(
        "the machine runs linux/" +
            name +
            " programs, not " +
            platform.toString() +
            "; give --platform linux/" +
            name +
            " or use another board",
    );
}
