// SPDX-License-Identifier: Apache-2.0
//
// What does not fit the bytecode's units: large memory offsets.
#include "harness.h"

static const wasm_host_table no_hosts = {NULL, 0};

struct call {
    const char *function;
    uint64_t arguments[2];
    uint64_t expected;
};

/// For `expected`: the access is out of bounds.
#define OUT_OF_BOUNDS 0xBAD0BAD0BAD0BAD0u

static void check_calls(struct fixture *fixture, const struct call *calls, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t values[2] = {calls[i].arguments[0], calls[i].arguments[1]};
        wasm_status status = call_export(fixture, calls[i].function, values);
        bool right = calls[i].expected == OUT_OF_BOUNDS
                         ? status == WASM_TRAPPED &&
                               wasm_last_trap(fixture->instance)->code == WASM_TRAP_MEMORY_OUT_OF_BOUNDS
                         : status == WASM_OK && values[0] == calls[i].expected;
        if (!right)
            printf("%s(%llx, %llx)\n", calls[i].function, (unsigned long long)calls[i].arguments[0],
                   (unsigned long long)calls[i].arguments[1]);
        CHECK(right);
    }
}

static void add_large_offsets(void) {
    static const struct call calls[] = {
        {"offset65535", {0}, 7},
        {"offset65535", {1}, 8},
        {"offset65535", {65536}, 0},
        {"offset65535", {65537}, OUT_OF_BOUNDS},
        {"offset65535", {0xFFFFFFFF}, OUT_OF_BOUNDS},
        {"offset65536", {0}, 8},
        {"offset65536", {65535}, 0},
        {"offset65536", {65536}, OUT_OF_BOUNDS},
        {"offset65536", {0xFFFF0000}, OUT_OF_BOUNDS}, // 2^32
        {"offset65536", {0xFFFFFFFF}, OUT_OF_BOUNDS},
        {"offset64", {0}, 0x0F0E0D0C0B0A0908},
        {"offset64", {65528}, 0},
        {"offset64", {65529}, OUT_OF_BOUNDS},
        {"offsetDisplaced", {4}, 9},
        {"offsetDisplaced", {3}, OUT_OF_BOUNDS}, // 2^32 - 1 + 65537
        {"offsetIndexed", {1, 2}, 13},
        {"offsetIndexed", {0xFFFFFFFF, 1}, 9}, // the addition is in 32 bits
        {"offsetIndexed", {0xFFFFFFFF, 0}, OUT_OF_BOUNDS},
        {"offsetMasked", {0}, 0x0900},
        {"offsetAgain", {1}, 0x090A},
        {"store", {0, 0x1FF}, 0xFF},
        {"store", {65532, 1}, OUT_OF_BOUNDS},
        {"storeComputed", {4, 9}, 81},
        {"storeComputed", {0xFFFFFFFF, 9}, OUT_OF_BOUNDS},
        {"storeConstant", {0}, -2},
        {"storeConstant", {0xFFFFFFF7}, OUT_OF_BOUNDS},
        {"storeGlobal", {41}, 42},
    };
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "width", no_hosts, false));
    check_calls(&fixture, calls, sizeof calls / sizeof *calls);
    destroy_fixture(&fixture);
}

const struct test width_tests[] = {
    {"memory offsets beyond 65535 are added in 64 bits", add_large_offsets},
    END_OF_TESTS,
};
