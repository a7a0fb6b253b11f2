// SPDX-License-Identifier: Apache-2.0
//
// Names of functions. In a module they are a map in its name section (7.4.1). In what wasm_strip keeps of it
// they are folded: in the order of the names, each as
//
//     the function's index (LEB128), how many bytes it begins with of the name before it, how many are its
//     own (one byte each), its own bytes
//
// Most begin like others, with a file's and a class's name. Whoever looks for one reads all before it: names
// are read after traps.
#include "image.h"

/// A function and its name.
struct named {
    uint32_t function;
    wasm_name name;
};

/// An entry of a module's map that the loader has checked, and the position behind it.
static struct named read_entry(const uint8_t *bytes, uint32_t *position) {
    struct named entry = {.function = wasm_number_at(bytes, position)};
    entry.name = wasm_name_at(bytes, *position);
    *position = (uint32_t)(entry.name.bytes - (const char *)bytes) + entry.name.length;
    return entry;
}

/// The same of folded names. The buffer holds the name before it, and then this one.
static struct named unfold_entry(const uint8_t *bytes, uint32_t *position, char *buffer) {
    struct named entry = {.function = wasm_number_at(bytes, position)};
    uint32_t shared = bytes[(*position)++];
    uint32_t own = bytes[(*position)++];
    __builtin_memcpy(buffer + shared, bytes + *position, own);
    *position += own;
    entry.name = (wasm_name){buffer, shared + own};
    return entry;
}

wasm_name wasm_function_name(const wasm_image *image, const uint8_t *bytes, uint32_t function, char *buffer) {
    uint32_t position = image->names.position;
    for (uint32_t i = 0; i < image->names.count; i++) {
        struct named entry =
            image->names.are_folded ? unfold_entry(bytes, &position, buffer) : read_entry(bytes, &position);
        if (entry.function == function)
            return entry.name;
    }
    return (wasm_name){NULL, 0};
}

/// Whether a name comes before another one; equal names are in the order of their functions.
static bool is_before(const struct named *a, const struct named *b) {
    uint32_t length = a->name.length < b->name.length ? a->name.length : b->name.length;
    int order = __builtin_memcmp(a->name.bytes, b->name.bytes, length);
    if (order == 0 && a->name.length == b->name.length)
        return a->function < b->function;
    return order != 0 ? order < 0 : a->name.length < b->name.length;
}

/// Replaces a name by the next one in their order that a backtrace may show; false if there is none. Without
/// memory to sort in, each one is looked for among all.
static bool find_next(const wasm_image *image, const uint8_t *bytes, struct named *named) {
    struct named next = {.name = {NULL, 0}};
    uint32_t position = image->names.position;
    for (uint32_t i = 0; i < image->names.count; i++) {
        struct named entry = read_entry(bytes, &position);
        if (entry.function >= image->imported_functions && entry.name.length != 0 &&
            is_before(named, &entry) && (next.name.bytes == NULL || is_before(&entry, &next)))
            next = entry;
    }
    *named = next;
    return next.name.bytes != NULL;
}

/// Writes a name, or of one that is too long dots and its end: the end tells names of one class apart.
static uint32_t cut_name(wasm_name name, char *text) {
    static const char dots[] = {'.', '.', '.'};
    if (name.length <= WASM_NAME_SIZE) {
        __builtin_memcpy(text, name.bytes, name.length);
        return name.length;
    }
    uint32_t from = name.length - (WASM_NAME_SIZE - sizeof dots);
    while (from < name.length && ((uint8_t)name.bytes[from] & 0xC0) == 0x80) // within a character (UTF-8)
        from++;
    __builtin_memcpy(text, dots, sizeof dots);
    __builtin_memcpy(text + sizeof dots, name.bytes + from, name.length - from);
    return (uint32_t)sizeof dots + name.length - from;
}

uint32_t wasm_fold_names(const wasm_image *image, const uint8_t *bytes, uint8_t *folded, uint32_t *size) {
    char texts[2][WASM_NAME_SIZE];
    uint32_t before = 0; // length of the last name
    uint32_t count = 0;
    uint32_t at = 0;
    for (struct named named = {.name = {"", 0}}; find_next(image, bytes, &named); count++) {
        char *text = texts[count % 2];
        const char *last = texts[1 - count % 2];
        uint32_t length = cut_name(named.name, text);
        uint32_t shared = 0;
        while (shared < before && shared < length && text[shared] == last[shared])
            shared++;
        uint32_t index = named.function;
        for (; index >= 0x80; index >>= 7)
            folded[at++] = (uint8_t)(index | 0x80);
        folded[at++] = (uint8_t)index;
        folded[at++] = (uint8_t)shared;
        folded[at++] = (uint8_t)(length - shared);
        __builtin_memcpy(folded + at, text + shared, length - shared);
        at += length - shared;
        before = length;
    }
    *size = at;
    return count;
}
