// SPDX-License-Identifier: Apache-2.0
//
// The real-time clock of Zynq UltraScale+ devices (UG1085, chapter 7; registers: UG1087, module RTC).

#include "board.h"

#ifdef SEALIFT_BOARD_CLOCK_ZYNQMP

#include "host/board/registers.h"
#include "host/machine.h"

uint64_t machine_realtime(void) {
    enum { CURRENT_TIME = 0x10 }; // seconds, kept by the battery
    const uint64_t second = 1000000000;
    return device_read32(device_address(DEVICE_CLOCK, SEALIFT_BOARD_CLOCK_ADDRESS) + CURRENT_TIME) * second;
}

#endif
