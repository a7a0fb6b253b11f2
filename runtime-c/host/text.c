// SPDX-License-Identifier: Apache-2.0

#include "host/text.h"

#include <string.h>

struct text text_begin(char *buffer, size_t size) {
    buffer[0] = 0;
    return (struct text){.bytes = buffer, .size = size};
}

void text_append_bytes(struct text *text, const char *bytes, size_t length) {
    size_t room = text->size - 1 - text->length;
    if (length > room) {
        length = room;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

void text_append(struct text *text, const char *string) {
    size_t length = 0;
    while (string[length]) {
        length++;
    }
    text_append_bytes(text, string, length);
}

static void append_number(struct text *text, uint64_t value, unsigned base) {
    char digits[20]; // 2^64 - 1 has 20 decimal digits
    size_t first = sizeof digits;
    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    text_append_bytes(text, digits + first, sizeof digits - first);
}

void text_append_decimal(struct text *text, uint64_t value) {
    append_number(text, value, 10);
}

void text_append_hexadecimal(struct text *text, uint64_t value) {
    text_append(text, "0x");
    append_number(text, value, 16);
}

void text_append_utf16(struct text *text, const uint16_t *units, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t code = units[i];
        if (code >= 0xd800 && code < 0xdc00 && i + 1 < count && (units[i + 1] & 0xfc00) == 0xdc00) {
            code = 0x10000 + ((code - 0xd800) << 10) + (units[++i] - 0xdc00u);
        } else if (code >= 0xd800 && code < 0xe000) {
            code = 0xfffd;
        }
        char bytes[4];
        size_t length;
        if (code < 0x80) {
            bytes[0] = (char)code;
            length = 1;
        } else if (code < 0x800) {
            bytes[0] = (char)(0xc0 | code >> 6);
            length = 2;
        } else if (code < 0x10000) {
            bytes[0] = (char)(0xe0 | code >> 12);
            length = 3;
        } else {
            bytes[0] = (char)(0xf0 | code >> 18);
            length = 4;
        }
        for (size_t k = 1; k < length; k++) {
            bytes[k] = (char)(0x80 | (code >> 6 * (length - 1 - k) & 0x3f));
        }
        text_append_bytes(text, bytes, length);
    }
}
