// SPDX-License-Identifier: Apache-2.0
//
// Which device answers at which I/O port. Where there is none, reads give ones and writes are lost, as on a
// PC.
#include "devices.h"

enum {
    PORT_PIT = 0x40,
    PORT_PIT_GATE = 0x61,
    PORT_RTC_INDEX = 0x70,
    PORT_RTC_DATA = 0x71,
    PORT_DEBUG_EXIT = 0xf4,
    PORT_SERIAL = 0x3f8,
    PORT_POWER_CONTROL = 0x604, /* ACPI's PM1a control register of QEMU's machines */
};

static bool is_in(uint16_t port, uint16_t first, unsigned count) {
    return port >= first && port - first < (int)count;
}

static uint8_t byte_in(uint16_t port) {
    if (is_in(port, PORT_SERIAL, 8))
        return serial_in(port - PORT_SERIAL);
    if (is_in(port, PORT_PIT, 4))
        return pit_in(port - PORT_PIT);
    if (port == PORT_PIT_GATE)
        return pit_gate_in();
    if (port == PORT_RTC_DATA)
        return rtc_in();
    return 0xff;
}

static void byte_out(uint16_t port, uint8_t value) {
    if (is_in(port, PORT_SERIAL, 8))
        serial_out(port - PORT_SERIAL, value);
    else if (is_in(port, PORT_PIT, 4))
        pit_out(port - PORT_PIT, value);
    else if (port == PORT_PIT_GATE)
        pit_gate_out(value);
    else if (port == PORT_RTC_INDEX)
        rtc_select(value);
    else if (port == PORT_RTC_DATA)
        rtc_out(value);
    else if (port == PORT_DEBUG_EXIT)
        debug_exit_out(value);
}

/** @param width bytes: 1, 2 or 4. Wider accesses reach byte-wide devices one port after the other. */
uint32_t port_in(uint16_t port, unsigned width) {
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)byte_in(port + i) << 8 * i;
    return value;
}

void port_out(uint16_t port, unsigned width, uint32_t value) {
    if (port == PORT_POWER_CONTROL && width >= 2) {
        power_control_out(value);
        return;
    }
    for (unsigned i = 0; i < width; i++)
        byte_out(port + i, value >> 8 * i);
}
