// SPDX-License-Identifier: Apache-2.0
//
// A fuzzer of Linux system calls that runs inside a container: workers make random calls with arguments that
// are half sensible and half hostile, several threads of them at once. What it looks for is not a wrong
// result but a sentry that traps, hangs, or loses memory: that shows outside, in tests/fuzz/syscalls/run.mjs.

#pragma once

#include <stddef.h>
#include <stdint.h>

/** What an argument of a call means; it decides from which pool values are drawn. */
enum kind {
    NONE,
    ANY,        // any number at all
    FD,         // a descriptor, open or not
    FDS,        // where the call writes two descriptors
    DIRFD,      // a directory's descriptor or AT_FDCWD
    PATH,       // a text in memory, mostly a path below the working directory
    BUFFER,     // memory that the call reads or writes
    LENGTH,     // of the buffer before it
    FLAGS,      // bits
    SMALL,      // a small number: an option, an operation
    SIGNAL,     // a signal's number
    PID,        // a process or thread
    MODE,       // permissions
    OFFSET,     // in a file
    ADDRESS,    // page aligned, in the arena or near it
    SIZE,       // of a mapping
    PROTECTION, // PROT_ bits
    VECTOR,     // struct iovec[]
    COUNT,      // of the vector before it, or of anything counted
    TIME,       // struct timespec, timeval or itimerspec
    SETS,       // fd_set or sigset_t
    SOCKET,     // a socket's address
    MESSAGE,    // struct msghdr
    POINTERS,   // a zero-ended array of texts
};

struct call {
    const char *name;
    long number;
    /** How often it is made, relative to 8. */
    unsigned char weight;
    unsigned char arguments[6];
};

extern const struct call calls[];
extern const size_t callCount;

/** Memory that workers share: the arena that pointers point into. */
extern unsigned char *arena;
enum { ARENA_PAGES = 64, PAGE = 4096 };

void seedRandom(uint64_t seed);
uint64_t random64(void);
/** 0 to limit - 1. */
uint32_t below(uint32_t limit);

/** Prepares the arena and opens descriptors of every kind that a call may be given. */
void prepareArguments(void);
uint64_t makeArgument(enum kind kind);
