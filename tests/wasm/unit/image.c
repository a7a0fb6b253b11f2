// SPDX-License-Identifier: Apache-2.0
//
// Images: shared, read-only, anywhere in memory; and the memory that loading and instances take.
#include "harness.h"

#include <sys/mman.h>

static const wasm_host_table no_hosts = {NULL, 0};

static void run_read_only_at_two_addresses(void) {
    struct fixture first, second;
    REQUIRE(create_fixture(&first, "shared", no_hosts, false));
    second = first;
    size_t size = wasm_image_size(first.image);
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(mapped != MAP_FAILED);
    memcpy(mapped, first.image, size);
    mprotect(mapped, size, PROT_READ);
    second.image = mapped;
    second.memory = (wasm_memory){.base = NULL};
    REQUIRE(instantiate_fixture(&second, no_hosts, NULL) == WASM_OK);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t values[4] = {1, i};
        CHECK(call_export(&second, "apply", values) == WASM_OK && values[0] == (i + 42) * (i + 42));
        values[0] = 2;
        values[1] = 50 + i;
        CHECK(call_export(&second, "apply", values) == WASM_OK && values[0] == (8 + i) * (8 + i));
        values[0] = i;
        CHECK(call_export(&second, "choose", values) == WASM_OK && values[0] == 10 * (i + 1));
    }
    uint64_t values[4] = {0};
    CHECK(call_export(&second, "calls", values) == WASM_OK && values[0] == 6);
    CHECK(call_export(&first, "calls", values) == WASM_OK &&
          values[0] == 0); // nothing of an instance is in the image
    values[0] = 0;
    CHECK(call_export(&second, "apply", values) == WASM_TRAPPED);
    CHECK(wasm_last_trap(second.instance)->code == WASM_TRAP_UNINITIALIZED_ELEMENT);
    munmap(mapped, size);
    free(second.storage);
    free(second.stack_memory);
    free(second.memory.base);
    destroy_fixture(&first);
}

static void describe_images(void) {
    struct fixture fixture;
    size_t length;
    uint8_t *bytes = read_module("calls", &length);
    load_fixture(&fixture, bytes, length, (wasm_host_table){NULL, 0}, false);
    free(bytes);
    REQUIRE(fixture.image != NULL);
    CHECK(wasm_import_count(fixture.image) == 5);
    wasm_import import = wasm_import_at(fixture.image, fixture.bytes, 1);
    CHECK(import.kind == WASM_FUNCTION && !import.bound && import.name.length == 4);
    CHECK(memcmp(import.module.bytes, "env", 3) == 0 && memcmp(import.name.bytes, "swap", 4) == 0);
    uint32_t function = find_function(&fixture, "numbers");
    wasm_function_type type = wasm_function_type_at(fixture.image, function);
    CHECK(type.parameter_count == 4 && type.result_count == 4);
    CHECK(type.parameters[0] == WASM_I32 && type.results[0] == WASM_F64);
    wasm_name name = wasm_function_name(fixture.image, fixture.bytes, find_function(&fixture, "add"));
    CHECK(name.length == 3 && memcmp(name.bytes, "add", 3) == 0);
    CHECK(wasm_function_name(fixture.image, fixture.bytes, 1000).bytes == NULL);
    uint32_t index;
    CHECK(!wasm_find_export(fixture.image, fixture.bytes, "memory", WASM_FUNCTION, &index));
    CHECK(wasm_find_export(fixture.image, fixture.bytes, "memory", WASM_MEMORY, &index) && index == 0);
    CHECK(!wasm_find_export(fixture.image, fixture.bytes, "memor", WASM_MEMORY, &index));
    CHECK(!wasm_find_export(fixture.image, fixture.bytes, "memory2", WASM_MEMORY, &index));
    destroy_fixture(&fixture);
}

static void say_which_import_is_missing(void) {
    static const wasm_host_entry wrong[] = {{"env", "touch", "I:", NULL}};
    struct fixture fixture;
    size_t length;
    uint8_t *bytes = read_module("traps", &length);
    load_fixture(&fixture, bytes, length, (wasm_host_table){wrong, 1}, false);
    CHECK(fixture.error.status == WASM_UNLINKABLE && strstr(fixture.error.message, "env.touch") != NULL);
    destroy_fixture(&fixture);
    load_fixture(&fixture, bytes, length, no_hosts, false);
    free(bytes);
    REQUIRE(fixture.image != NULL);
    CHECK(instantiate_fixture(&fixture, no_hosts, NULL) == WASM_UNLINKABLE);
    CHECK(strcmp(fixture.error.message, "unknown import env.touch") == 0);
    destroy_fixture(&fixture);
}

/// Loads with every size of the image region and of the scratch region up to what is enough.
static void refuse_regions_that_are_too_small(void) {
    static const char *const names[] = {"calls", "shared", "traps", "segments"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length;
        uint8_t *bytes = read_module(names[i], &length);
        struct fixture fixture;
        load_fixture(&fixture, bytes, length, no_hosts, false);
        REQUIRE(fixture.image != NULL);
        size_t needed = wasm_image_size(fixture.image);
        for (size_t size = 0; size <= needed; size++) {
            void *region = malloc(size == 0 ? 1 : size);
            void *scratch = malloc(4096);
            wasm_load_options options = {.image = {region, size}, .scratch = {scratch, 4096}};
            const wasm_image *image;
            wasm_error error;
            wasm_status status = wasm_load(fixture.bytes, length, &options, &image, &error);
            CHECK(status == (size < needed ? WASM_OUT_OF_MEMORY : WASM_OK));
            CHECK(status == WASM_OK || strstr(error.message, "image") != NULL);
            free(scratch);
            free(region);
        }
        bool worked = false;
        for (size_t size = 0; size <= 4096; size += 8) {
            void *region = malloc(needed);
            void *scratch = malloc(size == 0 ? 1 : size);
            wasm_load_options options = {.image = {region, needed}, .scratch = {scratch, size}};
            const wasm_image *image;
            wasm_error error;
            wasm_status status = wasm_load(fixture.bytes, length, &options, &image, &error);
            CHECK(status == WASM_OK || (!worked && status == WASM_OUT_OF_MEMORY));
            worked = worked || status == WASM_OK;
            free(scratch);
            free(region);
        }
        CHECK(worked);
        free(bytes);
        destroy_fixture(&fixture);
    }
}

static void refuse_storage_that_is_too_small(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    size_t size = wasm_instance_size(fixture.image, 0);
    void *storage = malloc(size);
    wasm_memory memory = fixture.memory;
    wasm_instantiate_options options = {.image = fixture.image,
                                        .bytes = fixture.bytes,
                                        .memory = &memory,
                                        .stack = fixture.stack,
                                        .storage = {storage, size - 1}};
    wasm_instance *instance;
    wasm_error error;
    CHECK(wasm_instantiate(&options, &instance, &error) == WASM_OUT_OF_MEMORY);
    options.storage.size = size;
    CHECK(wasm_instantiate(&options, &instance, &error) == WASM_OK);
    options.memory = NULL;
    CHECK(wasm_instantiate(&options, &instance, &error) == WASM_UNLINKABLE);
    wasm_memory small = {.base = NULL, .pages = 0, .grow = NULL};
    options.memory = &small;
    CHECK(wasm_instantiate(&options, &instance, &error) == WASM_OUT_OF_MEMORY);
    free(storage);
    destroy_fixture(&fixture);
}

static void keep_images_and_instances_small(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    // The bound is the project's: five times the code section.
    wasm_range code = wasm_find_code(fixture.bytes, fixture.length);
    CHECK(wasm_image_code_size(fixture.image) <= 5 * (size_t)(code.end - code.begin));
    CHECK(wasm_instance_size(fixture.image, 0) <= 512);
    destroy_fixture(&fixture);
}

static void find_code_sections(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    wasm_range code = wasm_find_code(fixture.bytes, fixture.length);
    REQUIRE(code.begin > 2 && code.end > code.begin && code.end < fixture.length);
    // In front of the contents: the section's number and its length, one byte here.
    CHECK(fixture.bytes[code.begin - 2] == 10 && fixture.bytes[code.begin - 1] == code.end - code.begin);
    CHECK(fixture.bytes[code.end] == 11);
    for (size_t length = 0; length < code.end; length++) {
        wasm_range part = wasm_find_code(fixture.bytes, length);
        CHECK(part.begin == 0 && part.end == 0);
    }
    static const uint8_t endless[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff};
    CHECK(wasm_find_code(endless, sizeof endless).end == 0);
    destroy_fixture(&fixture);
}

const struct test image_tests[] = {
    {"an image runs read-only and at any address", run_read_only_at_two_addresses},
    {"an image tells its imports, exports, types and names", describe_images},
    {"a missing import is named", say_which_import_is_missing},
    {"regions that are too small for loading are refused", refuse_regions_that_are_too_small},
    {"storage or memory that is too small for an instance is refused", refuse_storage_that_is_too_small},
    {"images and instances stay small", keep_images_and_instances_small},
    {"a module's code section is found, and nothing behind its end is read", find_code_sections},
    END_OF_TESTS,
};
