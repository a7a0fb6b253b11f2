// SPDX-License-Identifier: Apache-2.0
//
// Interface clock of wit/sealift.wit.

#include "host/clock.h"

#include "host/generated/imports.h"

enum { NANOSECONDS = 1000000000 };

static struct {
    uint64_t frequency;
    uint64_t zero;
    uint64_t epoch;
} clock_state;

void clock_begin(uint64_t frequency, uint64_t zero, uint64_t epoch) {
    clock_state.frequency = frequency;
    clock_state.zero = zero;
    clock_state.epoch = epoch;
}

#ifdef CLOCK_IS_TICKS
const volatile uint64_t *clock_ticks;
#endif

uint64_t clock_counter(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(CLOCK_IS_TICKS)
    return clock_ticks ? *clock_ticks : 0;
#elif defined(__aarch64__)
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, " CLOCK_COUNTER : "=r"(value)); // or it may be read early
    return value;
#elif defined(__riscv)
    uint64_t value;
    __asm__ volatile("rdtime %0" : "=r"(value));
    return value;
#else
#error "runtime-c/host/clock.c knows no counter of this architecture"
#endif
}

uint64_t clock_nanoseconds(uint64_t ticks, uint64_t frequency) {
    // Whole seconds apart: what is left is below the frequency, and its product with 10^9 fits 64 bits up to
    // 18 GHz. (A 128-bit quotient would need a library function.)
    uint64_t seconds = ticks / frequency;
    uint64_t rest = ticks % frequency;
    return seconds * NANOSECONDS + rest * NANOSECONDS / frequency;
}

uint64_t clock_now(void) {
    return clock_nanoseconds(clock_counter() - clock_state.zero, clock_state.frequency);
}

uint64_t clock_realtime(void) {
    return clock_state.epoch == 0 ? 0 : clock_state.epoch + clock_now();
}

wasm_status host_clock_now(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = clock_now();
    return WASM_OK;
}

wasm_status host_clock_counter(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    switch ((uint32_t)values[0]) {
    case 0:
        values[0] = CLOCK_COUNTER_KIND;
        break;
    case 1:
        values[0] = clock_state.frequency;
        break;
    case 2:
        values[0] = clock_state.zero;
        break;
    default:
        values[0] = 0;
    }
    return WASM_OK;
}

wasm_status host_clock_realtime(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = clock_realtime();
    return WASM_OK;
}
