// SPDX-License-Identifier: Apache-2.0
//
// Time, from the processor's counter. Every domain reads the counter itself; the root task chose the zero and
// found out the frequency, so that a deadline that a sentry computes means the same to the manager.
#ifndef SEALIFT_HOST_CLOCK_H
#define SEALIFT_HOST_CLOCK_H

#include <stdint.h>

/// @param frequency of the counter in Hz, not 0
/// @param zero      the counter's value at clock time 0
/// @param epoch     nanoseconds since 1970-01-01 UTC at clock time 0, or 0 if not known
void clock_begin(uint64_t frequency, uint64_t zero, uint64_t epoch);

/// Nanoseconds since clock time 0.
uint64_t clock_now(void);

/// Nanoseconds since the epoch, or 0.
uint64_t clock_realtime(void);

/// The counter itself.
uint64_t clock_counter(void);

/// ticks * 10^9 / frequency without overflow on the way.
uint64_t clock_nanoseconds(uint64_t ticks, uint64_t frequency);

#endif
