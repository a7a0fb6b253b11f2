// SPDX-License-Identifier: Apache-2.0
//
// Where a module's code section is. Both engines have this: a module that is compiled ahead of time has none.
#include "limits.h"
#include "wasm.h"

enum { PREAMBLE = 8, SECTION_CODE = 10 };

/// Reads a u32 (5.2.2) at *position; false if it does not end in time.
static bool read_size(const uint8_t *bytes, uint32_t length, uint32_t *position, uint32_t *value) {
    *value = 0;
    for (uint32_t shift = 0; shift < 35; shift += 7) {
        if (*position >= length)
            return false;
        uint8_t byte = bytes[(*position)++];
        *value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

wasm_range wasm_find_code(const uint8_t *bytes, size_t length) {
    if (length > WASM_MAXIMUM_MODULE_SIZE)
        return (wasm_range){0};
    for (uint32_t position = PREAMBLE; position < length;) {
        uint8_t section = bytes[position++];
        uint32_t size;
        if (!read_size(bytes, (uint32_t)length, &position, &size) || size > length - position)
            break;
        if (section == SECTION_CODE)
            return (wasm_range){position, position + size};
        position += size;
    }
    return (wasm_range){0};
}
