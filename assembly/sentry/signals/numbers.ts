// SPDX-License-Identifier: Apache-2.0
//
// Signal numbers and what they do by default (signal(7)); the same on all our architectures.

export const SIGHUP: i32 = 1;
export const SIGINT: i32 = 2;
export const SIGQUIT: i32 = 3;
export const SIGILL: i32 = 4;
export const SIGTRAP: i32 = 5;
export const SIGABRT: i32 = 6;
export const SIGBUS: i32 = 7;
export const SIGFPE: i32 = 8;
export const SIGKILL: i32 = 9;
export const SIGUSR1: i32 = 10;
export const SIGSEGV: i32 = 11;
export const SIGUSR2: i32 = 12;
export const SIGPIPE: i32 = 13;
export const SIGALRM: i32 = 14;
export const SIGTERM: i32 = 15;
export const SIGSTKFLT: i32 = 16;
export const SIGCHLD: i32 = 17;
export const SIGCONT: i32 = 18;
export const SIGSTOP: i32 = 19;
export const SIGTSTP: i32 = 20;
export const SIGTTIN: i32 = 21;
export const SIGTTOU: i32 = 22;
export const SIGURG: i32 = 23;
export const SIGXCPU: i32 = 24;
export const SIGXFSZ: i32 = 25;
export const SIGVTALRM: i32 = 26;
export const SIGPROF: i32 = 27;
export const SIGWINCH: i32 = 28;
export const SIGIO: i32 = 29;
export const SIGPWR: i32 = 30;
export const SIGSYS: i32 = 31;
/** Signals from here on are queued, one by one. */
export const SIGRTMIN: i32 = 32;
export const SIGNAL_MAXIMUM: i32 = 64;

/** The bit of a signal in a mask. */
// @ts-ignore: decorator
@inline
export function signalBit(signal: i32): u64 {
    return (<u64>1) << (signal - 1);
}

export const MASK_UNBLOCKABLE: u64 = ((<u64>1) << (SIGKILL - 1)) | ((<u64>1) << (SIGSTOP - 1));
/** Signals of faults: taken before all others. */
export const MASK_SYNCHRONOUS: u64 =
    ((<u64>1) << (SIGSEGV - 1)) |
    ((<u64>1) << (SIGBUS - 1)) |
    ((<u64>1) << (SIGILL - 1)) |
    ((<u64>1) << (SIGTRAP - 1)) |
    ((<u64>1) << (SIGFPE - 1)) |
    ((<u64>1) << (SIGSYS - 1));
export const MASK_STOP: u64 =
    ((<u64>1) << (SIGSTOP - 1)) |
    ((<u64>1) << (SIGTSTP - 1)) |
    ((<u64>1) << (SIGTTIN - 1)) |
    ((<u64>1) << (SIGTTOU - 1));
const MASK_IGNORED: u64 =
    ((<u64>1) << (SIGCHLD - 1)) |
    ((<u64>1) << (SIGCONT - 1)) |
    ((<u64>1) << (SIGURG - 1)) |
    ((<u64>1) << (SIGWINCH - 1));
const MASK_CORE: u64 =
    ((<u64>1) << (SIGQUIT - 1)) |
    ((<u64>1) << (SIGILL - 1)) |
    ((<u64>1) << (SIGTRAP - 1)) |
    ((<u64>1) << (SIGABRT - 1)) |
    ((<u64>1) << (SIGBUS - 1)) |
    ((<u64>1) << (SIGFPE - 1)) |
    ((<u64>1) << (SIGSEGV - 1)) |
    ((<u64>1) << (SIGXCPU - 1)) |
    ((<u64>1) << (SIGXFSZ - 1)) |
    ((<u64>1) << (SIGSYS - 1));

export const DEFAULT_TERMINATE: i32 = 0;
export const DEFAULT_IGNORE: i32 = 1;
export const DEFAULT_STOP: i32 = 2;

/** What a signal does without a handler. SIGCONT's continuing happens when it is sent. */
export function defaultAction(signal: i32): i32 {
    const bit = signalBit(signal);
    if ((MASK_IGNORED & bit) != 0) return DEFAULT_IGNORE;
    return (MASK_STOP & bit) != 0 ? DEFAULT_STOP : DEFAULT_TERMINATE;
}

/** Whether it would leave a core dump. None is written; wait statuses do not claim one. */
export function dumpsCore(signal: i32): bool {
    return (MASK_CORE & signalBit(signal)) != 0;
}

const NAMES: StaticArray<string> = [
    "0",
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/** "SIGTERM", "SIGRTMIN", "SIGRT_3" as strace writes them. */
export function signalName(signal: i32): string {
    if (signal >= 0 && signal < NAMES.length) return NAMES[signal];
    return signal == SIGRTMIN ? "SIGRTMIN" : "SIGRT_" + (signal - SIGRTMIN).toString();
}

// si_code values (siginfo.h).
export const SI_USER: i32 = 0;
export const SI_KERNEL: i32 = 0x80;
export const SI_QUEUE: i32 = -1;
export const SI_TIMER: i32 = -2;
export const SI_MESGQ: i32 = -3;
export const SI_TKILL: i32 = -6;
export const SEGV_MAPERR: i32 = 1;
export const SEGV_ACCERR: i32 = 2;
export const BUS_ADRALN: i32 = 1;
export const BUS_ADRERR: i32 = 2;
export const CLD_EXITED: i32 = 1;
export const CLD_KILLED: i32 = 2;
export const CLD_DUMPED: i32 = 3;
export const CLD_STOPPED: i32 = 5;
export const CLD_CONTINUED: i32 = 6;

// sa_flags.
export const SA_NOCLDSTOP: u64 = 1;
export const SA_NOCLDWAIT: u64 = 2;
export const SA_SIGINFO: u64 = 4;
export const SA_RESTORER: u64 = 0x0400_0000;
export const SA_ONSTACK: u64 = 0x0800_0000;
export const SA_RESTART: u64 = 0x1000_0000;
export const SA_NODEFER: u64 = 0x4000_0000;
export const SA_RESETHAND: u64 = 0x8000_0000;
