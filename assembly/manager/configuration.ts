// SPDX-License-Identifier: Apache-2.0
//
// The configuration that a container's sentry reads (std/containerConfiguration.ts), from what was asked for and what the image says.

import { BootKey } from "../sel4/generated/boot-keys";
import { clockNow, clockRealtime } from "../sel4/generated/host";
import { ContainerOptions } from "../oci/containerOptions";
import { mergeProcess } from "../oci/process";
import {
    CONFIGURATION_SIZE_MAXIMUM,
    ContainerConfiguration,
    FLAG_INTERACTIVE,
    FLAG_READ_ONLY,
    FLAG_STATISTICS,
    FLAG_STRACE,
    FLAG_TERMINAL,
    LayerReference,
    MOUNT_READ_ONLY,
    MOUNT_TMPFS,
    MountReference,
    TextReference,
} from "../std/containerConfiguration";
import { ConfiguredMount, ContainerConfigurationWriter } from "../std/containerConfigurationWriter";
import { Failure, Result } from "../std/failure";
import { utf8Length } from "../std/utf8";
import { Container } from "./container";
import { randomBytes } from "./entropy";
import { LayerStore } from "./layerStore";
import { fact } from "./machine";
import { LIMIT_PERIOD, limitBudget } from "./processorLimit";

/** Name of a container whose options give none. */
const DEFAULT_HOSTNAME: string = "sealift";

/** What a text takes beside its bytes: its reference, the zero byte, and alignment. */
const TEXT_OVERHEAD: u32 = offsetof<TextReference>() + 8;
const MOUNT_OVERHEAD: u32 = offsetof<MountReference>() + 8;
/** The header, single texts' overhead, and the variables that engines add to every environment. */
const FIXED_PART: u32 = 1024;

/** Bytes that hold a container's configuration, if any number can: CONFIGURATION_SIZE_MAXIMUM at most. */
export function configurationBound(container: Container): u32 {
    const image = container.image.image.configuration;
    const options = container.options;
    const process = options.process;
    let bytes = <u64>FIXED_PART + utf8Length(container.image.name);
    bytes += utf8Length(image.workingDirectory) + utf8Length(process.workingDirectory);
    bytes += utf8Length(image.user) + utf8Length(process.user) + 2 * utf8Length(process.hostname);
    bytes += textsBound(image.entrypoint) + textsBound(image.command) + textsBound(image.environment);
    bytes += textsBound(process.entrypoint) + textsBound(process.command) + textsBound(process.environment);
    bytes += <u64>container.layers.length * offsetof<LayerReference>();
    for (let i = 0; i < options.tmpfs.length; i++)
        bytes += utf8Length(options.tmpfs[i].path) + MOUNT_OVERHEAD;
    for (let i = 0; i < options.readOnlyPaths.length; i++)
        bytes += utf8Length(options.readOnlyPaths[i]) + MOUNT_OVERHEAD;
    return <u32>min<u64>(bytes, CONFIGURATION_SIZE_MAXIMUM);
}

function textsBound(texts: string[] | null): u64 {
    if (texts === null) return 0;
    let bytes: u64 = 0;
    for (let i = 0; i < texts.length; i++) bytes += utf8Length(texts[i]) + TEXT_OVERHEAD;
    return bytes;
}

/**
 * Writes a container's configuration to a buffer of `capacity` bytes (configurationBound): all but what the sentry's builder adds.
 */
export function writeConfiguration(
    container: Container,
    store: LayerStore,
    statistics: bool,
    buffer: usize,
    capacity: u32,
): Result<ContainerConfiguration | null> {
    const options = container.options;
    if (options.process.hostname.length == 0) options.process.hostname = DEFAULT_HOSTNAME;
    const merged = mergeProcess(container.image.image.configuration, options.process);
    let failure: Failure | null = merged.failure;
    if (failure !== null) return Result.fail<ContainerConfiguration | null>(failure);
    const process = merged.value!;

    memory.fill(buffer, 0, capacity);
    const writer = new ContainerConfigurationWriter(buffer, capacity);
    const configuration = writer.configuration;
    configuration.flags =
        (options.readOnly ? FLAG_READ_ONLY : 0) |
        (options.strace ? FLAG_STRACE : 0) |
        (options.interactive ? FLAG_INTERACTIVE : 0) |
        (options.process.hasTerminal ? FLAG_TERMINAL : 0) |
        (statistics ? FLAG_STATISTICS : 0);
    configuration.terminalRows = options.terminalRows;
    configuration.terminalColumns = options.terminalColumns;
    configuration.container = container.number;
    configuration.memoryLimit = options.memory;
    configuration.processorCount = 1;
    configuration.timestampCounterFrequency = fact(BootKey.TSC_HZ);
    configuration.realtimeOffset = realtimeOffset();
    configuration.budget = limitBudget(options.nanoCpus);
    configuration.period = LIMIT_PERIOD;
    randomBytes(configuration.randomSeed());
    writer.setArguments(process.arguments);
    writer.setEnvironment(process.environment);
    writer.setWorkingDirectory(process.workingDirectory);
    writer.setUser(process.user);
    writer.setHostname(options.process.hostname);
    writer.setImage(container.image.name);
    const indexPages = new Array<u32>();
    const dataPages = new Array<u32>();
    for (let i = 0; i < container.layers.length; i++) {
        const layer = store.layers[container.layers[i]];
        indexPages.push(layer.indexPages);
        dataPages.push(layer.dataPages);
    }
    writer.setLayers(indexPages, dataPages);
    writer.setMounts(mountsOf(options));
    failure = writer.finish();
    return failure !== null
        ? Result.fail<ContainerConfiguration | null>(failure)
        : Result.of<ContainerConfiguration | null>(configuration);
}

function mountsOf(options: ContainerOptions): ConfiguredMount[] {
    const mounts = new Array<ConfiguredMount>();
    for (let i = 0; i < options.tmpfs.length; i++) {
        const tmpfs = options.tmpfs[i];
        mounts.push(new ConfiguredMount(MOUNT_TMPFS, tmpfs.path, tmpfs.size, tmpfs.mode));
    }
    for (let i = 0; i < options.readOnlyPaths.length; i++)
        mounts.push(new ConfiguredMount(MOUNT_READ_ONLY, options.readOnlyPaths[i]));
    return mounts;
}

let knownOffset: u64 = 0;

/** What the wall clock is ahead of the monotonic one, or 0 where there is none. It is looked at once: so all containers' clocks agree. */
function realtimeOffset(): u64 {
    if (knownOffset == 0) {
        const realtime = clockRealtime();
        if (realtime != 0) knownOffset = realtime - clockNow();
    }
    return knownOffset;
}
