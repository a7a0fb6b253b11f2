// SPDX-License-Identifier: Apache-2.0
//
// What the sentry writes into the image before any program sees it. (assembly/sentry/memory/vdso.ts has the
// same layout.)
#ifndef SEALIFT_VDSO_CLOCK_DATA_H
#define SEALIFT_VDSO_CLOCK_DATA_H

#include <stdint.h>

/// Counters that a program may read, as clock.counter-fact of wit/sealift.wit numbers them.
enum vdso_counter {
    VDSO_COUNTER_NONE = 0,
    VDSO_COUNTER_FIRST = 1,  ///< the TSC, CNTVCT_EL0, rdtime
    VDSO_COUNTER_SECOND = 2, ///< CNTPCT_EL0
};

struct vdso_clock_data {
    uint64_t counter;   ///< an enum vdso_counter
    uint64_t frequency; ///< Hz
    uint64_t zero;      ///< the counter's value at CLOCK_MONOTONIC 0
    uint64_t realtime;  ///< what CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, in nanoseconds
};

/// Volatile, or the compiler would believe the zeros in clock_data.c. vdso.ld says where it lies.
extern const volatile struct vdso_clock_data vdso_clock_data __attribute__((visibility("hidden")));

#endif
