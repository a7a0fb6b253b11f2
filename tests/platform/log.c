// SPDX-License-Identifier: Apache-2.0
//
// The log: lines `name: result` on the serial line (ARCHITECTURE/console.c). A name has a dot, so that lines
// of the kernel's own cannot be mistaken for it.
#include "kernel.h"

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
