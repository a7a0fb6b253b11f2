// SPDX-License-Identifier: Apache-2.0
//
// Text put together piece by piece in a fixed buffer. What does not fit is cut off; the text always ends with
// a NUL.
#ifndef SEALIFT_HOST_TEXT_H
#define SEALIFT_HOST_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes;
    size_t size;   ///< bytes of the buffer, at least 1
    size_t length; ///< without the NUL
};

/// Begins an empty text in a buffer of `size` bytes.
struct text text_begin(char *buffer, size_t size);

void text_append(struct text *text, const char *string);
/// Appends bytes that need not end with a NUL.
void text_append_bytes(struct text *text, const char *bytes, size_t length);
void text_append_decimal(struct text *text, uint64_t value);
/// Appends 0x and the digits.
void text_append_hexadecimal(struct text *text, uint64_t value);
/// Appends UTF-16 as UTF-8. An unpaired surrogate becomes U+FFFD.
void text_append_utf16(struct text *text, const uint16_t *units, size_t count);

#endif
