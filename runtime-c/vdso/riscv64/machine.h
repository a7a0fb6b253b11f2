// SPDX-License-Identifier: Apache-2.0
#ifndef SEALIFT_VDSO_RISCV64_MACHINE_H
#define SEALIFT_VDSO_RISCV64_MACHINE_H

#include "vdso/clock_data.h"

#define VDSO(name) __vdso_##name
#define MACHINE_CLOCK_GETTIME 113
#define MACHINE_CLOCK_GETRES 114
#define MACHINE_GETTIMEOFDAY 169
#define MACHINE_FLUSH_ICACHE 259
#define MACHINE_HAS_GETCPU 1

static inline uint64_t machine_counter(uint64_t counter) {
    (void)counter;
    uint64_t value;
    __asm__ volatile("fence r, r\n\trdtime %0" : "=r"(value) : : "memory");
    return value;
}

static inline long machine_system_call3(long number, long first, long second, long third) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

static inline long machine_system_call(long number, long first, long second) {
    return machine_system_call3(number, first, second, 0);
}

#endif
