// SPDX-License-Identifier: Apache-2.0
//
// What the programs of this folder print: each call with its result or the name of its error, so that the
// output of one run on Linux and of one in a container can be compared line by line.

#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void report(const char *what, long result) {
    if (result < 0) {
        printf("%s: %s\n", what, strerrorname_np(errno));
    } else {
        printf("%s: %ld\n", what, result);
    }
    fflush(stdout);
}

/// Prints the call as it is written and what it returned.
#define TRY(call) (errno = 0, report(#call, (long)(call)))
/// The same where the value differs from machine to machine: only success or the error.
#define OK(call) (errno = 0, report(#call, (long)(call) < 0 ? -1 : 0))
