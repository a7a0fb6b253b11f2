// SPDX-License-Identifier: Apache-2.0
//
// /sys and /sys/fs/cgroup, as far as language runtimes and tools look there for the processors and limits they may use.

import { ownedBytes, OWNER_ANONYMOUS, OWNER_FILES, quotaBytes } from "../capabilities/quota";
import { Process, processes } from "../kernel/process";
import { containerConfiguration } from "../../std/containerConfiguration";
import { FileSystem, SYSFS_MAGIC } from "./fileSystem";
import { Directory } from "./inode";
import { classEntries } from "./networkTree";
import { StaticDirectory, StaticEntry } from "./proc/procInodes";
import { addByte, addField, addNumber, addText } from "./proc/textBuilder";

const CGROUP2_SUPER_MAGIC: u32 = 0x63677270;

/** Number of the root of both trees. */
const ROOT_NUMBER: u64 = 1;

function generateProcessors(process: Process | null): i32 {
    const count = containerConfiguration().processorCount;
    addByte(48);
    if (count > 1) {
        addByte(45);
        addNumber(count - 1);
    }
    addByte(10);
    return 0;
}

function generateMemoryLimit(process: Process | null): i32 {
    addNumber(quotaBytes());
    addByte(10);
    return 0;
}

function generateMemoryUse(process: Process | null): i32 {
    addNumber(ownedBytes(OWNER_ANONYMOUS) + ownedBytes(OWNER_FILES));
    addByte(10);
    return 0;
}

function generateProcessorLimit(process: Process | null): i32 {
    const configuration = containerConfiguration();
    if (configuration.isProcessorLimited) addField(configuration.budget);
    else addText("max ");
    addNumber(configuration.period);
    addByte(10);
    return 0;
}

function generateControllers(process: Process | null): i32 {
    addText("cpu memory pids\n");
    return 0;
}

function generateNoLimit(process: Process | null): i32 {
    addText("max\n");
    return 0;
}

function generateNone(process: Process | null): i32 {
    addText("0\n");
    return 0;
}

function generateProcesses(process: Process | null): i32 {
    for (let i = 0; i < processes.length; i++) {
        addNumber(processes[i].pid);
        addByte(10);
    }
    return 0;
}

function generateProcessCount(process: Process | null): i32 {
    addNumber(processes.length);
    addByte(10);
    return 0;
}

/** What is mounted on /sys/fs/cgroup. */
let controlGroupRoot: Directory | null = null;

/** A mountable /sys, read-only as engines mount it, with `controlGroup` mounted on its fs/cgroup. */
export function makeSys(controlGroup: Directory): Directory {
    controlGroupRoot = controlGroup;
    const fileSystem = new FileSystem("sysfs", SYSFS_MAGIC, false);
    fileSystem.readOnly = true;
    fileSystem.attributesChangeable = false;
    return new StaticDirectory(fileSystem, ROOT_NUMBER, 0o555, sysEntries, null);
}

function sysEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("class", 0o755, null, null, classEntries),
        new StaticEntry("devices", 0o755, null, null, deviceEntries),
        new StaticEntry("fs", 0o755, null, null, fileSystemEntries),
        new StaticEntry("kernel", 0o755, null, null, noEntries),
    ];
}

function noEntries(): Array<StaticEntry> {
    return [];
}

function fileSystemEntries(): Array<StaticEntry> {
    const mountPoint = new StaticEntry("cgroup", 0o755, null, null, noEntries);
    mountPoint.mounted = controlGroupRoot;
    return [mountPoint];
}

function deviceEntries(): Array<StaticEntry> {
    return [new StaticEntry("system", 0o755, null, null, systemDeviceEntries)];
}

function systemDeviceEntries(): Array<StaticEntry> {
    return [new StaticEntry("cpu", 0o755, null, null, processorEntries)];
}

function processorEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("online", 0o444, generateProcessors),
        new StaticEntry("possible", 0o444, generateProcessors),
        new StaticEntry("present", 0o444, generateProcessors),
    ];
}

/** A mountable /sys/fs/cgroup (version 2): the container's own group, read-only. */
export function makeControlGroup(): Directory {
    const fileSystem = new FileSystem("cgroup2", CGROUP2_SUPER_MAGIC, false);
    fileSystem.readOnly = true;
    fileSystem.attributesChangeable = false;
    return new StaticDirectory(fileSystem, ROOT_NUMBER, 0o755, controlGroupEntries, null);
}

function controlGroupEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("cgroup.controllers", 0o444, generateControllers),
        new StaticEntry("cgroup.procs", 0o644, generateProcesses),
        new StaticEntry("cpu.max", 0o644, generateProcessorLimit),
        new StaticEntry("memory.current", 0o444, generateMemoryUse),
        new StaticEntry("memory.max", 0o644, generateMemoryLimit),
        new StaticEntry("memory.swap.current", 0o444, generateNone),
        new StaticEntry("memory.swap.max", 0o644, generateNone),
        new StaticEntry("pids.current", 0o444, generateProcessCount),
        new StaticEntry("pids.max", 0o644, generateNoLimit),
    ];
}
