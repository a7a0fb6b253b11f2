// SPDX-License-Identifier: Apache-2.0
//
// What the tests of faults share with those of the architecture's own (ARCHITECTURE/faults.c).
#pragma once

#include "kernel.h"

/** A thread in a VSpace of its own, whose faults come here. */
extern struct thread fault_thread;
extern seL4_CPtr fault_vspace;
/** Registers that all differ. */
extern const seL4_UserContext fault_pattern;
extern unsigned char domain_report[];

/** Runs code in the thread until it faults. */
struct message fault_run_with(const unsigned char *code, seL4_UserContext context);
struct message fault_run(const unsigned char *code);

/** The whole message; a first word that is an address is given as its place in the code. */
void fault_log(const char *name, struct message message);

/** Replies with what is in the IPC buffer, and logs the next fault. */
void fault_reply(uint64_t label, unsigned length);

void test_architecture_faults(void);
