// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

static const wasm_host_table no_hosts = {NULL, 0};

static void check_text(struct fixture *fixture, const char *name, const char *expected) {
    char text[1024];
    wasm_disassemble(fixture->image, fixture->bytes, find_function(fixture, name), text, sizeof text);
    if (strcmp(text, expected) != 0)
        printf("expected\n%sgot\n%s", expected, text);
    CHECK(strcmp(text, expected) == 0);
}

static void print_bytecode(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    check_text(&fixture, "choose",
               "f5 : 2 slots\n"
               "0     branch table       s0 #2 -> 6 -> 8 -> 10\n"
               "6     return             #10\n"
               "8     return             #20\n"
               "10    return             #30\n");
    destroy_fixture(&fixture);
}

static void cut_text_that_does_not_fit(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    uint32_t function = find_function(&fixture, "apply");
    size_t length = wasm_disassemble(fixture.image, fixture.bytes, function, NULL, 0);
    CHECK(length > 100);
    for (size_t size = 1; size <= length + 1; size++) {
        char *text = malloc(size);
        CHECK(wasm_disassemble(fixture.image, fixture.bytes, function, text, size) == length);
        CHECK(strlen(text) == size - 1);
        free(text);
    }
    CHECK(wasm_disassemble(fixture.image, fixture.bytes, 1000, NULL, 0) == 0);
    destroy_fixture(&fixture);
}

const struct test disassembly_tests[] = {
    {"bytecode is printed", print_bytecode},
    {"a disassembly is cut at the buffer's end", cut_text_that_does_not_fit},
    END_OF_TESTS,
};
