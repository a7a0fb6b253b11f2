// SPDX-License-Identifier: Apache-2.0
//
// Time is the processor's time-stamp counter: the kernel counts in its ticks, as user programs do.
#pragma once

#include <stdbool.h>
#include <stdint.h>

void time_initialise(void);
/** Ticks now. */
uint64_t time_now(void);
/** Ticks per microsecond: a whole number, as seL4 has it. */
uint64_t time_ticks_per_us(void);
/** Nanoseconds until a point in time; 0 if it has passed. */
uint64_t time_nanoseconds_until(uint64_t ticks);
/** The tick that is some nanoseconds after another. */
uint64_t time_after(uint64_t ticks, uint64_t nanoseconds);
/** Nanoseconds between two ticks. */
uint64_t time_nanoseconds_between(uint64_t from, uint64_t to);

/** The kernel's own timer: when it next wants to be entered. */
void timer_set(uint64_t ticks);
uint64_t timer_deadline(void);

/** Makes the host interrupt the monitor at a time, or earlier. */
void host_timer_set(uint64_t ticks);
