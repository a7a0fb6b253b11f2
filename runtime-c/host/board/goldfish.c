// SPDX-License-Identifier: Apache-2.0
//
// The goldfish real-time clock of QEMU's machine virt for RISC-V: nanoseconds since 1970 in two halves, and
// an alarm at such a time, which serves as the timer.

#include "board.h"

#ifdef SEALIFT_BOARD_CLOCK_GOLDFISH

#include "host/board/registers.h"
#include "host/machine.h"

enum {
    TIME_LOW = 0x00, // reading it holds the high half
    TIME_HIGH = 0x04,
};

static uintptr_t at(uint32_t offset) {
    return device_address(DEVICE_CLOCK, SEALIFT_BOARD_CLOCK_ADDRESS) + offset;
}

static uint64_t now(void) {
    uint64_t low = device_read32(at(TIME_LOW));
    return (uint64_t)device_read32(at(TIME_HIGH)) << 32 | low;
}

uint64_t machine_realtime(void) {
    // Whole seconds, as host/machine.h promises: the clock begins at the start of the present one.
    const uint64_t second = 1000000000;
    return now() / second * second;
}

#ifdef SEALIFT_BOARD_TIMER_GOLDFISH

#include "host/board/timer.h"

enum {
    ALARM_LOW = 0x08, // writing it arms the alarm with both halves
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    CLEAR_INTERRUPT = 0x1c,
};

void timer_enable_interrupt(void) {
    device_write32(at(IRQ_ENABLED), 1);
}

void timer_clear_interrupt(void) {
    device_write32(at(CLEAR_INTERRUPT), 1);
}

void machine_timer_disarm(void) {
    device_write32(at(CLEAR_ALARM), 1);
    device_write32(at(CLEAR_INTERRUPT), 1);
}

void machine_timer_arm(uint64_t nanoseconds) {
    const uint64_t most =
        UINT64_C(60) * 1000000000; // a minute bounds what a change of the wall clock could cost
    uint64_t alarm = now() + (nanoseconds < most ? nanoseconds : most);
    device_write32(at(CLEAR_INTERRUPT), 1);
    device_write32(at(ALARM_HIGH), (uint32_t)(alarm >> 32));
    device_write32(at(ALARM_LOW), (uint32_t)alarm);
}

#endif
#endif
