// SPDX-License-Identifier: Apache-2.0
//
// The time-stamp counter, its frequency, and the conversion to the host's nanoseconds.
#include "clock.h"
#include "kernel.h"

#include <time.h>
#include <x86intrin.h>

/** How long the counter is compared with the host's clock: the error is well below one in a thousand. */
#define CALIBRATION_NS 10000000
#define NS_PER_SECOND 1000000000UL

static uint64_t ticks_per_us;
static uint64_t ticks_per_second;
static uint64_t deadline = UINT64_MAX;

uint64_t time_now(void) {
    return __rdtsc();
}

static uint64_t host_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void time_initialise(void) {
    uint64_t first_ns = host_nanoseconds(), first = time_now(), ns;
    do
        ns = host_nanoseconds();
    while (ns - first_ns < CALIBRATION_NS);
    uint64_t ticks = time_now() - first;
    ticks_per_second = (unsigned __int128)ticks * NS_PER_SECOND / (ns - first_ns);
    ticks_per_us = ticks_per_second / 1000000;
    check(ticks_per_us > 0);
}

uint64_t time_ticks_per_us(void) {
    return ticks_per_us;
}

static uint64_t to_nanoseconds(uint64_t ticks) {
    return (unsigned __int128)ticks * NS_PER_SECOND / ticks_per_second;
}

uint64_t time_nanoseconds_until(uint64_t ticks) {
    uint64_t now = time_now();
    return ticks > now ? to_nanoseconds(ticks - now) : 0;
}

uint64_t time_nanoseconds_between(uint64_t from, uint64_t to) {
    return to_nanoseconds(to - from);
}

uint64_t time_after(uint64_t ticks, uint64_t nanoseconds) {
    return ticks + (uint64_t)((unsigned __int128)nanoseconds * ticks_per_second / NS_PER_SECOND);
}

void timer_set(uint64_t ticks) {
    deadline = ticks;
    host_timer_set(ticks);
}

uint64_t timer_deadline(void) {
    return deadline;
}
