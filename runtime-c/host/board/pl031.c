// SPDX-License-Identifier: Apache-2.0
//
// ARM's PrimeCell real-time clock (PL031 technical reference manual, DDI 0224): a count of seconds.

#include "board.h"

#ifdef SEALIFT_BOARD_CLOCK_PL031

#include "host/board/registers.h"
#include "host/machine.h"

uint64_t machine_realtime(void) {
    enum { RTCDR = 0x00 }; // seconds since 1970, as firmware and QEMU set it
    const uint64_t second = 1000000000;
    return device_read32(device_address(DEVICE_CLOCK, SEALIFT_BOARD_CLOCK_ADDRESS) + RTCDR) * second;
}

#endif
