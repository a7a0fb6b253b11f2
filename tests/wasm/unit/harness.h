// SPDX-License-Identifier: Apache-2.0
//
// What the interpreter's unit tests share: modules as fixtures, and checks that go on after a failure.
#ifndef SEALIFT_TESTS_WASM_HARNESS_H
#define SEALIFT_TESTS_WASM_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../runtime-c/wasm/wasm.h"

struct test {
    const char *name;
    void (*run)(void);
};

#define END_OF_TESTS {NULL, NULL}

extern const struct test call_tests[], trap_tests[], image_tests[], hostile_tests[], disassembly_tests[],
    width_tests[];

/// Records a failed check of the running test.
void fail_check(const char *file, int line, const char *text);

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fail_check(__FILE__, __LINE__, #condition);                                                      \
    } while (0)

/// Like CHECK, and leaves the function.
#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fail_check(__FILE__, __LINE__, #condition);                                                      \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)

enum { FIXTURE_STACK_SIZE = 64 * 1024, FIXTURE_SCRATCH_SIZE = WASM_SCRATCH_SIZE };

/// A module and everything it runs with, each in a heap block of exactly its size so that AddressSanitizer
/// sees any access beyond it.
struct fixture {
    uint8_t *bytes;
    size_t length;
    const wasm_image *image;
    void *image_memory;
    bool data_is_in_place; ///< for instantiate_fixture
    wasm_memory memory;
    void *stack_memory;
    wasm_stack *stack;
    void *storage;
    wasm_instance *instance;
    wasm_error error;
};

/// Reads build/.../modules/NAME.wasm into a heap block of its size.
uint8_t *read_module(const char *name, size_t *length);

/// Loads bytes (which it copies) with a host table; fixture->image is NULL and fixture->error set on failure.
void load_fixture(struct fixture *fixture, const uint8_t *bytes, size_t length, wasm_host_table hosts,
                  bool meter);

/// The same with more of the options; the regions come from the fixture.
void load_fixture_with(struct fixture *fixture, const uint8_t *bytes, size_t length,
                       wasm_load_options options);

/// Instantiates what load_fixture loaded.
wasm_status instantiate_fixture(struct fixture *fixture, wasm_host_table hosts, const wasm_external *imports);

/// Both, for a module file; true on success.
bool create_fixture(struct fixture *fixture, const char *name, wasm_host_table hosts, bool meter);
void destroy_fixture(struct fixture *fixture);

/// Calls an exported function; `values` as for wasm_call. Aborts the program if there is no such export.
wasm_status call_export(struct fixture *fixture, const char *name, uint64_t *values);
uint32_t find_function(const struct fixture *fixture, const char *name);

/// Names of the last trap's frames, innermost first, joined by spaces; a static buffer.
const char *trace_of(wasm_instance *instance);

#endif
