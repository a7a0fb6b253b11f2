// SPDX-License-Identifier: Apache-2.0
//
// Ranges that a module hands over: nothing outside its memory is ever touched, and the trap says what was
// wrong.

#include "harness.h"

#include "host/layout.h"
#include "host/runtime.h"

#include <string.h>

static void test_edges(void) {
    wasm_instance *instance = make_instance();
    uint8_t *base = instance->memory.base;
    CHECK(host_range(instance, "f", "a", 0, WASM_PAGE_SIZE, 1) == base);
    CHECK(host_range(instance, "f", "a", WASM_PAGE_SIZE, 0, 1) == base + WASM_PAGE_SIZE);
    CHECK(host_range(instance, "f", "a", WASM_PAGE_SIZE - 8, 8, 8) == base + WASM_PAGE_SIZE - 8);
    CHECK(instance->trap == NULL);
    CHECK(host_range(instance, "f", "a", WASM_PAGE_SIZE - 7, 8, 1) == NULL);
    CHECK(host_range(instance, "f", "a", WASM_PAGE_SIZE + 1, 0, 1) == NULL);
    CHECK(host_range(instance, "f", "a", 0xffffffff, 0xffffffff, 1) == NULL);
    CHECK(host_range(instance, "f", "a", UINT64_MAX, UINT64_MAX, 1) == NULL);
    CHECK(host_range(instance, "f", "a", 12, 8, 8) == NULL);
    free_instance(instance);
}

static void test_messages_name_the_thing(void) {
    wasm_instance *instance = make_instance();
    host_range(instance, "boot.console-write", "data", 0xfff0, 32, 1);
    CHECK(strcmp(instance->trap, "boot.console-write: data at 0xfff0, 32 bytes, is not inside the memory of "
                                 "0x10000 bytes") == 0);
    host_range(instance, "kernel.recv", "message", 0x104, 8, 8);
    CHECK(strcmp(instance->trap, "kernel.recv: message at 0x104 is not aligned to 8 bytes") == 0);
    free_instance(instance);
}

static void test_window(void) {
    wasm_instance *instance = make_instance();
    uint64_t error;
    CHECK(call_host(host_memory_window_map, instance, 3, (uint64_t[]){7, 0x1000, 1}, &error) == WASM_OK);
    CHECK(error == seL4_NoError && kernel_double.last_mapped == LAYOUT_LINEAR + 0x1000);
    CHECK(call_host(host_memory_window_map, instance, 3, (uint64_t[]){7, 0x1800, 1}, NULL) == WASM_TRAPPED);
    CHECK(call_host(host_memory_window_map, instance, 3, (uint64_t[]){7, 0x80000000, 1}, NULL) ==
          WASM_TRAPPED);
    CHECK(strcmp(instance->trap,
                 "memory.window-map: address 0x80000000 is not in the window (below 2 GiB)") == 0);
    CHECK(call_host(host_memory_window_table_map, instance, 3, (uint64_t[]){7, 1, 0xfffff000}, NULL) ==
          WASM_TRAPPED);
    free_instance(instance);
}

static void test_abort(void) {
    wasm_instance *instance = make_instance();
    const uint16_t message[] = {'n', 'o', ' ', 0x20ac};
    const uint16_t file[] = {'a', '.', 't', 's'};
    memcpy(instance->memory.base + 16, message, sizeof message);
    memcpy(instance->memory.base + 64, file, sizeof file);
    CHECK(call_host(host_report_abort, instance, 6, (uint64_t[]){16, 4, 64, 4, 12, 3}, NULL) == WASM_TRAPPED);
    CHECK(strcmp(instance->trap, "no \xe2\x82\xac (a.ts:12:3)") == 0);
    CHECK(call_host(host_report_abort, instance, 6, (uint64_t[]){0, 0, 0, 0, 0, 0}, NULL) == WASM_TRAPPED);
    CHECK(strcmp(instance->trap, "abort") == 0);
    // A length in code units that reaches beyond the memory in bytes.
    CHECK(call_host(host_report_abort, instance, 6, (uint64_t[]){2, 0x7fff, 0, 0, 0, 0}, NULL) ==
          WASM_TRAPPED);
    CHECK(strlen(instance->trap) < 500);
    CHECK(call_host(host_report_abort, instance, 6, (uint64_t[]){2, 0x8000, 0, 0, 0, 0}, NULL) ==
          WASM_TRAPPED);
    CHECK(strncmp(instance->trap, "report.abort: message at 0x2", 28) == 0);
    free_instance(instance);
}

static void test_instructions_are_not_counted(void) {
    wasm_instance *instance = make_instance();
    uint64_t count = 1;
    CHECK(call_host(host_report_instructions, instance, 0, (uint64_t[]){0}, &count) == WASM_OK && count == 0);
    free_instance(instance);
}

const struct test range_tests[] = {
    {"ranges: edges of the memory", test_edges},
    {"ranges: the trap names function, argument and range", test_messages_name_the_thing},
    {"memory: frames go into the window only", test_window},
    {"report: abort is a trap with the module's words", test_abort},
    {"report: no count in an ordinary build", test_instructions_are_not_counted},
    END_OF_TESTS,
};
