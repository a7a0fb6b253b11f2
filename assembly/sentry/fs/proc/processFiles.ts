// SPDX-License-Identifier: Apache-2.0
//
// The files of /proc/PID (proc(5)). Figures that Sealift does not keep are 0.

import { CAP_SYS_RESOURCE } from "../../kernel/capabilities";
import { EACCES, EINVAL, ESRCH } from "../../kernel/errno";
import { quotaBytes } from "../../capabilities/quota";
import { memoryScore, SCORE_ADJUSTMENT_MAXIMUM, SCORE_ADJUSTMENT_MINIMUM } from "../../kernel/outOfMemory";
import { Process } from "../../kernel/process";
import { mayInspect } from "../../kernel/processAccess";
import { measuredSystem, measuredUser, measureProcess, measureThread } from "../../kernel/processorTime";
import { RLIM_INFINITY, RLIMIT_RSS } from "../../kernel/resourceLimits";
import { current, findThread, Thread } from "../../kernel/thread";
import { AddressSpace } from "../../memory/addressSpace";
import { MASK_UNBLOCKABLE, SIGNAL_MAXIMUM, signalBit } from "../../signals/numbers";
import { SIG_DFL, SIG_IGN } from "../../signals/signalActions";
import { PAGE_BITS, PAGE_SIZE } from "../../../std/pages";
import { S_IFDIR } from "../inode";
import { generateMountInformation, generateMounts, generateMountStatistics } from "../mountTable";
import {
    addMemoryStatus,
    generateMapDetails,
    generateMaps,
    generateMapSums,
    generateMemoryPages,
} from "./memoryFiles";
import { addNumberLine, addTextLine } from "./lines";
import { networkEntries } from "./networkFiles";
import { constantEntry, LINK_MODE, StaticEntry } from "./procInodes";
import { generateIdentityMap, generateWaitChannel } from "./processTrees";
import {
    addByte,
    addBytes,
    addField,
    addHexadecimal,
    addNumber,
    addOctal,
    addSigned,
    addSignedField,
    addSpacesTo,
    addText,
    textLength,
} from "./textBuilder";
import { isThreadAlone, nameOf, shownThread, stateOf, takeThread } from "./threadText";

/** USER_HZ: clock ticks of the times in /proc/PID/stat. */
const TICK_NANOSECONDS: u64 = 10_000_000;

let entries: Array<StaticEntry> | null = null;

/** Which row of /proc/PID is "exe", and which "fd". */
export const EXECUTABLE_ROW: i32 = 8;
export const DESCRIPTORS_ROW: i32 = 9;

/** The rows of /proc/PID; "task" is the last. */
export function processEntries(): Array<StaticEntry> {
    if (entries !== null) return entries!;
    entries = [
        new StaticEntry("cgroup", 0o444, generateControlGroup),
        new StaticEntry("auxv", 0o400, generateAuxiliaryVector, null, null, true),
        new StaticEntry("cmdline", 0o444, generateCommandLine),
        new StaticEntry("comm", 0o644, generateName, acceptName),
        constantEntry("coredump_filter", "00000033"),
        constantEntry("cpuset", "/", 0o444),
        new StaticEntry("cwd", LINK_MODE, null),
        new StaticEntry("environ", 0o400, generateEnvironment, null, null, true),
        new StaticEntry("exe", LINK_MODE, null),
        new StaticEntry("fd", S_IFDIR, null),
        new StaticEntry("fdinfo", S_IFDIR, null),
        new StaticEntry("gid_map", 0o644, generateIdentityMap),
        new StaticEntry("io", 0o400, generateInputOutput),
        new StaticEntry("limits", 0o444, generateLimits),
        new StaticEntry("loginuid", 0o644, generateLoginUser),
        new StaticEntry("maps", 0o444, generateMaps, null, null, true),
        new StaticEntry("mountinfo", 0o444, generateMountInformation),
        new StaticEntry("mounts", 0o444, generateMounts),
        new StaticEntry("mountstats", 0o400, generateMountStatistics),
        new StaticEntry("net", 0o555, null, null, networkEntries),
        new StaticEntry("ns", S_IFDIR, null),
        new StaticEntry("oom_score", 0o444, generateScore),
        new StaticEntry("oom_score_adj", 0o644, generateScoreAdjustment, acceptScoreAdjustment),
        constantEntry("personality", "00000000", 0o400),
        new StaticEntry("projid_map", 0o644, generateIdentityMap),
        new StaticEntry("root", LINK_MODE, null),
        constantEntry("schedstat", "0 0 0", 0o444),
        constantEntry("sessionid", "4294967295", 0o444),
        constantEntry("setgroups", "allow"),
        new StaticEntry("smaps", 0o444, generateMapDetails, null, null, true),
        new StaticEntry("smaps_rollup", 0o444, generateMapSums, null, null, true),
        new StaticEntry("stat", 0o444, generateStat),
        new StaticEntry("statm", 0o444, generateMemoryPages),
        new StaticEntry("status", 0o444, generateStatus),
        new StaticEntry("timerslack_ns", 0o666, generateTimerSlack),
        new StaticEntry("uid_map", 0o644, generateIdentityMap),
        new StaticEntry("wchan", 0o444, generateWaitChannel),
        new StaticEntry("task", S_IFDIR, null),
    ];
    assert(entries![EXECUTABLE_ROW].name == "exe", "EXECUTABLE_ROW is another row's number");
    assert(entries![DESCRIPTORS_ROW].name == "fd", "DESCRIPTORS_ROW is another row's number");
    return entries!;
}

/** Of the thread with the process's number. */
function generateTimerSlack(process: Process | null): i32 {
    const thread = findThread(process!.pid);
    return addNumberLine(thread === null ? 0 : thread.scheduling.timerSlack);
}

/** Nobody has logged in: the id that means so. */
function generateLoginUser(process: Process | null): i32 {
    addText("4294967295");
    return 0;
}

function generateControlGroup(process: Process | null): i32 {
    addText("0::/\n");
    return 0;
}

/** As Linux shows it: 0 to 2000 for what the process has of all memory and its adjustment. */
function generateScore(process: Process | null): i32 {
    const total = <i64>(quotaBytes() >> PAGE_BITS);
    const points = memoryScore(process!);
    addNumber(points == 0 ? 0 : max<i64>(((1000 + (points * 1000) / total) * 2) / 3, 0));
    addByte(10);
    return 0;
}

function generateScoreAdjustment(process: Process | null): i32 {
    addSigned(process!.scoreAdjustment);
    addByte(10);
    return 0;
}

function acceptScoreAdjustment(process: Process | null, text: usize, length: i32): i32 {
    let at = 0;
    let value = 0;
    const negative = at < length && load<u8>(text) == 45;
    if (negative) at++;
    const first = at;
    while (at < length && at - first < 6 && load<u8>(text + at) - 48 < 10)
        value = value * 10 + load<u8>(text + at++) - 48;
    if (at == first || (at < length && load<u8>(text + at) != 10)) return -EINVAL;
    if (negative) value = -value;
    if (value < SCORE_ADJUSTMENT_MINIMUM || value > SCORE_ADJUSTMENT_MAXIMUM) return -EINVAL;
    // To be less likely killed than by default takes a capability; to take back what was added takes none.
    if (value < 0 && !current.process.credentials.has(CAP_SYS_RESOURCE)) return -EACCES;
    process!.scoreAdjustment = value;
    return 0;
}

function parentPid(process: Process): i32 {
    const parent = process.parent;
    return parent === null ? 0 : parent.pid;
}

/** Copies `end - start` bytes of another process's memory to the text; stops at the first byte it does not have. */
function addMemory(space: AddressSpace, start: u64, end: u64): void {
    while (start < end) {
        const part = min<u64>(PAGE_SIZE - (start & (PAGE_SIZE - 1)), end - start);
        const address = space.touch(start, false);
        if (address == 0) return;
        addBytes(address, <i32>part);
        start += part;
    }
}

function generateCommandLine(process: Process | null): i32 {
    const it = process!;
    if (it.exited) return 0;
    addMemory(it.addressSpace, it.addressSpace.argumentsStart, it.addressSpace.argumentsEnd);
    return 0;
}

function generateEnvironment(process: Process | null): i32 {
    const it = process!;
    if (!mayInspect(it)) return -EACCES;
    if (it.exited) return 0;
    addMemory(it.addressSpace, it.addressSpace.environmentStart, it.addressSpace.environmentEnd);
    return 0;
}

function generateAuxiliaryVector(process: Process | null): i32 {
    const it = process!;
    if (!mayInspect(it)) return -EACCES;
    if (it.exited) return 0;
    addMemory(it.addressSpace, it.addressSpace.auxiliaryStart, it.addressSpace.auxiliaryEnd);
    return 0;
}

function generateName(process: Process | null): i32 {
    if (!takeThread(process!)) return -ESRCH;
    return addTextLine(nameOf(process!, shownThread));
}

/** Linux's TASK_COMM_LEN without the zero byte. */
const NAME_LENGTH: i32 = 15;

function acceptName(process: Process | null, text: usize, length: i32): i32 {
    if (!takeThread(process!)) return -ESRCH;
    if (process !== current.process) return -EINVAL;
    if (length > 0 && load<u8>(text + length - 1) == 10) length--;
    const name = String.UTF8.decodeUnsafe(text, min(length, NAME_LENGTH));
    const thread = shownThread;
    if (thread === null) process!.name = name;
    else thread.comm = name;
    return 0;
}

function generateInputOutput(process: Process | null): i32 {
    if (!mayInspect(process!)) return -EACCES;
    addText(
        "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n",
    );
    return 0;
}

const LIMIT_NAMES: StaticArray<string> = [
    "cpu time",
    "file size",
    "data size",
    "stack size",
    "core file size",
    "resident set",
    "processes",
    "open files",
    "locked memory",
    "address space",
    "file locks",
    "pending signals",
    "msgqueue size",
    "nice priority",
    "realtime priority",
    "realtime timeout",
];
const LIMIT_UNITS: StaticArray<string> = [
    "seconds",
    "bytes",
    "bytes",
    "bytes",
    "bytes",
    "bytes",
    "processes",
    "files",
    "bytes",
    "bytes",
    "locks",
    "signals",
    "bytes",
    "",
    "",
    "us",
];

function addLimit(value: u64): void {
    if (value == RLIM_INFINITY) addText("unlimited");
    else addNumber(value);
}

function generateLimits(process: Process | null): i32 {
    const limits = process!.limits;
    addText("Limit                     Soft Limit           Hard Limit           Units     \n");
    for (let i = 0; i < LIMIT_NAMES.length; i++) {
        const start = textLength();
        addText("Max ");
        addText(LIMIT_NAMES[i]);
        addSpacesTo(start, 26);
        addLimit(limits.soft[i]);
        addSpacesTo(start, 47);
        addLimit(limits.hard[i]);
        addSpacesTo(start, 68);
        addText(LIMIT_UNITS[i]);
        addSpacesTo(start, 78);
        addByte(10);
    }
    return 0;
}

function mappedBytes(process: Process): u64 {
    return process.exited ? 0 : process.addressSpace.mappedBytes;
}

function residentPages(process: Process): u32 {
    return process.exited ? 0 : process.addressSpace.pages.count;
}

/** Signals that the process ignores (`ignored`) or handles, as /proc shows them: bit n - 1 for signal n. */
function actionMask(process: Process, ignored: bool): u64 {
    let mask: u64 = 0;
    for (let signal = 1; signal <= SIGNAL_MAXIMUM; signal++) {
        const handler = process.signalActions.get(signal).handler;
        if (handler == SIG_DFL) continue;
        if ((handler == SIG_IGN) == ignored) mask |= signalBit(signal);
    }
    return mask;
}

function blockedMask(thread: Thread | null): u64 {
    return thread === null ? 0 : thread.signalMask & ~MASK_UNBLOCKABLE;
}

function generateStat(process: Process | null): i32 {
    const it = process!;
    if (!takeThread(it)) return -ESRCH;
    const thread = shownThread;
    const space = it.addressSpace;
    const alive = !it.exited && mayInspect(it);
    addField(isThreadAlone ? thread!.tid : it.pid);
    addByte(40);
    addText(nameOf(it, thread));
    addText(") ");
    addText(stateOf(it, thread));
    addByte(32);
    addField(parentPid(it));
    addField(it.processGroup);
    addField(it.session);
    const terminal = it.terminal;
    addField(terminal === null ? 0 : terminal.device);
    addText(terminal === null ? "-1 " : terminal.foregroundGroup.toString() + " ");
    // PF_RANDOMIZE.
    addText("4194304 ");
    addField(it.minorFaults);
    addField(it.childrenMinorFaults);
    addText("0 0 ");
    if (isThreadAlone) measureThread(thread!);
    else measureProcess(it);
    addField(measuredUser / TICK_NANOSECONDS);
    addField(measuredSystem / TICK_NANOSECONDS);
    addField(it.childrenUserTime / TICK_NANOSECONDS);
    addField(it.childrenSystemTime / TICK_NANOSECONDS);
    // priority nice
    addText("20 0 ");
    addField(it.threads.length);
    addField(0);
    addField(it.startTime / TICK_NANOSECONDS);
    addField(mappedBytes(it));
    addField(residentPages(it));
    addField(it.limits.soft[RLIMIT_RSS]);
    addField(alive ? space.codeStart : 0);
    addField(alive ? space.codeEnd : 0);
    addField(alive ? space.stackStart : 0);
    addField(0);
    addField(0);
    addField((isThreadAlone ? thread!.pending.set : it.pending.set) & 0x7fffffff);
    addField(blockedMask(thread) & 0x7fffffff);
    addField(actionMask(it, true) & 0x7fffffff);
    addField(actionMask(it, false) & 0x7fffffff);
    // wchan nswap cnswap
    addText("0 0 0 ");
    addSignedField(it.exitSignal);
    // processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time
    addText("0 0 0 0 0 0 ");
    addField(0);
    addField(0);
    addField(alive ? space.breakStart : 0);
    addField(alive ? space.argumentsStart : 0);
    addField(alive ? space.argumentsEnd : 0);
    addField(alive ? space.environmentStart : 0);
    addField(alive ? space.environmentEnd : 0);
    addNumber(it.exited ? it.waitStatus : 0);
    addByte(10);
    return 0;
}

function addMask(name: string, mask: u64): void {
    addText(name);
    addByte(9);
    addHexadecimal(mask, 16);
    addByte(10);
}

function addIds(name: string, real: u32, effective: u32, saved: u32, file: u32): void {
    addText(name);
    addByte(9);
    addNumber(real);
    addByte(9);
    addNumber(effective);
    addByte(9);
    addNumber(saved);
    addByte(9);
    addNumber(file);
    addByte(10);
}

function addLine(name: string, value: u64): void {
    addText(name);
    addByte(9);
    addNumber(value);
    addByte(10);
}

function generateStatus(process: Process | null): i32 {
    const it = process!;
    if (!takeThread(it)) return -ESRCH;
    const thread = shownThread;
    const tid = isThreadAlone ? thread!.tid : it.pid;
    const who = it.credentials;
    const state = stateOf(it, thread);
    addText("Name:\t");
    addText(nameOf(it, thread));
    if (!it.exited) {
        addText("\nUmask:\t");
        addOctal(it.files.umask, 4);
    }
    addText("\nState:\t");
    addText(state);
    addText(
        state == "Z"
            ? " (zombie)\n"
            : state == "T"
              ? " (stopped)\n"
              : state == "R"
                ? " (running)\n"
                : " (sleeping)\n",
    );
    addLine("Tgid:", it.pid);
    addText("Ngid:\t0\n");
    addLine("Pid:", tid);
    addLine("PPid:", parentPid(it));
    addText("TracerPid:\t0\n");
    addIds("Uid:", who.realUser, who.effectiveUser, who.savedUser, who.fileUser);
    addIds("Gid:", who.realGroup, who.effectiveGroup, who.savedGroup, who.fileGroup);
    addLine("FDSize:", it.exited ? 0 : it.fileDescriptors.length);
    addText("Groups:\t");
    for (let i = 0; i < who.supplementaryGroups.length; i++) addField(who.supplementaryGroups[i]);
    addText("\n");
    addLine("NStgid:", it.pid);
    addLine("NSpid:", tid);
    addLine("NSpgid:", it.processGroup);
    addLine("NSsid:", it.session);
    if (!it.exited) {
        addMemoryStatus(it);
    }
    addLine("Threads:", it.threads.length);
    addText("SigQ:\t0/1024\n");
    addMask("SigPnd:", thread === null ? 0 : thread.pending.set);
    addMask("ShdPnd:", it.pending.set);
    addMask("SigBlk:", blockedMask(thread));
    addMask("SigIgn:", actionMask(it, true));
    addMask("SigCgt:", actionMask(it, false));
    addMask("CapInh:", who.inheritable);
    addMask("CapPrm:", who.permitted);
    addMask("CapEff:", who.effective);
    addMask("CapBnd:", who.bounding);
    addMask("CapAmb:", who.ambient);
    addLine("NoNewPrivs:", it.noNewPrivileges ? 1 : 0);
    addText("Seccomp:\t0\nSeccomp_filters:\t0\n");
    addText("voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n");
    return 0;
}
