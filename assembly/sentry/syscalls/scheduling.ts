// SPDX-License-Identifier: Apache-2.0
//
// Scheduling parameters, processors, nice values and priorities of input and output: checked and kept as Linux does for a
// container, whose root has no CAP_SYS_NICE.

import {
    SYS_getcpu,
    SYS_getpriority,
    SYS_ioprio_get,
    SYS_ioprio_set,
    SYS_sched_get_priority_max,
    SYS_sched_get_priority_min,
    SYS_sched_getaffinity,
    SYS_sched_getattr,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_rr_get_interval,
    SYS_sched_setaffinity,
    SYS_sched_setattr,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_yield,
    SYS_setpriority,
} from "../arch/systemCalls";
import { CAP_SYS_ADMIN, CAP_SYS_NICE } from "../kernel/capabilities";
import { E2BIG, EACCES, EFAULT, EINVAL, EOPNOTSUPP, EPERM, ESRCH } from "../kernel/errno";
import { findProcess } from "../kernel/process";
import { RLIMIT_NICE, RLIMIT_RTPRIO } from "../kernel/resourceLimits";
import {
    isRealTime,
    SCHED_BATCH,
    SCHED_DEADLINE,
    SCHED_FIFO,
    SCHED_IDLE,
    SCHED_OTHER,
    SCHED_RR,
    Scheduling,
} from "../kernel/scheduling";
import { current, findThread, Thread, threads } from "../kernel/thread";
import { endTurn } from "../kernel/turns";
import { copyIn, copyOut, copyOut32 } from "../memory/userMemory";
import { containerConfiguration } from "../../std/containerConfiguration";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const SCHED_RESET_ON_FORK: u32 = 0x4000_0000;
const PRIORITY_MAXIMUM: i32 = 99;
/** Linux's sched_rr_timeslice: 100 ms. */
const ROUND_ROBIN_NANOSECONDS: u64 = 100_000_000;
/** The slice of SCHED_OTHER that Linux shows for a machine of one processor. */
const FAIR_NANOSECONDS: u64 = 3_000_000;
const PAGE: u64 = 4096;
/** What sched_setparam says instead of a policy. */
const SAME_POLICY: i32 = -1;

const scratch: usize = reserveBuffer(64);

// ---------------------------------------------------------------- policies

/** Pid 0 stands for the caller; any thread's id will do. */
function threadOf(id: i32): Thread | null {
    if (id == 0) return current;
    const thread = findThread(id);
    if (thread !== null) return thread;
    // A process whose first thread has ended.
    const process = findProcess(id);
    return process === null || process.threads.length == 0 ? null : process.threads[0];
}

/** Whether the caller's effective user is the thread's, as changing its scheduling takes. */
function ownsThread(thread: Thread): bool {
    const own = current.process.credentials;
    const other = thread.process.credentials;
    return (
        own.has(CAP_SYS_NICE) ||
        own.effectiveUser == other.realUser ||
        own.effectiveUser == other.effectiveUser
    );
}

/** Whether a nice value may be set that is lower than the present one (RLIMIT_NICE counts from 20 downwards). */
function mayHaveNice(thread: Thread, nice: i32): bool {
    if (current.process.credentials.has(CAP_SYS_NICE)) return true;
    return <u64>(20 - nice) <= thread.process.limits.soft[RLIMIT_NICE];
}

/** Whether the attributes read last could be those of SCHED_DEADLINE: runtime, deadline and period in order. */
let hasDeadline: bool = false;

/** Sets policy, priority and nice value (`setsNice`) after the checks of Linux. */
function setScheduling(
    thread: Thread,
    wanted: i32,
    resetsOnFork: bool,
    priority: i32,
    nice: i32,
    setsNice: bool,
): i64 {
    const before = thread.scheduling;
    const policy = wanted == SAME_POLICY ? before.policy : wanted;
    if (policy < 0 || policy > SCHED_DEADLINE || policy == 4) return -EINVAL;
    if (policy == SCHED_DEADLINE) {
        if (wanted != SAME_POLICY && !hasDeadline) return -EINVAL;
    } else {
        if (priority < 0 || priority > PRIORITY_MAXIMUM) return -EINVAL;
        if (isRealTime(policy) != (priority != 0)) return -EINVAL;
    }
    if (!current.process.credentials.has(CAP_SYS_NICE)) {
        if (policy == SCHED_DEADLINE) return -EPERM;
        if (isRealTime(policy)) {
            const limit = thread.process.limits.soft[RLIMIT_RTPRIO];
            if (policy != before.policy && limit == 0) return -EPERM;
            if (priority > before.priority && <u64>priority > limit) return -EPERM;
        } else {
            if (setsNice && nice < before.nice && !mayHaveNice(thread, nice)) return -EPERM;
            if (before.policy == SCHED_IDLE && policy != SCHED_IDLE && !mayHaveNice(thread, before.nice))
                return -EPERM;
        }
        if (!ownsThread(thread)) return -EPERM;
        if (before.resetsOnFork && !resetsOnFork) return -EPERM;
    }
    if (policy == SCHED_DEADLINE) return -EINVAL;
    const next = before.copy();
    next.policy = policy;
    next.priority = isRealTime(policy) ? priority : 0;
    next.resetsOnFork = resetsOnFork;
    if (setsNice && !isRealTime(policy)) next.nice = nice;
    thread.scheduling = next;
    return 0;
}

/** Policy (with its flag) and parameters, as sched_setscheduler has them. */
function setSimple(pid: u64, policy_: i32, parameters: u64): i64 {
    if (parameters == 0 || <i32>pid < 0) return -EINVAL;
    if (copyIn(scratch, parameters, 4) != 0) return -EFAULT;
    hasDeadline = false;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    let policy = policy_;
    let resets = thread.scheduling.resetsOnFork;
    if (policy != SAME_POLICY) {
        resets = ((<u32>policy) & SCHED_RESET_ON_FORK) != 0;
        policy = <i32>((<u32>policy) & ~SCHED_RESET_ON_FORK);
    }
    return setScheduling(thread, policy, resets, load<i32>(scratch), 0, false);
}

function schedSetscheduler(pid: u64, policy: u64, parameters: u64, d: u64, e: u64, f: u64): i64 {
    return <i32>policy < 0 ? -EINVAL : setSimple(pid, <i32>policy, parameters);
}

function schedSetparam(pid: u64, parameters: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return setSimple(pid, SAME_POLICY, parameters);
}

function schedGetscheduler(pid: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i32>pid < 0) return -EINVAL;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    const scheduling = thread.scheduling;
    return scheduling.resetsOnFork ? scheduling.policy | SCHED_RESET_ON_FORK : scheduling.policy;
}

function schedGetparam(pid: u64, parameters: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (parameters == 0 || <i32>pid < 0) return -EINVAL;
    const thread = threadOf(<i32>pid);
    return thread === null ? -ESRCH : copyOut32(parameters, thread.scheduling.priority);
}

// struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period, util_min, util_max.
const ATTRIBUTES_MINIMUM: u32 = 48;
const ATTRIBUTES_SIZE: u32 = 56;
/** Linux's granularity of run times. */
const RUNTIME_MINIMUM: u64 = 1024;
const SCHED_FLAG_RESET_ON_FORK: u64 = 1;
const SCHED_FLAG_KEEP_POLICY: u64 = 8;
const SCHED_FLAG_KEEP_PARAMS: u64 = 16;
const SCHED_FLAG_UTIL_CLAMP: u64 = 0x60;
const SCHED_FLAG_ALL: u64 = 0x7f;

function schedSetattr(pid: u64, attributes: u64, flags_: u64, d: u64, e: u64, f: u64): i64 {
    if (attributes == 0 || <i32>pid < 0 || <u32>flags_ != 0) return -EINVAL;
    if (copyIn(scratch, attributes, 4) != 0) return -EFAULT;
    let size = load<u32>(scratch);
    if (size == 0) size = ATTRIBUTES_MINIMUM;
    if (size < ATTRIBUTES_MINIMUM || size > <u32>PAGE) return refuseSize(attributes);
    memory.fill(scratch, 0, ATTRIBUTES_SIZE);
    if (copyIn(scratch, attributes, min(size, ATTRIBUTES_SIZE)) != 0) return -EFAULT;
    const policy = load<i32>(scratch, 4);
    const flags = load<u64>(scratch, 8);
    const nice = min(max(load<i32>(scratch, 16), -20), 19);
    const priority = load<i32>(scratch, 20);
    const runtime = load<u64>(scratch, 24);
    const deadline = load<u64>(scratch, 32);
    const period = load<u64>(scratch, 40);
    hasDeadline = runtime >= RUNTIME_MINIMUM && runtime <= deadline && (period == 0 || deadline <= period);
    for (let at = ATTRIBUTES_SIZE; at < size; at++) {
        if (copyIn(scratch, attributes + at, 1) != 0) return -EFAULT;
        if (load<u8>(scratch) != 0) return refuseSize(attributes);
    }
    if (policy < 0 && (flags & SCHED_FLAG_KEEP_POLICY) == 0) return -EINVAL;
    if ((flags & ~SCHED_FLAG_ALL) != 0) return -EINVAL;
    // Clamping of utilisation: kernels without it do not know the flags.
    if ((flags & SCHED_FLAG_UTIL_CLAMP) != 0) return -EOPNOTSUPP;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    const before = thread.scheduling;
    const keepsParameters = (flags & SCHED_FLAG_KEEP_PARAMS) != 0;
    return setScheduling(
        thread,
        (flags & SCHED_FLAG_KEEP_POLICY) != 0 ? before.policy : policy,
        (flags & SCHED_FLAG_RESET_ON_FORK) != 0,
        keepsParameters ? before.priority : priority,
        keepsParameters ? before.nice : nice,
        true,
    );
}

/** Tells the program how much of the structure is known here. */
function refuseSize(attributes: u64): i64 {
    return copyOut32(attributes, ATTRIBUTES_SIZE) != 0 ? -EFAULT : -E2BIG;
}

function schedGetattr(pid: u64, attributes: u64, size: u64, flags: u64, e: u64, f: u64): i64 {
    const room = <u32>size;
    if (attributes == 0 || <i32>pid < 0 || <u32>flags != 0) return -EINVAL;
    if (room < ATTRIBUTES_MINIMUM || room > <u32>PAGE) return -EINVAL;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    const scheduling = thread.scheduling;
    const length = min(room, ATTRIBUTES_SIZE);
    memory.fill(scratch, 0, ATTRIBUTES_SIZE);
    store<u32>(scratch, length);
    store<i32>(scratch, scheduling.policy, 4);
    store<u64>(scratch, scheduling.resetsOnFork ? SCHED_FLAG_RESET_ON_FORK : 0, 8);
    if (scheduling.isRealTime) store<i32>(scratch, scheduling.priority, 20);
    else store<i32>(scratch, scheduling.nice, 16);
    return copyOut(attributes, scratch, length);
}

function isPolicy(policy: i32): bool {
    return policy >= SCHED_OTHER && policy <= SCHED_DEADLINE && policy != 4;
}

function schedPriorityMaximum(policy: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (!isPolicy(<i32>policy)) return -EINVAL;
    return isRealTime(<i32>policy) ? PRIORITY_MAXIMUM : 0;
}

function schedPriorityMinimum(policy: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (!isPolicy(<i32>policy)) return -EINVAL;
    return isRealTime(<i32>policy) ? 1 : 0;
}

function schedInterval(pid: u64, interval: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<i32>pid < 0) return -EINVAL;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    let length = FAIR_NANOSECONDS;
    switch (thread.scheduling.policy) {
        case SCHED_FIFO:
            length = 0;
            break;
        case SCHED_RR:
            length = ROUND_ROBIN_NANOSECONDS;
            break;
        case SCHED_BATCH:
        case SCHED_IDLE:
        default:
            break;
    }
    store<u64>(scratch, 0);
    store<u64>(scratch, length, 8);
    return copyOut(interval, scratch, 16);
}

function schedYield(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    // Without a limit of CPU time, being answered puts the thread behind others of its priority only when its budget is used;
    // the time that the call itself takes has let others run.
    endTurn();
    return 0;
}

// ---------------------------------------------------------------- processors

/** One bit for each processor of the container. */
function processors(): u64 {
    return ((<u64>1) << min<u32>(containerConfiguration().processorCount, 63)) - 1;
}

/** The mask of a thread, in 8 bytes as Linux's smallest is. */
function schedGetaffinity(pid: u64, size: u64, mask: u64, d: u64, e: u64, f: u64): i64 {
    if (<u32>size < 8 || ((<u32>size) & 7) != 0) return -EINVAL;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    store<u64>(scratch, thread.scheduling.affinity & processors());
    return copyOut(mask, scratch, 8) != 0 ? -EFAULT : 8;
}

function schedSetaffinity(pid: u64, size: u64, mask: u64, d: u64, e: u64, f: u64): i64 {
    store<u64>(scratch, 0);
    if (copyIn(scratch, mask, <i32>min<u32>(<u32>size, 8)) != 0) return -EFAULT;
    const thread = threadOf(<i32>pid);
    if (thread === null) return -ESRCH;
    if (!ownsThread(thread)) return -EPERM;
    const wanted = load<u64>(scratch) & processors();
    if (wanted == 0) return -EINVAL;
    const next = thread.scheduling.copy();
    next.affinity = wanted;
    thread.scheduling = next;
    return 0;
}

/** The container's processors are one at a time, the first. */
function getcpu(processor: u64, node: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (processor != 0 && copyOut32(processor, 0) != 0) return -EFAULT;
    return node != 0 && copyOut32(node, 0) != 0 ? -EFAULT : 0;
}

// ---------------------------------------------------------------- nice values, ioprio

const PRIO_PROCESS: i32 = 0;
const PRIO_PGRP: i32 = 1;
const PRIO_USER: i32 = 2;

/** Whether a thread is one that `which` (PRIO_) and `who` name; `who` 0 stands for the caller's own. */
function isNamed(thread: Thread, which: i32, who: i32): bool {
    const process = thread.process;
    if (which == PRIO_PROCESS) return who == 0 ? thread === current : thread.tid == who;
    if (which == PRIO_PGRP) return process.processGroup == (who == 0 ? current.process.processGroup : who);
    return process.credentials.realUser == (who == 0 ? current.process.credentials.realUser : <u32>who);
}

/** getpriority(2) as the system call has it: 20 - nice, the highest of all that are named. */
function getpriority(which: u64, who: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (<u32>which > <u32>PRIO_USER) return -EINVAL;
    let result: i64 = -ESRCH;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null || !isNamed(thread, <i32>which, <i32>who)) continue;
        result = max<i64>(result, 20 - thread.scheduling.nice);
    }
    return result;
}

function setNice(thread: Thread, nice: i32): i64 {
    const own = current.process.credentials;
    const other = thread.process.credentials;
    if (
        !own.has(CAP_SYS_NICE) &&
        own.effectiveUser != other.realUser &&
        own.effectiveUser != other.effectiveUser
    )
        return -EPERM;
    if (nice < thread.scheduling.nice && !mayHaveNice(thread, nice)) return -EACCES;
    const next = thread.scheduling.copy();
    next.nice = nice;
    thread.scheduling = next;
    return 0;
}

/** Nice values are kept; shares are scheduling contexts, which they do not change. */
function setpriority(which: u64, who: u64, value: u64, d: u64, e: u64, f: u64): i64 {
    if (<u32>which > <u32>PRIO_USER) return -EINVAL;
    const nice = min(max(<i32>value, -20), 19);
    let result: i64 = -ESRCH;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null || !isNamed(thread, <i32>which, <i32>who)) continue;
        const error = setNice(thread, nice);
        if (error != 0) result = error;
        else if (result == -ESRCH) result = 0;
    }
    return result;
}

const IOPRIO_CLASS_SHIFT: i32 = 13;
const IOPRIO_CLASS_NONE: i32 = 0;
const IOPRIO_CLASS_RT: i32 = 1;
const IOPRIO_CLASS_BE: i32 = 2;
const IOPRIO_CLASS_IDLE: i32 = 3;
/** Levels of a class. */
const IOPRIO_LEVELS: i32 = 8;

/** IOPRIO_WHO_PROCESS, _PGRP and _USER are PRIO_PROCESS and so on, from 1. */
function ioprioSet(which_: u64, who: u64, value: u64, d: u64, e: u64, f: u64): i64 {
    const which = <i32>which_ - 1;
    const own = current.process.credentials;
    const priority = (<i32>value) & 0xffff;
    const level = priority & (IOPRIO_LEVELS - 1);
    switch (priority >> IOPRIO_CLASS_SHIFT) {
        case IOPRIO_CLASS_RT:
            if (!own.has(CAP_SYS_ADMIN) && !own.has(CAP_SYS_NICE)) return -EPERM;
            break;
        case IOPRIO_CLASS_BE:
        case IOPRIO_CLASS_IDLE:
            break;
        case IOPRIO_CLASS_NONE:
            if (level != 0) return -EINVAL;
            break;
        default:
            return -EINVAL;
    }
    if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
    let result: i64 = -ESRCH;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null || !isNamed(thread, which, <i32>who)) continue;
        if (!ownsThread(thread)) return -EPERM;
        const next = thread.scheduling.copy();
        next.ioPriority = priority;
        thread.scheduling = next;
        result = 0;
    }
    return result;
}

/** What a thread has been given, else what follows from its nice value. */
function ioPriorityOf(scheduling: Scheduling): i32 {
    if (scheduling.ioPriority >> IOPRIO_CLASS_SHIFT != IOPRIO_CLASS_NONE) return scheduling.ioPriority;
    const class_ =
        scheduling.policy == SCHED_IDLE
            ? IOPRIO_CLASS_IDLE
            : scheduling.isRealTime
              ? IOPRIO_CLASS_RT
              : IOPRIO_CLASS_BE;
    return (class_ << IOPRIO_CLASS_SHIFT) | ((scheduling.nice + 20) / 5);
}

function ioprioGet(which_: u64, who: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const which = <i32>which_ - 1;
    if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
    let best: i64 = -ESRCH;
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread === null || !isNamed(thread, which, <i32>who)) continue;
        const scheduling = thread.scheduling;
        // One thread is told what was set; only among several is what follows from the nice value compared.
        const priority: i64 = which == PRIO_PROCESS ? scheduling.ioPriority : ioPriorityOf(scheduling);
        if (best < 0 || priority < best) best = priority;
    }
    return best;
}

export function registerSchedulingCalls(): void {
    define(SYS_sched_yield, schedYield, "");
    define(SYS_sched_getaffinity, schedGetaffinity, "dup");
    define(SYS_sched_setaffinity, schedSetaffinity, "dup");
    define(SYS_sched_getscheduler, schedGetscheduler, "d");
    // Partial: real-time policies are EPERM, as in a container without CAP_SYS_NICE; SCHED_BATCH and SCHED_IDLE have no effect.
    define(SYS_sched_setscheduler, schedSetscheduler, "ddp");
    define(SYS_sched_getparam, schedGetparam, "dp");
    define(SYS_sched_setparam, schedSetparam, "dp");
    // Partial: as sched_setscheduler; SCHED_FLAG_UTIL_CLAMP is EOPNOTSUPP.
    define(SYS_sched_setattr, schedSetattr, "dpx");
    define(SYS_sched_getattr, schedGetattr, "dpux");
    define(SYS_sched_get_priority_max, schedPriorityMaximum, "d");
    define(SYS_sched_get_priority_min, schedPriorityMinimum, "d");
    define(SYS_sched_rr_get_interval, schedInterval, "dT");
    define(SYS_getpriority, getpriority, "dd");
    // Partial: nice values have no effect.
    define(SYS_setpriority, setpriority, "ddd");
    define(SYS_ioprio_get, ioprioGet, "dd");
    // Partial: priorities of input and output have no effect.
    define(SYS_ioprio_set, ioprioSet, "ddx");
    define(SYS_getcpu, getcpu, "wwp");
}
