// SPDX-License-Identifier: Apache-2.0
//
// The first serial port, and the switch.
#include "../kernel.h"

#define SERIAL 0x3f8
#define SERIAL_STATUS (SERIAL + 5)
#define TRANSMITTER_EMPTY 0x20
#define POWER_CONTROL 0x604
#define POWER_OFF 0x2000

static seL4_CPtr serial_port;

void log_initialise(void) {
    serial_port = slot_new();
    invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT),
           WORDS(SERIAL, SERIAL + 7, serial_port, DEPTH));
}

/** Keeps the message of the last call, which the caller may want to log. */
void log_character(char character) {
    while (!(invoke(serial_port, X86IOPortIn8, NO_CAPS, WORDS(SERIAL_STATUS)).words[0] & TRANSMITTER_EMPTY))
        ;
    invoke(serial_port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL, (uint8_t)character));
}

seL4_CPtr log_port(void) {
    return serial_port;
}

void power_off(void) {
    seL4_CPtr port = slot_new();
    invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT),
           WORDS(POWER_CONTROL, POWER_CONTROL + 1, port, DEPTH));
    invoke(port, X86IOPortOut16, NO_CAPS, WORDS(POWER_CONTROL, POWER_OFF));
    for (;;)
        receive(seL4_SysWait, port, 0);
}
