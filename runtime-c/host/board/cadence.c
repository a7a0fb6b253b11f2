// SPDX-License-Identifier: Apache-2.0
//
// The Cadence UART of Zynq devices (Zynq UltraScale+ technical reference manual, UG1085, chapter 21;
// registers: UG1087).

#include "board.h"

#ifdef SEALIFT_BOARD_UART_CADENCE

#include "host/board/registers.h"
#include "host/board/uart.h"
#include "host/machine.h"

enum {
    CONTROL = 0x00,
    INTERRUPT_ENABLE = 0x08,
    INTERRUPT_DISABLE = 0x0c,
    INTERRUPT_STATUS = 0x14, // write 1 to clear
    RECEIVER_TIMEOUT = 0x1c,
    RECEIVER_TRIGGER = 0x20,
    CHANNEL_STATUS = 0x2c,
    FIFO = 0x30,

    CONTROL_DISABLES = 0x28, // receiver, transmitter
    CONTROL_ENABLES = 0x14,  // receiver, transmitter
    CONTROL_RESTART_TIMEOUT = 0x40,

    INTERRUPT_TRIGGER = 1 << 0, // the receive FIFO has reached its level
    INTERRUPT_TIMEOUT = 1 << 8,
    STATUS_RECEIVE_EMPTY = 1 << 1,
    STATUS_TRANSMIT_FULL = 1 << 4,

    FIRST_BYTE = 1, // trigger level
    ALL_INTERRUPTS = 0x3fff,
};

static uintptr_t at(uint32_t offset) {
    return device_address(DEVICE_UART, SEALIFT_BOARD_UART_ADDRESS) + offset;
}

void uart_begin(void) {
    device_write32(at(INTERRUPT_DISABLE), ALL_INTERRUPTS);
    device_write32(at(RECEIVER_TRIGGER), FIRST_BYTE);
    device_write32(at(RECEIVER_TIMEOUT), 0); // not needed: the first byte raises the interrupt
    device_write32(at(CONTROL), (device_read32(at(CONTROL)) & ~(uint32_t)CONTROL_DISABLES) | CONTROL_ENABLES);
}

void uart_enable_interrupt(void) {
    device_write32(at(INTERRUPT_STATUS), ALL_INTERRUPTS);
    device_write32(at(INTERRUPT_ENABLE), INTERRUPT_TRIGGER);
}

void uart_clear_interrupt(void) {
    // The status is kept until it is cleared, and set again at once while the FIFO is not below its level.
    device_write32(at(INTERRUPT_STATUS), INTERRUPT_TRIGGER);
}

void machine_console_write(const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    for (const uint8_t *end = next + size; next < end; next++) {
        while ((device_read32(at(CHANNEL_STATUS)) & STATUS_TRANSMIT_FULL) != 0) {
        }
        device_write32(at(FIFO), *next);
    }
}

size_t machine_console_read(void *bytes, size_t capacity) {
    uint8_t *to = bytes;
    size_t count = 0;
    while (count < capacity && (device_read32(at(CHANNEL_STATUS)) & STATUS_RECEIVE_EMPTY) == 0) {
        to[count++] = (uint8_t)device_read32(at(FIFO));
    }
    return count;
}

#endif
