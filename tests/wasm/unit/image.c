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

/// Whether a function has this name, or none for NULL.
static bool is_named(const struct fixture *fixture, uint32_t function, const char *expected) {
    char *buffer = malloc(WASM_NAME_SIZE);
    wasm_name name = wasm_function_name(fixture->image, fixture->bytes, function, buffer);
    bool matches = expected == NULL ? name.bytes == NULL
                                    : name.bytes != NULL && name.length == strlen(expected) &&
                                          memcmp(name.bytes, expected, name.length) == 0;
    free(buffer);
    return matches;
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
    CHECK(is_named(&fixture, find_function(&fixture, "add"), "add"));
    CHECK(is_named(&fixture, 1000, NULL));
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

/// Bytes of the code section, which is number 10.
static size_t code_section_size(const struct fixture *fixture) {
    const uint8_t *bytes = fixture->bytes;
    for (size_t at = 8; at + 1 < fixture->length; at += 2 + (size_t)bytes[at + 1]) {
        CHECK(bytes[at + 1] < 0x80); // lengths of one byte
        if (bytes[at] == 10)
            return bytes[at + 1];
    }
    return 0;
}

static void keep_images_and_instances_small(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    // The bound is the project's: five times the code section.
    CHECK(wasm_image_code_size(fixture.image) <= 5 * code_section_size(&fixture));
    CHECK(wasm_instance_size(fixture.image, 0) <= 512);
    destroy_fixture(&fixture);
}

static wasm_status host_again(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] += 1000;
    return WASM_OK;
}

/// The result of an export that calls element `index` of a table, or the trap's code with the upper bit set.
static uint64_t call_element(struct fixture *fixture, const char *export, uint64_t index) {
    uint64_t values[2] = {index};
    if (call_export(fixture, export, values) == WASM_OK)
        return values[0];
    return UINT64_C(1) << 63 | (uint64_t)wasm_last_trap(fixture->instance)->code;
}

static void keep_constant_tables_in_the_image(void) {
    static const uint64_t trapped = UINT64_C(1) << 63;
    static const wasm_host_entry entries[] = {{"env", "again", "i:i", host_again}};
    const wasm_host_table hosts = {entries, 1};
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "tables", hosts, false));
    // Storage for the four tables that are not constant, of 10 elements each, and not for the 1000 of the
    // other.
    size_t size = wasm_instance_size(fixture.image, 0);
    CHECK(size >= 320 && size < 1200);
    CHECK(call_element(&fixture, "constant", 3) == 42);
    CHECK(call_element(&fixture, "constant", 6) == 1021);
    CHECK(call_element(&fixture, "constant", 5) == (trapped | WASM_TRAP_INDIRECT_CALL_TYPE_MISMATCH));
    static const uint64_t nulls[] = {0, 2, 4, 7, 999};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        CHECK(call_element(&fixture, "constant", nulls[i]) == (trapped | WASM_TRAP_UNINITIALIZED_ELEMENT));
    static const uint64_t beyond[] = {1000, 1003, UINT32_MAX};
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        CHECK(call_element(&fixture, "constant", beyond[i]) == (trapped | WASM_TRAP_UNDEFINED_ELEMENT));
    uint64_t sizes[2] = {0};
    CHECK(call_export(&fixture, "sizes", sizes) == WASM_OK && sizes[0] == 1000 && sizes[1] == 10);
    CHECK(call_element(&fixture, "written", 1) == 8);
    CHECK(call_element(&fixture, "twice", 1) == 10);
    CHECK(call_element(&fixture, "twice", 0) == (trapped | WASM_TRAP_INDIRECT_CALL_TYPE_MISMATCH));
    CHECK(call_element(&fixture, "empty", 0) == (trapped | WASM_TRAP_UNINITIALIZED_ELEMENT));
    wasm_external shown;
    REQUIRE(wasm_export_external(fixture.instance, (wasm_name){"shown", 5}, &shown));
    CHECK(shown.of.table->elements != NULL && shown.of.table->elements[0] != 0);
    destroy_fixture(&fixture);
}

/// Strips a fixture that has been loaded: its bytes become the copy, in a block of exactly its size.
static void strip_fixture(struct fixture *fixture) {
    uint8_t *copy = malloc(fixture->length);
    size_t length = wasm_strip(fixture->image_memory, fixture->bytes, copy);
    memset(fixture->bytes, 0xff, fixture->length); // nothing may read them any more
    free(fixture->bytes);
    fixture->bytes = malloc(length);
    memcpy(fixture->bytes, copy, length);
    free(copy);
    fixture->length = length;
}

static void run_without_the_module(void) {
    size_t length;
    uint8_t *bytes = read_module("shared", &length);
    uint8_t data[16] = {0};
    struct fixture whole;
    load_fixture(&whole, bytes, length, no_hosts, false);
    REQUIRE(whole.image != NULL);
    CHECK(wasm_place_data(whole.image, whole.bytes, 0, (wasm_region){data, sizeof data}) == 12);
    for (int keep_data = 0; keep_data < 2; keep_data++) {
        struct fixture fixture;
        load_fixture_with(&fixture, bytes, length, (wasm_load_options){.omit_data = !keep_data});
        REQUIRE(fixture.image != NULL);
        CHECK(keep_data || wasm_image_size(fixture.image) < wasm_image_size(whole.image));
        size_t code = code_section_size(&fixture);
        CHECK(code > 0);
        strip_fixture(&fixture);
        CHECK(fixture.length < length - code);
        CHECK(is_named(&fixture, 0, "add"));
        CHECK(is_named(&fixture, 1, "subtract"));
        CHECK(is_named(&fixture, 2, "square"));
        CHECK(is_named(&fixture, 3, NULL));
        CHECK(wasm_export_count(fixture.image) == 3);
        fixture.data_is_in_place = !keep_data;
        REQUIRE(instantiate_fixture(&fixture, no_hosts, NULL) == WASM_OK);
        uint64_t values[4] = {1, 1};
        if (!keep_data)
            memcpy(fixture.memory.base, data, sizeof data);
        CHECK(call_export(&fixture, "apply", values) == WASM_OK && values[0] == 43 * 43);
        values[0] = 0;
        CHECK(call_export(&fixture, "apply", values) == WASM_TRAPPED);
        destroy_fixture(&fixture);
    }
    destroy_fixture(&whole);
    free(bytes);
}

/// A module that imports one function and defines others, with a name section.
struct named_module {
    uint8_t bytes[4096];
    size_t length;
};

/// A section of less than 16 KiB, or a subsection.
static void put_section(struct named_module *module, uint8_t id, const uint8_t *contents, size_t length) {
    module->bytes[module->length++] = id;
    module->bytes[module->length++] = (uint8_t)(length | 0x80);
    module->bytes[module->length++] = (uint8_t)(length >> 7);
    memcpy(module->bytes + module->length, contents, length);
    module->length += length;
}

static struct named_module name_functions(const uint32_t *functions, const char *const *names,
                                          uint8_t count) {
    enum { DEFINED = 3 };
    static const uint8_t preamble[] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
    static const uint8_t types[] = {1, 0x60, 0, 0};
    static const uint8_t imports[] = {1, 1, 'a', 1, 'b', WASM_FUNCTION, 0};
    static const uint8_t own[] = {DEFINED, 0, 0, 0};
    static const uint8_t code[] = {DEFINED, 2, 0, 0x0B, 2, 0, 0x0B, 2, 0, 0x0B};
    struct named_module module = {.length = sizeof preamble};
    memcpy(module.bytes, preamble, sizeof preamble);
    put_section(&module, 1, types, sizeof types);
    put_section(&module, 2, imports, sizeof imports);
    put_section(&module, 3, own, sizeof own);
    put_section(&module, 10, code, sizeof code);
    struct named_module map = {.length = 1};
    map.bytes[0] = count;
    for (uint8_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        map.bytes[map.length++] = (uint8_t)functions[i];
        map.bytes[map.length++] = (uint8_t)(length | 0x80);
        map.bytes[map.length++] = (uint8_t)(length >> 7);
        memcpy(map.bytes + map.length, names[i], length);
        map.length += length;
    }
    struct named_module contents = {.length = 5};
    memcpy(contents.bytes, "\4name", 5);
    put_section(&contents, 1, map.bytes, map.length);
    put_section(&module, 0, contents.bytes, contents.length);
    return module;
}

/// Loads it, and strips what was loaded.
static void load_named(struct fixture *fixture, const struct named_module *module, bool strip) {
    load_fixture(fixture, module->bytes, module->length, no_hosts, false);
    if (fixture->image != NULL && strip)
        strip_fixture(fixture);
}

static void fold_names_with_the_same_beginning(void) {
    static const uint32_t functions[] = {0, 1, 2, 3};
    static const char *const names[] = {"imported", "file/Class#write", "file/Class", "file/Class#read"};
    const struct named_module module = name_functions(functions, names, 4);
    struct fixture whole, stripped;
    load_named(&whole, &module, false);
    load_named(&stripped, &module, true);
    REQUIRE(whole.image != NULL && stripped.image != NULL);
    CHECK(is_named(&whole, 0, "imported"));
    CHECK(is_named(&stripped, 0, NULL)); // no backtrace has it
    for (uint32_t i = 1; i < 4; i++)
        CHECK(is_named(&whole, i, names[i]) && is_named(&stripped, i, names[i]));
    CHECK(is_named(&whole, 4, NULL) && is_named(&stripped, 4, NULL));
    // Of the three names there are "file/Class", "#read" and "write", with 3 bytes for each.
    static const size_t preamble = 8, imports = 10, folded = 10 + 5 + 5 + 3 * 3;
    CHECK(stripped.length == preamble + imports + folded);
    destroy_fixture(&whole);
    destroy_fixture(&stripped);
}

static void cut_names_that_are_too_long(void) {
    static const uint32_t functions[] = {1, 2, 3};
    char longest[WASM_NAME_SIZE + 1], longer[WASM_NAME_SIZE + 2], cut[WASM_NAME_SIZE + 1];
    memset(longest, 'a', sizeof longest);
    longest[WASM_NAME_SIZE] = 0;
    memset(longer, 'b', sizeof longer);
    longer[WASM_NAME_SIZE + 1] = 0;
    memcpy(cut, longer, sizeof cut);
    memcpy(cut, "...", 3);
    cut[WASM_NAME_SIZE] = 0;
    const char *names[] = {longest, longer, ""};
    struct named_module module = name_functions(functions, names, 3);
    struct fixture fixture;
    load_named(&fixture, &module, false);
    REQUIRE(fixture.image != NULL);
    CHECK(is_named(&fixture, 1, longest) && is_named(&fixture, 2, longer));
    strip_fixture(&fixture);
    CHECK(is_named(&fixture, 1, longest) && is_named(&fixture, 2, cut) && is_named(&fixture, 3, NULL));
    destroy_fixture(&fixture);
    // The cut would be within the character: it goes as a whole.
    memcpy(longer + 3, "\xC3\xBC", 2);
    module = name_functions(functions, names, 3);
    load_named(&fixture, &module, true);
    REQUIRE(fixture.image != NULL);
    cut[WASM_NAME_SIZE - 1] = 0;
    CHECK(is_named(&fixture, 2, cut));
    destroy_fixture(&fixture);
}

/// Whatever is wrong with names is no error, and costs names only.
static void forgive_names_that_are_wrong(void) {
    static const char *const names[] = {"first", "second", "third"};
    static const struct {
        uint32_t functions[3];
        const char *expected[4];
    } cases[] = {
        {{1, 1, 2}, {NULL, "first", NULL, NULL}},
        {{2, 1, 3}, {NULL, NULL, "first", NULL}},
        {{1, 3, 4}, {NULL, "first", NULL, "second"}},
        {{1, 100, 3}, {NULL, "first", NULL, NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct named_module module = name_functions(cases[i].functions, names, 3);
        for (int strip = 0; strip < 2; strip++) {
            struct fixture fixture;
            load_named(&fixture, &module, strip);
            REQUIRE(fixture.image != NULL);
            for (uint32_t function = 0; function < 4; function++)
                CHECK(is_named(&fixture, function, cases[i].expected[function]));
            destroy_fixture(&fixture);
        }
    }
    struct named_module module = name_functions(cases[0].functions, names, 1);
    module.bytes[module.length - 1] = 0xFF; // no UTF-8
    struct fixture fixture;
    load_named(&fixture, &module, true);
    REQUIRE(fixture.image != NULL);
    CHECK(is_named(&fixture, 1, NULL));
    destroy_fixture(&fixture);
}

static void drop_segments_that_were_in_place(void) {
    size_t length;
    uint8_t *bytes = read_module("dropped", &length);
    struct fixture fixture;
    load_fixture_with(&fixture, bytes, length, (wasm_load_options){.omit_data = true});
    free(bytes);
    REQUIRE(fixture.image != NULL);
    fixture.data_is_in_place = true;
    strip_fixture(&fixture);
    REQUIRE(instantiate_fixture(&fixture, no_hosts, NULL) == WASM_OK);
    uint64_t values[2] = {0};
    CHECK(call_export(&fixture, "copy", values) == WASM_OK); // nothing, which every segment has
    values[0] = 1;
    CHECK(call_export(&fixture, "copy", values) == WASM_TRAPPED);
    CHECK(wasm_last_trap(fixture.instance)->code == WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    CHECK(call_export(&fixture, "drop", values) == WASM_OK);
    destroy_fixture(&fixture);
}

static void place_only_what_has_a_fixed_place_in_the_memory(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "shared", no_hosts, false));
    CHECK(wasm_place_data(fixture.image, fixture.bytes, 0, (wasm_region){NULL, 12}) == 12);
    CHECK(wasm_place_data(fixture.image, fixture.bytes, 0, (wasm_region){NULL, 11}) == 0);
    CHECK(wasm_place_data(fixture.image, fixture.bytes, 9, (wasm_region){NULL, 12}) == 0);
    destroy_fixture(&fixture);
}

const struct test image_tests[] = {
    {"an image runs read-only and at any address", run_read_only_at_two_addresses},
    {"an image tells its imports, exports, types and names", describe_images},
    {"a missing import is named", say_which_import_is_missing},
    {"regions that are too small for loading are refused", refuse_regions_that_are_too_small},
    {"storage or memory that is too small for an instance is refused", refuse_storage_that_is_too_small},
    {"a table that nothing can change is read in the image", keep_constant_tables_in_the_image},
    {"images and instances stay small", keep_images_and_instances_small},
    {"an image and what is kept of its module run without the module", run_without_the_module},
    {"stripping folds names with the same beginning", fold_names_with_the_same_beginning},
    {"stripping keeps the end of a name that is too long", cut_names_that_are_too_long},
    {"names that are wrong are no error", forgive_names_that_are_wrong},
    {"segments whose data is in place have been dropped", drop_segments_that_were_in_place},
    {"data is placed if all of it has a fixed place in the memory",
     place_only_what_has_a_fixed_place_in_the_memory},
    END_OF_TESTS,
};
