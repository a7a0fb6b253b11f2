// SPDX-License-Identifier: Apache-2.0
//
// Shows a WebAssembly module as the interpreter sees it: `sealift wasm dump`. A Linux program.
//
//   wasm_dump FILE [FUNCTION]
//
// FUNCTION is an index, or a part of a name. The exit code is 1 for a file that is no valid module, and 2 for
// one that cannot be read or has no such function.
#include "tools/module_file.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"func", "table", "memory", "global"};

static const char *type_name(uint8_t type) {
    switch (type) {
    case WASM_I32:
        return "i32";
    case WASM_I64:
        return "i64";
    case WASM_F32:
        return "f32";
    case WASM_F64:
        return "f64";
    case WASM_FUNCREF:
        return "funcref";
    default:
        return "externref";
    }
}

static void print_type(wasm_function_type type) {
    for (uint32_t i = 0; i < type.parameter_count; i++)
        printf("%s%s", i ? " " : "(param ", type_name(type.parameters[i]));
    fputs(type.parameter_count ? ") " : "", stdout);
    for (uint32_t i = 0; i < type.result_count; i++)
        printf("%s%s", i ? " " : "(result ", type_name(type.results[i]));
    fputs(type.result_count ? ")" : "", stdout);
}

/// Whether the function is the one asked for: by its index, or by a part of its name.
static bool is_wanted(const wasm_image *image, const uint8_t *bytes, uint32_t function, const char *wanted) {
    if (!wanted)
        return true;
    char *end;
    unsigned long index = strtoul(wanted, &end, 10);
    if (*wanted && !*end)
        return index == function;
    char buffer[WASM_NAME_SIZE];
    wasm_name name = wasm_function_name(image, bytes, function, buffer);
    return memmem(name.bytes, name.length, wanted, strlen(wanted)) != NULL;
}

/// Prints a function's type and bytecode.
static void print_function(const wasm_image *image, const uint8_t *bytes, uint32_t function) {
    size_t length = wasm_disassemble(image, bytes, function, NULL, 0);
    char *text = malloc(length + 1);
    if (!text)
        fail(EXIT_USE, "memory", "not enough for a function's text");
    wasm_disassemble(image, bytes, function, text, length + 1);
    char *code = strchr(text, '\n');
    putchar('\n');
    write_name(stdout, (wasm_name){text, code ? (uint32_t)(code - text) : (uint32_t)length});
    wasm_function_type type = wasm_function_type_at(image, function);
    fputs(type.parameter_count + type.result_count ? "  " : "", stdout);
    print_type(type);
    puts(code ? code : "");
    free(text);
}

static void print_outline(const wasm_image *image, const uint8_t *bytes, size_t length) {
    printf("module: %zu bytes; image: %zu bytes, %zu of them bytecode; instance: %zu bytes\n", length,
           wasm_image_size(image), wasm_image_code_size(image), wasm_instance_size(image, 0));
    if (wasm_image_memory_minimum(image) > 0)
        printf("memory: begins with %u pages\n", wasm_image_memory_minimum(image));
    uint32_t function = 0;
    for (uint32_t i = 0; i < wasm_import_count(image); i++) {
        wasm_import import = wasm_import_at(image, bytes, i);
        printf("import %s ", kinds[import.kind]);
        write_name(stdout, import.module);
        putchar(' ');
        write_name(stdout, import.name);
        if (import.kind == WASM_FUNCTION) {
            printf("  f%u ", function);
            print_type(wasm_function_type_at(image, function++));
        }
        putchar('\n');
    }
    for (uint32_t i = 0; i < wasm_export_count(image); i++) {
        wasm_export export = wasm_export_at(image, bytes, i);
        printf("export %s ", kinds[export.kind]);
        write_name(stdout, export.name);
        printf(export.kind == WASM_FUNCTION ? "  f%u\n" : "  %u\n", export.index);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count < 2 || argument_count > 3)
        fail(EXIT_USE, "usage", "wasm_dump FILE [FUNCTION]");
    const char *wanted = argument_count == 3 ? arguments[2] : NULL;
    size_t length;
    const uint8_t *bytes = read_file(arguments[1], &length);
    wasm_error error;
    const wasm_image *image = load_module(bytes, length, (wasm_load_options){0}, &error);
    if (!image) {
        char cause[WASM_ERROR_MESSAGE_SIZE + 64];
        snprintf(cause, sizeof cause, "not a WebAssembly module that can be loaded: %s (byte %u)",
                 error.message, error.offset);
        fail(EXIT_MODULE, arguments[1], cause);
    }
    if (!wanted)
        print_outline(image, bytes, length);
    uint32_t shown = 0;
    for (uint32_t function = 0; function < wasm_function_count(image); function++) {
        bool has_code = wasm_disassemble(image, bytes, function, NULL, 0) > 0;
        if (has_code && is_wanted(image, bytes, function, wanted)) {
            print_function(image, bytes, function);
            shown++;
        }
    }
    if (wanted && shown == 0)
        fail(EXIT_USE, wanted, "no function with code has this index, or this in its name");
    return 0;
}
