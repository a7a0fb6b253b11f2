// SPDX-License-Identifier: Apache-2.0
//
// /proc/sys (proc(5)): what programs read to learn limits. It is mounted read-only, as engines do. Limits that Sealift has are
// the real ones; what only steers a kernel that is not here has the value of a Linux that was just started.

import { latestPid, PID_MAXIMUM, Process } from "../../kernel/process";
import { ENTROPY_BITS, randomBytes } from "../../kernel/random";
import {
    DOMAIN_NAME,
    hostName,
    hostNameLength,
    SYSTEM_NAME,
    SYSTEM_RELEASE,
    SYSTEM_VERSION,
} from "../../kernel/systemName";
import { DESCRIPTORS_MAXIMUM } from "../fileDescriptorTable";
import { FileSystem, PROC_SUPER_MAGIC } from "../fileSystem";
import { Directory } from "../inode";
import { INOTIFY_EVENTS_MAXIMUM, INOTIFY_INSTANCES_MAXIMUM, INOTIFY_WATCHES_MAXIMUM } from "../inotifyFile";
import { LEASE_BREAK_SECONDS } from "../leases";
import { openFileCount } from "../openFile";
import { networkSettingEntries } from "./networkSettings";
import { constantEntry, directoryEntry, StaticDirectory, StaticEntry } from "./procInodes";
import { addNumberLine, addTextLine } from "./lines";
import { addByte, addBytes, addHexadecimal, addNumber, addText } from "./textBuilder";
import { reserveBuffer } from "../../memory/buffers";

/** A mountable /proc/sys. */
export function makeSettings(): Directory {
    const fileSystem = new FileSystem("proc", PROC_SUPER_MAGIC, false);
    fileSystem.readOnly = true;
    fileSystem.attributesChangeable = false;
    return new StaticDirectory(fileSystem, 1, 0o555, settingEntries, null);
}

function settingEntries(): Array<StaticEntry> {
    return [
        directoryEntry("fs", fileEntries),
        directoryEntry("kernel", kernelEntries),
        directoryEntry("net", networkSettingEntries),
        directoryEntry("user", userEntries),
        directoryEntry("vm", memoryEntries),
    ];
}

function fileEntries(): Array<StaticEntry> {
    return [
        constantEntry("aio-max-nr", "65536"),
        constantEntry("aio-nr", "0", 0o444),
        constantEntry("dentry-state", "0\t0\t45\t0\t0\t0", 0o444),
        directoryEntry("epoll", pollEntries),
        constantEntry("file-max", "9223372036854775807"),
        new StaticEntry("file-nr", 0o444, generateFiles),
        constantEntry("inode-nr", "0\t0", 0o444),
        constantEntry("inode-state", "0\t0\t0\t0\t0\t0\t0", 0o444),
        directoryEntry("inotify", watchEntries),
        constantEntry("lease-break-time", LEASE_BREAK_SECONDS.toString()),
        constantEntry("leases-enable", "1"),
        constantEntry("mount-max", "100000"),
        new StaticEntry("nr_open", 0o644, generateDescriptorsMaximum),
        constantEntry("overflowgid", "65534"),
        constantEntry("overflowuid", "65534"),
        constantEntry("pipe-max-size", "1048576"),
        constantEntry("pipe-user-pages-hard", "0"),
        constantEntry("pipe-user-pages-soft", "16384"),
        constantEntry("protected_fifos", "0", 0o600),
        constantEntry("protected_hardlinks", "1", 0o600),
        constantEntry("protected_regular", "0", 0o600),
        constantEntry("protected_symlinks", "0", 0o600),
        constantEntry("suid_dumpable", "0"),
    ];
}

function pollEntries(): Array<StaticEntry> {
    return [constantEntry("max_user_watches", "1048576")];
}

function watchEntries(): Array<StaticEntry> {
    return [
        constantEntry("max_queued_events", INOTIFY_EVENTS_MAXIMUM.toString()),
        constantEntry("max_user_instances", INOTIFY_INSTANCES_MAXIMUM.toString()),
        constantEntry("max_user_watches", INOTIFY_WATCHES_MAXIMUM.toString()),
    ];
}

function kernelEntries(): Array<StaticEntry> {
    return [
        constantEntry("cap_last_cap", "40", 0o444),
        constantEntry("core_pattern", "core"),
        constantEntry("core_pipe_limit", "0"),
        constantEntry("core_uses_pid", "0"),
        constantEntry("ctrl-alt-del", "0"),
        constantEntry("dmesg_restrict", "1"),
        new StaticEntry("domainname", 0o644, generateDomainName),
        new StaticEntry("hostname", 0o644, generateHostName),
        constantEntry("io_uring_disabled", "2"),
        constantEntry("kexec_load_disabled", "1"),
        constantEntry("kptr_restrict", "1"),
        constantEntry("modules_disabled", "1"),
        constantEntry("msgmax", "8192"),
        constantEntry("msgmnb", "16384"),
        constantEntry("msgmni", "32000"),
        constantEntry("ngroups_max", "65536", 0o444),
        new StaticEntry("ns_last_pid", 0o644, generateLatestPid),
        constantEntry("osrelease", SYSTEM_RELEASE, 0o444),
        constantEntry("ostype", SYSTEM_NAME, 0o444),
        constantEntry("overflowgid", "65534"),
        constantEntry("overflowuid", "65534"),
        constantEntry("panic", "0"),
        constantEntry("panic_on_oops", "0"),
        constantEntry("perf_event_paranoid", "4"),
        new StaticEntry("pid_max", 0o644, generatePidMaximum),
        constantEntry("printk", "4\t4\t1\t7"),
        directoryEntry("pty", terminalEntries),
        directoryEntry("random", randomEntries),
        constantEntry("randomize_va_space", "2"),
        constantEntry("sched_autogroup_enabled", "0"),
        constantEntry("sched_rr_timeslice_ms", "100"),
        constantEntry("sched_rt_period_us", "1000000"),
        constantEntry("sched_rt_runtime_us", "950000"),
        constantEntry("sem", "32000\t1024000000\t500\t32000"),
        constantEntry("shm_rmid_forced", "0"),
        constantEntry("shmall", "18446744073692774399"),
        constantEntry("shmmax", "18446744073692774399"),
        constantEntry("shmmni", "4096"),
        constantEntry("sysrq", "0"),
        constantEntry("tainted", "0"),
        new StaticEntry("threads-max", 0o644, generatePidMaximum),
        constantEntry("unprivileged_bpf_disabled", "2"),
        constantEntry("version", SYSTEM_VERSION, 0o444),
        directoryEntry("yama", traceEntries),
    ];
}

function terminalEntries(): Array<StaticEntry> {
    return [constantEntry("max", "4096"), constantEntry("reserve", "1024")];
}

function traceEntries(): Array<StaticEntry> {
    return [constantEntry("ptrace_scope", "0")];
}

function randomEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("boot_id", 0o444, generateBootIdentifier),
        constantEntry("entropy_avail", ENTROPY_BITS.toString(), 0o444),
        constantEntry("poolsize", "256", 0o444),
        constantEntry("urandom_min_reseed_secs", "60"),
        new StaticEntry("uuid", 0o444, generateIdentifier),
        constantEntry("write_wakeup_threshold", "256"),
    ];
}

function memoryEntries(): Array<StaticEntry> {
    return [
        constantEntry("admin_reserve_kbytes", "8192"),
        constantEntry("compaction_proactiveness", "0"),
        constantEntry("dirty_background_bytes", "0"),
        constantEntry("dirty_background_ratio", "10"),
        constantEntry("dirty_bytes", "0"),
        constantEntry("dirty_expire_centisecs", "3000"),
        constantEntry("dirty_ratio", "20"),
        constantEntry("dirty_writeback_centisecs", "500"),
        constantEntry("legacy_va_layout", "0"),
        // The address space keeps no count: this is where programs stop asking.
        constantEntry("max_map_count", "65530"),
        constantEntry("min_free_kbytes", "67584"),
        constantEntry("mmap_min_addr", "65536"),
        constantEntry("nr_hugepages", "0"),
        constantEntry("nr_overcommit_hugepages", "0"),
        constantEntry("oom_dump_tasks", "0"),
        constantEntry("oom_kill_allocating_task", "0"),
        constantEntry("overcommit_kbytes", "0"),
        // Memory is given out when it is touched, not when it is mapped.
        constantEntry("overcommit_memory", "1"),
        constantEntry("overcommit_ratio", "50"),
        constantEntry("page-cluster", "3"),
        constantEntry("panic_on_oom", "0"),
        constantEntry("swappiness", "0"),
        constantEntry("user_reserve_kbytes", "131072"),
        constantEntry("vfs_cache_pressure", "100"),
        constantEntry("zone_reclaim_mode", "0"),
    ];
}

function userEntries(): Array<StaticEntry> {
    return [
        constantEntry("max_inotify_instances", INOTIFY_INSTANCES_MAXIMUM.toString()),
        constantEntry("max_inotify_watches", INOTIFY_WATCHES_MAXIMUM.toString()),
        constantEntry("max_user_namespaces", "0"),
    ];
}

// ---------------------------------------------------------------- values

function generateFiles(process: Process | null): i32 {
    addNumber(openFileCount);
    addText("\t0\t9223372036854775807\n");
    return 0;
}

function generateDescriptorsMaximum(process: Process | null): i32 {
    return addNumberLine(DESCRIPTORS_MAXIMUM);
}

function generateLatestPid(process: Process | null): i32 {
    return addNumberLine(latestPid());
}

function generatePidMaximum(process: Process | null): i32 {
    return addNumberLine(PID_MAXIMUM);
}

function generateDomainName(process: Process | null): i32 {
    return addTextLine(DOMAIN_NAME);
}

function generateHostName(process: Process | null): i32 {
    addBytes(hostName(), hostNameLength());
    addByte(10);
    return 0;
}

const identifier: usize = reserveBuffer(16);
const bootIdentifier: usize = reserveBuffer(16);
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
