// SPDX-License-Identifier: Apache-2.0
//
// The machine and the process's relation to it: uname, limits, random bytes.

import {
    SYS_getrandom,
    SYS_getrlimit,
    SYS_prlimit64,
    SYS_reboot,
    SYS_setdomainname,
    SYS_sethostname,
    SYS_setrlimit,
    SYS_sysinfo,
    SYS_uname,
} from "../arch/systemCalls";
import { MACHINE_NAME } from "../arch/machine";
import { quotaBytes, untypedLeft } from "../capabilities/quota";
import { NANOSECONDS, now } from "../kernel/clock";
import { CAP_SYS_RESOURCE } from "../kernel/capabilities";
import { EFAULT, EINVAL, EPERM, ESRCH } from "../kernel/errno";
import { findProcess, Process, processes } from "../kernel/process";
import { randomBytes } from "../kernel/random";
import { RLIMIT_COUNT, RLIMIT_CPU, RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { freeFrameCount } from "../memory/frames";
import { copyIn, copyOut } from "../memory/userMemory";
import { watchProcessorLimit } from "../signals/timers";
import { containerConfiguration } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** Length of each text of struct utsname. */
const NAME_FIELD: i32 = 65;
/** What programs compare with the oldest Linux they run on; the features offered are those of about this one. */
export const RELEASE: string = "6.1.0-sealift";
export const VERSION: string = "#1 Sealift on seL4";

/** Linux's fs.nr_open. */
const DESCRIPTORS_MAXIMUM: u64 = 1048576;

const scratch: usize = reserveBuffer(512);
/** Of what every container asks for: limits, and a few random bytes. */
const SMALL_SCRATCH: i32 = 64;
const smallScratch: usize = reserveBuffer(SMALL_SCRATCH);

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
    store<u64>(scratch, quotaBytes(), 32);
    store<u64>(scratch, freeMemory(), 40);
    store<u16>(scratch, <u16>processes.length, 80);
    store<u32>(scratch, 1, 104);
    return copyOut(buffer, scratch, 112);
}

// ---------------------------------------------------------------- limits

function getrlimit(resource: u64, limit: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return limit == 0 && <u32>resource < <u32>RLIMIT_COUNT ? -EFAULT : prlimit64(0, resource, 0, limit, 0, 0);
}

function setrlimit(resource: u64, limit: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return limit == 0 ? -EFAULT : prlimit64(0, resource, limit, 0, 0, 0);
}

/** Whether the caller may see and set a process's limits. */
function mayLimit(process: Process): bool {
    if (process === current.process) return true;
    const own = current.process.credentials;
    const other = process.credentials;
    if (own.has(CAP_SYS_RESOURCE)) return true;
    return (
        own.realUser == other.effectiveUser &&
        own.realUser == other.savedUser &&
        own.realUser == other.realUser &&
        own.realGroup == other.effectiveGroup &&
        own.realGroup == other.savedGroup &&
        own.realGroup == other.realGroup
    );
}

function prlimit64(pid: u64, resource_: u64, limit: u64, old: u64, e: u64, f: u64): i64 {
    const resource = <i32>resource_;
    if (<u32>resource >= <u32>RLIMIT_COUNT) return -EINVAL;
    const process = <i32>pid == 0 ? current.process : findProcess(<i32>pid);
    if (process === null) return -ESRCH;
    if (!mayLimit(process)) return -EPERM;
    const limits = process.limits;
    const oldSoft = limits.soft[resource];
    const oldHard = limits.hard[resource];
    if (limit != 0) {
        if (copyIn(smallScratch, limit, 16) != 0) return -EFAULT;
        const soft = load<u64>(smallScratch);
        const hard = load<u64>(smallScratch, 8);
        if (soft > hard) return -EINVAL;
        if (hard > oldHard && !current.process.credentials.has(CAP_SYS_RESOURCE)) return -EPERM;
        if (resource == RLIMIT_NOFILE && hard > DESCRIPTORS_MAXIMUM) return -EPERM;
        const next = limits.copy();
        next.soft[resource] = soft;
        next.hard[resource] = hard;
        process.limits = next;
        if (resource == RLIMIT_CPU) watchProcessorLimit(process);
    }
    if (old == 0) return 0;
    store<u64>(smallScratch, oldSoft);
    store<u64>(smallScratch, oldHard, 8);
    return copyOut(old, smallScratch, 16);
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
        const bytes = part <= SMALL_SCRATCH ? smallScratch : scratch;
        randomBytes(bytes, part);
        if (copyOut(buffer + done, bytes, part) != 0) return done > 0 ? done : -EFAULT;
        done += part;
    }
    return length;
}

/** What only the machine's owner may do. */
function notPermitted(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EPERM;
}

export function registerSystemCalls(): void {
    define(SYS_uname, uname, "p");
    define(SYS_sysinfo, sysinfo, "p");
    define(SYS_getrlimit, getrlimit, "Rp");
    define(SYS_setrlimit, setrlimit, "Rp");
    define(SYS_prlimit64, prlimit64, "dRpp");
    define(SYS_getrandom, getrandom, "pux");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_sethostname, notPermitted, "su");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_setdomainname, notPermitted, "su");
    // Refused: EPERM, as without the capability, which container engines withhold.
    define(SYS_reboot, notPermitted, "xxxp");
}
