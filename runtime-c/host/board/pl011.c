// SPDX-License-Identifier: Apache-2.0
//
// ARM's PrimeCell UART (PL011 technical reference manual, DDI 0183). Registers have its names.

#include "board.h"

#ifdef SEALIFT_BOARD_UART_PL011

#include "host/board/registers.h"
#include "host/board/uart.h"
#include "host/machine.h"

enum {
    UARTDR = 0x00,    // data
    UARTFR = 0x18,    // flags
    UARTLCR_H = 0x2c, // line control
    UARTCR = 0x30,    // control
    UARTIFLS = 0x34,  // FIFO levels at which interrupts are raised
    UARTIMSC = 0x38,  // interrupt mask, 1: enabled
    UARTICR = 0x44,   // interrupt clear

    FR_RXFE = 1 << 4, // receive FIFO empty
    FR_TXFF = 1 << 5, // transmit FIFO full

    LCR_H_FEN = 1 << 4,    // FIFOs enabled
    LCR_H_WLEN_8 = 3 << 5, // eight bits
    CR_ENABLE = 0x301,     // UART, transmitter and receiver
    IFLS_EIGHTH = 0,       // receive: from 1/8 full; fewer bytes raise the receive timeout
    INTERRUPT_RX = 1 << 4, // the FIFO has reached its level
    INTERRUPT_RT = 1 << 6, // bytes wait, and none came for 32 bit times
};

static uintptr_t at(uint32_t offset) {
    return device_address(DEVICE_UART, SEALIFT_BOARD_UART_ADDRESS) + offset;
}

void uart_begin(void) {
    device_write32(at(UARTIMSC), 0);
    device_write32(at(UARTLCR_H), LCR_H_WLEN_8 | LCR_H_FEN);
    device_write32(at(UARTIFLS), IFLS_EIGHTH);
    device_write32(at(UARTCR), device_read32(at(UARTCR)) | CR_ENABLE);
}

void uart_enable_interrupt(void) {
    device_write32(at(UARTIMSC), INTERRUPT_RX | INTERRUPT_RT);
}

void uart_clear_interrupt(void) {
    // Both are levels that end when the FIFO is drained as well; clearing them early leaves what comes next
    // to raise one.
    device_write32(at(UARTICR), INTERRUPT_RX | INTERRUPT_RT);
}

void machine_console_write(const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    for (const uint8_t *end = next + size; next < end; next++) {
        while ((device_read32(at(UARTFR)) & FR_TXFF) != 0) {
        }
        device_write32(at(UARTDR), *next);
    }
}

size_t machine_console_read(void *bytes, size_t capacity) {
    uint8_t *to = bytes;
    size_t count = 0;
    while (count < capacity && (device_read32(at(UARTFR)) & FR_RXFE) == 0) {
        to[count++] = (uint8_t)device_read32(at(UARTDR)); // the bits above tell of errors on the line
    }
    return count;
}

#endif
