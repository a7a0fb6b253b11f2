// SPDX-License-Identifier: Apache-2.0
//
// A 16550A-compatible UART whose registers are adjacent bytes in memory. (On a PC they are ports:
// host/pc/serial.c.)

#include "board.h"

#ifdef SEALIFT_BOARD_UART_NS16550

#include "host/board/registers.h"
#include "host/board/uart.h"
#include "host/machine.h"

enum {
    DATA = 0,                     // receive and transmit
    INTERRUPT_ENABLE = 1,         //
    FIFO_CONTROL = 2,             // when written
    INTERRUPT_IDENTIFICATION = 2, // when read
    LINE_CONTROL = 3,
    MODEM_CONTROL = 4,
    LINE_STATUS = 5,

    RECEIVE_INTERRUPT = 1,
    // Interrupt from eight bytes on, or when no more come for the time of four (QEMU also hands over no more
    // at a time than raise the interrupt). Half of the FIFO is left for what comes before it is read.
    FIFO_ENABLE_AND_CLEAR = 0x87,
    FIFO_TRIGGER = 8,
    EIGHT_BITS_NO_PARITY = 0x03, // and the divisor latch closed
    READY = 0x03,                // DTR and RTS
    IDENTIFICATION_MASK = 0x0f,
    RECEIVED_DATA = 0x04, // as many as raise the interrupt are there
    DATA_READY = 0x01,
    TRANSMITTER_EMPTY = 0x20,

    FIFO_SIZE = 16,
};

static uintptr_t at(uint32_t offset) {
    return device_address(DEVICE_UART, SEALIFT_BOARD_UART_ADDRESS) + offset;
}

void uart_begin(void) {
    device_write8(at(INTERRUPT_ENABLE), 0);
    device_write8(at(LINE_CONTROL), EIGHT_BITS_NO_PARITY);
    device_write8(at(FIFO_CONTROL), FIFO_ENABLE_AND_CLEAR);
    device_write8(at(MODEM_CONTROL), READY);
}

void uart_enable_interrupt(void) {
    device_write8(at(INTERRUPT_ENABLE), RECEIVE_INTERRUPT);
}

void uart_clear_interrupt(void) {
    // It is the level of "data ready" and ends when the data is read.
}

void machine_console_write(const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    const uint8_t *end = next + size;
    while (next < end) {
        while ((device_read8(at(LINE_STATUS)) & TRANSMITTER_EMPTY) == 0) {
        }
        // The transmitter's FIFO is empty: it takes 16 bytes without being asked again.
        for (unsigned i = 0; i < FIFO_SIZE && next < end; i++) {
            device_write8(at(DATA), *next++);
        }
    }
}

size_t machine_console_read(void *bytes, size_t capacity) {
    uint8_t *to = bytes;
    size_t count = 0;
    // An access takes an invocation on some machines: where all of them are there, they are not asked for one
    // by one.
    while (capacity - count >= FIFO_TRIGGER &&
           (device_read8(at(INTERRUPT_IDENTIFICATION)) & IDENTIFICATION_MASK) == RECEIVED_DATA) {
        for (unsigned i = 0; i < FIFO_TRIGGER; i++) {
            to[count++] = device_read8(at(DATA));
        }
    }
    while (count < capacity && (device_read8(at(LINE_STATUS)) & DATA_READY)) {
        to[count++] = device_read8(at(DATA));
    }
    return count;
}

#endif
