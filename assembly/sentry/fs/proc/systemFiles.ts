// SPDX-License-Identifier: Apache-2.0
//
// The files of /proc that belong to no process, and /proc/sys (proc(5)). The container's view is truthful: memory is its quota,
// processors are those it may use.

import { COUNTS_PROCESSOR_CYCLES, PROCESSOR_DESCRIPTION } from "../../arch/machine";
import { freeFrameCount } from "../../memory/frames";
import {
    ownedBytes,
    OWNER_ANONYMOUS,
    OWNER_FILES,
    OWNER_PAGE_TABLES,
    quotaBytes,
    userMemoryLeft,
} from "../../capabilities/quota";
import { NANOSECONDS, now, realtimeNow } from "../../kernel/clock";
import { latestPid, PID_MAXIMUM, Process, processes } from "../../kernel/process";
import { randomBytes } from "../../kernel/random";
import { processCount } from "../../kernel/statistics";
import {
    DOMAIN_NAME,
    hostName,
    hostNameLength,
    SYSTEM_NAME,
    SYSTEM_RELEASE,
    SYSTEM_VERSION,
} from "../../kernel/systemName";
import { THREAD_BLOCKED } from "../../kernel/thread";
import { containerConfiguration } from "../../../std/containerConfiguration";
import { PAGE_SIZE } from "../../../std/pages";
import { DESCRIPTORS_MAXIMUM } from "../fileDescriptorTable";
import { networkSettingEntries } from "./networkSettings";
import { LINK_MODE, StaticEntry } from "./procInodes";
import {
    addAligned,
    addByte,
    addBytes,
    addField,
    addHexadecimal,
    addNumber,
    addPadded,
    addText,
} from "./textBuilder";

/** The rows of /proc but for the processes. */
export function systemEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("cpuinfo", 0o444, generateProcessors),
        new StaticEntry("devices", 0o444, generateDevices),
        new StaticEntry("filesystems", 0o444, generateFileSystems),
        new StaticEntry("loadavg", 0o444, generateLoad),
        new StaticEntry("meminfo", 0o444, generateMemory),
        new StaticEntry("mounts", LINK_MODE, null),
        new StaticEntry("net", LINK_MODE, null),
        new StaticEntry("self", LINK_MODE, null),
        new StaticEntry("stat", 0o444, generateStat),
        new StaticEntry("swaps", 0o444, generateSwaps),
        new StaticEntry("sys", 0o555, null, null, settingEntries),
        new StaticEntry("thread-self", LINK_MODE, null),
        new StaticEntry("uptime", 0o444, generateUptime),
        new StaticEntry("version", 0o444, generateVersion),
    ];
}

/** /proc/sys. */
function settingEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("fs", 0o555, null, null, fileSettingEntries),
        new StaticEntry("kernel", 0o555, null, null, kernelSettingEntries),
        new StaticEntry("net", 0o555, null, null, networkSettingEntries),
        new StaticEntry("vm", 0o555, null, null, memorySettingEntries),
    ];
}

function fileSettingEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("file-max", 0o644, generateFilesMaximum),
        new StaticEntry("nr_open", 0o644, generateDescriptorsMaximum),
        new StaticEntry("pipe-max-size", 0o644, generatePipeMaximum),
    ];
}

function kernelSettingEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("cap_last_cap", 0o444, generateLastCapability),
        new StaticEntry("domainname", 0o644, generateDomainName),
        new StaticEntry("hostname", 0o644, generateHostName),
        new StaticEntry("ngroups_max", 0o444, generateGroupsMaximum),
        new StaticEntry("osrelease", 0o444, generateRelease),
        new StaticEntry("ostype", 0o444, generateSystemName),
        new StaticEntry("pid_max", 0o644, generatePidMaximum),
        new StaticEntry("random", 0o555, null, null, randomEntries),
        new StaticEntry("threads-max", 0o644, generatePidMaximum),
        new StaticEntry("version", 0o444, generateSystemVersion),
    ];
}

function randomEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("boot_id", 0o444, generateBootIdentifier),
        new StaticEntry("entropy_avail", 0o444, generateEntropy),
        new StaticEntry("poolsize", 0o444, generateEntropy),
        new StaticEntry("uuid", 0o444, generateIdentifier),
    ];
}

function memorySettingEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("max_map_count", 0o644, generateMapsMaximum),
        new StaticEntry("overcommit_memory", 0o644, generateOvercommit),
    ];
}

function addTextLine(text: string): i32 {
    addText(text);
    addByte(10);
    return 0;
}

function addNumberLine(value: u64): i32 {
    addNumber(value);
    addByte(10);
    return 0;
}

function generateProcessors(process: Process | null): i32 {
    const configuration = containerConfiguration();
    const frequency = configuration.timestampCounterFrequency;
    for (let i: u32 = 0; i < configuration.processorCount; i++) {
        addText("processor\t: ");
        addNumber(i);
        addByte(10);
        addText(PROCESSOR_DESCRIPTION);
        if (COUNTS_PROCESSOR_CYCLES && frequency != 0) {
            addText("cpu MHz\t\t: ");
            addNumber(frequency / 1_000_000);
            addByte(46);
            addPadded((frequency / 1_000) % 1_000, 3);
            addByte(10);
        }
        addByte(10);
    }
    return 0;
}

function generateDevices(process: Process | null): i32 {
    return addTextLine(
        "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n136 pts\n\nBlock devices:",
    );
}

function generateFileSystems(process: Process | null): i32 {
    return addTextLine(
        "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tpipefs\nnodev\tdevpts\nnodev\toverlay",
    );
}

function generateLoad(process: Process | null): i32 {
    let running = 0;
    let threads = 0;
    for (let i = 0; i < processes.length; i++) {
        const all = processes[i].threads;
        threads += all.length;
        for (let t = 0; t < all.length; t++) {
            if (all[t].state != THREAD_BLOCKED) running++;
        }
    }
    // Averages are not kept.
    addText("0.00 0.00 0.00 ");
    addNumber(running);
    addByte(47);
    addField(threads);
    return addNumberLine(latestPid());
}

function addMemoryLine(name: string, bytes: u64): void {
    addText(name);
    addAligned(bytes >> 10, 24 - name.length);
    addText(" kB\n");
}

function generateMemory(process: Process | null): i32 {
    const free = userMemoryLeft() + <u64>freeFrameCount() * PAGE_SIZE;
    const files = ownedBytes(OWNER_FILES);
    addMemoryLine("MemTotal:", quotaBytes());
    addMemoryLine("MemFree:", free);
    // Written files live in memory: nothing of them can be given up.
    addMemoryLine("MemAvailable:", free);
    addMemoryLine("Buffers:", 0);
    addMemoryLine("Cached:", files);
    addMemoryLine("SwapCached:", 0);
    addMemoryLine("Active:", ownedBytes(OWNER_ANONYMOUS));
    addMemoryLine("Inactive:", 0);
    addMemoryLine("SwapTotal:", 0);
    addMemoryLine("SwapFree:", 0);
    addMemoryLine("Dirty:", 0);
    addMemoryLine("Writeback:", 0);
    addMemoryLine("AnonPages:", ownedBytes(OWNER_ANONYMOUS));
    addMemoryLine("Mapped:", 0);
    addMemoryLine("Shmem:", files);
    addMemoryLine("Slab:", 0);
    addMemoryLine("PageTables:", ownedBytes(OWNER_PAGE_TABLES));
    addMemoryLine("CommitLimit:", quotaBytes());
    addMemoryLine("Committed_AS:", quotaBytes() - free);
    return 0;
}

function generateStat(process: Process | null): i32 {
    addText("cpu  0 0 0 0 0 0 0 0 0 0\n");
    for (let i: u32 = 0; i < containerConfiguration().processorCount; i++) {
        addText("cpu");
        addNumber(i);
        addText(" 0 0 0 0 0 0 0 0 0 0\n");
    }
    addText("intr 0\nctxt 0\nbtime ");
    addNumberLine((realtimeNow() - now()) / NANOSECONDS);
    addText("processes ");
    addNumberLine(processCount());
    return addTextLine("procs_running 1\nprocs_blocked 0\nsoftirq 0");
}

function generateSwaps(process: Process | null): i32 {
    return addTextLine("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority");
}

function generateUptime(process: Process | null): i32 {
    const hundredths = now() / 10_000_000;
    addNumber(hundredths / 100);
    addByte(46);
    addPadded(hundredths % 100, 2);
    // Idle time is not kept.
    return addTextLine(" 0.00");
}

function generateVersion(process: Process | null): i32 {
    addText(SYSTEM_NAME);
    addText(" version ");
    addText(SYSTEM_RELEASE);
    addText(" (sealift) ");
    return addTextLine(SYSTEM_VERSION);
}

function generateFilesMaximum(process: Process | null): i32 {
    return addNumberLine(i64.MAX_VALUE);
}

function generateDescriptorsMaximum(process: Process | null): i32 {
    return addNumberLine(DESCRIPTORS_MAXIMUM);
}

function generatePipeMaximum(process: Process | null): i32 {
    return addNumberLine(1 << 20);
}

function generateLastCapability(process: Process | null): i32 {
    // CAP_CHECKPOINT_RESTORE, the last one of Linux 6.
    return addNumberLine(40);
}

function generateGroupsMaximum(process: Process | null): i32 {
    return addNumberLine(65536);
}

function generatePidMaximum(process: Process | null): i32 {
    return addNumberLine(PID_MAXIMUM);
}

function generateMapsMaximum(process: Process | null): i32 {
    return addNumberLine(65530);
}

/** Memory is given out when it is touched, not when it is mapped. */
function generateOvercommit(process: Process | null): i32 {
    return addNumberLine(1);
}

function generateEntropy(process: Process | null): i32 {
    return addNumberLine(256);
}

function generateDomainName(process: Process | null): i32 {
    return addTextLine(DOMAIN_NAME);
}

function generateRelease(process: Process | null): i32 {
    return addTextLine(SYSTEM_RELEASE);
}

function generateSystemName(process: Process | null): i32 {
    return addTextLine(SYSTEM_NAME);
}

function generateSystemVersion(process: Process | null): i32 {
    return addTextLine(SYSTEM_VERSION);
}

function generateHostName(process: Process | null): i32 {
    addBytes(hostName(), hostNameLength());
    addByte(10);
    return 0;
}

const identifier: usize = memory.data(16);
const bootIdentifier: usize = memory.data(16);
let booted: bool = false;

/** Sixteen bytes as a random UUID (RFC 9562, version 4). */
function addIdentifier(bytes: usize): i32 {
    store<u8>(bytes, (load<u8>(bytes, 6) & 0x0f) | 0x40, 6);
    store<u8>(bytes, (load<u8>(bytes, 8) & 0x3f) | 0x80, 8);
    for (let i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) addByte(45);
        addHexadecimal(load<u8>(bytes + i), 2);
    }
    addByte(10);
    return 0;
}

function generateIdentifier(process: Process | null): i32 {
    randomBytes(identifier, 16);
    return addIdentifier(identifier);
}

function generateBootIdentifier(process: Process | null): i32 {
    if (!booted) randomBytes(bootIdentifier, 16);
    booted = true;
    return addIdentifier(bootIdentifier);
}
