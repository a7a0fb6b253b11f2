// SPDX-License-Identifier: Apache-2.0
//
// The image: what is left of a module after loading. It holds numbers and offsets only, so that it can be
// mapped read-only at any address. "Offset" means bytes from the image's start; "position" means bytes from
// the module's start. Invariant: whatever an image says has been validated; nothing that reads it checks
// again.
#ifndef SEALIFT_WASM_IMAGE_H
#define SEALIFT_WASM_IMAGE_H

#include "wasm.h"

#define WASM_NONE UINT32_MAX

enum { WASM_IMAGE_MAGIC = 0x49574C53 };

/// An array in the image.
struct wasm_array {
    uint32_t count;
    uint32_t offset;
};

/// A function type, followed by its parameter and result types, one byte each.
struct wasm_image_type {
    uint16_t parameter_count;
    uint16_t result_count;
    uint32_t canonical; // index of the first equal type: call_indirect compares these
    uint8_t types[];
};

struct wasm_image_function {
    uint16_t type; // canonical
    /// Imported function that is not bound: number among those, from 0.
    uint16_t body;
    /// Defined function: offset of its entry. Imported one: index in the host table, or WASM_NONE.
    uint32_t code;
};

struct wasm_image_table {
    uint32_t minimum;
    uint32_t maximum; // or WASM_NO_MAXIMUM
    /// A table that nothing can change has what one element segment says, for ever: that segment. It takes no
    /// storage in an instance: call_indirect reads the segment. WASM_NONE for all other tables.
    uint32_t segment;
    uint8_t type;
    /// It is imported or exported, or instructions other than call_indirect and table.size name it.
    uint8_t is_open;
};

/// The value of a constant expression (section 3.3.10).
enum wasm_initializer {
    WASM_INITIALIZER_VALUE,    // the value itself; a null reference is 0
    WASM_INITIALIZER_GLOBAL,   // an imported global's value
    WASM_INITIALIZER_FUNCTION, // a reference to a function
    WASM_INITIALIZER_PASSIVE,  // segments: no place, copied by table.init and memory.init
    WASM_INITIALIZER_DECLARED, // element segments: only declares its functions
};

struct wasm_image_global {
    uint64_t value;
    uint8_t initializer;
    uint8_t type;
    uint8_t is_mutable;
};

struct wasm_image_import {
    uint32_t module_position; // of the names, length first
    uint32_t name_position;
    uint32_t index; // in the index space of its kind
    uint8_t kind;
};

struct wasm_image_export {
    uint32_t name_position;
    uint32_t index;
    uint8_t kind;
};

/// An item of an element segment: a function index, WASM_NONE for null, or an imported global with this bit.
enum { WASM_ITEM_GLOBAL = 1 << 30 };

struct wasm_image_element {
    uint32_t count;
    uint32_t items; // offset of an array of uint32_t
    uint32_t value; // where in the table
    uint16_t table;
    uint8_t initializer;
    uint8_t type;
};

/// A data segment, as the module's bytes describe it. Programs have thousands (every string is one), so the
/// image holds their positions only.
struct wasm_data_segment {
    uint32_t length;
    uint32_t position;   // of the bytes
    uint32_t value;      // where in memory
    uint8_t initializer; // enum wasm_initializer
};

/// Where names of functions are: nothing in the image says which function has which.
struct wasm_names {
    uint32_t count;
    uint32_t position; // of the first entry of the name section's map, or of the folded names (names.c)
    uint8_t are_folded;
};

struct wasm_image {
    uint32_t magic;
    uint32_t size;
    uint32_t module_size;
    uint32_t start; // function, or WASM_NONE

    struct wasm_array types;     // of uint32_t: offsets of struct wasm_image_type
    struct wasm_array functions; // of struct wasm_image_function, imported ones first
    struct wasm_array tables;    // of struct wasm_image_table, imported ones first
    struct wasm_array globals;   // of struct wasm_image_global, imported ones first
    struct wasm_array imports;   // of struct wasm_image_import
    struct wasm_array exports;   // of struct wasm_image_export
    struct wasm_array elements;  // of struct wasm_image_element
    struct wasm_array data;      // of uint32_t: positions of the segments; only a count without the data
    struct wasm_array code;      // of uint16_t

    struct wasm_names names;

    uint32_t imported_functions;
    uint32_t unbound_functions; // imported functions that the host table does not have
    uint32_t imported_tables;
    uint32_t imported_globals;

    uint8_t names_data;   // an instruction names a data segment: instances know which are dropped
    uint8_t memory_count; // 0 or 1
    uint8_t memory_imported;
    uint32_t memory_minimum; // pages
    uint32_t memory_maximum; // pages, or WASM_NO_MAXIMUM
};

/// What precedes a function's bytecode.
struct wasm_entry {
    uint16_t frame_slots; // locals and operands: the frame's size in slots
    uint16_t zero_first;  // locals that are not parameters start as zero: from this slot on
    uint16_t zero_count;
};

enum { WASM_ENTRY_UNITS = sizeof(struct wasm_entry) / sizeof(uint16_t) };

static inline const void *wasm_image_at(const wasm_image *image, uint32_t offset) {
    return (const char *)image + offset;
}

#define WASM_IMAGE_ARRAY(name, type)                                                                         \
    static inline const type *wasm_image_##name(const wasm_image *image) {                                   \
        return wasm_image_at(image, image->name.offset);                                                     \
    }
WASM_IMAGE_ARRAY(types, uint32_t)
WASM_IMAGE_ARRAY(functions, struct wasm_image_function)
WASM_IMAGE_ARRAY(tables, struct wasm_image_table)
WASM_IMAGE_ARRAY(globals, struct wasm_image_global)
WASM_IMAGE_ARRAY(imports, struct wasm_image_import)
WASM_IMAGE_ARRAY(exports, struct wasm_image_export)
WASM_IMAGE_ARRAY(elements, struct wasm_image_element)
WASM_IMAGE_ARRAY(data, uint32_t)

static inline const struct wasm_image_type *wasm_type_at(const wasm_image *image, uint32_t index) {
    return wasm_image_at(image, wasm_image_types(image)[index]);
}

static inline const struct wasm_image_type *wasm_type_of(const wasm_image *image, uint32_t function) {
    return wasm_type_at(image, wasm_image_functions(image)[function].type);
}

static inline bool wasm_types_equal(const struct wasm_image_type *a, const struct wasm_image_type *b) {
    return a->parameter_count == b->parameter_count && a->result_count == b->result_count &&
           __builtin_memcmp(a->types, b->types, (size_t)a->parameter_count + a->result_count) == 0;
}

/// The number (LEB128) at a position that the loader has checked, and the position behind it.
uint32_t wasm_number_at(const uint8_t *bytes, uint32_t *position);

/// The name at a position that the loader has checked.
wasm_name wasm_name_at(const uint8_t *bytes, uint32_t position);

/// False if the image omits where its data segments are.
static inline bool wasm_image_has_data(const wasm_image *image) {
    return image->data.count == 0 || image->data.offset != 0;
}

/// Folds the names of the functions that a module defines: imported ones are in no backtrace. Less than the
/// name section and the functions' bodies together.
///
/// @param size receives the bytes of the folded names
/// @return how many names there are
uint32_t wasm_fold_names(const wasm_image *image, const uint8_t *bytes, uint8_t *folded, uint32_t *size);

/// Decodes a data segment that the loader has checked. The image has the data.
struct wasm_data_segment wasm_data_at(const wasm_image *image, const uint8_t *bytes, uint32_t index);

/// True if a host entry's signature says this type.
bool wasm_signature_matches(const char *signature, const struct wasm_image_type *type);

static inline bool wasm_name_is(wasm_name name, const char *text) {
    for (uint32_t i = 0; i < name.length; i++)
        if (text[i] == 0 || text[i] != name.bytes[i])
            return false;
    return text[name.length] == 0;
}

/// Index in the table of an import, or WASM_NONE.
uint32_t wasm_find_host(wasm_host_table hosts, wasm_name module, wasm_name name);

#endif
