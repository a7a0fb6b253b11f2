// SPDX-License-Identifier: Apache-2.0
//
// runtime-c/libc/string.c, compiled under other names, against the C library's functions.

#include "harness.h"

#include <stdlib.h>
#include <string.h>

void *sealift_memcpy(void *restrict to, const void *restrict from, size_t size);
void *sealift_memmove(void *to, const void *from, size_t size);
void *sealift_memset(void *to, int value, size_t size);
int sealift_memcmp(const void *left, const void *right, size_t size);

enum { AREA = 200 };

static void fill(uint8_t *bytes, unsigned seed) {
    for (unsigned i = 0; i < AREA; i++) {
        bytes[i] = (uint8_t)(i * 7 + seed);
    }
}

static void test_move_of_every_size_and_overlap(void) {
    for (unsigned size = 0; size <= 80; size++) {
        for (unsigned from = 0; from <= 40; from += 1) {
            for (unsigned to = 0; to <= 40; to += 1) {
                uint8_t expected[AREA], actual[AREA];
                fill(expected, size);
                fill(actual, size);
                memmove(expected + to, expected + from, size);
                REQUIRE(sealift_memmove(actual + to, actual + from, size) == actual + to);
                REQUIRE(memcmp(expected, actual, AREA) == 0);
            }
        }
    }
}

static void test_copy_touches_nothing_beyond(void) {
    for (unsigned size = 0; size <= 100; size++) {
        // Heap blocks of exactly the size: the sanitizer sees a byte too many.
        uint8_t *from = malloc(size ? size : 1), *to = malloc(size ? size : 1);
        memset(from, (int)size, size);
        sealift_memcpy(to, from, size);
        CHECK(memcmp(from, to, size) == 0);
        CHECK(sealift_memcmp(from, to, size) == 0);
        free(from);
        free(to);
    }
}

static void test_set(void) {
    for (unsigned size = 0; size <= 100; size++) {
        for (unsigned at = 0; at < 17; at++) {
            uint8_t expected[AREA], actual[AREA];
            fill(expected, 1);
            fill(actual, 1);
            memset(expected + at, 0x1a5, size);
            REQUIRE(sealift_memset(actual + at, 0x1a5, size) == actual + at);
            REQUIRE(memcmp(expected, actual, AREA) == 0);
        }
    }
}

static void test_compare_orders_by_first_difference(void) {
    uint8_t left[AREA], right[AREA];
    for (unsigned at = 0; at < 40; at++) {
        fill(left, 3);
        fill(right, 3);
        left[at] = 0x80;
        right[at] = 0x7f;
        right[at + 1] = 0xff;
        CHECK(sealift_memcmp(left, right, AREA) > 0);
        CHECK(sealift_memcmp(right, left, AREA) < 0);
        CHECK(sealift_memcmp(left, right, at) == 0);
    }
}

const struct test string_tests[] = {
    {"memmove: every size, every overlap", test_move_of_every_size_and_overlap},
    {"memcpy: touches nothing beyond its ranges", test_copy_touches_nothing_beyond},
    {"memset: every size and place", test_set},
    {"memcmp: the first difference decides, as unsigned bytes", test_compare_orders_by_first_difference},
    END_OF_TESTS,
};
