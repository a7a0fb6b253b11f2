// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer target: modules that validate are instantiated and every export is called, with fuel. What a call
// does must be the same with and without metering, when it ends within the fuel.
#include "target.h"

#include <stdlib.h>
#include <string.h>

enum {
    REGION_SIZE = 1 << 21,
    STACK_SIZE = 16 << 10, // small: recursion shall reach its end
    FUEL = 20000,
    MOST_PAGES = 3,
    MOST_STORAGE = 1 << 18,
    MOST_IMPORTS = 32,
    MOST_CALLS = 16,
    MOST_VALUES = 64,
    MOST_RESUMES = 4,
};

static uint32_t host_calls;

/// Zero is a value of every type. Every fifth call waits first.
static wasm_status host_none(wasm_instance *instance, uint64_t *values) {
    (void)instance, (void)values;
    return ++host_calls % 5 == 0 ? WASM_SUSPENDED : WASM_OK;
}

static wasm_status host_one(wasm_instance *instance, uint64_t *values) {
    values[0] = 0;
    return host_none(instance, values);
}

static wasm_status host_trap(wasm_instance *instance, uint64_t *values) {
    (void)values;
    return wasm_host_trap(instance, "too many results");
}

/// Growth moves the memory: nothing may keep its old address.
static bool grow(wasm_memory *memory, uint32_t delta) {
    if (delta > MOST_PAGES || memory->pages + delta > MOST_PAGES)
        return false;
    size_t old_size = (size_t)memory->pages * WASM_PAGE_SIZE;
    size_t size = old_size + (size_t)delta * WASM_PAGE_SIZE;
    uint8_t *moved = calloc(1, size ? size : 1);
    if (old_size > 0)
        memcpy(moved, memory->base, old_size);
    free(memory->base);
    memory->base = moved;
    return true;
}

/// What one module is run with.
struct world {
    wasm_memory memory, imported_memory;
    wasm_table table;
    uint64_t elements[64], cell;
    wasm_host_entry hosts[MOST_IMPORTS];
    char signatures[MOST_IMPORTS][2 * MOST_VALUES];
    wasm_external imports[MOST_IMPORTS];
    uint32_t hash; // of everything that could be seen
};

static void see(struct world *world, uint64_t value) {
    for (int i = 0; i < 8; i++)
        world->hash = (world->hash ^ (uint8_t)(value >> (8 * i))) * 16777619u;
}

static char letter(uint8_t type) {
    return type == WASM_I32       ? 'i'
           : type == WASM_I64     ? 'I'
           : type == WASM_F32     ? 'f'
           : type == WASM_F64     ? 'F'
           : type == WASM_FUNCREF ? 'r'
                                  : 'x';
}

/// Gives the module what it imports, as far as that can be guessed.
static bool make_imports(struct world *world, const wasm_image *image, const uint8_t *bytes) {
    uint32_t function = 0;
    for (uint32_t i = 0; i < wasm_import_count(image); i++) {
        wasm_external *external = &world->imports[i];
        external->kind = wasm_import_at(image, bytes, i).kind;
        if (external->kind == WASM_FUNCTION) {
            wasm_function_type type = wasm_function_type_at(image, function++);
            if (type.parameter_count + type.result_count >= MOST_VALUES)
                return false;
            char *text = world->signatures[i];
            for (uint32_t k = 0; k < type.parameter_count; k++)
                *text++ = letter(type.parameters[k]);
            *text++ = ':';
            for (uint32_t k = 0; k < type.result_count; k++)
                *text++ = letter(type.results[k]);
            *text = 0;
            world->hosts[i] = (wasm_host_entry){"m", "f", world->signatures[i],
                                                type.result_count == 0   ? host_none
                                                : type.result_count == 1 ? host_one
                                                                         : host_trap};
            external->of.function.instance = NULL;
            external->of.function.host = &world->hosts[i];
        } else if (external->kind == WASM_TABLE) {
            world->table = (wasm_table){
                .elements = world->elements, .size = 10, .capacity = 64, .maximum = 20, .type = WASM_FUNCREF};
            external->of.table = &world->table;
        } else if (external->kind == WASM_MEMORY) {
            world->imported_memory.grow = grow;
            if (world->imported_memory.pages == 0 && grow(&world->imported_memory, 1))
                world->imported_memory.pages = 1;
            world->imported_memory.maximum = 2;
            external->of.memory = &world->imported_memory;
        } else {
            external->of.global = (wasm_global){&world->cell, WASM_I32, false};
        }
    }
    return true;
}

/// Calls and continues until the call ends, or nothing more comes of it.
static wasm_status call(struct world *world, wasm_instance *instance, wasm_stack *stack, uint32_t function,
                        uint64_t *values) {
    wasm_set_fuel(stack, FUEL);
    wasm_status status = wasm_call(instance, function, values);
    for (int resumes = 0; resumes < MOST_RESUMES && status == WASM_SUSPENDED; resumes++) {
        uint64_t results[MOST_VALUES] = {0};
        status = wasm_resume(instance, results);
        if (status == WASM_OK)
            memcpy(values, results, sizeof results);
    }
    if (status == WASM_TRAPPED || status == WASM_SUSPENDED || status == WASM_INTERRUPTED) {
        if (status == WASM_TRAPPED)
            see(world, wasm_last_trap(instance)->code);
        wasm_backtrace backtrace = wasm_backtrace_begin(instance);
        wasm_frame frame;
        for (uint32_t frames = 0; wasm_backtrace_next(&backtrace, &frame); frames++) {
            see(world, frame.function);
            if (frames > STACK_SIZE / 24)
                abort_fuzzing("a backtrace longer than the stack");
        }
        if (status != WASM_TRAPPED && !wasm_abandon(instance))
            abort_fuzzing("a stopped call that cannot be given up");
    } else if (status != WASM_OK) {
        abort_fuzzing("a status that no call may have");
    }
    return status;
}

/// What became of a module.
enum outcome {
    REFUSED,
    STOPPED, ///< it ran out of fuel, or had no end: nothing to compare
    ENDED,
};

/// Runs a module.
static enum outcome run(const uint8_t *bytes, size_t size, const uint8_t *numbers, bool meter,
                        uint32_t *hash) {
    enum outcome outcome = REFUSED;
    bool is_complete = false;
    wasm_load_options load = {
        .image = {aligned_alloc(16, REGION_SIZE), REGION_SIZE},
        .scratch = {aligned_alloc(16, REGION_SIZE), REGION_SIZE},
        .meter = meter,
    };
    struct world *world = calloc(1, sizeof *world);
    world->memory.grow = grow;
    world->hash = 2166136261u;
    uint8_t *storage = NULL, *stack_memory = aligned_alloc(16, STACK_SIZE);
    const wasm_image *image;
    wasm_instance *instance;
    wasm_error error;
    host_calls = 0;
    if (wasm_load(bytes, size, &load, &image, &error) != WASM_OK)
        goto done;
    size_t storage_size = wasm_instance_size(image, 4);
    if (wasm_import_count(image) > MOST_IMPORTS || storage_size > MOST_STORAGE ||
        wasm_image_memory_minimum(image) > MOST_PAGES || !make_imports(world, image, bytes))
        goto done;
    outcome = STOPPED;
    storage = aligned_alloc(16, (storage_size + 15) & ~(size_t)15);
    wasm_stack *stack = wasm_stack_create((wasm_region){stack_memory, STACK_SIZE});
    wasm_instantiate_options options = {
        .image = image,
        .bytes = bytes,
        .imports = world->imports,
        .memory = &world->memory,
        .stack = stack,
        .storage = {storage, storage_size},
        .table_reserve = 4,
    };
    if (wasm_instantiate(&options, &instance, &error) != WASM_OK)
        goto done;
    is_complete = true;
    wasm_set_fuel(stack, FUEL);
    wasm_status status = wasm_start(instance);
    see(world, status);
    if (status == WASM_SUSPENDED || status == WASM_INTERRUPTED) {
        wasm_abandon(instance);
        is_complete = false;
    }
    uint32_t exports = wasm_export_count(image);
    for (uint32_t i = 0; i < exports && i < MOST_CALLS && is_complete; i++) {
        wasm_export export = wasm_export_at(image, bytes, i);
        if (export.kind != WASM_FUNCTION)
            continue;
        wasm_function_type type = wasm_function_type_at(image, export.index);
        if (type.parameter_count > MOST_VALUES || type.result_count > MOST_VALUES)
            continue;
        uint64_t values[MOST_VALUES] = {0};
        for (uint32_t k = 0; k < type.parameter_count; k++) {
            uint64_t number = numbers[(i + k) % 8] * UINT64_C(0x0101010180010101);
            bool is_wide = type.parameters[k] == WASM_I64 || type.parameters[k] == WASM_F64;
            values[k] = wasm_type_is_reference(type.parameters[k]) ? 0 : is_wide ? number : (uint32_t)number;
        }
        status = call(world, instance, stack, export.index, values);
        see(world, status);
        is_complete = status == WASM_OK || status == WASM_TRAPPED;
        for (uint32_t k = 0; status == WASM_OK && k < type.result_count; k++) {
            bool is_narrow = type.results[k] == WASM_I32 || type.results[k] == WASM_F32;
            if (is_narrow && values[k] >> 32 != 0)
                abort_fuzzing("a 32-bit result with upper bits");
            if (!wasm_type_is_reference(type.results[k])) // references are addresses
                see(world, values[k]);
        }
    }
    if (world->memory.pages > MOST_PAGES)
        abort_fuzzing("a memory larger than it may be");
    for (size_t i = 0; i < (size_t)world->memory.pages * WASM_PAGE_SIZE; i += 8) {
        uint64_t word;
        memcpy(&word, world->memory.base + i, sizeof word);
        if (word != 0)
            see(world, word + i);
    }
    if (is_complete)
        outcome = ENDED;
done:
    *hash = world->hash;
    free(world->memory.base);
    free(world->imported_memory.base);
    free(world);
    free(storage);
    free(stack_memory);
    free(load.image.base);
    free(load.scratch.base);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 16)
        return 0;
    uint8_t *bytes = malloc(size);
    memcpy(bytes, data, size);
    const uint8_t *numbers = data + size - 8;
    uint32_t metered, plain;
    enum outcome outcome = run(bytes, size, numbers, true, &metered);
    count_load(outcome != REFUSED);
    // Without fuel only what is known to end.
    if (outcome == ENDED && (run(bytes, size, numbers, false, &plain) != ENDED || plain != metered))
        abort_fuzzing("metering changed what the module does");
    free(bytes);
    return outcome == REFUSED ? -1 : 0; // what does not run teaches nothing about running
}
