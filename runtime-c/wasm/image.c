// SPDX-License-Identifier: Apache-2.0
//
// Questions about images.
#include "image.h"

uint32_t wasm_number_at(const uint8_t *bytes, uint32_t *position) {
    uint32_t number = 0;
    for (uint32_t shift = 0;; shift += 7) {
        uint8_t byte = bytes[(*position)++];
        number |= (uint32_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return number;
    }
}

wasm_name wasm_name_at(const uint8_t *bytes, uint32_t position) {
    uint32_t length = wasm_number_at(bytes, &position);
    return (wasm_name){(const char *)bytes + position, length};
}

size_t wasm_image_size(const wasm_image *image) {
    return image->size;
}

size_t wasm_image_code_size(const wasm_image *image) {
    return (size_t)image->code.count * sizeof(uint16_t);
}

uint32_t wasm_image_memory_minimum(const wasm_image *image) {
    return image->memory_count > 0 ? image->memory_minimum : 0;
}

uint32_t wasm_import_count(const wasm_image *image) {
    return image->imports.count;
}

uint32_t wasm_export_count(const wasm_image *image) {
    return image->exports.count;
}

uint32_t wasm_function_count(const wasm_image *image) {
    return image->functions.count;
}

wasm_import wasm_import_at(const wasm_image *image, const uint8_t *bytes, uint32_t index) {
    const struct wasm_image_import *import = &wasm_image_imports(image)[index];
    return (wasm_import){
        .module = wasm_name_at(bytes, import->module_position),
        .name = wasm_name_at(bytes, import->name_position),
        .kind = (wasm_external_kind)import->kind,
        .bound =
            import->kind == WASM_FUNCTION && wasm_image_functions(image)[import->index].code != WASM_NONE,
    };
}

wasm_export wasm_export_at(const wasm_image *image, const uint8_t *bytes, uint32_t index) {
    const struct wasm_image_export *export = &wasm_image_exports(image)[index];
    return (wasm_export){
        .name = wasm_name_at(bytes, export->name_position),
        .kind = (wasm_external_kind) export->kind,
        .index = export->index,
    };
}

bool wasm_find_export(const wasm_image *image, const uint8_t *bytes, const char *name,
                      wasm_external_kind kind, uint32_t *index) {
    for (uint32_t i = 0; i < image->exports.count; i++) {
        wasm_export found = wasm_export_at(image, bytes, i);
        if (found.kind == kind && wasm_name_is(found.name, name)) {
            *index = found.index;
            return true;
        }
    }
    return false;
}

wasm_function_type wasm_function_type_at(const wasm_image *image, uint32_t function) {
    const struct wasm_image_type *type = wasm_type_of(image, function);
    return (wasm_function_type){
        .parameters = type->types,
        .results = type->types + type->parameter_count,
        .parameter_count = type->parameter_count,
        .result_count = type->result_count,
    };
}

static uint8_t type_of_letter(char letter) {
    switch (letter) {
    case 'i':
        return WASM_I32;
    case 'I':
        return WASM_I64;
    case 'f':
        return WASM_F32;
    case 'F':
        return WASM_F64;
    case 'r':
        return WASM_FUNCREF;
    case 'x':
        return WASM_EXTERNREF;
    default:
        return 0;
    }
}

bool wasm_signature_matches(const char *signature, const struct wasm_image_type *type) {
    const uint8_t *expected = type->types;
    for (uint32_t i = 0; i < type->parameter_count; i++)
        if (type_of_letter(*signature++) != *expected++)
            return false;
    if (*signature++ != ':')
        return false;
    for (uint32_t i = 0; i < type->result_count; i++)
        if (type_of_letter(*signature++) != *expected++)
            return false;
    return *signature == 0;
}

uint32_t wasm_find_host(wasm_host_table hosts, wasm_name module, wasm_name name) {
    for (uint32_t i = 0; i < hosts.count; i++)
        if (wasm_name_is(module, hosts.entries[i].module) && wasm_name_is(name, hosts.entries[i].name))
            return i;
    return WASM_NONE;
}
