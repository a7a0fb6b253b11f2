// SPDX-License-Identifier: Apache-2.0
//
// For programs whose output is compared with Linux's: each line says what was done and what came of it.
// Nothing that differs from run to run (addresses, times, pids) is printed.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Prints what `call` returned: a negative result with errno's name.
#define SHOW(call)                                                                                           \
    do {                                                                                                     \
        errno = 0;                                                                                           \
        long shown = (long)(call);                                                                           \
        if (shown == -1)                                                                                     \
            printf("%s = -1 %s\n", #call, strerrorname_np(errno));                                           \
        else                                                                                                 \
            printf("%s = %ld\n", #call, shown);                                                              \
        fflush(stdout);                                                                                      \
    } while (0)

/// Prints whether something holds.
#define HOLDS(what)                                                                                          \
    do {                                                                                                     \
        printf("%s: %s\n", #what, (what) ? "yes" : "no");                                                    \
        fflush(stdout);                                                                                      \
    } while (0)

/// Prints whether a call succeeded, where its result differs from run to run.
#define WORKS(call)                                                                                          \
    do {                                                                                                     \
        errno = 0;                                                                                           \
        bool worked = (long)(call) != -1;                                                                    \
        printf("%s: %s\n", #call, worked ? "done" : strerrorname_np(errno));                                 \
        fflush(stdout);                                                                                      \
    } while (0)
