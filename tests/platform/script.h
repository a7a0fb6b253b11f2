// SPDX-License-Identifier: Apache-2.0
//
// Scripted threads: lists of system calls that another thread makes, with what they returned.
#pragma once

#include "kernel.h"

#define SCRIPT_STEPS 6

struct step {
    int64_t number;
    seL4_CPtr capability;
    uint64_t label;
    uint64_t length;
    uint64_t extra; /* capabilities, in the thread's IPC buffer */
    seL4_CPtr reply;
    seL4_CPtr destination;
};

struct script {
    unsigned count;
    struct step steps[SCRIPT_STEPS];
    volatile unsigned done; /* steps that have returned */
    volatile uint64_t info[SCRIPT_STEPS];
    volatile uint64_t badge[SCRIPT_STEPS];
    volatile uint64_t word[SCRIPT_STEPS]; /* first of the message received */
    seL4_IPCBuffer *buffer;
};

/** Priorities: the root thread's in these tests, and those above and below it. */
enum { PRIORITY_LOW = 20, PRIORITY_ROOT = 50, PRIORITY_HIGH = 100 };

/** A thread that runs a script and then faults. */
struct thread script_start(struct script *script, unsigned priority);
/** Ends a scripted thread, whether it is done or not. */
void script_end(struct thread *thread);
/** How many steps a script has done, and what the last of them returned. */
void script_log(const char *name, const struct script *script);
