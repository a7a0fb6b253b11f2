// SPDX-License-Identifier: Apache-2.0
//
// Names of flags and small numbers as strace writes them.

import { O_DIRECT, O_DIRECTORY, O_LARGEFILE, O_NOFOLLOW } from "../arch/fileStatus";
import { O_TMPFILE } from "../fs/openFile";
import { putByte, putHexadecimal, putSigned, putText } from "../kernel/text";

/** Names of the single bits from bit 0 up; empty where a bit has no name. */
class FlagNames {
    constructor(
        readonly bits: u32[],
        readonly names: string[],
    ) {}
}

/** Prints the set flags with | between them, unknown rest in hexadecimal; `zero` when there is none. */
function putFlags(value: u32, flags: FlagNames, zero: string): void {
    let first = true;
    for (let i = 0; i < flags.bits.length; i++) {
        const bits = flags.bits[i];
        if ((value & bits) != bits) continue;
        value &= ~bits;
        if (!first) putByte(124);
        putText(flags.names[i]);
        first = false;
    }
    if (value != 0) {
        if (!first) putByte(124);
        putText("0x");
        putHexadecimal(value);
    } else if (first) {
        putText(zero);
    }
}

const OPEN_FLAGS = new FlagNames(
    [
        0x40,
        0x80,
        0x100,
        0x200,
        0x400,
        0x800,
        0x101000,
        0x1000,
        0x2000,
        O_DIRECT,
        O_LARGEFILE,
        O_TMPFILE,
        O_DIRECTORY,
        O_NOFOLLOW,
        0x40000,
        0x80000,
        0x200000,
    ],
    [
        "O_CREAT",
        "O_EXCL",
        "O_NOCTTY",
        "O_TRUNC",
        "O_APPEND",
        "O_NONBLOCK",
        "O_SYNC",
        "O_DSYNC",
        "O_ASYNC",
        "O_DIRECT",
        "O_LARGEFILE",
        "O_TMPFILE",
        "O_DIRECTORY",
        "O_NOFOLLOW",
        "O_NOATIME",
        "O_CLOEXEC",
        "O_PATH",
    ],
);
const ACCESS_MODES: string[] = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];

export function putOpenFlags(value: u32): void {
    putText(ACCESS_MODES[value & 3]);
    if ((value & ~3) == 0) return;
    putByte(124);
    putFlags(value & ~3, OPEN_FLAGS, "");
}

const PROTECTION = new FlagNames([1, 2, 4], ["PROT_READ", "PROT_WRITE", "PROT_EXEC"]);

export function putProtection(value: u32): void {
    putFlags(value, PROTECTION, "PROT_NONE");
}

const MAP_FLAGS = new FlagNames(
    [
        0x3, 0x1, 0x2, 0x10, 0x20, 0x100, 0x800, 0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000,
        0x100000,
    ],
    [
        "MAP_SHARED_VALIDATE",
        "MAP_SHARED",
        "MAP_PRIVATE",
        "MAP_FIXED",
        "MAP_ANONYMOUS",
        "MAP_GROWSDOWN",
        "MAP_DENYWRITE",
        "MAP_EXECUTABLE",
        "MAP_LOCKED",
        "MAP_NORESERVE",
        "MAP_POPULATE",
        "MAP_NONBLOCK",
        "MAP_STACK",
        "MAP_HUGETLB",
        "MAP_FIXED_NOREPLACE",
    ],
);

export function putMapFlags(value: u32): void {
    putFlags(value, MAP_FLAGS, "0");
}

const CLONE_FLAGS = new FlagNames(
    [
        0x100, 0x200, 0x400, 0x800, 0x1000, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000,
        0x200000, 0x400000, 0x1000000,
    ],
    [
        "CLONE_VM",
        "CLONE_FS",
        "CLONE_FILES",
        "CLONE_SIGHAND",
        "CLONE_PIDFD",
        "CLONE_VFORK",
        "CLONE_PARENT",
        "CLONE_THREAD",
        "CLONE_NEWNS",
        "CLONE_SYSVSEM",
        "CLONE_SETTLS",
        "CLONE_PARENT_SETTID",
        "CLONE_CHILD_CLEARTID",
        "CLONE_DETACHED",
        "CLONE_CHILD_SETTID",
    ],
);

export function putCloneFlags(value: u32, signalName: string): void {
    putFlags(value & ~0xff, CLONE_FLAGS, "0");
    if ((value & 0xff) == 0) return;
    putByte(124);
    putText(signalName);
}

const WAIT_OPTIONS = new FlagNames(
    [1, 2, 4, 8, 0x1000000, 0x20000000, 0x40000000, 0x80000000],
    ["WNOHANG", "WSTOPPED", "WEXITED", "WCONTINUED", "WNOWAIT", "__WNOTHREAD", "__WALL", "__WCLONE"],
);

export function putWaitOptions(value: u32): void {
    putFlags(value, WAIT_OPTIONS, "0");
}

const AT_FLAGS = new FlagNames(
    [0x100, 0x200, 0x400, 0x800, 0x1000],
    ["AT_SYMLINK_NOFOLLOW", "AT_REMOVEDIR", "AT_SYMLINK_FOLLOW", "AT_NO_AUTOMOUNT", "AT_EMPTY_PATH"],
);

export function putAtFlags(value: u32): void {
    putFlags(value, AT_FLAGS, "0");
}

const ACCESS_BITS = new FlagNames([4, 2, 1], ["R_OK", "W_OK", "X_OK"]);

export function putAccessMode(value: u32): void {
    putFlags(value, ACCESS_BITS, "F_OK");
}

const SIGNAL_ACTION_FLAGS = new FlagNames(
    [0x04000000, 1, 2, 4, 0x08000000, 0x10000000, 0x40000000, 0x80000000],
    [
        "SA_RESTORER",
        "SA_NOCLDSTOP",
        "SA_NOCLDWAIT",
        "SA_SIGINFO",
        "SA_ONSTACK",
        "SA_RESTART",
        "SA_NODEFER",
        "SA_RESETHAND",
    ],
);

export function putSignalActionFlags(value: u32): void {
    putFlags(value, SIGNAL_ACTION_FLAGS, "0");
}

/** A number by name, or in decimal. */
export function putName(value: i32, names: string[]): void {
    if (value >= 0 && value < names.length && names[value].length > 0) putText(names[value]);
    else putSigned(value);
}

export const WHENCE: string[] = ["SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE"];
export const CLOCKS: string[] = [
    "CLOCK_REALTIME",
    "CLOCK_MONOTONIC",
    "CLOCK_PROCESS_CPUTIME_ID",
    "CLOCK_THREAD_CPUTIME_ID",
    "CLOCK_MONOTONIC_RAW",
    "CLOCK_REALTIME_COARSE",
    "CLOCK_MONOTONIC_COARSE",
    "CLOCK_BOOTTIME",
    "CLOCK_REALTIME_ALARM",
    "CLOCK_BOOTTIME_ALARM",
    "",
    "CLOCK_TAI",
];
export const LIMITS: string[] = [
    "RLIMIT_CPU",
    "RLIMIT_FSIZE",
    "RLIMIT_DATA",
    "RLIMIT_STACK",
    "RLIMIT_CORE",
    "RLIMIT_RSS",
    "RLIMIT_NPROC",
    "RLIMIT_NOFILE",
    "RLIMIT_MEMLOCK",
    "RLIMIT_AS",
    "RLIMIT_LOCKS",
    "RLIMIT_SIGPENDING",
    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",
    "RLIMIT_RTPRIO",
    "RLIMIT_RTTIME",
];
export const FUTEX_OPERATIONS: string[] = [
    "FUTEX_WAIT",
    "FUTEX_WAKE",
    "FUTEX_FD",
    "FUTEX_REQUEUE",
    "FUTEX_CMP_REQUEUE",
    "FUTEX_WAKE_OP",
    "FUTEX_LOCK_PI",
    "FUTEX_UNLOCK_PI",
    "FUTEX_TRYLOCK_PI",
    "FUTEX_WAIT_BITSET",
    "FUTEX_WAKE_BITSET",
];
export const MASK_OPERATIONS: string[] = ["SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK"];

/** fcntl commands up to F_SETOWN, then those from 1024 on. */
export const CONTROLS: string[] = [
    "F_DUPFD",
    "F_GETFD",
    "F_SETFD",
    "F_GETFL",
    "F_SETFL",
    "F_GETLK",
    "F_SETLK",
    "F_SETLKW",
    "F_SETOWN",
    "F_GETOWN",
];
export const LINUX_CONTROLS: string[] = [
    "F_SETLEASE",
    "F_GETLEASE",
    "F_NOTIFY",
    "",
    "",
    "",
    "F_DUPFD_CLOEXEC",
    "F_SETPIPE_SZ",
    "F_GETPIPE_SZ",
    "F_ADD_SEALS",
    "F_GET_SEALS",
];

/** Codes of arch_prctl, counted from 0x1000. */
export const ARCHITECTURE_CONTROLS: string[] = [
    "",
    "ARCH_SET_GS",
    "ARCH_SET_FS",
    "ARCH_GET_FS",
    "ARCH_GET_GS",
];

const CONTROL_OPTIONS: string[] = [
    "",
    "PR_SET_PDEATHSIG",
    "PR_GET_PDEATHSIG",
    "PR_GET_DUMPABLE",
    "PR_SET_DUMPABLE",
    "PR_GET_UNALIGN",
    "PR_SET_UNALIGN",
    "PR_GET_KEEPCAPS",
    "PR_SET_KEEPCAPS",
    "PR_GET_FPEMU",
    "PR_SET_FPEMU",
    "PR_GET_FPEXC",
    "PR_SET_FPEXC",
    "PR_GET_TIMING",
    "PR_SET_TIMING",
    "PR_SET_NAME",
    "PR_GET_NAME",
];

/** The first argument of prctl. */
export function putControlOption(value: i32): void {
    if (value == 38) putText("PR_SET_NO_NEW_PRIVS");
    else if (value == 39) putText("PR_GET_NO_NEW_PRIVS");
    else if (value == 0x53564d41) putText("PR_SET_VMA");
    else putName(value, CONTROL_OPTIONS);
}

/** ioctl requests of terminals, the ones that programs without one try. */
export function requestName(request: u32): string | null {
    switch (request) {
        case 0x5401:
            return "TCGETS";
        case 0x5402:
            return "TCSETS";
        case 0x5403:
            return "TCSETSW";
        case 0x540f:
            return "TIOCGPGRP";
        case 0x5410:
            return "TIOCSPGRP";
        case 0x5413:
            return "TIOCGWINSZ";
        case 0x541b:
            return "FIONREAD";
        case 0x5421:
            return "FIONBIO";
        default:
            return null;
    }
}
