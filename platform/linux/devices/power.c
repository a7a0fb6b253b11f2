// SPDX-License-Identifier: Apache-2.0
//
// The two ways in which a program ends the machine.
#include "../host.h"
#include "devices.h"

/** Sleep enable, with sleep type 0: soft off on QEMU's machines. */
#define POWER_OFF 0x2000

void power_control_out(uint16_t value) {
    if (value == POWER_OFF)
        host_exit(0);
}

/** QEMU's isa-debug-exit: the status is never 0. */
void debug_exit_out(uint8_t value) {
    host_exit((value << 1 | 1) & 0xff);
}
