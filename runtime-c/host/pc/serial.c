// SPDX-License-Identifier: Apache-2.0
//
// COM1: an 8250-compatible UART with a FIFO of 16 bytes (16550A).

#include "host/pc/serial.h"
#include "host/machine.h"
#include "host/pc/ports.h"

enum {
    BASE = 0x3f8,
    DATA = BASE,                         // receive and transmit; low byte of the divisor while DLAB is set
    INTERRUPT_ENABLE = BASE + 1,         // high byte of the divisor while DLAB is set
    FIFO_CONTROL = BASE + 2,             // when written
    INTERRUPT_IDENTIFICATION = BASE + 2, // when read
    LINE_CONTROL = BASE + 3,
    MODEM_CONTROL = BASE + 4,
    LINE_STATUS = BASE + 5,

    RECEIVE_INTERRUPT = 1,
    // Interrupt from eight bytes on, or when no more come for the time of four (QEMU also hands over no more
    // at a time than raise the interrupt). Half of the FIFO is left for what comes before it is read.
    FIFO_ENABLE_AND_CLEAR = 0x87,
    FIFO_TRIGGER = 8,
    DIVISOR_LATCH = 0x80,
    EIGHT_BITS_NO_PARITY = 0x03,
    READY_AND_INTERRUPT_LINE = 0x0b, // DTR, RTS, and OUT2, which lets the interrupt through on a PC
    IDENTIFICATION_MASK = 0x0f,
    RECEIVED_DATA = 0x04, // as many as raise the interrupt are there
    DATA_READY = 0x01,
    TRANSMITTER_EMPTY = 0x20,

    DIVISOR_115200 = 1,
    FIFO_SIZE = 16,
};

void serial_begin(void) {
    pc_out8(PC_SERIAL, INTERRUPT_ENABLE, 0);
    pc_out8(PC_SERIAL, LINE_CONTROL, DIVISOR_LATCH);
    pc_out8(PC_SERIAL, DATA, DIVISOR_115200);
    pc_out8(PC_SERIAL, INTERRUPT_ENABLE, 0);
    pc_out8(PC_SERIAL, LINE_CONTROL, EIGHT_BITS_NO_PARITY);
    pc_out8(PC_SERIAL, FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    pc_out8(PC_SERIAL, MODEM_CONTROL, READY_AND_INTERRUPT_LINE);
}

void serial_enable_interrupt(void) {
    pc_out8(PC_SERIAL, INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
}

void machine_console_write(const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    const uint8_t *end = next + size;
    while (next < end) {
        while (!(pc_in8(PC_SERIAL, LINE_STATUS) & TRANSMITTER_EMPTY)) {
        }
        // The transmitter's FIFO is empty: it takes 16 bytes without being asked again.
        for (unsigned i = 0; i < FIFO_SIZE && next < end; i++) {
            pc_out8(PC_SERIAL, DATA, *next++);
        }
    }
}

size_t machine_console_read(void *bytes, size_t capacity) {
    uint8_t *to = bytes;
    size_t count = 0;
    // An access takes an invocation on some machines: where all of them are there, they are not asked for one
    // by one.
    while (capacity - count >= FIFO_TRIGGER &&
           (pc_in8(PC_SERIAL, INTERRUPT_IDENTIFICATION) & IDENTIFICATION_MASK) == RECEIVED_DATA) {
        for (unsigned i = 0; i < FIFO_TRIGGER; i++) {
            to[count++] = pc_in8(PC_SERIAL, DATA);
        }
    }
    while (count < capacity && (pc_in8(PC_SERIAL, LINE_STATUS) & DATA_READY)) {
        to[count++] = pc_in8(PC_SERIAL, DATA);
    }
    return count;
}
