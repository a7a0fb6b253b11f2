// SPDX-License-Identifier: Apache-2.0
//
// The first counter of a triple timer counter of Zynq devices (UG1085, chapter 14; registers: UG1087, module
// TTC): counts up from 0 to its interval.

#include "board.h"

#ifdef SEALIFT_BOARD_TIMER_TTC

#include "host/board/registers.h"
#include "host/board/timer.h"
#include "host/machine.h"

enum {
    CLOCK_CONTROL = 0x00,
    COUNTER_CONTROL = 0x0c,
    INTERVAL = 0x24,
    INTERRUPT_STATUS = 0x54, // cleared by reading
    INTERRUPT_ENABLE = 0x60,

    PRESCALE_ENABLE = 1 << 0,
    PRESCALE_SHIFT = 1,
    PRESCALE_BY_2_TO = 4, // the exponent minus 1 is what the register holds

    COUNTER_DISABLE = 1 << 0,
    COUNTER_INTERVAL_MODE = 1 << 1,
    COUNTER_RESET = 1 << 4,
    COUNTER_WAVEFORM_OFF = 1 << 5,

    INTERRUPT_INTERVAL = 1 << 0,
};

#define FREQUENCY (SEALIFT_BOARD_TIMER_CLOCK >> PRESCALE_BY_2_TO) // Hz

static uintptr_t at(uint32_t offset) {
    return device_address(DEVICE_TIMER, SEALIFT_BOARD_TIMER_ADDRESS) + offset;
}

void timer_enable_interrupt(void) {
    device_write32(at(CLOCK_CONTROL), (PRESCALE_BY_2_TO - 1) << PRESCALE_SHIFT | PRESCALE_ENABLE);
    device_write32(at(INTERRUPT_ENABLE), INTERRUPT_INTERVAL);
}

void timer_clear_interrupt(void) {
    device_read32(at(INTERRUPT_STATUS));
}

void machine_timer_disarm(void) {
    device_write32(at(COUNTER_CONTROL), COUNTER_DISABLE | COUNTER_WAVEFORM_OFF);
    timer_clear_interrupt();
}

void machine_timer_arm(uint64_t nanoseconds) {
    // It would go on to a second round: the interrupt's handling disarms it or arms it anew. 10 s fit the 32
    // bits of the interval and the product below.
    const uint64_t second = 1000000000;
    const uint64_t most = 10 * second;
    if (nanoseconds > most) {
        nanoseconds = most;
    }
    uint64_t ticks = (nanoseconds * (FREQUENCY / 1000) + second / 1000 - 1) / (second / 1000);
    if (ticks == 0) {
        ticks = 1;
    }
    machine_timer_disarm();
    device_write32(at(INTERVAL), (uint32_t)ticks);
    device_write32(at(COUNTER_CONTROL), COUNTER_INTERVAL_MODE | COUNTER_RESET | COUNTER_WAVEFORM_OFF);
}

#endif
