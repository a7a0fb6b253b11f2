// SPDX-License-Identifier: Apache-2.0
//
// Access to device registers in memory.
#ifndef SEALIFT_HOST_BOARD_REGISTERS_H
#define SEALIFT_HOST_BOARD_REGISTERS_H

#include "host/layout.h"

#include <stdint.h>

/// Where the pages of the devices are mapped, in the order of LAYOUT_DEVICES. A device's registers are at its
/// page plus the low bits of its physical address.
enum device_page {
    DEVICE_UART = 0,
    DEVICE_CLOCK = 1,
    DEVICE_TIMER = 2,
    DEVICE_POWER = 3,
    DEVICE_PAGES = 4,
};

static inline uintptr_t device_address(enum device_page page, uint64_t physical) {
    return LAYOUT_DEVICES + (uintptr_t)page * 0x1000 + (physical & 0xfff);
}

static inline uint32_t device_read32(uintptr_t address) {
    return *(const volatile uint32_t *)address;
}

static inline void device_write32(uintptr_t address, uint32_t value) {
    *(volatile uint32_t *)address = value;
}

static inline uint8_t device_read8(uintptr_t address) {
    return *(const volatile uint8_t *)address;
}

static inline void device_write8(uintptr_t address, uint8_t value) {
    *(volatile uint8_t *)address = value;
}

#endif
