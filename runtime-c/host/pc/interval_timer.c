// SPDX-License-Identifier: Apache-2.0
//
// Channel 0 of the 8254 interval timer: counts down once at 1.193182 MHz (mode 0), and raises its line at the
// end.

#include "host/machine.h"
#include "host/pc/ports.h"

enum {
    CHANNEL_0 = 0x40,
    CONTROL = 0x43,
    CHANNEL_0_BOTH_BYTES_MODE_0 = 0x30,
    FREQUENCY = 1193182, // Hz
    MOST_TICKS = 0xffff, // 55 ms
};

void machine_timer_arm(uint64_t nanoseconds) {
    const uint64_t second = 1000000000;
    const uint64_t most = MOST_TICKS * second / FREQUENCY;
    if (nanoseconds > most) {
        nanoseconds = most;
    }
    // Rounded up: the interrupt must not come before the deadline and find nothing to do.
    uint64_t ticks = (nanoseconds * FREQUENCY + second - 1) / second;
    if (ticks == 0) {
        ticks = 1;
    }
    pc_out8(PC_TIMER, CONTROL, CHANNEL_0_BOTH_BYTES_MODE_0);
    pc_out8(PC_TIMER, CHANNEL_0, ticks & 0xff);
    pc_out8(PC_TIMER, CHANNEL_0, (uint8_t)(ticks >> 8));
}

void machine_timer_disarm(void) {
    // A new mode stops the count until a new value is written.
    pc_out8(PC_TIMER, CONTROL, CHANNEL_0_BOTH_BYTES_MODE_0);
}
