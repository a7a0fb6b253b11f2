// SPDX-License-Identifier: Apache-2.0
//
// What the monitor needs of the Linux host besides ptrace: signals that interrupt a running stub, waiting,
// and the standard streams.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Installs the signal handlers and chooses a CPU. To be called once, by the thread that traces the stubs. */
void host_initialise(void);
/** Flushes the console, ends all stubs, exits. */
_Noreturn void host_exit(int status);

/** While a stub runs, a signal interrupts it; 0 when none does. */
void host_set_running(pid_t stub);
/** Whether a signal came since this was last asked. */
bool host_take_event(void);
bool host_has_event(void);
/** Sleeps until a signal comes or a tick is reached. */
void host_sleep_until(uint64_t ticks);

/** The one CPU that the monitor and its stubs run on: only one of them ever runs, and waking the next on the
 *  same CPU costs a tenth of waking it on another. -1 if the host does not let a CPU be chosen. */
int host_cpu(void);
/** Moves a process to host_cpu(). */
void host_move_here(pid_t process);
/** Moves on to the next CPU if others keep a stub from running on this one. To be called from time to time.
 */
void host_balance(pid_t stub);

void host_input_start(void);
bool host_input_take(uint8_t *byte);
bool host_input_is_open(void);
void host_wait_writable(int descriptor);
