// SPDX-License-Identifier: Apache-2.0
//
// Validates a module of Sealift's and translates it for the program that carries it (boot/modules.S), so that
// nothing has to be translated at boot. A Linux program, part of the build: scripts/translate-module.mjs.
//
//   wasm_translate WORLD FILE OUTPUT [--meter]
//
// WORLD is manager, sentry or unpacker: what the module may import, and how much room it has. It writes
//
//   OUTPUT.image  the image, the same for every architecture: all of them are little-endian and have 64 bits
//   OUTPUT.kept   what is still read of the module at run time: names, and data unless it is in OUTPUT.data
//   OUTPUT.data   what the memory begins with, from LAYOUT_HEAP on; empty unless WORLD is sentry
//
// --meter makes the image charge fuel (wasm_set_fuel). The exit code is 1 for a module that cannot be run,
// and 2 for a file that cannot be read or written.
#include "boot/imports.h"
#include "host/layout.h"
#include "tools/module_file.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_SIZE = 4096 };

struct world {
    const char *name;
    const wasm_host_table *hosts;
    uint64_t memory_end; ///< offset that the initial memory must not reach beyond
    bool data_in_place;  ///< its domains find their data in their memory
};

static const struct world worlds[] = {
    {"manager", &manager_hosts, LAYOUT_LINEAR_SIZE, false},
    {"sentry", &sentry_hosts, LAYOUT_LINEAR_SIZE, true},
    {"unpacker", &unpacker_hosts, LAYOUT_HEAP + LAYOUT_UNPACKER_HEAP_PAGES *UINT64_C(4096), false},
};

static const struct world *find_world(const char *name) {
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        if (strcmp(worlds[i].name, name) == 0)
            return &worlds[i];
    fail(EXIT_USE, name, "no such world; there are manager, sentry and unpacker");
}

/// Ends the program because of what the module is like.
static _Noreturn void refuse(const struct world *world, const char *why) {
    fprintf(stderr, "%s.wasm%s\n", world->name, why);
    exit(EXIT_MODULE);
}

static wasm_image *translate(const struct world *world, const uint8_t *bytes, size_t length,
                             wasm_load_options options) {
    wasm_error error;
    options.hosts = *world->hosts;
    wasm_image *image = load_module(bytes, length, options, &error);
    if (!image) {
        char why[WASM_ERROR_MESSAGE_SIZE + 64];
        snprintf(why, sizeof why, " cannot be loaded: %s (byte %u)", error.message, error.offset);
        refuse(world, why);
    }
    return image;
}

/// Refuses a module that cannot be run: an import that the world does not have, no main, a memory or globals
/// that do not fit their places.
static void check(const struct world *world, const wasm_image *image, const uint8_t *bytes) {
    for (uint32_t i = 0; i < wasm_import_count(image); i++) {
        wasm_import import = wasm_import_at(image, bytes, i);
        if (import.bound)
            continue;
        fprintf(stderr, "%s.wasm imports ", world->name);
        write_name(stderr, import.module);
        putc(' ', stderr);
        write_name(stderr, import.name);
        fputs(", which wit/sealift.wit does not give it\n", stderr);
        exit(EXIT_MODULE);
    }
    uint64_t memory = (uint64_t)wasm_image_memory_minimum(image) * WASM_PAGE_SIZE;
    uint32_t function;
    if (memory <= LAYOUT_HEAP)
        refuse(world, ": its memory does not reach above 2 GiB; compile it with --memoryBase 2147483648");
    if (memory > world->memory_end)
        refuse(world, ": its memory is larger than its place (runtime-c/host/layout.h)");
    if (wasm_instance_size(image, 0) > LAYOUT_INSTANCE_END - LAYOUT_INSTANCE)
        refuse(world, ": its globals and tables are larger than their place (runtime-c/host/layout.h)");
    if (!wasm_find_export(image, bytes, "main", WASM_FUNCTION, &function))
        refuse(world, " exports no function main");
}

/// The first contents of the memory, and how many bytes they are: 0 if there are none, they do not fit their
/// place, or a segment has no fixed place.
static void *lay_data_out(const wasm_image *image, const uint8_t *bytes, size_t *length) {
    const size_t room = (size_t)LAYOUT_SENTRY_DATA_PAGES * PAGE_SIZE;
    uint8_t *data = calloc(1, room);
    if (!data)
        fail(EXIT_USE, "memory", "not enough for the module's data");
    uint64_t end = wasm_place_data(image, bytes, LAYOUT_HEAP, (wasm_region){data, room});
    *length = end <= LAYOUT_HEAP ? 0 : (size_t)(end - LAYOUT_HEAP);
    return data;
}

static void write_part(const char *output, const char *suffix, const void *bytes, size_t length) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s.%s", output, suffix) >= (int)sizeof path)
        fail(EXIT_USE, output, "too long a name");
    write_file(path, bytes, length);
}

int main(int argument_count, char **arguments) {
    bool meter = argument_count == 5 && strcmp(arguments[4], "--meter") == 0;
    if (argument_count != (meter ? 5 : 4))
        fail(EXIT_USE, "usage", "wasm_translate manager|sentry|unpacker FILE OUTPUT [--meter]");
    const struct world *world = find_world(arguments[1]);
    const char *output = arguments[3];
    size_t length;
    const uint8_t *bytes = read_file(arguments[2], &length);
    wasm_load_options options = {.meter = meter};
    wasm_image *image = translate(world, bytes, length, options);
    check(world, image, bytes);

    size_t data_length = 0;
    void *data = world->data_in_place ? lay_data_out(image, bytes, &data_length) : NULL;
    if (data_length > 0) {
        options.omit_data = true;
        free(image);
        image = translate(world, bytes, length, options);
    }
    uint8_t *kept = malloc(length);
    if (!kept)
        fail(EXIT_USE, "memory", "not enough for the module");
    size_t kept_length = wasm_strip(image, bytes, kept);
    write_part(output, "image", image, wasm_image_size(image));
    write_part(output, "kept", kept, kept_length);
    write_part(output, "data", data, data_length);
    return 0;
}
