// SPDX-License-Identifier: Apache-2.0
//
// Interface pages: equal pages, pages that differ anywhere, and pages that are not in the memory.

#include "harness.h"

#include "sel4/objects.h"

#include <string.h>

enum { LEFT = 8, RIGHT = LEFT + 2 * SEL4_PAGE_SIZE };

static uint64_t hash(wasm_instance *instance, uint64_t page) {
    uint64_t result = 0;
    CHECK(call_host(host_pages_hash, instance, 1, (uint64_t[]){page}, &result) == WASM_OK);
    return result;
}

static bool equal(wasm_instance *instance) {
    uint64_t result = 2;
    CHECK(call_host(host_pages_equal, instance, 2, (uint64_t[]){LEFT, RIGHT}, &result) == WASM_OK);
    CHECK(result <= 1);
    return result == 1;
}

static void test_every_byte_counts(void) {
    wasm_instance *instance = make_instance();
    uint8_t *memory = instance->memory.base;
    memset(memory, 0x5a, WASM_PAGE_SIZE);
    // What lies around them does not count.
    memory[LEFT - 1] = 1;
    memory[RIGHT + SEL4_PAGE_SIZE] = 2;
    CHECK(equal(instance));
    CHECK(hash(instance, LEFT) == hash(instance, RIGHT));
    for (unsigned at = 0; at < SEL4_PAGE_SIZE; at++) {
        memory[RIGHT + at] ^= 0x80;
        REQUIRE(!equal(instance));
        // The upper half alone, which is what the layer store keeps, shows a single difference as well.
        REQUIRE(hash(instance, LEFT) >> 32 != hash(instance, RIGHT) >> 32);
        memory[RIGHT + at] ^= 0x80;
    }
    free_instance(instance);
}

static void test_order_counts(void) {
    wasm_instance *instance = make_instance();
    uint8_t *memory = instance->memory.base;
    memset(memory, 0, WASM_PAGE_SIZE);
    for (unsigned word = 0; word + 8 < SEL4_PAGE_SIZE; word += 8) {
        memory[LEFT + word] = 1;
        memory[RIGHT + word + 8] = 1;
        REQUIRE(hash(instance, LEFT) != hash(instance, RIGHT));
        memory[LEFT + word] = 0;
        memory[RIGHT + word + 8] = 0;
    }
    CHECK(hash(instance, LEFT) == hash(instance, RIGHT));
    free_instance(instance);
}

static void test_outside(void) {
    wasm_instance *instance = make_instance();
    const uint64_t beyond = WASM_PAGE_SIZE - SEL4_PAGE_SIZE + 8;
    CHECK(call_host(host_pages_hash, instance, 1, (uint64_t[]){beyond}, NULL) == WASM_TRAPPED);
    CHECK(call_host(host_pages_hash, instance, 1, (uint64_t[]){4}, NULL) == WASM_TRAPPED);
    CHECK(call_host(host_pages_hash, instance, 1, (uint64_t[]){beyond - 8}, NULL) == WASM_OK);
    CHECK(call_host(host_pages_equal, instance, 2, (uint64_t[]){beyond, 0}, NULL) == WASM_TRAPPED);
    CHECK(call_host(host_pages_equal, instance, 2, (uint64_t[]){0, beyond}, NULL) == WASM_TRAPPED);
    free_instance(instance);
}

const struct test page_tests[] = {
    {"pages: every byte counts", test_every_byte_counts},
    {"pages: the order counts", test_order_counts},
    {"pages: outside the memory", test_outside},
    END_OF_TESTS,
};
