// SPDX-License-Identifier: Apache-2.0
//
// The table of Linux system calls: number to function and argument format. Each family registers its rows:
//
//     define(SYS_read, read, "fBu");
//
// A function gets the six argument registers as the program left them and returns what Linux returns (-errno), or
// BLOCKED (kernel/wait.ts). It may be executed several times for one call.
//
// The format says how --strace prints each argument (strace/format.ts), one letter for each:
//     d  i32          u  u64            x  hexadecimal     p  pointer (NULL)      o  octal mode
//     f  descriptor   D  directory descriptor (AT_FDCWD)   O  open flags
//     s  zero-terminated text           a  array of texts (argv)    e  array of texts, counted only (envp)
//     b  bytes to read, as many as the next argument says   B  bytes written by the call, as many as its result
//     w  pointer to i32 that the call writes: printed as [n]        P  two i32 written by the call: [3, 4]
//     W  wait status   S  signal number   m  signal set   n  signal set written   h  sigprocmask's operation
//     g  sigaction (new)   G  sigaction (old, written)
//     t  timespec read  T  timespec written   v  timeval read   i  wait options
//     r  mmap protection   M  mmap flags   c  clone flags   F  futex operation   R  rlimit number
//     k  fcntl command     l  lseek whence   A  AT_ flags   K  access mode   C  clock number   L  ioctl request
//     q  prctl option      Q  arch_prctl code

import { ABSENT } from "../arch/systemCalls";
import { CONFIGURATION_ADDRESS, containerConfiguration, FLAG_STRACE } from "../../std/containerConfiguration";

/** One system call; see above. */
export type SyscallFunction = (a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) => i64;

/** Numbers at and above this one are unknown without a look at the table. Linux 6.x ends near 470. */
export const SYSCALL_LIMIT: u32 = 480;

/** Formats are for --strace alone, and take memory. In unit tests, whose memory ends before it, there is no configuration. */
const hasFormats: bool =
    (<usize>memory.size()) << 16 > CONFIGURATION_ADDRESS && containerConfiguration().has(FLAG_STRACE);

/** By number; null where there is no such call. Two arrays, so that a row takes no object of its own. */
export const syscallFunctions: StaticArray<SyscallFunction | null> = new StaticArray<SyscallFunction | null>(
    SYSCALL_LIMIT,
);
export const syscallFormats: StaticArray<string | null> = new StaticArray<string | null>(
    hasFormats ? SYSCALL_LIMIT : 0,
);

/** Adds a row, unless the architecture has no such call. Each number is defined once. Names belong to the numbers: arch/systemCallNames.ts. */
export function define(number: u32, run: SyscallFunction, format: string): void {
    if (number == ABSENT) return;
    assert(syscallFunctions[number] === null, "a system call is defined twice");
    syscallFunctions[number] = run;
    if (hasFormats) syscallFormats[number] = format;
}
