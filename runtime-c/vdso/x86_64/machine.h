// SPDX-License-Identifier: Apache-2.0
#ifndef SEALIFT_VDSO_X86_64_MACHINE_H
#define SEALIFT_VDSO_X86_64_MACHINE_H

#include "vdso/clock_data.h"

#define VDSO(name) __vdso_##name
#define MACHINE_CLOCK_GETTIME 228
#define MACHINE_CLOCK_GETRES 229
#define MACHINE_GETTIMEOFDAY 96
#define MACHINE_TIME 201
#define MACHINE_HAS_GETCPU 1

static inline uint64_t machine_counter(uint64_t counter) {
    (void)counter;
    uint32_t low;
    uint32_t high;
    // RDTSC may be executed before earlier loads have their values: another thread's time must not be ahead.
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline long machine_system_call(long number, long first, long second) {
    long result;
    __asm__ volatile("int $0xfe"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

#endif
