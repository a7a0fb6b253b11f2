// SPDX-License-Identifier: Apache-2.0
//
// Time, from the processor's counter. Every domain reads the counter itself; the root task chose the zero and
// found out the frequency, so that a deadline that a sentry computes means the same to the manager.
//
// A kernel for aarch64 need not let programs read a counter (KernelArmExportVCNTUser,
// KernelArmExportPCNTUser). Then the root task counts ticks in a page that every domain can read
// (boot/tick_thread.h), and they are the counter.
#ifndef SEALIFT_HOST_CLOCK_H
#define SEALIFT_HOST_CLOCK_H

#include <stdint.h>

#if defined(__aarch64__)
#include "sel4/sel4_headers.h"

#if defined(CONFIG_EXPORT_VCNT_USER)
#define CLOCK_COUNTER "cntvct_el0"
#define CLOCK_COUNTER_KIND 1
#elif defined(CONFIG_EXPORT_PCNT_USER) &&                                                                    \
    (!defined(CONFIG_ARM_HYPERVISOR_SUPPORT) || defined(CONFIG_EXPORT_PTMR_USER))
// With a kernel at EL2 the physical counter alone does not do: QEMU 7.2 traps it unless the timer is exported
// too.
#define CLOCK_COUNTER "cntpct_el0"
#define CLOCK_COUNTER_KIND 2
#else
#define CLOCK_IS_TICKS 1
#define CLOCK_COUNTER_KIND 0
#endif
#else
/// Which counter it is, for clock.counter of wit/sealift.wit.
#define CLOCK_COUNTER_KIND 1
#endif

/// Ticks in a second, where they are the counter.
#define CLOCK_TICKS_PER_SECOND 100

#ifdef CLOCK_IS_TICKS
/// Where ticks are counted; set before clock_begin.
extern const volatile uint64_t *clock_ticks;
#endif

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
