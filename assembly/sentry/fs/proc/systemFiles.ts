// SPDX-License-Identifier: Apache-2.0
//
// The files of /proc that belong to no process (proc(5)). The container's view is truthful: memory is its quota,
// processors are those it may use.

import { COUNTS_PROCESSOR_CYCLES, PROCESSOR_DESCRIPTION } from "../../arch/machine";
import { freeFrameCount } from "../../memory/frames";
import {
    heapBytes,
    ownedBytes,
    OWNER_ANONYMOUS,
    OWNER_FILES,
    OWNER_PAGE_TABLES,
    quotaBytes,
    userMemoryLeft,
} from "../../capabilities/quota";
import { NANOSECONDS, now, realtimeNow } from "../../kernel/clock";
import { measureContainer, measuredSystem, measuredUser } from "../../kernel/processorTime";
import { latestPid, Process, processes } from "../../kernel/process";
import { pageFaultCount, processCount } from "../../kernel/statistics";
import { SYSTEM_NAME, SYSTEM_RELEASE, SYSTEM_VERSION } from "../../kernel/systemName";
import { THREAD_BLOCKED } from "../../kernel/thread";
import { containerConfiguration } from "../../../std/containerConfiguration";
import { PAGE_BITS, PAGE_SIZE } from "../../../std/pages";
import { Directory } from "../inode";
import { communicationEntries } from "./communicationFiles";
import { constantEntry, directoryEntry, LINK_MODE, StaticEntry } from "./procInodes";
import { addNumberLine, addTextLine } from "./lines";
import { addAligned, addByte, addField, addNumber, addPadded, addText } from "./textBuilder";

/** The root of /proc/sys, a filesystem of its own. */
let settingsRoot: Directory | null = null;

/** What systemEntries mounts on /proc/sys. */
export function mountSettings(root: Directory): void {
    settingsRoot = root;
}

/** Which row of /proc is "self". */
export const SELF_ROW: i32 = 18;
/** How many of the rows are directories. */
export const SYSTEM_DIRECTORIES: i32 = 4;

/** The rows of /proc but for the processes. */
export function systemEntries(): Array<StaticEntry> {
    const settings = directoryEntry("sys", noEntries);
    settings.mounted = settingsRoot;
    const rows: Array<StaticEntry> = [
        constantEntry("buddyinfo", "", 0o444),
        new StaticEntry("cgroups", 0o444, generateControlGroups),
        constantEntry("cmdline", "sealift", 0o444),
        constantEntry("consoles", "", 0o444),
        new StaticEntry("cpuinfo", 0o444, generateProcessors),
        new StaticEntry("devices", 0o444, generateDevices),
        new StaticEntry("diskstats", 0o444, generateNothing),
        new StaticEntry("filesystems", 0o444, generateFileSystems),
        new StaticEntry("interrupts", 0o444, generateInterrupts),
        new StaticEntry("loadavg", 0o444, generateLoad),
        new StaticEntry("locks", 0o444, generateNothing),
        new StaticEntry("meminfo", 0o444, generateMemory),
        constantEntry("misc", "", 0o444),
        new StaticEntry("modules", 0o444, generateNothing),
        new StaticEntry("mounts", LINK_MODE, null),
        new StaticEntry("net", LINK_MODE, null),
        constantEntry("partitions", "major minor  #blocks  name\n", 0o444),
        directoryEntry("pressure", pressureEntries),
        new StaticEntry("self", LINK_MODE, null),
        constantEntry("softirqs", "                    CPU0", 0o444),
        new StaticEntry("stat", 0o444, generateStat),
        new StaticEntry("swaps", 0o444, generateSwaps),
        settings,
        directoryEntry("sysvipc", communicationEntries),
        new StaticEntry("thread-self", LINK_MODE, null),
        directoryEntry("tty", terminalEntries),
        new StaticEntry("uptime", 0o444, generateUptime),
        new StaticEntry("version", 0o444, generateVersion),
        new StaticEntry("vmstat", 0o444, generateMemoryEvents),
    ];
    assert(rows[SELF_ROW].name == "self", "SELF_ROW is another row's number");
    return rows;
}

function noEntries(): Array<StaticEntry> {
    return [];
}

const PRESSURE: string =
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0";

/** Nothing that waits is counted. */
export function pressureEntries(): Array<StaticEntry> {
    return [constantEntry("cpu", PRESSURE), constantEntry("io", PRESSURE), constantEntry("memory", PRESSURE)];
}

function terminalEntries(): Array<StaticEntry> {
    return [
        constantEntry(
            "drivers",
            "/dev/tty             /dev/tty        5       0 system:/dev/tty\n/dev/console         /dev/console    5       1 system:console\n/dev/ptmx            /dev/ptmx       5       2 system",
            0o444,
        ),
    ];
}

function generateNothing(process: Process | null): i32 {
    return 0;
}

function generateControlGroups(process: Process | null): i32 {
    return addTextLine(
        "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t1\t1\nmemory\t0\t1\t1\npids\t0\t1\t1",
    );
}

function generateInterrupts(process: Process | null): i32 {
    addText("           ");
    for (let i: u32 = 0; i < containerConfiguration().processorCount; i++) {
        addText("CPU");
        addNumber(i);
        addText("       ");
    }
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
        "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:",
    );
}

function generateFileSystems(process: Process | null): i32 {
    return addTextLine(
        "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tsockfs\nnodev\tpipefs\nnodev\tdevpts\nnodev\toverlay",
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
    const total = quotaBytes();
    const free = min(userMemoryLeft() + <u64>freeFrameCount() * PAGE_SIZE, total);
    const files = ownedBytes(OWNER_FILES);
    const anonymous = ownedBytes(OWNER_ANONYMOUS);
    addMemoryLine("MemTotal:", total);
    addMemoryLine("MemFree:", free);
    // Written files live in memory: nothing of them can be given up.
    addMemoryLine("MemAvailable:", free);
    addMemoryLine("Buffers:", 0);
    addMemoryLine("Cached:", files);
    addMemoryLine("SwapCached:", 0);
    addMemoryLine("Active:", anonymous);
    addMemoryLine("Inactive:", files);
    addMemoryLine("Active(anon):", anonymous);
    addMemoryLine("Inactive(anon):", files);
    addMemoryLine("Active(file):", 0);
    addMemoryLine("Inactive(file):", 0);
    addMemoryLine("Unevictable:", 0);
    addMemoryLine("Mlocked:", 0);
    addMemoryLine("SwapTotal:", 0);
    addMemoryLine("SwapFree:", 0);
    addMemoryLine("Dirty:", 0);
    addMemoryLine("Writeback:", 0);
    addMemoryLine("AnonPages:", anonymous);
    addMemoryLine("Mapped:", 0);
    addMemoryLine("Shmem:", files);
    addMemoryLine("KReclaimable:", 0);
    // The sentry's heap is what a kernel's slabs are.
    addMemoryLine("Slab:", heapBytes());
    addMemoryLine("SReclaimable:", 0);
    addMemoryLine("SUnreclaim:", heapBytes());
    addMemoryLine("KernelStack:", 0);
    addMemoryLine("PageTables:", ownedBytes(OWNER_PAGE_TABLES));
    addMemoryLine("SecPageTables:", 0);
    addMemoryLine("NFS_Unstable:", 0);
    addMemoryLine("Bounce:", 0);
    addMemoryLine("WritebackTmp:", 0);
    addMemoryLine("CommitLimit:", total);
    addMemoryLine("Committed_AS:", total - free);
    addMemoryLine("VmallocTotal:", 0);
    addMemoryLine("VmallocUsed:", 0);
    addMemoryLine("VmallocChunk:", 0);
    addMemoryLine("Percpu:", 0);
    addMemoryLine("AnonHugePages:", 0);
    addMemoryLine("ShmemHugePages:", 0);
    addMemoryLine("ShmemPmdMapped:", 0);
    addMemoryLine("FileHugePages:", 0);
    addMemoryLine("FilePmdMapped:", 0);
    addText(
        "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\n",
    );
    addMemoryLine("Hugepagesize:", 2048 * 1024);
    addMemoryLine("Hugetlb:", 0);
    return 0;
}

function addCountLine(name: string, value: u64): void {
    addText(name);
    addByte(32);
    addNumber(value);
    addByte(10);
}

/** Of what Linux counts here: what vmstat(8) and its like ask for. */
function generateMemoryEvents(process: Process | null): i32 {
    const free = (userMemoryLeft() >> PAGE_BITS) + freeFrameCount();
    addCountLine("nr_free_pages", free);
    addCountLine("nr_inactive_anon", 0);
    addCountLine("nr_active_anon", ownedBytes(OWNER_ANONYMOUS) >> PAGE_BITS);
    addCountLine("nr_inactive_file", 0);
    addCountLine("nr_active_file", 0);
    addCountLine("nr_anon_pages", ownedBytes(OWNER_ANONYMOUS) >> PAGE_BITS);
    addCountLine("nr_mapped", 0);
    addCountLine("nr_file_pages", ownedBytes(OWNER_FILES) >> PAGE_BITS);
    addCountLine("nr_dirty", 0);
    addCountLine("nr_writeback", 0);
    addCountLine("nr_shmem", ownedBytes(OWNER_FILES) >> PAGE_BITS);
    addCountLine("pgpgin", 0);
    addCountLine("pgpgout", 0);
    addCountLine("pswpin", 0);
    addCountLine("pswpout", 0);
    addCountLine("pgfault", pageFaultCount());
    addCountLine("pgmajfault", 0);
    addCountLine("oom_kill", 0);
    return 0;
}

/** user nice system idle iowait irq softirq steal guest guest_nice, in ticks. */
function addTimes(name: string, share: u32, idle: u64): void {
    addText(name);
    addByte(32);
    addField(measuredUser / share / TICK_NANOSECONDS);
    addText("0 ");
    addField(measuredSystem / share / TICK_NANOSECONDS);
    addField(idle / TICK_NANOSECONDS);
    addText("0 0 0 0 0 0\n");
}

/** USER_HZ: clock ticks of the times in /proc/stat. */
const TICK_NANOSECONDS: u64 = 10_000_000;

function generateStat(process: Process | null): i32 {
    measureContainer();
    const count = containerConfiguration().processorCount;
    const all = now() * count;
    const used = min(measuredUser + measuredSystem, all);
    addTimes("cpu ", 1, all - used);
    for (let i: u32 = 0; i < count; i++) {
        addText("cpu");
        addNumber(i);
        // Which processor ran what is not kept.
        addTimes("", count, (all - used) / count);
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
