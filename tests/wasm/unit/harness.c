// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <inttypes.h>

static const char *modules_folder;
static uint32_t failed_checks;

void fail_check(const char *file, int line, const char *text) {
    failed_checks++;
    printf("%s:%d: %s\n", file, line, text);
}

uint8_t *read_module(const char *name, size_t *length) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.wasm", modules_folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*length);
    if (fread(bytes, 1, *length, file) != *length) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

/// Moves the memory at every growth: nothing may keep its old address.
static bool grow_by_moving(wasm_memory *memory, uint32_t delta) {
    size_t old_size = (size_t)memory->pages * WASM_PAGE_SIZE;
    size_t size = old_size + (size_t)delta * WASM_PAGE_SIZE;
    if (size > (size_t)64 << 20)
        return false;
    uint8_t *moved = calloc(1, size);
    if (moved == NULL)
        return false;
    if (old_size != 0)
        memcpy(moved, memory->base, old_size);
    free(memory->base);
    memory->base = moved;
    return true;
}

void load_fixture_with(struct fixture *fixture, const uint8_t *bytes, size_t length,
                       wasm_load_options options) {
    memset(fixture, 0, sizeof *fixture);
    fixture->bytes = malloc(length == 0 ? 1 : length);
    memcpy(fixture->bytes, bytes, length);
    fixture->length = length;
    size_t capacity = (1 << 20) + 16 * length;
    void *region = malloc(capacity);
    void *scratch = malloc(FIXTURE_SCRATCH_SIZE);
    options.image = (wasm_region){region, capacity};
    options.scratch = (wasm_region){scratch, FIXTURE_SCRATCH_SIZE};
    const wasm_image *image;
    if (wasm_load(fixture->bytes, length, &options, &image, &fixture->error) == WASM_OK) {
        fixture->image_memory = malloc(wasm_image_size(image));
        memcpy(fixture->image_memory, image, wasm_image_size(image));
        fixture->image = fixture->image_memory;
    }
    free(scratch);
    free(region);
}

void load_fixture(struct fixture *fixture, const uint8_t *bytes, size_t length, wasm_host_table hosts,
                  bool meter) {
    load_fixture_with(fixture, bytes, length, (wasm_load_options){.hosts = hosts, .meter = meter});
}

wasm_status instantiate_fixture(struct fixture *fixture, wasm_host_table hosts,
                                const wasm_external *imports) {
    fixture->stack_memory = malloc(FIXTURE_STACK_SIZE);
    fixture->stack = wasm_stack_create((wasm_region){fixture->stack_memory, FIXTURE_STACK_SIZE});
    size_t size = wasm_instance_size(fixture->image, 16);
    fixture->storage = malloc(size);
    fixture->memory.grow = grow_by_moving;
    wasm_instantiate_options options = {
        .image = fixture->image,
        .bytes = fixture->bytes,
        .hosts = hosts,
        .imports = imports,
        .memory = &fixture->memory,
        .stack = fixture->stack,
        .storage = {fixture->storage, size},
        .table_reserve = 16,
        .context = fixture,
        .data_is_in_place = fixture->data_is_in_place,
    };
    return wasm_instantiate(&options, &fixture->instance, &fixture->error);
}

bool create_fixture(struct fixture *fixture, const char *name, wasm_host_table hosts, bool meter) {
    size_t length;
    uint8_t *bytes = read_module(name, &length);
    load_fixture(fixture, bytes, length, hosts, meter);
    free(bytes);
    if (fixture->image != NULL && instantiate_fixture(fixture, hosts, NULL) == WASM_OK)
        return true;
    printf("%s: %s (byte %" PRIu32 ")\n", name, fixture->error.message, fixture->error.offset);
    destroy_fixture(fixture);
    return false;
}

void destroy_fixture(struct fixture *fixture) {
    free(fixture->bytes);
    free(fixture->image_memory);
    free(fixture->stack_memory);
    free(fixture->storage);
    free(fixture->memory.base);
    memset(fixture, 0, sizeof *fixture);
}

uint32_t find_function(const struct fixture *fixture, const char *name) {
    uint32_t index;
    if (!wasm_find_export(fixture->image, fixture->bytes, name, WASM_FUNCTION, &index)) {
        fprintf(stderr, "no export %s\n", name);
        exit(2);
    }
    return index;
}

wasm_status call_export(struct fixture *fixture, const char *name, uint64_t *values) {
    return wasm_call(fixture->instance, find_function(fixture, name), values);
}

const char *trace_of(wasm_instance *instance) {
    static char text[1024];
    size_t length = 0;
    wasm_backtrace backtrace = wasm_backtrace_begin(instance);
    wasm_frame frame;
    text[0] = 0;
    while (wasm_backtrace_next(&backtrace, &frame) && length < sizeof text - 64) {
        char buffer[WASM_NAME_SIZE];
        wasm_name name = wasm_frame_name(&frame, buffer);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", length == 0 ? "" : " ",
                                   (int)name.length, name.bytes);
    }
    return text;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER-OF-MODULES\n", argv[0]);
        return 2;
    }
    modules_folder = argv[1];
    const struct test *const suites[] = {call_tests,    trap_tests,        image_tests,
                                         hostile_tests, disassembly_tests, width_tests};
    uint32_t passed = 0;
    uint32_t failed = 0;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        for (const struct test *test = suites[i]; test->name != NULL; test++) {
            failed_checks = 0;
            test->run();
            if (failed_checks == 0) {
                passed++;
            } else {
                failed++;
                printf("FAILED: %s\n", test->name);
            }
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
