// SPDX-License-Identifier: Apache-2.0
//
// Where a module's code and data sections are. Both engines have this: a module that is compiled ahead of
// time has no code.
#include "limits.h"
#include "wasm.h"

enum { PREAMBLE = 8, SECTION_CODE = 10, SECTION_DATA = 11 };

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

static wasm_range find_section(const uint8_t *bytes, size_t length, uint8_t wanted) {
    if (length > WASM_MAXIMUM_MODULE_SIZE)
        return (wasm_range){0};
    for (uint32_t position = PREAMBLE; position < length;) {
        uint8_t section = bytes[position++];
        uint32_t size;
        if (!read_size(bytes, (uint32_t)length, &position, &size) || size > length - position)
            break;
        if (section == wanted)
            return (wasm_range){position, position + size};
        position += size;
    }
    return (wasm_range){0};
}

wasm_range wasm_find_code(const uint8_t *bytes, size_t length) {
    return find_section(bytes, length, SECTION_CODE);
}

wasm_range wasm_find_data(const uint8_t *bytes, size_t length) {
    return find_section(bytes, length, SECTION_DATA);
}
