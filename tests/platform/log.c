// SPDX-License-Identifier: Apache-2.0
//
// The log: lines `name: result` on the first serial port. A name has a dot, so that lines of the kernel's own
// cannot be mistaken for it.
#include "kernel.h"

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

static void put(const char *text) {
    while (*text)
        log_character(*text++);
}

static void put_hexadecimal(uint64_t value) {
    char digits[17];
    unsigned i = 16;
    digits[16] = 0;
    do {
        digits[--i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    put(digits + i);
}

void log_text(const char *name, const char *text) {
    put(name);
    put(": ");
    put(text);
    put("\n");
}

void log_words(const char *name, unsigned count, const uint64_t *words) {
    put(name);
    put(":");
    for (unsigned i = 0; i < count; i++) {
        put(" ");
        put_hexadecimal(words[i]);
    }
    put("\n");
}

void log_number(const char *name, uint64_t value) {
    log_words(name, 1, &value);
}

seL4_CPtr log_port(void) {
    return serial_port;
}

static const char *const errors[] = {
    "ok",          "InvalidArgument", "InvalidCapability", "IllegalOperation",
    "RangeError",  "AlignmentError",  "FailedLookup",      "TruncatedMessage",
    "DeleteFirst", "RevokeFirst",     "NotEnoughMemory"};

static void put_error(const char *name, const struct message *message) {
    put(name);
    put(": ");
    put(message->label < seL4_NumErrors ? errors[message->label] : "unknown error");
}

void log_error(const char *name, struct message message) {
    put_error(name, &message);
    put("\n");
}

void log_message(const char *name, struct message message) {
    put_error(name, &message);
    for (unsigned i = 0; i < message.length; i++) {
        put(" ");
        put_hexadecimal(message.words[i]);
    }
    put("\n");
}

void power_off(void) {
    seL4_CPtr port = slot_new();
    invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT),
           WORDS(POWER_CONTROL, POWER_CONTROL + 1, port, DEPTH));
    invoke(port, X86IOPortOut16, NO_CAPS, WORDS(POWER_CONTROL, POWER_OFF));
    for (;;)
        receive(seL4_SysWait, port, 0);
}
