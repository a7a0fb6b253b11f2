// SPDX-License-Identifier: Apache-2.0
//
// From the bundle to what a container needs: the image opened and verified, its layers unpacked, and the configuration
// that its sentry reads.

import { BootKey } from "../sel4/generated/boot-keys";
import { clockNow, clockRealtime } from "../sel4/generated/host";
import { Image, ImageKind, openImage, parseImageKind, verifyLayer } from "../oci/image";
import { Platform } from "../oci/platform";
import { mergeProcess } from "../oci/process";
import { RunOptions, readRunOptions } from "../oci/runOptions";
import {
    CONFIGURATION_SIZE_MAXIMUM,
    ContainerConfiguration,
    FLAG_INTERACTIVE,
    FLAG_READ_ONLY,
    FLAG_STATISTICS,
    FLAG_STRACE,
    FLAG_TERMINAL,
} from "../std/containerConfiguration";
import { ContainerConfigurationWriter } from "../std/containerConfigurationWriter";
import { Failure, Result } from "../std/failure";
import { Bundle, RUN_OPTIONS } from "./bundle";
import { DIGEST_SIZE, randomBytes, stirDigest } from "./entropy";
import { LayerStore } from "./layerStore";
import { fact, machine } from "./machine";
import { Progress } from "./progress";
import { LIMIT_PERIOD, checkNanoCpus, limitBudget } from "./processorLimit";

/** Name of a container whose options give none. */
const DEFAULT_HOSTNAME: string = "sealift";

/** Reads run.json and opens the image it names. */
export class Preparation {
    options: RunOptions | null = null;
    image: Image | null = null;

    constructor(readonly bundle: Bundle) {}

    /** The command line has put a fresh seed in run.json. */
    private stirRunOptions(): void {
        const digest = heap.alloc(DIGEST_SIZE);
        if (this.bundle.sha256(RUN_OPTIONS, digest) === null) stirDigest(digest);
        heap.free(digest);
    }

    open(): Failure | null {
        let failure = this.bundle.open();
        if (failure !== null) return failure;
        const document = this.bundle.runOptions();
        failure = document.failure;
        if (failure !== null) return failure;
        const read = readRunOptions(document.value);
        failure = read.failure;
        if (failure !== null) return failure;
        const options = read.value!;
        this.options = options;
        this.stirRunOptions();
        failure = checkArchitecture(options.platform);
        if (failure === null) failure = checkNanoCpus(options.container.nanoCpus);
        if (failure !== null) return failure;

        let kind = this.bundle.size("oci-layout") >= 0 ? ImageKind.Layout : ImageKind.DockerArchive;
        if (options.imageKind.length != 0) {
            const stated = parseImageKind(options.imageKind);
            failure = stated.failure;
            if (failure !== null) return failure;
            kind = stated.value;
        }
        const opened = openImage(this.bundle, kind, options.tag, options.platform);
        failure = opened.failure;
        if (failure !== null) return failure;
        this.image = opened.value;
        return null;
    }

    /** Checks every layer's file before a byte of it is believed. */
    verify(): Failure | null {
        const layers = this.image!.layers;
        for (let i = 0; i < layers.length; i++) {
            this.bundle.observer = new Progress("verify", i + 1, layers.length, layers[i].size);
            const failure = verifyLayer(this.bundle, layers[i]);
            this.bundle.observer = null;
            if (failure !== null) return failure;
        }
        return null;
    }

    /** Unpacks layer `number`. */
    unpack(store: LayerStore, number: i32): Failure | null {
        const layers = this.image!.layers;
        const progress = new Progress("unpack", number + 1, layers.length, layers[number].size);
        return store.unpack(this.bundle, layers[number], progress);
    }

    /**
     * Writes the container's configuration to a buffer of CONFIGURATION_SIZE_MAXIMUM bytes: all but what the sentry's
     * builder adds.
     */
    configure(store: LayerStore, number: u8, buffer: usize): Result<ContainerConfiguration | null> {
        const container = this.options!.container;
        if (container.process.hostname.length == 0) container.process.hostname = DEFAULT_HOSTNAME;
        const merged = mergeProcess(this.image!.configuration, container.process);
        let failure = merged.failure;
        if (failure !== null) return Result.fail<ContainerConfiguration | null>(failure);
        const process = merged.value!;

        memory.fill(buffer, 0, CONFIGURATION_SIZE_MAXIMUM);
        const writer = new ContainerConfigurationWriter(buffer, CONFIGURATION_SIZE_MAXIMUM);
        const configuration = writer.configuration;
        configuration.flags =
            (container.readOnly ? FLAG_READ_ONLY : 0) |
            (container.strace ? FLAG_STRACE : 0) |
            (container.interactive ? FLAG_INTERACTIVE : 0) |
            (container.process.hasTerminal ? FLAG_TERMINAL : 0) |
            (this.options!.statistics ? FLAG_STATISTICS : 0);
        configuration.terminalRows = container.terminalRows;
        configuration.terminalColumns = container.terminalColumns;
        configuration.container = number;
        configuration.memoryLimit = container.memory;
        configuration.processorCount = 1;
        configuration.timestampCounterFrequency = fact(BootKey.TSC_HZ);
        const realtime = clockRealtime();
        configuration.realtimeOffset = realtime == 0 ? 0 : realtime - clockNow();
        configuration.budget = limitBudget(container.nanoCpus);
        configuration.period = LIMIT_PERIOD;
        randomBytes(configuration.randomSeed());
        writer.setArguments(process.arguments);
        writer.setEnvironment(process.environment);
        writer.setWorkingDirectory(process.workingDirectory);
        writer.setUser(process.user);
        writer.setHostname(container.process.hostname);
        writer.setImage(this.image!.name);
        const indexPages = new Array<u32>();
        const dataPages = new Array<u32>();
        for (let i = 0; i < store.layers.length; i++) {
            indexPages.push(store.layers[i].indexPages);
            dataPages.push(store.layers[i].dataPages);
        }
        writer.setLayers(indexPages, dataPages);
        failure = writer.finish();
        if (failure !== null) return Result.fail<ContainerConfiguration | null>(failure);
        return Result.of<ContainerConfiguration | null>(configuration);
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
