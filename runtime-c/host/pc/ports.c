// SPDX-License-Identifier: Apache-2.0

#include "host/pc/ports.h"

#include "host/runtime.h"
#include "sel4/x86_64/ports.h"

static const struct {
    uint16_t first;
    uint16_t last;
} ranges[PC_PORT_RANGES] = {
    [PC_SERIAL] = {0x3f8, 0x3ff}, [PC_TIMER] = {0x40, 0x43},      [PC_CLOCK] = {0x70, 0x71},
    [PC_POWER] = {0x604, 0x605},  [PC_DEBUG_EXIT] = {0xf4, 0xf4},
};

static sel4_cptr capabilities[PC_PORT_RANGES] ROOT_ONLY;

sel4_error pc_ports_issue(enum pc_ports range, const struct machine_boot *boot) {
    sel4_cptr slot = boot->take_slot();
    sel4_error error = sel4_io_port_control_issue(boot->port_control, ranges[range].first, ranges[range].last,
                                                  boot->cnode, slot, seL4_WordBits);
    if (error == seL4_NoError) {
        capabilities[range] = slot;
    }
    return error;
}

uint8_t pc_in8(enum pc_ports range, uint16_t port) {
    uint8_t value;
    if (capabilities[range] == 0 || sel4_io_port_in8(capabilities[range], port, &value) != seL4_NoError) {
        return 0xff;
    }
    return value;
}

void pc_out8(enum pc_ports range, uint16_t port, uint8_t value) {
    if (capabilities[range] != 0) {
        sel4_io_port_out8(capabilities[range], port, value);
    }
}

void pc_out16(enum pc_ports range, uint16_t port, uint16_t value) {
    if (capabilities[range] != 0) {
        sel4_io_port_out16(capabilities[range], port, value);
    }
}
