// SPDX-License-Identifier: Apache-2.0
//
// Registers of a PC's devices, behind I/O ports.
#ifndef SEALIFT_HOST_PC_PORTS_H
#define SEALIFT_HOST_PC_PORTS_H

#include "host/machine.h"

#include <stdint.h>

/// Ranges of ports that the root task takes. One capability each: none of them covers a port that nobody
/// uses.
enum pc_ports {
    PC_SERIAL,     ///< COM1, 0x3f8 to 0x3ff
    PC_TIMER,      ///< 8254 interval timer, 0x40 to 0x43
    PC_CLOCK,      ///< MC146818 real-time clock, 0x70 and 0x71
    PC_POWER,      ///< ACPI PM1a control register where QEMU's firmware puts it, 0x604 and 0x605
    PC_DEBUG_EXIT, ///< QEMU's isa-debug-exit, 0xf4
    PC_PORT_RANGES,
};

/// Makes the capability for a range in the next empty slot.
sel4_error pc_ports_issue(enum pc_ports range, const struct machine_boot *boot);

/// Reads a port of a range; 0xff, as from a bus with nothing on it, when the capability was never made.
uint8_t pc_in8(enum pc_ports range, uint16_t port);
void pc_out8(enum pc_ports range, uint16_t port, uint8_t value);
void pc_out16(enum pc_ports range, uint16_t port, uint16_t value);

#endif
