// SPDX-License-Identifier: Apache-2.0
//
// Runs modules written by generator.mjs, and prints what they do as compare.mjs does for the other engine.
//
//   differential PACK [meter | fuel]   PACK: for each module its length (4 bytes, little endian) and its
//   bytes
//
// Every function is called with three sets of arguments. One line a call: results, or the trap. At a module's
// end: the globals, and a checksum of the memory. With "fuel" a call ends after so many instructions, as do
// all that follow: the module's lines then end with "fuel".
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../runtime-c/wasm/wasm.h"

enum {
    STACK_SIZE = 256 * 1024,
    IMAGE_SIZE = 1 << 20,
    COUNTER = 300,
    FUEL = 200000,
    ROUNDS = 3,
    MAXIMUM_VALUES = 16
};

static bool grow(wasm_memory *memory, uint32_t delta) {
    return memory->pages + delta <= 2;
}

static uint64_t argument(uint8_t type, uint32_t round, uint32_t index) {
    static const int32_t integers[ROUNDS][4] = {
        {0, 1, -1, 7}, {100, -5, 65536, 3}, {-2147483647 - 1, 2147483647, 31, 64}};
    static const double floats[ROUNDS][4] = {
        {0, 1.5, -1, 1e9}, {-0.0, 2.5, 1e-3, 4e9}, {1e300, -7.25, 0.5, 1e18}};
    int32_t integer = integers[round][index % 4];
    double number = floats[round][index % 4];
    float single = (float)number;
    uint32_t single_bits;
    uint64_t bits;
    memcpy(&single_bits, &single, sizeof single_bits);
    memcpy(&bits, &number, sizeof bits);
    switch (type) {
    case WASM_I32:
        return (uint32_t)integer;
    case WASM_I64:
        return (uint64_t)(int64_t)integer;
    case WASM_F32:
        return single_bits;
    default:
        return bits;
    }
}

static void print_value(uint8_t type, uint64_t value) {
    bool is_nan = (type == WASM_F32 && (value & 0x7FFFFFFF) > 0x7F800000) ||
                  (type == WASM_F64 && (value & INT64_MAX) > 0x7FF0000000000000);
    if (is_nan)
        printf(" nan");
    else
        printf(" %" PRIx64, value);
}

/// Traps in the classes that both engines tell apart.
static const char *class_of(wasm_trap_code code) {
    switch (code) {
    case WASM_TRAP_UNREACHABLE:
        return "unreachable";
    case WASM_TRAP_INTEGER_DIVIDE_BY_ZERO:
        return "zero";
    case WASM_TRAP_INTEGER_OVERFLOW:
    case WASM_TRAP_INVALID_CONVERSION:
        return "unrepresentable";
    case WASM_TRAP_MEMORY_OUT_OF_BOUNDS:
        return "memory";
    case WASM_TRAP_UNDEFINED_ELEMENT:
        return "table";
    case WASM_TRAP_UNINITIALIZED_ELEMENT:
    case WASM_TRAP_INDIRECT_CALL_TYPE_MISMATCH:
        return "signature";
    default:
        return "other";
    }
}

static void run_module(uint32_t number, const uint8_t *bytes, uint32_t length, bool meter, bool limit) {
    static _Alignas(16) uint8_t image_memory[IMAGE_SIZE], scratch[WASM_SCRATCH_SIZE],
        stack_memory[STACK_SIZE];
    wasm_load_options options = {
        .image = {image_memory, sizeof image_memory}, .scratch = {scratch, sizeof scratch}, .meter = meter};
    const wasm_image *image;
    wasm_error error;
    printf("module %u\n", number);
    if (wasm_load(bytes, length, &options, &image, &error) != WASM_OK) {
        printf("refused: %s at %u\n", error.message, error.offset);
        return;
    }
    wasm_memory memory = {.base = calloc(2, WASM_PAGE_SIZE), .grow = grow};
    size_t size = wasm_instance_size(image, 0);
    void *storage = malloc(size);
    wasm_instantiate_options instantiate = {
        .image = image,
        .bytes = bytes,
        .memory = &memory,
        .stack = wasm_stack_create((wasm_region){stack_memory, sizeof stack_memory}),
        .storage = {storage, size},
    };
    wasm_instance *instance;
    wasm_external external;
    if (wasm_instantiate(&instantiate, &instance, &error) != WASM_OK) {
        printf("refused: %s\n", error.message);
        return;
    }
    for (uint32_t function = 0; function < wasm_function_count(image); function++) {
        wasm_function_type type = wasm_function_type_at(image, function);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint64_t values[MAXIMUM_VALUES];
            for (uint32_t i = 0; i < type.parameter_count; i++)
                values[i] = argument(type.parameters[i], round, i);
            wasm_export_external(instance, (wasm_name){"g0", 2}, &external);
            *external.of.global.cell = COUNTER;
            if (limit)
                wasm_set_fuel(instantiate.stack, FUEL);
            wasm_status status = wasm_call(instance, function, values);
            if (status == WASM_INTERRUPTED) {
                printf("fuel\n");
                free(storage);
                free(memory.base);
                return;
            }
            printf("f%u", function);
            if (status == WASM_TRAPPED)
                printf(" %s", class_of(wasm_last_trap(instance)->code));
            else if (status != WASM_OK)
                printf(" status %d", status);
            for (uint32_t i = 0; status == WASM_OK && i < type.result_count; i++)
                print_value(type.results[i], values[i]);
            printf("\n");
        }
    }
    for (uint32_t i = 0; i < wasm_export_count(image); i++) {
        wasm_export export = wasm_export_at(image, bytes, i);
        if (export.kind != WASM_GLOBAL)
            continue;
        wasm_export_external(instance, export.name, &external);
        print_value(external.of.global.type, *external.of.global.cell);
    }
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < (size_t)memory.pages * WASM_PAGE_SIZE; i++)
        hash = (hash ^ memory.base[i]) * 16777619u;
    printf("\nmemory %u %x\n", memory.pages, hash);
    free(storage);
    free(memory.base);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s PACK [meter | fuel]\n", argv[0]);
        return 2;
    }
    FILE *pack = fopen(argv[1], "rb");
    if (pack == NULL) {
        perror(argv[1]);
        return 2;
    }
    uint32_t length;
    for (uint32_t number = 0; fread(&length, sizeof length, 1, pack) == 1; number++) {
        uint8_t *bytes = malloc(length);
        if (fread(bytes, 1, length, pack) != length)
            return 2;
        run_module(number, bytes, length, argc > 2, argc > 2 && strcmp(argv[2], "fuel") == 0);
        free(bytes);
    }
    fclose(pack);
    return 0;
}
