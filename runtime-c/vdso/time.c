// SPDX-License-Identifier: Apache-2.0
//
// The time functions of the vDSO (vdso(7)): a program's clock_gettime without a system call. They compute
// what the sentry's system calls do (host/clock.c, assembly/sentry/syscalls/time.ts), to the nanosecond, from
// the same counter. What they cannot answer becomes the system call.

#include "vdso/clock_data.h"
#include "vdso/machine.h"

#include <stddef.h>

enum { NANOSECONDS = 1000000000, MICROSECOND = 1000 };

/// Clocks that are one of the two, as in assembly/sentry/syscalls/time.ts.
enum {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_REALTIME_COARSE = 5,
    CLOCK_MONOTONIC_COARSE = 6,
    CLOCK_BOOTTIME = 7,
    CLOCK_TAI = 11,
};
#define BIT(clock) (1U << (clock))
static const unsigned REALTIME_CLOCKS = BIT(CLOCK_REALTIME) | BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_TAI);
static const unsigned MONOTONIC_CLOCKS =
    BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) | BIT(CLOCK_MONOTONIC_COARSE) | BIT(CLOCK_BOOTTIME);

struct timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

struct timeval {
    int64_t seconds;
    int64_t microseconds;
};

struct timezone {
    int32_t minutes_west;
    int32_t daylight_saving;
};

/// Whether `clock` is one of a set; the numbers of other clocks may be anything.
static inline bool is_one_of(int clock, unsigned clocks) {
    return (unsigned)clock < 32 && (clocks >> (unsigned)clock & 1) != 0;
}

/// CLOCK_MONOTONIC. There is a counter.
static inline uint64_t monotonic(uint64_t counter) {
    uint64_t ticks = machine_counter(counter) - vdso_clock_data.zero;
    uint64_t frequency = vdso_clock_data.frequency;
    return ticks / frequency * NANOSECONDS + ticks % frequency * NANOSECONDS / frequency;
}

int VDSO(clock_gettime)(int clock, struct timespec *time) {
    uint64_t counter = vdso_clock_data.counter;
    bool realtime = is_one_of(clock, REALTIME_CLOCKS);
    if (counter == VDSO_COUNTER_NONE || (!realtime && !is_one_of(clock, MONOTONIC_CLOCKS))) {
        return (int)machine_system_call(MACHINE_CLOCK_GETTIME, clock, (long)time);
    }
    uint64_t now = monotonic(counter);
    if (realtime) {
        now += vdso_clock_data.realtime;
    }
    time->seconds = (int64_t)(now / NANOSECONDS);
    time->nanoseconds = (int64_t)(now % NANOSECONDS);
    return 0;
}

int VDSO(clock_getres)(int clock, struct timespec *resolution) {
    if (vdso_clock_data.counter == VDSO_COUNTER_NONE ||
        !is_one_of(clock, REALTIME_CLOCKS | MONOTONIC_CLOCKS)) {
        return (int)machine_system_call(MACHINE_CLOCK_GETRES, clock, (long)resolution);
    }
    if (resolution) {
        resolution->seconds = 0;
        resolution->nanoseconds = 1;
    }
    return 0;
}

int VDSO(gettimeofday)(struct timeval *time, struct timezone *zone) {
    uint64_t counter = vdso_clock_data.counter;
    if (counter == VDSO_COUNTER_NONE) {
        return (int)machine_system_call(MACHINE_GETTIMEOFDAY, (long)time, (long)zone);
    }
    if (time) {
        uint64_t now = vdso_clock_data.realtime + monotonic(counter);
        time->seconds = (int64_t)(now / NANOSECONDS);
        time->microseconds = (int64_t)(now % NANOSECONDS / MICROSECOND);
    }
    if (zone) {
        zone->minutes_west = 0;
        zone->daylight_saving = 0;
    }
    return 0;
}

#ifdef MACHINE_TIME
int64_t VDSO(time)(int64_t *result) {
    uint64_t counter = vdso_clock_data.counter;
    if (counter == VDSO_COUNTER_NONE) {
        return machine_system_call(MACHINE_TIME, (long)result, 0);
    }
    int64_t seconds = (int64_t)((vdso_clock_data.realtime + monotonic(counter)) / NANOSECONDS);
    if (result) {
        *result = seconds;
    }
    return seconds;
}
#endif

#ifdef MACHINE_HAS_GETCPU
/// A container's threads all run on processor 0, as the system call says.
int VDSO(getcpu)(unsigned *processor, unsigned *node, void *unused) {
    (void)unused;
    if (processor) {
        *processor = 0;
    }
    if (node) {
        *node = 0;
    }
    return 0;
}
#endif

#ifdef MACHINE_FLUSH_ICACHE
int VDSO(flush_icache)(void *start, void *end, unsigned long flags) {
    return (int)machine_system_call3(MACHINE_FLUSH_ICACHE, (long)start, (long)end, (long)flags);
}
#endif
