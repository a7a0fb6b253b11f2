// SPDX-License-Identifier: Apache-2.0
//
// The machine and the process's relation to it: uname, limits, scheduling, prctl, random bytes.

import {
    SYS_arch_prctl,
    SYS_getcpu,
    SYS_getpriority,
    SYS_getrandom,
    SYS_getrlimit,
    SYS_ioprio_get,
    SYS_personality,
    SYS_prctl,
    SYS_prlimit64,
    SYS_reboot,
    SYS_sched_get_priority_max,
    SYS_sched_get_priority_min,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_rr_get_interval,
    SYS_sched_setaffinity,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_yield,
    SYS_setdomainname,
    SYS_sethostname,
    SYS_setpriority,
    SYS_setrlimit,
    SYS_sysinfo,
    SYS_uname,
} from "../arch/systemCalls";
import { MACHINE_NAME } from "../arch/machine";
import { architecturePrctl } from "../arch/prctl";
import { untypedLeft } from "../capabilities/quota";
import { NANOSECONDS, now } from "../kernel/clock";
import { EFAULT, EINVAL, EPERM, ESRCH } from "../kernel/errno";
import { NAME_LENGTH, findProcess, Process, processes } from "../kernel/process";
import { randomBytes } from "../kernel/random";
import { RLIMIT_COUNT, RLIMIT_CPU, RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { endTurn } from "../kernel/turns";
import { freeFrameCount } from "../memory/frames";
import { copyIn, copyInString, copyInStringError, copyOut, copyOut32 } from "../memory/userMemory";
import { SIGNAL_MAXIMUM } from "../signals/numbers";
import { watchProcessorLimit } from "../signals/timers";
import { containerConfiguration, TURN_MICROSECONDS } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { define } from "./table";

/** Length of each text of struct utsname. */
const NAME_FIELD: i32 = 65;
/** What programs compare with the oldest Linux they run on; the features offered are those of about this one. */
export const RELEASE: string = "6.1.0-sealift";
export const VERSION: string = "#1 Sealift on seL4";

/** Linux's fs.nr_open. */
const DESCRIPTORS_MAXIMUM: u64 = 1048576;

const scratch: usize = memory.data(512, 8);

function putField(index: i32, text: string): void {
    const at = scratch + index * NAME_FIELD;
    for (let i = 0; i < min(text.length, NAME_FIELD - 1); i++) store<u8>(at + i, <u8>text.charCodeAt(i));
}

function uname(buffer: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    memory.fill(scratch, 0, 6 * NAME_FIELD);
    putField(0, "Linux");
    const configuration = containerConfiguration();
    memory.copy(
        scratch + NAME_FIELD,
        configuration.text(configuration.hostnameOffset),
        min<i32>(configuration.hostnameLength, NAME_FIELD - 1),
    );
    putField(2, RELEASE);
    putField(3, VERSION);
    putField(4, MACHINE_NAME);
    putField(5, "(none)");
    return copyOut(buffer, scratch, 6 * NAME_FIELD);
}

/** Bytes of memory that the container can still use. */
export function freeMemory(): u64 {
    return untypedLeft() + <u64>freeFrameCount() * PAGE_SIZE;
}

function sysinfo(buffer: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    memory.fill(scratch, 0, 112);
    store<u64>(scratch, now() / NANOSECONDS);
    store<u64>(scratch, containerConfiguration().memoryLimit, 32);
    store<u64>(scratch, freeMemory(), 40);
    store<u16>(scratch, <u16>processes.length, 80);
    store<u32>(scratch, 1, 104);
    return copyOut(buffer, scratch, 112);
}

// ---------------------------------------------------------------- limits

function getrlimit(resource: u64, limit: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return prlimit64(0, resource, 0, limit, 0, 0);
}

function setrlimit(resource: u64, limit: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return prlimit64(0, resource, limit, 0, 0, 0);
}

function prlimit64(pid: u64, resource_: u64, limit: u64, old: u64, e: u64, f: u64): i64 {
    const resource = <i32>resource_;
    if (<u32>resource >= <u32>RLIMIT_COUNT) return -EINVAL;
    const process = <i32>pid == 0 ? current.process : findProcess(<i32>pid);
    if (process === null) return -ESRCH;
    const user = current.process.credentials.effectiveUser;
    if (process !== current.process && user != 0 && user != process.credentials.realUser) return -EPERM;
    const limits = process.limits;
    const oldSoft = limits.soft[resource];
    const oldHard = limits.hard[resource];
    if (limit != 0) {
        if (copyIn(scratch, limit, 16) != 0) return -EFAULT;
        const soft = load<u64>(scratch);
        const hard = load<u64>(scratch, 8);
        if (soft > hard) return -EINVAL;
        if (hard > oldHard && user != 0) return -EPERM;
        if (resource == RLIMIT_NOFILE && hard > DESCRIPTORS_MAXIMUM) return -EPERM;
        const next = limits.copy();
        next.soft[resource] = soft;
        next.hard[resource] = hard;
        process.limits = next;
        if (resource == RLIMIT_CPU) watchProcessorLimit(process);
    }
    if (old == 0) return 0;
    store<u64>(scratch, oldSoft);
    store<u64>(scratch, oldHard, 8);
    return copyOut(old, scratch, 16);
}

// ---------------------------------------------------------------- scheduling

function schedYield(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    // Without a limit of CPU time, being answered puts the thread behind others of its priority only when its budget is used;
    // the time that the call itself takes has let others run.
    endTurn();
    return 0;
}

/** Pid 0 stands for the caller. */
function exists(pid: u64): bool {
    return <i32>pid == 0 || <i32>pid == current.tid || findProcess(<i32>pid) !== null;
}

/** One bit for each processor, in a mask of 8 bytes as Linux's smallest is. */
function schedGetaffinity(pid: u64, size: u64, mask: u64, d: u64, e: u64, f: u64): i64 {
    if (size < 8 || (size & 7) != 0) return -EINVAL;
    if (!exists(pid)) return -ESRCH;
    store<u64>(scratch, ((<u64>1) << min<u32>(containerConfiguration().processorCount, 63)) - 1);
    return copyOut(mask, scratch, 8) != 0 ? -EFAULT : 8;
}

function schedSetaffinity(pid: u64, size: u64, mask: u64, d: u64, e: u64, f: u64): i64 {
    if (!exists(pid)) return -ESRCH;
    store<u64>(scratch, 0);
    if (copyIn(scratch, mask, min(<i32>size, 8)) != 0) return -EFAULT;
    return (load<u64>(scratch) & 1) == 0 ? -EINVAL : 0;
}

/** SCHED_OTHER, the only policy. */
function schedGetscheduler(pid: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return exists(pid) ? 0 : -ESRCH;
}

function schedSetscheduler(pid: u64, policy: u64, parameters: u64, d: u64, e: u64, f: u64): i64 {
    if (!exists(pid)) return -ESRCH;
    if (copyIn(scratch, parameters, 4) != 0) return -EFAULT;
    switch (<i32>policy) {
        case 0: // SCHED_OTHER, SCHED_BATCH, SCHED_IDLE
        case 3:
        case 5:
            return load<i32>(scratch) == 0 ? 0 : -EINVAL;
        case 1: // SCHED_FIFO, SCHED_RR: not for containers
        case 2:
            return -EPERM;
        default:
            return -EINVAL;
    }
}

function schedGetparam(pid: u64, parameters: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return exists(pid) ? copyOut32(parameters, 0) : -ESRCH;
}

function schedSetparam(pid: u64, parameters: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return schedSetscheduler(pid, 0, parameters, 0, 0, 0);
}

function schedPriorityMaximum(policy: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (policy == 1 || policy == 2) return 99;
    return policy == 0 || policy == 3 || policy == 5 ? 0 : -EINVAL;
}

function schedPriorityMinimum(policy: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (policy == 1 || policy == 2) return 1;
    return policy == 0 || policy == 3 || policy == 5 ? 0 : -EINVAL;
}

function schedInterval(pid: u64, interval: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (!exists(pid)) return -ESRCH;
    store<u64>(scratch, 0);
    store<u64>(scratch, TURN_MICROSECONDS * 1000, 8);
    return copyOut(interval, scratch, 16);
}

/** getpriority(2) as the system call has it: 20 - nice. */
function getpriority(which: u64, who: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return <u32>which > 2 ? -EINVAL : 20;
}

/** Nice values mean nothing here: shares are scheduling contexts. Lowering one's own priority is accepted. */
function setpriority(which: u64, who: u64, value: u64, d: u64, e: u64, f: u64): i64 {
    return <u32>which > 2 ? -EINVAL : 0;
}

/** IOPRIO_CLASS_NONE. */
function ioprioGet(which: u64, who: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return <u32>which < 1 || <u32>which > 3 ? -EINVAL : 0;
}

function getcpu(processor: u64, node: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (processor != 0 && copyOut32(processor, 0) != 0) return -EFAULT;
    return node != 0 && copyOut32(node, 0) != 0 ? -EFAULT : 0;
}

// ---------------------------------------------------------------- the rest

const GRND_KNOWN: u64 = 7;
/** What Linux gives at most in one call, rounded down to pages. */
const RANDOM_MAXIMUM: u64 = 33554431;

function getrandom(buffer: u64, size: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    if ((flags & ~GRND_KNOWN) != 0 || (flags & 6) == 6) return -EINVAL;
    const length = min(size, RANDOM_MAXIMUM);
    for (let done: u64 = 0; done < length;) {
        const part = <i32>min<u64>(512, length - done);
        randomBytes(scratch, part);
        if (copyOut(buffer + done, scratch, part) != 0) return done > 0 ? done : -EFAULT;
        done += part;
    }
    return length;
}

const PR_SET_PDEATHSIG: i32 = 1;
const PR_GET_PDEATHSIG: i32 = 2;
const PR_GET_DUMPABLE: i32 = 3;
const PR_SET_DUMPABLE: i32 = 4;
const PR_GET_KEEPCAPS: i32 = 7;
const PR_SET_KEEPCAPS: i32 = 8;
const PR_SET_NAME: i32 = 15;
const PR_GET_NAME: i32 = 16;
const PR_GET_SECCOMP: i32 = 21;
const PR_CAPBSET_READ: i32 = 23;
const PR_SET_TIMERSLACK: i32 = 29;
const PR_GET_TIMERSLACK: i32 = 30;
const PR_SET_CHILD_SUBREAPER: i32 = 36;
const PR_SET_NO_NEW_PRIVS: i32 = 38;
const PR_GET_NO_NEW_PRIVS: i32 = 39;
const PR_SET_THP_DISABLE: i32 = 41;
const PR_SET_VMA: i32 = 0x53564d41;
/** Nanoseconds, Linux's default. */
const TIMER_SLACK: i64 = 50000;

function prctl(option: u64, argument: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const process = current.process;
    switch (<i32>option) {
        case PR_SET_PDEATHSIG:
            if (argument > <u64>SIGNAL_MAXIMUM) return -EINVAL;
            process.parentDeathSignal = <i32>argument;
            return 0;
        case PR_GET_PDEATHSIG:
            return copyOut32(argument, process.parentDeathSignal);
        case PR_GET_DUMPABLE:
            return process.dumpable;
        case PR_SET_DUMPABLE:
            if (argument > 1) return -EINVAL;
            process.dumpable = <i32>argument;
            return 0;
        case PR_GET_KEEPCAPS:
        case PR_SET_KEEPCAPS:
        case PR_GET_SECCOMP:
        case PR_SET_TIMERSLACK:
        case PR_SET_THP_DISABLE:
            return 0;
        case PR_SET_NAME: {
            const name = copyInString(argument, NAME_LENGTH + 1);
            if (name !== null) process.name = name;
            else if (copyInStringError == -EFAULT) return -EFAULT;
            else return setLongName(process, argument);
            return 0;
        }
        case PR_GET_NAME: {
            memory.fill(scratch, 0, NAME_LENGTH + 1);
            putField(0, process.name);
            return copyOut(argument, scratch, NAME_LENGTH + 1);
        }
        case PR_CAPBSET_READ:
            return argument > 40 ? -EINVAL : 0;
        case PR_GET_TIMERSLACK:
            return TIMER_SLACK;
        case PR_SET_NO_NEW_PRIVS:
            if (argument != 1) return -EINVAL;
            process.noNewPrivileges = true;
            return 0;
        case PR_GET_NO_NEW_PRIVS:
            return process.noNewPrivileges ? 1 : 0;
        case PR_SET_CHILD_SUBREAPER:
        case PR_SET_VMA:
        default:
            return -EINVAL;
    }
}

/** A name of 16 bytes or more is cut, not refused. */
function setLongName(process: Process, address: u64): i64 {
    if (copyIn(scratch, address, NAME_LENGTH) != 0) return -EFAULT;
    let name = "";
    for (let i = 0; i < NAME_LENGTH; i++) name += String.fromCharCode(load<u8>(scratch + i));
    process.name = name;
    return 0;
}

/** PER_LINUX is the only execution domain. */
function personality(wanted: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return ((<u32>wanted) & 0xff) == 0 || <u32>wanted == 0xffff_ffff ? 0 : -EINVAL;
}

/** What only the machine's owner may do. */
function notPermitted(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EPERM;
}

function archPrctl(code: u64, address: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return architecturePrctl(<i32>code, address);
}

export function registerSystemCalls(): void {
    define(SYS_uname, uname, "p");
    define(SYS_sysinfo, sysinfo, "p");
    define(SYS_getrlimit, getrlimit, "Rp");
    define(SYS_setrlimit, setrlimit, "Rp");
    define(SYS_prlimit64, prlimit64, "dRpp");
    define(SYS_sched_yield, schedYield, "");
    define(SYS_sched_getaffinity, schedGetaffinity, "dup");
    define(SYS_sched_setaffinity, schedSetaffinity, "dup");
    define(SYS_sched_getscheduler, schedGetscheduler, "d");
    define(SYS_sched_setscheduler, schedSetscheduler, "ddp");
    define(SYS_sched_getparam, schedGetparam, "dp");
    define(SYS_sched_setparam, schedSetparam, "dp");
    define(SYS_sched_get_priority_max, schedPriorityMaximum, "d");
    define(SYS_sched_get_priority_min, schedPriorityMinimum, "d");
    define(SYS_sched_rr_get_interval, schedInterval, "dT");
    define(SYS_getpriority, getpriority, "dd");
    define(SYS_setpriority, setpriority, "ddd");
    define(SYS_ioprio_get, ioprioGet, "dd");
    define(SYS_getcpu, getcpu, "wwp");
    define(SYS_getrandom, getrandom, "pux");
    define(SYS_prctl, prctl, "qxxxx");
    define(SYS_arch_prctl, archPrctl, "Qp");
    define(SYS_personality, personality, "x");
    define(SYS_sethostname, notPermitted, "su");
    define(SYS_setdomainname, notPermitted, "su");
    define(SYS_reboot, notPermitted, "xxxp");
}
