// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer target: any bytes through loading, and everything that can be asked of what loads. Regions are as
// small as the input's last bytes say, and of exactly that size, so that the sanitizers see what is written
// beyond.
#include "target.h"

#include <stdlib.h>
#include <string.h>

enum { FULL_SIZE = 1 << 21, TEXT_SIZE = 4096 };

/// Uses everything that a loaded module tells about itself.
static void inspect(const wasm_image *image, const uint8_t *bytes) {
    char *text = malloc(TEXT_SIZE);
    uint32_t sum = wasm_image_memory_minimum(image);
    for (uint32_t i = 0; i < wasm_import_count(image); i++)
        sum += wasm_import_at(image, bytes, i).name.length;
    for (uint32_t i = 0; i < wasm_export_count(image); i++) {
        wasm_export export = wasm_export_at(image, bytes, i);
        for (uint32_t k = 0; k < export.name.length; k++)
            sum += (uint8_t)export.name.bytes[k];
    }
    for (uint32_t i = 0; i < wasm_function_count(image); i++) {
        char buffer[WASM_NAME_SIZE];
        wasm_name name = wasm_function_name(image, bytes, i, buffer);
        for (uint32_t k = 0; k < name.length; k++)
            sum += (uint8_t)name.bytes[k];
        sum += wasm_function_type_at(image, i).parameter_count;
        sum += (uint32_t)wasm_disassemble(image, bytes, i, text, i % 2 ? TEXT_SIZE : 16);
    }
    if (wasm_instance_size(image, 0) == 0 || wasm_image_code_size(image) > wasm_image_size(image))
        abort_fuzzing("a size that cannot be");
    static volatile uint32_t used; // or the compiler would leave all of it out
    used = sum;
    (void)used;
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Small regions for one input in four.
    size_t room = size >= 2 && data[size - 1] % 4 == 0 ? (size_t)data[size - 2] * 64 + 64 : FULL_SIZE;
    uint8_t *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    for (int meter = 0; meter < 2; meter++) {
        wasm_load_options options = {
            .image = {aligned_alloc(16, room), room},
            .scratch = {aligned_alloc(16, room), room},
            .meter = meter == 1,
        };
        const wasm_image *image;
        wasm_error error;
        wasm_status status = wasm_load(bytes, size, &options, &image, &error);
        free(options.scratch.base);
        count_load(status == WASM_OK);
        if (status == WASM_OK) {
            inspect(image, bytes);
            uint8_t *kept = malloc(size);
            wasm_strip(options.image.base, bytes, kept);
            inspect(image, kept);
            free(kept);
        } else if (status != error.status || memchr(error.message, 0, sizeof error.message) == NULL ||
                   error.message[0] == 0) {
            abort_fuzzing("an error without a message");
        }
        free(options.image.base);
    }
    free(bytes);
    return 0;
}
