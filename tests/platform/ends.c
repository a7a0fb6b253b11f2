// SPDX-License-Identifier: Apache-2.0
//
// Programs that end in other ways than the tests, or that read the serial port.
#include "kernel.h"

#define SERIAL 0x3f8
#define SERIAL_PIN 4
#define DEBUG_EXIT 0xf4
#define END_OF_TRANSMISSION 4

/** Waits for a signal nobody can send. */
void end_stopped(void) {
    receive(seL4_SysWait, object_new(seL4_NotificationObject, 0), 0);
}

void end_debug_exit(void) {
    seL4_CPtr port = slot_new();
    invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT),
           WORDS(DEBUG_EXIT, DEBUG_EXIT, port, DEPTH));
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(DEBUG_EXIT, 5));
}

/** Sends back what arrives, driven by interrupts, until an end of transmission. */
void end_echo(void) {
    seL4_CPtr port = log_port(), handler = slot_new(), notification = object_new(seL4_NotificationObject, 0);
    invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT),
           WORDS(handler, DEPTH, 0, SERIAL_PIN, 0, 0, 4));
    invoke(handler, IRQSetIRQHandler, CAPS(notification), NO_WORDS);
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + 2, 0xc7)); // FIFO, interrupt at 14 bytes
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + 4, 0x0b)); // interrupts connected
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + 1, 1));
    for (;;) {
        invoke(handler, IRQAckIRQ, NO_CAPS, NO_WORDS);
        while (invoke(port, X86IOPortIn8, NO_CAPS, WORDS(SERIAL + 5)).words[0] & 1) {
            char character = invoke(port, X86IOPortIn8, NO_CAPS, WORDS(SERIAL)).words[0];
            log_character(character);
            if (character == END_OF_TRANSMISSION)
                power_off();
        }
        receive(seL4_SysWait, notification, 0);
    }
}
