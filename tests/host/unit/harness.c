// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include "host/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *data_folder;
static unsigned failed_checks;

void fail_check(const char *file, int line, const char *text) {
    printf("  %s:%d: %s\n", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line, text);
    failed_checks++;
}

uint8_t *read_data(const char *name, size_t *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", data_folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size ? *size : 1);
    if (fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

wasm_instance *make_instance(void) {
    wasm_instance *instance = calloc(1, sizeof *instance);
    instance->memory.base = calloc(1, WASM_PAGE_SIZE);
    instance->memory.pages = 1;
    return instance;
}

void free_instance(wasm_instance *instance) {
    free(instance->memory.base);
    free(instance);
}

wasm_status call_host(wasm_host_function function, wasm_instance *instance, unsigned count,
                      const uint64_t *arguments, uint64_t *result) {
    uint64_t values[8] = {0};
    memcpy(values, arguments, count * sizeof values[0]);
    instance->trap = NULL;
    wasm_status status = function(instance, values);
    if (result) {
        *result = values[0];
    }
    return status;
}

wasm_memory *wasm_instance_memory(const wasm_instance *instance) {
    return &((wasm_instance *)(uintptr_t)instance)->memory;
}

wasm_status wasm_host_trap(wasm_instance *instance, const char *message) {
    instance->trap = message;
    return WASM_TRAPPED;
}

// The tests' build does not count instructions: these are linked, and not called.
wasm_stack *wasm_instance_stack(const wasm_instance *instance) {
    (void)instance;
    abort();
}

uint64_t wasm_fuel(const wasm_stack *stack) {
    (void)stack;
    abort();
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: %s DATA-FOLDER\n", arguments[0]);
        return 2;
    }
    data_folder = arguments[1];
    const struct test *suites[] = {string_tests, text_tests,  digest_tests,    gunzip_tests,
                                   unzstd_tests, page_tests,  range_tests,     message_tests,
                                   heap_tests,   clock_tests, memory_map_tests};
    unsigned passed = 0, failed = 0;
    for (unsigned i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        for (const struct test *test = suites[i]; test->name; test++) {
            failed_checks = 0;
            memset(&kernel_double, 0, sizeof kernel_double);
            memset(&runtime, 0, sizeof runtime);
            test->run();
            if (failed_checks > 0) {
                printf("FAILED %s\n", test->name);
                failed++;
            } else {
                passed++;
            }
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
