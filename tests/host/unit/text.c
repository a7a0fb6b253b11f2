// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include "host/text.h"

#include <string.h>

static void test_numbers(void) {
    char buffer[64];
    struct text text = text_begin(buffer, sizeof buffer);
    text_append_decimal(&text, UINT64_MAX);
    text_append(&text, " ");
    text_append_decimal(&text, 0);
    text_append(&text, " ");
    text_append_hexadecimal(&text, 0x80001000);
    CHECK(strcmp(buffer, "18446744073709551615 0 0x80001000") == 0);
    CHECK(text.length == strlen(buffer));
}

static void test_cut_at_the_end(void) {
    char buffer[8];
    struct text text = text_begin(buffer, sizeof buffer);
    text_append(&text, "hello");
    text_append(&text, " world");
    CHECK(strcmp(buffer, "hello w") == 0);
    text_append(&text, "!");
    CHECK(text.length == 7 && buffer[7] == 0);
}

static void test_utf16(void) {
    char buffer[32];
    struct text text = text_begin(buffer, sizeof buffer);
    const uint16_t units[] = {'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0xd800, 'z', 0xdc00};
    text_append_utf16(&text, units, sizeof units / sizeof units[0]);
    CHECK(strcmp(buffer, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdz\xef\xbf\xbd") == 0);
}

const struct test text_tests[] = {
    {"text: numbers", test_numbers},
    {"text: cut at the end of the buffer", test_cut_at_the_end},
    {"text: UTF-16, also with unpaired surrogates", test_utf16},
    END_OF_TESTS,
};
