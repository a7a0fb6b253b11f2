// SPDX-License-Identifier: Apache-2.0
//
// State of one wasm_load. The steps, in order: module.c reads the sections into the image's tables,
// segments.c the element and data segments among them, validate.c checks every function body, translate.c
// writes the bytecode behind the tables.
#ifndef SEALIFT_WASM_LOADER_H
#define SEALIFT_WASM_LOADER_H

#include "decode.h"
#include "image.h"
#include "limits.h"

/// Section ids of the binary format (5.5.2).
enum wasm_section {
    WASM_SECTION_CUSTOM = 0,
    WASM_SECTION_TYPE,
    WASM_SECTION_IMPORT,
    WASM_SECTION_FUNCTION,
    WASM_SECTION_TABLE,
    WASM_SECTION_MEMORY,
    WASM_SECTION_GLOBAL,
    WASM_SECTION_EXPORT,
    WASM_SECTION_START,
    WASM_SECTION_ELEMENT,
    WASM_SECTION_CODE,
    WASM_SECTION_DATA,
    WASM_SECTION_DATA_COUNT,
    WASM_SECTION_COUNT,
};

struct wasm_span {
    uint32_t position;
    uint32_t end;
    bool present;
};

struct wasm_loader {
    struct wasm_reader reader;
    const wasm_load_options *options;
    struct wasm_image *image; // being written
    size_t image_capacity;
    uint8_t *scratch;
    size_t scratch_capacity;
    size_t scratch_used;

    struct wasm_span sections[WASM_SECTION_COUNT];
    struct wasm_span names; // of the name section
    uint32_t next_body;     // position: bodies follow each other in the code section

    bool has_data_count;
    uint32_t data_count;
    uint32_t segment_elements; // of all element segments so far
    uint8_t *declared;         // one bit a function: may be the operand of ref.func (3.4.10, C.refs)

    // Found by validation, so that translation knows what it needs.
    uint32_t deepest_operands;
    uint32_t deepest_nesting;
    uint32_t most_locals;
};

/// Space in the image, zeroed, aligned to 8 bytes. NULL after a failure.
void *wasm_image_allocate(struct wasm_loader *loader, struct wasm_array *array, uint32_t count,
                          uint32_t size);

/// Temporary space, aligned to 8 bytes, not cleared. NULL after a failure. Freed by resetting scratch_used.
void *wasm_scratch_allocate(struct wasm_loader *loader, size_t count, size_t size);

static inline void wasm_declare_function(struct wasm_loader *loader, uint32_t function) {
    loader->declared[function / 8] |= (uint8_t)(1u << function % 8);
}

static inline bool wasm_function_is_declared(const struct wasm_loader *loader, uint32_t function) {
    return loader->declared[function / 8] >> function % 8 & 1;
}

/// A constant expression and its `end`.
struct wasm_constant {
    uint64_t value;
    uint8_t initializer; // enum wasm_initializer
};
struct wasm_constant wasm_read_constant(struct wasm_loader *loader, uint8_t type);

void wasm_load_elements(struct wasm_loader *loader);

/// Says that a table may change, or that its elements are seen as references.
void wasm_open_table(struct wasm_loader *loader, uint32_t table);

/// Finds the tables that never change (struct wasm_image_table). All code has been translated.
void wasm_find_constant_tables(struct wasm_loader *loader);
void wasm_load_data(struct wasm_loader *loader);

/// Finds the names of functions in the name section. Errors in that section are no errors of the module.
void wasm_load_names(struct wasm_loader *loader);

/// Checks all bodies of the code section (section 3.4 and the algorithm of the appendix 7.3).
void wasm_validate_code(struct wasm_loader *loader);

/// Writes the bytecode of all functions. The module has been validated.
void wasm_translate_code(struct wasm_loader *loader);

#endif
