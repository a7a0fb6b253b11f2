// SPDX-License-Identifier: Apache-2.0
//
// A stub as a host process: what stub_process.c offers stub.c.
#pragma once

#include "stub.h"

#include <sys/types.h>
#include <sys/user.h>

/** Room for the largest state a processor saves with XSAVE (with AMX about 11 KiB). */
#define EXTENDED_STATE_MAXIMUM 16384

/** The only descriptor a stub has. */
#define STUB_MEMORY_DESCRIPTOR 0

struct stub {
    pid_t pid;
    struct thread *owner; /* whose vector registers are loaded; NULL: nobody's, in their initial state */
    bool is_used;         /* has run a thread that uses vector registers */
    int cpu;              /* that it runs on */
    struct mapping_changes changes;
};

/** Registers in which only those that user code can change need to be set. */
extern struct user_regs_struct stub_template_registers;
/** Vector registers as a processor starts with them, and the size of all such states. */
extern unsigned char stub_clean_state[EXTENDED_STATE_MAXIMUM];
extern size_t stub_state_bytes;

/** Whether a stopped stub has a signal that has not been reported. */
bool stub_has_signal(pid_t pid);

/** The monitor's address of one of the stubs' own pages, which all stubs share. */
void *stub_shared(uint64_t address);
/** Where a part of the stubs' code runs. */
uint64_t stub_code_address(const unsigned char *part);
/** A ptrace request that must succeed. */
long stub_trace(int request, pid_t pid, void *address, void *data);
/** Waits until a stub stops. @return its wait status */
int stub_wait(pid_t pid);
/** Continues a stub inside its own code until it stops there.
 *  @return 0, or the host's error number of the call that failed; *registers are then those at the failure */
int stub_run_own_code(struct stub *stub, struct user_regs_struct *registers);
/** Reads or writes (PTRACE_GETREGSET, PTRACE_SETREGSET) the vector registers. */
void stub_move_state(int request, pid_t pid, void *state, size_t bytes);
/** A new, empty stub. */
struct stub *stub_fork(void);
void stub_process_end_first(void);
