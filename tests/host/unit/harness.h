// SPDX-License-Identifier: Apache-2.0
//
// What the unit tests of the host functions share: checks, a linear memory, and doubles of the interpreter
// and the kernel.
#ifndef SEALIFT_TESTS_HOST_HARNESS_H
#define SEALIFT_TESTS_HOST_HARNESS_H

#include "host/generated/imports.h"
#include "sel4/invoke.h"
#include "wasm/wasm.h"

#include <stdbool.h>
#include <stdint.h>

struct test {
    const char *name;
    void (*run)(void);
};

#define END_OF_TESTS {NULL, NULL}

extern const struct test string_tests[], text_tests[], digest_tests[], gunzip_tests[], unzstd_tests[];
extern const struct test page_tests[], range_tests[], message_tests[], heap_tests[], clock_tests[];
extern const struct test memory_map_tests[];

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

/// Folder of the files that run.mjs makes.
extern const char *data_folder;

/// Reads a file of the data folder into a heap block of exactly its size; ends the program if it is not
/// there.
uint8_t *read_data(const char *name, size_t *size);

// ------------------------------------------------------------------------------------------------
// interpreter's double

/// The instance of every host call in these tests: one Wasm page, in a heap block of exactly that size.
struct wasm_instance {
    wasm_memory memory;
    const char *trap; ///< message of the last trap, or NULL
};

/// A fresh instance. Its memory begins with zeros.
wasm_instance *make_instance(void);
void free_instance(wasm_instance *instance);

/// Calls a host function with some arguments.
/// @param result receives values[0]; may be NULL
wasm_status call_host(wasm_host_function function, wasm_instance *instance, unsigned count,
                      const uint64_t *arguments, uint64_t *result);

// ------------------------------------------------------------------------------------------------ kernel's
// double

/// Records what the code under test asks of the kernel, and what it shall answer.
struct kernel_double {
    unsigned frames_left;    ///< frames that retype still makes; then it fails
    unsigned tables_left;    ///< page tables likewise
    unsigned levels_missing; ///< page tables that are missing where the next frame is mapped
    unsigned frames_made;
    unsigned tables_made;
    unsigned frames_mapped;
    unsigned largest_batch;
    uint64_t first_mapped, last_mapped; ///< addresses
    uint64_t retype_root, retype_index, retype_depth, retype_offset, retype_untyped;

    // Messages: what was sent, and what shall be received.
    int64_t operation;
    uint64_t capability, reply, destination, label;
    uint32_t length;
    uint64_t sent[128];
    uint64_t answer_label, answer_badge;
    uint32_t answer_length;
    uint64_t answer[128];
};

extern struct kernel_double kernel_double;

#endif
