// SPDX-License-Identifier: Apache-2.0
//
// For programs that carry an image instead of the module it was made from: what instances still read of the
// module, and its memory as they find it.
#include "image.h"
#include "loader.h"

enum { PREAMBLE = 8 };

/// A section with its header.
struct section {
    uint32_t begin;
    uint32_t end;
    bool is_kept;
};

/// The section at a position of a module that has been loaded.
static struct section section_at(const uint8_t *bytes, uint32_t position, bool keep_data) {
    struct section section = {.begin = position};
    uint8_t id = bytes[position++];
    uint32_t size = wasm_number_at(bytes, &position);
    section.end = position + size;
    section.is_kept =
        id == WASM_SECTION_IMPORT || id == WASM_SECTION_EXPORT || (id == WASM_SECTION_DATA && keep_data);
    return section;
}

/// Where in the kept part a position of the module is; 0 for one in a section that is not kept, and for 0.
static uint32_t moved(const uint8_t *bytes, uint32_t position, bool keep_data) {
    uint32_t removed = 0;
    for (uint32_t at = PREAMBLE; at <= position;) {
        struct section section = section_at(bytes, at, keep_data);
        if (position < section.end)
            return section.is_kept ? position - removed : 0;
        if (!section.is_kept)
            removed += section.end - section.begin;
        at = section.end;
    }
    return 0;
}

size_t wasm_strip(wasm_image *image, const uint8_t *bytes, uint8_t *kept) {
    const bool keep_data = wasm_image_has_data(image);
    struct wasm_image_import *imports = (struct wasm_image_import *)wasm_image_imports(image);
    for (uint32_t i = 0; i < image->imports.count; i++) {
        imports[i].module_position = moved(bytes, imports[i].module_position, keep_data);
        imports[i].name_position = moved(bytes, imports[i].name_position, keep_data);
    }
    struct wasm_image_export *exports = (struct wasm_image_export *)wasm_image_exports(image);
    for (uint32_t i = 0; i < image->exports.count; i++)
        exports[i].name_position = moved(bytes, exports[i].name_position, keep_data);
    uint32_t *data = (uint32_t *)wasm_image_data(image);
    for (uint32_t i = 0; keep_data && i < image->data.count; i++)
        data[i] = moved(bytes, data[i], keep_data);

    uint32_t length = PREAMBLE;
    __builtin_memcpy(kept, bytes, PREAMBLE);
    for (uint32_t at = PREAMBLE; at < image->module_size;) {
        struct section section = section_at(bytes, at, keep_data);
        at = section.end;
        if (!section.is_kept)
            continue;
        __builtin_memcpy(kept + length, bytes + section.begin, section.end - section.begin);
        length += section.end - section.begin;
    }
    uint32_t size;
    uint32_t names = wasm_fold_names(image, bytes, kept + length, &size);
    image->names = (struct wasm_names){.count = names, .position = length, .are_folded = 1};
    length += size;
    image->module_size = length;
    return length;
}

uint64_t wasm_place_data(const wasm_image *image, const uint8_t *bytes, uint64_t base, wasm_region memory) {
    uint64_t end = 0;
    for (uint32_t i = 0; i < image->data.count; i++) {
        const struct wasm_data_segment data = wasm_data_at(image, bytes, i);
        if (data.initializer != WASM_INITIALIZER_VALUE)
            return 0;
        uint64_t to = (uint32_t)data.value;
        if (to < base || to - base > memory.size || data.length > memory.size - (to - base))
            return 0;
        if (memory.base != NULL)
            __builtin_memcpy((char *)memory.base + (to - base), bytes + data.position, data.length);
        if (to + data.length > end)
            end = to + data.length;
    }
    return end;
}
