// SPDX-License-Identifier: Apache-2.0
//
// /sys, as far as language runtimes and tools look there for the processors, memory nodes and interfaces they may use.

import { freeFrameCount } from "../memory/frames";
import { quotaBytes, userMemoryLeft } from "../capabilities/quota";
import { Process } from "../kernel/process";
import { containerConfiguration } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { generateProcessorList } from "./controlGroup";
import { FileSystem, SYSFS_MAGIC } from "./fileSystem";
import { Directory } from "./inode";
import { classEntries } from "./networkTree";
import { constantEntry, directoryEntry, rowArgument, StaticDirectory, StaticEntry } from "./proc/procInodes";
import { addAligned, addByte, addText } from "./proc/textBuilder";

/** What is mounted on /sys/fs/cgroup. */
let controlGroupRoot: Directory | null = null;

/** A mountable /sys, read-only as engines mount it, with `controlGroup` mounted on its fs/cgroup. */
export function makeSys(controlGroup: Directory): StaticDirectory {
    controlGroupRoot = controlGroup;
    const fileSystem = new FileSystem("sysfs", SYSFS_MAGIC, false);
    fileSystem.readOnly = true;
    fileSystem.attributesChangeable = false;
    const root = new StaticDirectory(fileSystem, 1, 0o555, sysEntries, null);
    root.linkCount = 2 + SYS_ROWS;
    return root;
}

/** The directory fs of `sys`, which the mount of `controlGroup` needs: without making the rows. */
export function fileSystemsOf(sys: StaticDirectory): Directory {
    return changetype<Directory>(sys.childOf(directoryEntry("fs", fileSystemEntries), FILE_SYSTEMS_ROW)!);
}

/** Rows of /sys, all of them directories, and which one is "fs". */
const SYS_ROWS: i32 = 10;
const FILE_SYSTEMS_ROW: i32 = 6;

function sysEntries(): Array<StaticEntry> {
    const rows: Array<StaticEntry> = [
        directoryEntry("block", noEntries),
        directoryEntry("bus", noEntries),
        directoryEntry("class", classEntries),
        directoryEntry("dev", deviceNumberEntries),
        directoryEntry("devices", deviceEntries),
        directoryEntry("firmware", noEntries),
        directoryEntry("fs", fileSystemEntries),
        directoryEntry("kernel", kernelEntries),
        directoryEntry("module", noEntries),
        directoryEntry("power", noEntries),
    ];
    assert(rows[FILE_SYSTEMS_ROW].name == "fs", "FILE_SYSTEMS_ROW is another row's number");
    return rows;
}

function noEntries(): Array<StaticEntry> {
    return [];
}

function fileSystemEntries(): Array<StaticEntry> {
    const mountPoint = new StaticEntry("cgroup", 0o755, null, null, noEntries);
    mountPoint.mounted = controlGroupRoot;
    return [mountPoint];
}

function deviceNumberEntries(): Array<StaticEntry> {
    return [directoryEntry("block", noEntries), directoryEntry("char", noEntries)];
}

// ---------------------------------------------------------------- processors and nodes

function deviceEntries(): Array<StaticEntry> {
    return [directoryEntry("system", systemDeviceEntries)];
}

function systemDeviceEntries(): Array<StaticEntry> {
    return [directoryEntry("cpu", processorEntries), directoryEntry("node", nodeEntries)];
}

function processorEntries(): Array<StaticEntry> {
    const entries: Array<StaticEntry> = [
        constantEntry("isolated", "", 0o444),
        constantEntry("kernel_max", "63", 0o444),
        constantEntry("offline", "", 0o444),
        new StaticEntry("online", 0o444, generateProcessorList),
        new StaticEntry("possible", 0o444, generateProcessorList),
        new StaticEntry("present", 0o444, generateProcessorList),
    ];
    const count = <i32>containerConfiguration().processorCount;
    for (let number = 0; number < count; number++) {
        const entry = directoryEntry("cpu" + number.toString(), oneProcessorEntries);
        entry.argument = number;
        entries.push(entry);
    }
    return entries;
}

function oneProcessorEntries(): Array<StaticEntry> {
    return [constantEntry("online", "1"), directoryEntry("topology", topologyEntries)];
}

/** Each processor is a core of its own in one package. */
function topologyEntries(): Array<StaticEntry> {
    const number = rowArgument;
    const last = <i32>containerConfiguration().processorCount - 1;
    const self = number.toString();
    const all = last == 0 ? "0" : "0-" + last.toString();
    const selfMask = ((<u64>1) << number).toString(16);
    const allMask = (((<u64>2) << last) - 1).toString(16);
    return [
        constantEntry("cluster_id", "0", 0o444),
        constantEntry("core_cpus", selfMask, 0o444),
        constantEntry("core_cpus_list", self, 0o444),
        constantEntry("core_id", self, 0o444),
        constantEntry("core_siblings", allMask, 0o444),
        constantEntry("core_siblings_list", all, 0o444),
        constantEntry("die_cpus", allMask, 0o444),
        constantEntry("die_cpus_list", all, 0o444),
        constantEntry("die_id", "0", 0o444),
        constantEntry("package_cpus", allMask, 0o444),
        constantEntry("package_cpus_list", all, 0o444),
        constantEntry("physical_package_id", "0", 0o444),
        constantEntry("thread_siblings", selfMask, 0o444),
        constantEntry("thread_siblings_list", self, 0o444),
    ];
}

function nodeEntries(): Array<StaticEntry> {
    return [
        constantEntry("has_cpu", "0", 0o444),
        constantEntry("has_memory", "0", 0o444),
        constantEntry("has_normal_memory", "0", 0o444),
        directoryEntry("node0", oneNodeEntries),
        constantEntry("online", "0", 0o444),
        constantEntry("possible", "0", 0o444),
    ];
}

function oneNodeEntries(): Array<StaticEntry> {
    const last = <i32>containerConfiguration().processorCount - 1;
    return [
        new StaticEntry("cpulist", 0o444, generateProcessorList),
        constantEntry("cpumap", (((<u64>2) << last) - 1).toString(16), 0o444),
        constantEntry("distance", "10", 0o444),
        new StaticEntry("meminfo", 0o444, generateNodeMemory),
        constantEntry(
            "numastat",
            "numa_hit 0\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 0\nother_node 0",
            0o444,
        ),
    ];
}

function addNodeLine(name: string, bytes: u64): void {
    addText("Node 0 ");
    addText(name);
    addAligned(bytes >> 10, 24 - name.length);
    addText(" kB\n");
}

function generateNodeMemory(process: Process | null): i32 {
    const total = quotaBytes();
    const free = min(userMemoryLeft() + <u64>freeFrameCount() * PAGE_SIZE, total);
    addNodeLine("MemTotal:", total);
    addNodeLine("MemFree:", free);
    addNodeLine("MemUsed:", total - free);
    addText("Node 0 HugePages_Total:     0\nNode 0 HugePages_Free:      0\nNode 0 HugePages_Surp:      0");
    addByte(10);
    return 0;
}

// ---------------------------------------------------------------- kernel

function kernelEntries(): Array<StaticEntry> {
    return [directoryEntry("mm", memoryEntries)];
}

function memoryEntries(): Array<StaticEntry> {
    return [directoryEntry("hugepages", noEntries), directoryEntry("transparent_hugepage", hugePageEntries)];
}

/** Pages are small ones, whatever a program advises. */
function hugePageEntries(): Array<StaticEntry> {
    return [
        constantEntry("defrag", "always defer defer+madvise madvise [never]"),
        constantEntry("enabled", "always madvise [never]"),
        constantEntry("hpage_pmd_size", "2097152", 0o444),
        constantEntry("shmem_enabled", "always within_size advise [never] deny force"),
        constantEntry("use_zero_page", "0"),
    ];
}
