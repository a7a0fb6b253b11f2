// SPDX-License-Identifier: Apache-2.0
#ifndef SEALIFT_VDSO_AARCH64_MACHINE_H
#define SEALIFT_VDSO_AARCH64_MACHINE_H

#include "vdso/clock_data.h"

#define VDSO(name) __kernel_##name
#define MACHINE_CLOCK_GETTIME 113
#define MACHINE_CLOCK_GETRES 114
#define MACHINE_GETTIMEOFDAY 169

static inline uint64_t machine_counter(uint64_t counter) {
    uint64_t value;
    // The barrier keeps the counter from being read early.
    if (counter == VDSO_COUNTER_FIRST) {
        __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
    } else {
        __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value) : : "memory");
    }
    return value;
}

static inline long machine_system_call(long number, long first, long second) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    __asm__ volatile("brk #0x5ea1" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    return x0;
}

#endif
