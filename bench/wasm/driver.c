// SPDX-License-Identifier: Apache-2.0
//
// Runs a benchmark's module in one of Sealift's two engines:
//
//   DRIVER FILE run COUNT   calls its export run(COUNT) and prints the result
//   DRIVER FILE sizes       prints what the module takes, one "name bytes" a line
//
// Linked with runtime-c/wasm it interprets the file. Linked with runtime-c/aot (SEALIFT_AOT) it has been
// compiled with one module, and the file is only named.
#include "wasm/wasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#ifdef SEALIFT_AOT
#include "aot/compiled.h"

extern const wasm_image program_kernel_image;
#endif

enum { STACK_SIZE = 1 << 20 };

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "driver: %s: %s\n", what, why);
    exit(1);
}

static void *allocate(size_t size) {
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        fail("memory", "mmap failed");
    return memory;
}

static bool grow(wasm_memory *memory, uint32_t delta) {
    (void)memory, (void)delta; // all of it is mapped
    return true;
}

/// CoreMark's clock: milliseconds.
static wasm_status clock_milliseconds(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    values[0] = (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
    return WASM_OK;
}

static const wasm_host_entry hosts[] = {{"env", "clock_milliseconds", ":i", clock_milliseconds}};

#ifndef SEALIFT_AOT
static uint8_t *read_module(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail(path, "cannot be opened");
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = allocate(*length);
    if (fread(bytes, 1, *length, file) != *length)
        fail(path, "cannot be read");
    fclose(file);
    return bytes;
}

static const wasm_image *load(const char *path, const uint8_t *bytes, size_t length, wasm_host_table table) {
    wasm_load_options options = {
        .hosts = table,
        .image = {allocate(16 * length + 65536), 16 * length + 65536},
        .scratch = {allocate(WASM_SCRATCH_SIZE), WASM_SCRATCH_SIZE},
    };
    const wasm_image *image;
    wasm_error error;
    if (wasm_load(bytes, length, &options, &image, &error) != WASM_OK)
        fail(path, error.message);
    return image;
}
#endif

static void print_trap(const wasm_instance *instance) {
    fprintf(stderr, "driver: trapped: %s\n", wasm_last_trap(instance)->message);
    wasm_backtrace backtrace = wasm_backtrace_begin(instance);
    char buffer[WASM_NAME_SIZE];
    for (wasm_frame frame; wasm_backtrace_next(&backtrace, &frame);) {
        wasm_name name = wasm_frame_name(&frame, buffer);
        fprintf(stderr, "  at %.*s\n", (int)name.length, name.bytes);
    }
    exit(1);
}

int main(int argument_count, char **arguments) {
    if (argument_count < 3) {
        fprintf(stderr, "usage: %s FILE run COUNT | %s FILE sizes\n", arguments[0], arguments[0]);
        return 2;
    }
    wasm_host_table table = {hosts, sizeof hosts / sizeof hosts[0]};
#ifdef SEALIFT_AOT
    const uint8_t *bytes = NULL; // the compiled module has everything
    const wasm_image *image = &program_kernel_image;
#else
    size_t length;
    const uint8_t *bytes = read_module(arguments[1], &length);
    const wasm_image *image = load(arguments[1], bytes, length, table);
#endif
    size_t storage = wasm_instance_size(image, 0);
#ifndef SEALIFT_AOT
    if (strcmp(arguments[2], "sizes") == 0) {
        printf("image %zu\ncode %zu\ninstance %zu\n", wasm_image_size(image), wasm_image_code_size(image),
               storage);
        return 0;
    }
#endif
    wasm_memory memory = {.base = allocate((size_t)WASM_MAXIMUM_PAGES * WASM_PAGE_SIZE), .grow = grow};
    wasm_stack *stack = wasm_stack_create((wasm_region){allocate(STACK_SIZE), STACK_SIZE});
    wasm_instantiate_options options = {
        .image = image,
        .bytes = bytes,
        .hosts = table,
        .memory = &memory,
        .stack = stack,
        .storage = {allocate(storage), storage},
    };
    wasm_instance *instance;
    wasm_error error;
    if (wasm_instantiate(&options, &instance, &error) != WASM_OK)
        fail(arguments[1], error.message);
    if (wasm_start(instance) != WASM_OK)
        print_trap(instance);
    uint32_t function;
    if (argument_count != 4 || !wasm_find_export(image, bytes, arguments[2], WASM_FUNCTION, &function))
        fail(arguments[2], "not an export, or no count given");
    uint64_t values[1] = {(uint32_t)atoi(arguments[3])};
    if (wasm_call(instance, function, values) != WASM_OK)
        print_trap(instance);
    printf("%d\n", (int32_t)values[0]);
    return 0;
}
