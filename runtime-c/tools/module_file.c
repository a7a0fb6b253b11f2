// SPDX-License-Identifier: Apache-2.0

#include "tools/module_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fail(int code, const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(code);
}

uint8_t *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail(EXIT_USE, path, strerror(errno));
    size_t capacity = 1 << 16;
    uint8_t *bytes = malloc(capacity);
    *length = 0;
    while (bytes) {
        size_t count = fread(bytes + *length, 1, capacity - *length, file);
        *length += count;
        if (count == 0)
            break;
        if (*length == capacity) {
            uint8_t *larger = realloc(bytes, capacity *= 2);
            if (!larger)
                free(bytes);
            bytes = larger;
        }
    }
    if (!bytes)
        fail(EXIT_USE, path, "too large for this machine's memory");
    if (ferror(file))
        fail(EXIT_USE, path, strerror(errno));
    fclose(file);
    return bytes;
}

void write_file(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    if (!file)
        fail(EXIT_USE, path, strerror(errno));
    bool written = fwrite(bytes, 1, length, file) == length;
    if (fclose(file) != 0 || !written)
        fail(EXIT_USE, path, strerror(errno));
}

void write_name(FILE *file, wasm_name name) {
    for (uint32_t i = 0; i < name.length; i++) {
        unsigned char byte = (unsigned char)name.bytes[i];
        putc(byte < 0x20 || byte == 0x7f ? '?' : byte, file);
    }
}

wasm_image *load_module(const uint8_t *bytes, size_t length, wasm_load_options options, wasm_error *error) {
    for (size_t size = 1 << 20;; size *= 4) {
        options.image = (wasm_region){aligned_alloc(16, size), size};
        options.scratch = (wasm_region){aligned_alloc(16, size), size};
        if (!options.image.base || !options.scratch.base)
            fail(EXIT_USE, "memory", "not enough for the module");
        // What the image leaves out between its parts must not depend on what the memory held.
        memset(options.image.base, 0, size);
        const wasm_image *image;
        wasm_status status = wasm_load(bytes, length, &options, &image, error);
        free(options.scratch.base);
        if (status == WASM_OK)
            return options.image.base;
        free(options.image.base);
        if (status != WASM_OUT_OF_MEMORY || size > (size_t)1 << 32)
            return NULL;
    }
}
