// SPDX-License-Identifier: Apache-2.0
//
// prctl(2), arch_prctl(2), personality(2), and leaving namespaces.

import { SYS_arch_prctl, SYS_personality, SYS_prctl, SYS_setns, SYS_unshare } from "../arch/systemCalls";
import { architecturePrctl } from "../arch/prctl";
import {
    ALL_SECURE_BITS,
    CAP_LAST,
    CAP_SETPCAP,
    SECBIT_KEEP_CAPS,
    SECBIT_NO_CAP_AMBIENT_RAISE,
    SECURE_LOCKS,
} from "../kernel/capabilities";
import { EBADF, EFAULT, EINVAL, ENODEV, EPERM } from "../kernel/errno";
import { ProcessHandle } from "../fs/processHandle";
import {
    CLONE_FILES,
    CLONE_FS,
    CLONE_NAMESPACES,
    CLONE_NEWNS,
    CLONE_NEWTIME,
    CLONE_NEWUSER,
    CLONE_SIGHAND,
    CLONE_SYSVSEM,
    CLONE_THREAD,
    CLONE_VM,
} from "../kernel/fork";
import { NAME_LENGTH } from "../kernel/process";
import { current, Thread } from "../kernel/thread";
import { copyIn, copyInString, copyInStringError, copyOut, copyOut32, copyOut64 } from "../memory/userMemory";
import { SIGNAL_MAXIMUM } from "../signals/numbers";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

const PR_SET_PDEATHSIG: i32 = 1;
const PR_GET_PDEATHSIG: i32 = 2;
const PR_GET_DUMPABLE: i32 = 3;
const PR_SET_DUMPABLE: i32 = 4;
const PR_GET_KEEPCAPS: i32 = 7;
const PR_SET_KEEPCAPS: i32 = 8;
const PR_GET_TIMING: i32 = 13;
const PR_SET_TIMING: i32 = 14;
const PR_SET_NAME: i32 = 15;
const PR_GET_NAME: i32 = 16;
const PR_GET_SECCOMP: i32 = 21;
const PR_SET_SECCOMP: i32 = 22;
const PR_CAPBSET_READ: i32 = 23;
const PR_CAPBSET_DROP: i32 = 24;
const PR_GET_SECUREBITS: i32 = 27;
const PR_SET_SECUREBITS: i32 = 28;
const PR_SET_TIMERSLACK: i32 = 29;
const PR_GET_TIMERSLACK: i32 = 30;
const PR_MCE_KILL: i32 = 33;
const PR_MCE_KILL_GET: i32 = 34;
const PR_SET_MM: i32 = 35;
const PR_SET_CHILD_SUBREAPER: i32 = 36;
const PR_GET_CHILD_SUBREAPER: i32 = 37;
const PR_SET_NO_NEW_PRIVS: i32 = 38;
const PR_GET_NO_NEW_PRIVS: i32 = 39;
const PR_GET_TID_ADDRESS: i32 = 40;
const PR_SET_THP_DISABLE: i32 = 41;
const PR_GET_THP_DISABLE: i32 = 42;
const PR_CAP_AMBIENT: i32 = 47;
const PR_GET_SPECULATION_CTRL: i32 = 52;
const PR_SET_SPECULATION_CTRL: i32 = 53;
const PR_SET_IO_FLUSHER: i32 = 57;
const PR_GET_IO_FLUSHER: i32 = 58;
const PR_SET_VMA: i32 = 0x53564d41;
const PR_SET_PTRACER: i32 = 0x59616d61;

const PR_CAP_AMBIENT_IS_SET: u64 = 1;
const PR_CAP_AMBIENT_RAISE: u64 = 2;
const PR_CAP_AMBIENT_LOWER: u64 = 3;
const PR_CAP_AMBIENT_CLEAR_ALL: u64 = 4;
const PR_MCE_KILL_DEFAULT: i64 = 2;

const scratch: usize = reserveBuffer(32);

function prctl(option_: u64, argument: u64, third: u64, fourth: u64, fifth: u64, f: u64): i64 {
    const process = current.process;
    const option = <i32>option_;
    switch (option) {
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
        case PR_SET_NAME:
            return setName(current, argument);
        case PR_GET_NAME:
            return getName(current, argument);
        case PR_GET_KEEPCAPS:
        case PR_SET_KEEPCAPS:
        case PR_CAPBSET_READ:
        case PR_CAPBSET_DROP:
        case PR_GET_SECUREBITS:
        case PR_SET_SECUREBITS:
            return capabilityOption(option, argument);
        case PR_CAP_AMBIENT:
            return ambientOption(argument, third, fourth | fifth);
        case PR_GET_TIMING:
            return 0;
        case PR_SET_TIMING:
            return argument == 0 ? 0 : -EINVAL;
        case PR_GET_SECCOMP:
            return 0;
        case PR_SET_SECCOMP:
            return argument == 1 || argument == 2 ? unsupported("prctl: PR_SET_SECCOMP", EINVAL) : -EINVAL;
        case PR_SET_TIMERSLACK: {
            const next = current.scheduling.copy();
            next.timerSlack = <i64>argument <= 0 ? next.defaultTimerSlack : argument;
            current.scheduling = next;
            return 0;
        }
        case PR_GET_TIMERSLACK:
            return current.scheduling.timerSlack;
        case PR_SET_CHILD_SUBREAPER:
            process.isSubreaper = argument != 0;
            return 0;
        case PR_GET_CHILD_SUBREAPER:
            return copyOut32(argument, process.isSubreaper ? 1 : 0);
        case PR_SET_NO_NEW_PRIVS:
            if (argument != 1 || (third | fourth | fifth) != 0) return -EINVAL;
            process.noNewPrivileges = true;
            return 0;
        case PR_GET_NO_NEW_PRIVS:
            if ((argument | third | fourth | fifth) != 0) return -EINVAL;
            return process.noNewPrivileges ? 1 : 0;
        case PR_GET_TID_ADDRESS:
            return copyOut64(argument, current.clearChildTid);
        case PR_SET_THP_DISABLE:
            // There are no huge pages, so that disabling them is done.
            if ((third | fourth | fifth) != 0) return -EINVAL;
            process.forbidsHugePages = argument != 0;
            return 0;
        case PR_GET_THP_DISABLE:
            if ((argument | third | fourth | fifth) != 0) return -EINVAL;
            return process.forbidsHugePages ? 1 : 0;
        case PR_MCE_KILL:
            // There is no other policy for broken memory than the default.
            if ((fourth | fifth) != 0) return -EINVAL;
            if (argument == 0) return third == 0 ? 0 : -EINVAL;
            return argument == 1 && third <= 2 ? 0 : -EINVAL;
        case PR_MCE_KILL_GET:
            return (argument | third | fourth | fifth) != 0 ? -EINVAL : PR_MCE_KILL_DEFAULT;
        case PR_SET_MM:
        case PR_SET_IO_FLUSHER:
        case PR_GET_IO_FLUSHER:
            // CAP_SYS_RESOURCE is not a container's.
            return -EPERM;
        case PR_SET_VMA:
            // Names of anonymous memory are for people who debug: a kernel without them says so.
            return -EINVAL;
        case PR_GET_SPECULATION_CTRL:
        case PR_SET_SPECULATION_CTRL:
            return -ENODEV;
        case PR_SET_PTRACER:
        default:
            return -EINVAL;
    }
}

function setName(thread: Thread, address: u64): i64 {
    let name = copyInString(address, NAME_LENGTH + 1);
    if (name === null) {
        if (copyInStringError == -EFAULT) return -EFAULT;
        // A name of 16 bytes or more is cut, not refused.
        if (copyIn(scratch, address, NAME_LENGTH) != 0) return -EFAULT;
        name = "";
        for (let i = 0; i < NAME_LENGTH; i++) name += String.fromCharCode(load<u8>(scratch + i));
    }
    thread.comm = name;
    return 0;
}

function getName(thread: Thread, address: u64): i64 {
    const name = thread.comm;
    memory.fill(scratch, 0, NAME_LENGTH + 1);
    for (let i = 0; i < min(name.length, NAME_LENGTH); i++) store<u8>(scratch + i, <u8>name.charCodeAt(i));
    return copyOut(address, scratch, NAME_LENGTH + 1);
}

// ---------------------------------------------------------------- capabilities

function capabilityOption(option: i32, argument: u64): i64 {
    const process = current.process;
    const own = process.credentials;
    const next = own.copy();
    switch (option) {
        case PR_GET_KEEPCAPS:
            return (own.secureBits & SECBIT_KEEP_CAPS) != 0 ? 1 : 0;
        case PR_SET_KEEPCAPS:
            if (argument > 1) return -EINVAL;
            if ((own.secureBits & (SECBIT_KEEP_CAPS << 1)) != 0) return -EPERM;
            if (argument != 0) next.secureBits |= SECBIT_KEEP_CAPS;
            else next.secureBits &= ~SECBIT_KEEP_CAPS;
            break;
        case PR_CAPBSET_READ:
            if (argument > <u64>CAP_LAST) return -EINVAL;
            return (own.bounding & ((<u64>1) << argument)) != 0 ? 1 : 0;
        case PR_CAPBSET_DROP:
            if (!own.has(CAP_SETPCAP)) return -EPERM;
            if (argument > <u64>CAP_LAST) return -EINVAL;
            next.bounding &= ~((<u64>1) << argument);
            break;
        case PR_GET_SECUREBITS:
            return own.secureBits;
        default: {
            const bits = <u32>argument;
            const locks = (own.secureBits & SECURE_LOCKS) >> 1;
            const changed = own.secureBits ^ bits;
            if (
                (locks & changed) != 0 ||
                (own.secureBits & SECURE_LOCKS & ~bits) != 0 ||
                (argument & ~(<u64>ALL_SECURE_BITS)) != 0 ||
                !own.has(CAP_SETPCAP)
            )
                return -EPERM;
            next.secureBits = bits;
        }
    }
    process.credentials = next;
    return 0;
}

function ambientOption(operation: u64, capability: u64, rest: u64): i64 {
    const process = current.process;
    const own = process.credentials;
    if (operation == PR_CAP_AMBIENT_CLEAR_ALL) {
        if ((capability | rest) != 0) return -EINVAL;
        const cleared = own.copy();
        cleared.ambient = 0;
        process.credentials = cleared;
        return 0;
    }
    if (rest != 0 || capability > <u64>CAP_LAST) return -EINVAL;
    const bit = (<u64>1) << capability;
    if (operation == PR_CAP_AMBIENT_IS_SET) return (own.ambient & bit) != 0 ? 1 : 0;
    if (operation != PR_CAP_AMBIENT_RAISE && operation != PR_CAP_AMBIENT_LOWER) return -EINVAL;
    const next = own.copy();
    if (operation == PR_CAP_AMBIENT_RAISE) {
        if ((own.permitted & own.inheritable & bit) == 0) return -EPERM;
        if ((own.secureBits & SECBIT_NO_CAP_AMBIENT_RAISE) != 0) return -EPERM;
        next.ambient |= bit;
    } else {
        next.ambient &= ~bit;
    }
    process.credentials = next;
    return 0;
}

// ---------------------------------------------------------------- the rest

/** PER_LINUX is the only execution domain; its flags (no randomization and the like) are kept and change nothing. */
function personality(wanted: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const process = current.process;
    const before = process.personality;
    if (<u32>wanted == 0xffff_ffff) return before;
    if (((<u32>wanted) & 0xff) != 0) return unsupported("personality: other than PER_LINUX", EINVAL);
    process.personality = <u32>wanted;
    return before;
}

function archPrctl(code: u64, address: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return architecturePrctl(<i32>code, address);
}

const UNSHARE_FLAGS: u64 =
    CLONE_THREAD |
    CLONE_FS |
    CLONE_SIGHAND |
    CLONE_VM |
    CLONE_FILES |
    CLONE_SYSVSEM |
    CLONE_NAMESPACES |
    CLONE_NEWTIME;

/** What may be had alone is: the table of descriptors, root and working directory. Namespaces are not a container's. */
function unshare(flags_: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    let flags = flags_;
    if ((flags & CLONE_NEWUSER) != 0) flags |= CLONE_THREAD | CLONE_FS;
    if ((flags & CLONE_VM) != 0) flags |= CLONE_SIGHAND;
    if ((flags & CLONE_SIGHAND) != 0) flags |= CLONE_THREAD;
    if ((flags & CLONE_NEWNS) != 0) flags |= CLONE_FS;
    if ((flags & ~UNSHARE_FLAGS) != 0) return -EINVAL;
    const process = current.process;
    if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) != 0 && process.threads.length > 1)
        return -EINVAL;
    if ((flags & CLONE_VM) != 0 && process.addressSpace.users > 1) return -EINVAL;
    if ((flags & (CLONE_NAMESPACES | CLONE_NEWTIME)) != 0) return -EPERM;
    // Threads share both for good here: only processes that share them can part.
    if (process.threads.length > 1 && (flags & (CLONE_FS | CLONE_FILES)) != 0)
        return unsupported("unshare: of one thread among several", EINVAL);
    if ((flags & CLONE_FS) != 0) {
        const files = process.files.clone();
        process.files.release();
        process.files = files;
    }
    if ((flags & CLONE_FILES) != 0) {
        const table = process.fileDescriptors.clone();
        process.fileDescriptors.release();
        process.fileDescriptors = table;
    }
    return 0;
}

/** Namespaces are entered by descriptors of /proc/PID/ns, which a container's programs may not use. */
function setns(descriptor: u64, type: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = current.process.fileDescriptors.get(<i32>descriptor);
    if (file === null) return -EBADF;
    if (!(file instanceof ProcessHandle)) return -EINVAL;
    const flags = <u64>(<u32>type);
    if (flags == 0 || (flags & ~(CLONE_NAMESPACES | CLONE_NEWTIME)) != 0) return -EINVAL;
    return -EPERM;
}

export function registerPrctlCalls(): void {
    // Partial: PR_SET_SECCOMP and PR_SET_VMA are EINVAL.
    define(SYS_prctl, prctl, "qxxxx");
    define(SYS_arch_prctl, archPrctl, "Qp");
    // Partial: PER_LINUX only; its flags have no effect.
    define(SYS_personality, personality, "x");
    // Partial: namespaces are EPERM, as for an unprivileged user; one thread cannot part from the others.
    define(SYS_unshare, unshare, "c");
    // Refused: namespaces are the engine's.
    define(SYS_setns, setns, "fx");
}
