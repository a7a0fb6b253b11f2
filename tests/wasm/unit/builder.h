// SPDX-License-Identifier: Apache-2.0
//
// Writes modules byte by byte, for tests of what no tool writes.
#ifndef SEALIFT_TESTS_WASM_BUILDER_H
#define SEALIFT_TESTS_WASM_BUILDER_H

#include "harness.h"

struct builder {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

static inline void put_byte(struct builder *builder, uint8_t byte) {
    if (builder->length == builder->capacity) {
        builder->capacity = builder->capacity == 0 ? 256 : 2 * builder->capacity;
        builder->bytes = realloc(builder->bytes, builder->capacity);
    }
    builder->bytes[builder->length++] = byte;
}

static inline void put_bytes(struct builder *builder, const void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        put_byte(builder, ((const uint8_t *)bytes)[i]);
}

#define PUT(target, ...)                                                                                     \
    do {                                                                                                     \
        const uint8_t put_list[] = {__VA_ARGS__};                                                            \
        put_bytes(target, put_list, sizeof put_list);                                                        \
    } while (0)

static inline void put_u32(struct builder *builder, uint32_t value) {
    while (value >= 0x80) {
        put_byte(builder, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    put_byte(builder, (uint8_t)value);
}

static inline void put_header(struct builder *builder) {
    PUT(builder, 0, 'a', 's', 'm', 1, 0, 0, 0);
}

/// Appends a section, and frees its content.
static inline void put_section(struct builder *builder, uint8_t id, struct builder *content) {
    put_byte(builder, id);
    put_u32(builder, (uint32_t)content->length);
    put_bytes(builder, content->bytes, content->length);
    free(content->bytes);
    *content = (struct builder){0};
}

#define PUT_SECTION(target, id, ...)                                                                         \
    do {                                                                                                     \
        struct builder section_content = {0};                                                                \
        PUT(&section_content, __VA_ARGS__);                                                                  \
        put_section(target, id, &section_content);                                                           \
    } while (0)

#endif
