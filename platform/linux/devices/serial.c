// SPDX-License-Identifier: Apache-2.0
//
// A 16550A serial port whose line is standard input and standard output. What is sent leaves at once, so the
// transmitter is always empty; it is collected and written in larger pieces.
#include "../clock.h"
#include "../host.h"
#include "devices.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FIFO_SIZE 16
#define OUTPUT_SIZE 4096
/** Output that nobody waits for leaves after this time at the latest. */
#define OUTPUT_DELAY_NS 10000000

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };
enum { IER_RECEIVE = 1, IER_TRANSMIT = 2 };
enum { IIR_NONE = 1, IIR_TRANSMIT = 2, IIR_RECEIVE = 4, IIR_TIMEOUT = 0xc, IIR_FIFO = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RECEIVE = 2 };
enum { LCR_DIVISOR = 0x80 };
enum { MCR_OUT2 = 8, MCR_LOOP = 0x10 };
enum { LSR_DATA = 1, LSR_TRANSMITTER_EMPTY = 0x60 };
/** A peer that is always there: carrier, data set ready, clear to send. */
enum { MSR_CONNECTED = 0xb0 };

static struct {
    uint8_t ier, fcr, lcr, mcr, scratch, divisor[2];
    uint8_t fifo[FIFO_SIZE];
    unsigned fifo_head, fifo_count;
    bool transmit_pending; /* the transmitter has become empty and nobody has noticed */
    char output[OUTPUT_SIZE];
    unsigned output_count;
} serial = {.divisor = {12, 0}};

static unsigned fifo_capacity(void) {
    return serial.fcr & FCR_ENABLE ? FIFO_SIZE : 1;
}

static unsigned trigger_level(void) {
    static const uint8_t levels[] = {1, 4, 8, 14};
    return serial.fcr & FCR_ENABLE ? levels[serial.fcr >> 6] : 1;
}

static uint8_t interrupt_cause(void) {
    if (serial.ier & IER_RECEIVE && serial.fifo_count >= trigger_level())
        return IIR_RECEIVE;
    // Fewer bytes than the trigger level: nothing more may come, so the timeout is taken to have passed.
    if (serial.ier & IER_RECEIVE && serial.fifo_count > 0)
        return IIR_TIMEOUT;
    if (serial.ier & IER_TRANSMIT && serial.transmit_pending)
        return IIR_TRANSMIT;
    return IIR_NONE;
}

static void update_line(void) {
    ioapic_set_line(PIN_SERIAL, interrupt_cause() != IIR_NONE && serial.mcr & MCR_OUT2);
}

static void fifo_put(uint8_t byte) {
    if (serial.fifo_count < FIFO_SIZE)
        serial.fifo[(serial.fifo_head + serial.fifo_count++) % FIFO_SIZE] = byte;
}

static void fill_fifo(void) {
    uint8_t byte;
    while (!(serial.mcr & MCR_LOOP) && serial.fifo_count < fifo_capacity() && host_input_take(&byte))
        fifo_put(byte);
}

void serial_poll(void) {
    fill_fifo();
    update_line();
}

void serial_flush(void) {
    for (unsigned done = 0; done < serial.output_count;) {
        ssize_t written = write(STDOUT_FILENO, serial.output + done, serial.output_count - done);
        if (written > 0)
            done += written;
        else if (written < 0 && errno == EAGAIN)
            host_wait_writable(STDOUT_FILENO);
        else if (written < 0 && errno != EINTR)
            break; // nobody listens any more: a serial line has no way to know
    }
    serial.output_count = 0;
}

static void transmit(uint8_t byte) {
    if (serial.mcr & MCR_LOOP) {
        fifo_put(byte);
        return;
    }
    if (serial.output_count == 0)
        host_timer_set(time_after(time_now(), OUTPUT_DELAY_NS));
    serial.output[serial.output_count++] = byte;
    if (serial.output_count == OUTPUT_SIZE)
        serial_flush();
}

static uint8_t receive(void) {
    uint8_t byte = 0;
    host_input_start();
    fill_fifo();
    if (serial.fifo_count > 0) {
        byte = serial.fifo[serial.fifo_head];
        serial.fifo_head = (serial.fifo_head + 1) % FIFO_SIZE;
        serial.fifo_count--;
    }
    fill_fifo();
    return byte;
}

/** In loopback the modem control outputs are the modem status inputs. */
static uint8_t modem_status(void) {
    if (!(serial.mcr & MCR_LOOP))
        return MSR_CONNECTED;
    uint8_t mcr = serial.mcr;
    return (mcr & 1) << 5 | (mcr & 2) << 3 | (mcr & 4) << 4 | (mcr & 8) << 4;
}

uint8_t serial_in(unsigned reg) {
    uint8_t value = 0;
    bool is_divisor = serial.lcr & LCR_DIVISOR;
    switch (reg) {
    case REG_DATA:
        value = is_divisor ? serial.divisor[0] : receive();
        break;
    case REG_IER:
        value = is_divisor ? serial.divisor[1] : serial.ier;
        break;
    case REG_IIR_FCR:
        value = interrupt_cause();
        if (value == IIR_TRANSMIT)
            serial.transmit_pending = false;
        value |= serial.fcr & FCR_ENABLE ? IIR_FIFO : 0;
        break;
    case REG_LCR:
        value = serial.lcr;
        break;
    case REG_MCR:
        value = serial.mcr;
        break;
    case REG_LSR:
        host_input_start();
        fill_fifo();
        value = LSR_TRANSMITTER_EMPTY | (serial.fifo_count ? LSR_DATA : 0);
        break;
    case REG_MSR:
        value = modem_status();
        break;
    case REG_SCRATCH:
        value = serial.scratch;
        break;
    }
    update_line();
    return value;
}

void serial_out(unsigned reg, uint8_t value) {
    bool is_divisor = serial.lcr & LCR_DIVISOR;
    switch (reg) {
    case REG_DATA:
        if (is_divisor) {
            serial.divisor[0] = value;
            break;
        }
        // The line falls and rises again, so that an edge-triggered pin sees every byte's interrupt.
        serial.transmit_pending = false;
        update_line();
        transmit(value);
        serial.transmit_pending = true;
        break;
    case REG_IER:
        if (is_divisor) {
            serial.divisor[1] = value;
            break;
        }
        if (value & ~serial.ier & IER_TRANSMIT)
            serial.transmit_pending = true;
        serial.ier = value & 0xf;
        if (serial.ier & IER_RECEIVE)
            host_input_start();
        break;
    case REG_IIR_FCR:
        if (value & FCR_CLEAR_RECEIVE || (value ^ serial.fcr) & FCR_ENABLE)
            serial.fifo_count = 0;
        serial.fcr = value & (FCR_ENABLE | 0xc0);
        break;
    case REG_LCR:
        serial.lcr = value;
        break;
    case REG_MCR:
        serial.mcr = value & 0x1f;
        break;
    case REG_SCRATCH:
        serial.scratch = value;
        break;
    }
    serial_poll();
}

bool serial_can_interrupt(void) {
    return serial.ier & IER_RECEIVE && serial.mcr & MCR_OUT2 && ioapic_is_listening(PIN_SERIAL) &&
           host_input_is_open();
}
