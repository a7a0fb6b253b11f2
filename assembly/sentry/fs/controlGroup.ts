// SPDX-License-Identifier: Apache-2.0
//
// /sys/fs/cgroup (version 2): the container's own control group, read-only. Limits and uses are those that the manager and
// seL4 enforce; counters of what never happens here are 0.

import {
    heapBytes,
    ownedBytes,
    OWNER_ANONYMOUS,
    OWNER_CAPABILITIES,
    OWNER_FILES,
    OWNER_KERNEL_OBJECTS,
    OWNER_PAGE_TABLES,
    quotaBytes,
    untypedLeft,
} from "../capabilities/quota";
import { outOfMemoryKills } from "../kernel/outOfMemory";
import { Process, processes } from "../kernel/process";
import { measureContainer, measuredSystem, measuredUser } from "../kernel/processorTime";
import { pageFaultCount } from "../kernel/statistics";
import { containerConfiguration } from "../../std/containerConfiguration";
import { FileSystem } from "./fileSystem";
import { Directory } from "./inode";
import { constantEntry, StaticDirectory, StaticEntry } from "./proc/procInodes";
import { pressureEntries } from "./proc/systemFiles";
import { addByte, addField, addNumber, addText } from "./proc/textBuilder";

const CGROUP2_SUPER_MAGIC: u32 = 0x63677270;

/** A mountable /sys/fs/cgroup. */
export function makeControlGroup(): Directory {
    const fileSystem = new FileSystem("cgroup2", CGROUP2_SUPER_MAGIC, false);
    fileSystem.readOnly = true;
    fileSystem.attributesChangeable = false;
    return new StaticDirectory(fileSystem, 1, 0o755, controlGroupEntries, null);
}

function controlGroupEntries(): Array<StaticEntry> {
    const pressure = pressureEntries()[0].content!;
    return [
        constantEntry("cgroup.controllers", "cpuset cpu memory pids", 0o444),
        constantEntry("cgroup.events", "populated 1\nfrozen 0", 0o444),
        constantEntry("cgroup.freeze", "0"),
        constantEntry("cgroup.max.depth", "max"),
        constantEntry("cgroup.max.descendants", "max"),
        new StaticEntry("cgroup.procs", 0o644, generateProcesses),
        constantEntry("cgroup.stat", "nr_descendants 0\nnr_dying_descendants 0", 0o444),
        constantEntry("cgroup.subtree_control", ""),
        new StaticEntry("cgroup.threads", 0o644, generateThreads),
        constantEntry("cgroup.type", "domain"),
        constantEntry("cpu.idle", "0"),
        new StaticEntry("cpu.max", 0o644, generateProcessorLimit),
        constantEntry("cpu.max.burst", "0"),
        constantEntry("cpu.pressure", pressure),
        new StaticEntry("cpu.stat", 0o444, generateProcessorUse),
        constantEntry("cpu.weight", "100"),
        constantEntry("cpu.weight.nice", "0"),
        constantEntry("cpuset.cpus", ""),
        new StaticEntry("cpuset.cpus.effective", 0o444, generateProcessorList),
        constantEntry("cpuset.cpus.partition", "member"),
        constantEntry("cpuset.mems", ""),
        constantEntry("cpuset.mems.effective", "0", 0o444),
        constantEntry("io.pressure", pressure),
        new StaticEntry("memory.current", 0o444, generateMemoryUse),
        new StaticEntry("memory.events", 0o444, generateMemoryEvents),
        new StaticEntry("memory.events.local", 0o444, generateMemoryEvents),
        constantEntry("memory.high", "max"),
        constantEntry("memory.low", "0"),
        new StaticEntry("memory.max", 0o644, generateMemoryLimit),
        constantEntry("memory.min", "0"),
        constantEntry("memory.oom.group", "0"),
        new StaticEntry("memory.peak", 0o444, generateMemoryPeak),
        constantEntry("memory.pressure", pressure),
        new StaticEntry("memory.stat", 0o444, generateMemoryStatistics),
        constantEntry("memory.swap.current", "0", 0o444),
        constantEntry("memory.swap.events", "high 0\nmax 0\nfail 0", 0o444),
        constantEntry("memory.swap.high", "max"),
        constantEntry("memory.swap.max", "0"),
        constantEntry("memory.swap.peak", "0", 0o444),
        new StaticEntry("pids.current", 0o444, generateThreadCount),
        constantEntry("pids.events", "max 0", 0o444),
        constantEntry("pids.max", "max"),
        new StaticEntry("pids.peak", 0o444, generateThreadPeak),
    ];
}

function addLine(value: u64): i32 {
    addNumber(value);
    addByte(10);
    return 0;
}

function addCount(name: string, value: u64): void {
    addText(name);
    addByte(32);
    addNumber(value);
    addByte(10);
}

/** A zombie that nobody has waited for is in its group, without threads. */
function generateProcesses(process: Process | null): i32 {
    for (let i = 0; i < processes.length; i++) addLine(processes[i].pid);
    return 0;
}

function generateThreads(process: Process | null): i32 {
    for (let i = 0; i < processes.length; i++) {
        const threads = processes[i].threads;
        for (let t = 0; t < threads.length; t++) addLine(threads[t].tid);
    }
    return 0;
}

let threadPeak: u32 = 0;

/** The pids controller counts threads. Its peak is the highest count that anybody saw. */
function threadCount(): u32 {
    let count: u32 = 0;
    for (let i = 0; i < processes.length; i++) count += max(processes[i].threads.length, 1);
    threadPeak = max(threadPeak, count);
    return count;
}

function generateThreadCount(process: Process | null): i32 {
    return addLine(threadCount());
}

function generateThreadPeak(process: Process | null): i32 {
    threadCount();
    return addLine(threadPeak);
}

function generateProcessorLimit(process: Process | null): i32 {
    const configuration = containerConfiguration();
    if (configuration.isProcessorLimited) addField(configuration.budget);
    else addText("max ");
    return addLine(configuration.period);
}

function generateProcessorUse(process: Process | null): i32 {
    measureContainer();
    addCount("usage_usec", (measuredUser + measuredSystem) / 1000);
    addCount("user_usec", measuredUser / 1000);
    addCount("system_usec", measuredSystem / 1000);
    addText("nice_usec 0\ncore_sched.force_idle_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n");
    addText("nr_bursts 0\nburst_usec 0\n");
    return 0;
}

/** The processors that the container may use, as Linux writes lists: "0" or "0-3". */
export function generateProcessorList(process: Process | null): i32 {
    const count = containerConfiguration().processorCount;
    addByte(48);
    if (count > 1) {
        addByte(45);
        addNumber(count - 1);
    }
    addByte(10);
    return 0;
}

function kernelBytes(): u64 {
    return (
        heapBytes() +
        ownedBytes(OWNER_KERNEL_OBJECTS) +
        ownedBytes(OWNER_PAGE_TABLES) +
        ownedBytes(OWNER_CAPABILITIES)
    );
}

let memoryPeak: u64 = 0;

function memoryUse(): u64 {
    const bytes = ownedBytes(OWNER_ANONYMOUS) + ownedBytes(OWNER_FILES) + kernelBytes();
    memoryPeak = max(memoryPeak, bytes);
    return bytes;
}

function generateMemoryUse(process: Process | null): i32 {
    return addLine(memoryUse());
}

/** What the untypeds have given is never given back to them: that is the most that was in use at a time. */
function generateMemoryPeak(process: Process | null): i32 {
    memoryUse();
    return addLine(max(memoryPeak, quotaBytes() - untypedLeft()));
}

function generateMemoryLimit(process: Process | null): i32 {
    return addLine(quotaBytes());
}

function generateMemoryEvents(process: Process | null): i32 {
    const kills = outOfMemoryKills();
    addText("low 0\nhigh 0\n");
    addCount("max", kills);
    addCount("oom", kills);
    addCount("oom_kill", kills);
    addText("oom_group_kill 0\n");
    return 0;
}

function generateMemoryStatistics(process: Process | null): i32 {
    const anonymous = ownedBytes(OWNER_ANONYMOUS);
    const files = ownedBytes(OWNER_FILES);
    addCount("anon", anonymous);
    addCount("file", files);
    addCount("kernel", kernelBytes());
    addText("kernel_stack 0\n");
    addCount("pagetables", ownedBytes(OWNER_PAGE_TABLES));
    addText("sec_pagetables 0\npercpu 0\nsock 0\nvmalloc 0\n");
    // Written files cannot be given up, as those of a tmpfs.
    addCount("shmem", files);
    addText(
        "file_mapped 0\nfile_dirty 0\nfile_writeback 0\nswapcached 0\nanon_thp 0\nfile_thp 0\nshmem_thp 0\n",
    );
    addCount("inactive_anon", files);
    addCount("active_anon", anonymous);
    addText("inactive_file 0\nactive_file 0\nunevictable 0\nslab_reclaimable 0\n");
    addCount("slab_unreclaimable", heapBytes());
    addCount("slab", heapBytes());
    addText("workingset_refault_anon 0\nworkingset_refault_file 0\nworkingset_activate_anon 0\n");
    addText("workingset_activate_file 0\nworkingset_restore_anon 0\nworkingset_restore_file 0\n");
    addText("workingset_nodereclaim 0\npgscan 0\npgsteal 0\n");
    addCount("pgfault", pageFaultCount());
    addText("pgmajfault 0\npgrefill 0\npgactivate 0\npgdeactivate 0\npglazyfree 0\npglazyfreed 0\n");
    return 0;
}
