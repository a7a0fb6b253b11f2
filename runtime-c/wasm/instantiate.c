// SPDX-License-Identifier: Apache-2.0
//
// Instantiation (section 4.5.4): linking, and the first values of globals, tables and memory.
#include "decode.h"
#include "instance.h"

/// Offsets of an instance's parts in its storage.
struct layout {
    size_t imported_globals;
    size_t bindings;
    size_t tables;
    size_t own_tables;
    size_t elements;
    size_t dropped_elements;
    size_t dropped_data;
    size_t size;
};

/// Elements of storage for a table the module defines.
static uint32_t table_capacity(const struct wasm_image_table *table, uint32_t reserve) {
    if (table->segment != WASM_NONE)
        return 0;
    uint32_t room = table->maximum - table->minimum;
    return table->minimum + (reserve < room ? reserve : room);
}

static struct layout lay_out(const wasm_image *image, uint32_t table_reserve) {
    struct layout layout;
    size_t at = sizeof(struct wasm_instance);
    at += (size_t)(image->globals.count - image->imported_globals) * sizeof(uint64_t);
    layout.imported_globals = at;
    at += (size_t)image->imported_globals * sizeof(uint64_t *);
    layout.bindings = at;
    at += (size_t)image->unbound_functions * sizeof(struct wasm_binding);
    layout.tables = at;
    at += (size_t)image->tables.count * sizeof(wasm_table *);
    layout.own_tables = at;
    at += (size_t)(image->tables.count - image->imported_tables) * sizeof(wasm_table);
    layout.elements = at;
    for (uint32_t i = image->imported_tables; i < image->tables.count; i++)
        at += (size_t)table_capacity(&wasm_image_tables(image)[i], table_reserve) * sizeof(uint64_t);
    layout.dropped_elements = at;
    at += (image->elements.count + 7) / 8;
    layout.dropped_data = at;
    at += image->names_data ? (image->data.count + 7) / 8 : 0;
    layout.size = (at + 15) & ~(size_t)15;
    return layout;
}

_Static_assert(sizeof(wasm_table) % 8 == 0 && sizeof(struct wasm_binding) % 8 == 0, "the parts stay aligned");

size_t wasm_instance_size(const wasm_image *image, uint32_t table_reserve) {
    return lay_out(image, table_reserve).size;
}

static bool unlinkable(wasm_error *error, const wasm_instance *instance,
                       const struct wasm_image_import *import, const char *message) {
    wasm_name module = wasm_name_at(instance->bytes, import->module_position);
    wasm_name name = wasm_name_at(instance->bytes, import->name_position);
    error->status = WASM_UNLINKABLE;
    error->offset = import->module_position;
    wasm_error_text(error, message);
    wasm_error_append(error, module.bytes, module.length);
    wasm_error_text(error, ".");
    wasm_error_append(error, name.bytes, name.length);
    return false;
}

/// Limits match if what is given is at least as large, and cannot become larger than what is asked for
/// (3.4.11).
static bool limits_match(uint32_t size, uint32_t maximum, uint32_t minimum_asked, uint32_t maximum_asked) {
    return size >= minimum_asked && (maximum_asked == WASM_NO_MAXIMUM || maximum <= maximum_asked);
}

static bool link_function(wasm_instance *instance, uint32_t index, const wasm_external *external) {
    const struct wasm_image_type *type = wasm_type_of(instance->image, index);
    struct wasm_binding *binding = &instance->bindings[instance->functions[index].body];
    wasm_instance *from = external->of.function.instance;
    uint32_t function = external->of.function.index;
    *binding = (struct wasm_binding){.host = external->of.function.host};
    if (from == NULL)
        return wasm_signature_matches(binding->host->signature, type);
    if (!wasm_types_equal(wasm_type_of(from->image, function), type))
        return false;
    if (function < from->image->imported_functions) {
        const struct wasm_image_function *record = &from->functions[function];
        if (record->code != WASM_NONE)
            *binding = (struct wasm_binding){.host = &from->hosts[record->code]};
        else
            *binding = from->bindings[record->body];
    } else {
        *binding = (struct wasm_binding){.instance = from, .function = function};
    }
    return true;
}

static bool link_import(wasm_instance *instance, const struct wasm_image_import *import,
                        const wasm_external *external) {
    const wasm_image *image = instance->image;
    if (external->kind != (wasm_external_kind)import->kind)
        return false;
    switch (external->kind) {
    case WASM_FUNCTION:
        return link_function(instance, import->index, external);
    case WASM_TABLE: {
        const struct wasm_image_table *table = &wasm_image_tables(image)[import->index];
        wasm_table *given = external->of.table;
        instance->tables[import->index] = given;
        return given->type == table->type &&
               limits_match(given->size, given->maximum, table->minimum, table->maximum);
    }
    case WASM_MEMORY:
        instance->memory = external->of.memory;
        return limits_match(instance->memory->pages, instance->memory->maximum, image->memory_minimum,
                            image->memory_maximum);
    case WASM_GLOBAL: {
        const struct wasm_image_global *global = &wasm_image_globals(image)[import->index];
        instance->imported_globals[import->index] = external->of.global.cell;
        return external->of.global.type == global->type &&
               external->of.global.is_mutable == (global->is_mutable != 0);
    }
    }
    return false;
}

static bool link(wasm_instance *instance, const wasm_external *externals, wasm_error *error) {
    const wasm_image *image = instance->image;
    const struct wasm_image_import *imports = wasm_image_imports(image);
    for (uint32_t i = 0; i < image->imports.count; i++) {
        if (imports[i].kind == WASM_FUNCTION && instance->functions[imports[i].index].code != WASM_NONE)
            continue;
        if (externals == NULL)
            return unlinkable(error, instance, &imports[i], "unknown import ");
        if (!link_import(instance, &imports[i], externals++))
            return unlinkable(error, instance, &imports[i], "incompatible import type of ");
    }
    return true;
}

static uint64_t initial_value(wasm_instance *instance, uint8_t initializer, uint64_t value) {
    switch (initializer) {
    case WASM_INITIALIZER_GLOBAL:
        return *instance->imported_globals[value];
    case WASM_INITIALIZER_FUNCTION:
        return wasm_function_reference(instance, (uint32_t)value);
    default:
        return value;
    }
}

static void create_globals(wasm_instance *instance) {
    const struct wasm_image_global *globals = wasm_image_globals(instance->image);
    uint32_t imported = instance->image->imported_globals;
    for (uint32_t i = imported; i < instance->image->globals.count; i++)
        instance->globals[i - imported] = initial_value(instance, globals[i].initializer, globals[i].value);
}

static void create_tables(wasm_instance *instance, const struct layout *layout, uint32_t reserve) {
    const wasm_image *image = instance->image;
    wasm_table *tables = (wasm_table *)((char *)instance + layout->own_tables);
    uint64_t *elements = (uint64_t *)((char *)instance + layout->elements);
    for (uint32_t i = image->imported_tables; i < image->tables.count; i++) {
        const struct wasm_image_table *type = &wasm_image_tables(image)[i];
        wasm_table *table = &tables[i - image->imported_tables];
        *table = (wasm_table){
            .elements = elements,
            .size = type->minimum,
            .capacity = table_capacity(type, reserve),
            .maximum = type->maximum,
            .type = type->type,
        };
        if (type->segment != WASM_NONE) {
            const struct wasm_image_element *element = &wasm_image_elements(image)[type->segment];
            table->functions = wasm_image_at(image, element->items);
            table->first = (uint32_t)element->value;
            table->count = element->count;
        }
        instance->tables[i] = table;
        elements += table->capacity;
    }
}

static bool create_memory(wasm_instance *instance, wasm_memory *memory, wasm_error *error) {
    const wasm_image *image = instance->image;
    if (image->memory_count == 0 || image->memory_imported)
        return true;
    if (memory == NULL) {
        error->status = WASM_UNLINKABLE;
        wasm_error_text(error, "the module defines a memory, and no memory was given for it");
        return false;
    }
    instance->memory = memory;
    memory->maximum = image->memory_maximum;
    if (memory->pages < image->memory_minimum &&
        wasm_grow_memory(instance, image->memory_minimum - memory->pages) == UINT32_MAX) {
        error->status = WASM_OUT_OF_MEMORY;
        wasm_error_text(error, "the memory cannot grow to the module's minimum");
        return false;
    }
    return true;
}

/// Copies active segments, in their order, tables first. Runs under a guard: memory may have unmapped pages.
static wasm_status copy_segments(void *argument) {
    wasm_instance *instance = argument;
    const wasm_image *image = instance->image;
    wasm_trap_code trap = WASM_TRAP_NONE;
    for (uint32_t i = 0; i < image->elements.count && trap == WASM_TRAP_NONE; i++) {
        const struct wasm_image_element *element = &wasm_image_elements(image)[i];
        if (element->initializer == WASM_INITIALIZER_PASSIVE)
            continue;
        bool is_read_in_place = element->initializer == WASM_INITIALIZER_VALUE &&
                                wasm_image_tables(image)[element->table].segment == i;
        if (element->initializer != WASM_INITIALIZER_DECLARED && !is_read_in_place) {
            uint32_t to = (uint32_t)initial_value(instance, element->initializer, element->value);
            trap = wasm_initialize_table(instance, element->table, i, to, 0, element->count);
        }
        wasm_drop_element(instance, i);
    }
    for (uint32_t i = 0; i < image->data.count && trap == WASM_TRAP_NONE; i++) {
        if (instance->data_is_in_place) {
            wasm_drop_data(instance, i);
            continue;
        }
        const struct wasm_data_segment data = wasm_data_at(image, instance->bytes, i);
        if (data.initializer == WASM_INITIALIZER_PASSIVE)
            continue;
        uint32_t to = (uint32_t)initial_value(instance, data.initializer, data.value);
        trap = wasm_initialize_memory(instance, i, to, 0, data.length);
        wasm_drop_data(instance, i);
    }
    if (trap == WASM_TRAP_NONE)
        return WASM_OK;
    instance->stack->trap = (wasm_trap){.code = trap, .message = wasm_trap_message(trap)};
    return WASM_TRAPPED;
}

wasm_status wasm_instantiate(const wasm_instantiate_options *options, wasm_instance **result,
                             wasm_error *error) {
    const wasm_image *image = options->image;
    *error = (wasm_error){.status = WASM_OK};
    *result = NULL;
    struct layout layout = lay_out(image, options->table_reserve);
    if (options->storage.size < layout.size) {
        error->status = WASM_OUT_OF_MEMORY;
        wasm_error_text(error, "the storage for the instance is smaller than wasm_instance_size says");
        return error->status;
    }
    char *storage = options->storage.base;
    wasm_instance *instance = (wasm_instance *)storage;
    __builtin_memset(storage, 0, layout.size);
    *instance = (struct wasm_instance){
        .image = image,
        .bytes = options->bytes,
        .hosts = options->hosts.entries,
        .functions = wasm_image_functions(image),
        .stack = options->stack,
        .context = options->context,
        .bindings = (struct wasm_binding *)(storage + layout.bindings),
        .imported_globals = (uint64_t **)(storage + layout.imported_globals),
        .tables = (wasm_table **)(storage + layout.tables),
        .dropped_elements = (uint8_t *)storage + layout.dropped_elements,
        .dropped_data = (uint8_t *)storage + layout.dropped_data,
        .data_is_in_place = options->data_is_in_place,
    };
    if (!link(instance, options->imports, error))
        return error->status;
    create_globals(instance);
    create_tables(instance, &layout, options->table_reserve);
    if (!create_memory(instance, options->memory, error))
        return error->status;

    wasm_stack *stack = instance->stack;
    void *outer_guard = stack->guard;
    wasm_instance *outer_instance = stack->instance;
    stack->instance = instance;
    error->status = wasm_guarded_call(&stack->guard, copy_segments, instance);
    stack->guard = outer_guard;
    stack->instance = outer_instance;
    if (error->status != WASM_OK) {
        wasm_error_text(error, stack->trap.message);
        return error->status;
    }
    *result = instance;
    return WASM_OK;
}

wasm_status wasm_start(wasm_instance *instance) {
    uint64_t none[1];
    return instance->image->start == WASM_NONE ? WASM_OK : wasm_call(instance, instance->image->start, none);
}

const wasm_image *wasm_instance_image(const wasm_instance *instance) {
    return instance->image;
}

const uint8_t *wasm_instance_bytes(const wasm_instance *instance) {
    return instance->bytes;
}

void *wasm_instance_context(const wasm_instance *instance) {
    return instance->context;
}

wasm_memory *wasm_instance_memory(const wasm_instance *instance) {
    return instance->memory;
}

wasm_stack *wasm_instance_stack(const wasm_instance *instance) {
    return instance->stack;
}

void wasm_set_stack(wasm_instance *instance, wasm_stack *stack) {
    instance->stack = stack;
}

void *wasm_memory_at(const wasm_instance *instance, uint32_t offset, uint32_t length) {
    const wasm_memory *memory = instance->memory;
    if (memory == NULL || (uint64_t)offset + length > (uint64_t)memory->pages * WASM_PAGE_SIZE)
        return NULL;
    return memory->base + offset;
}

bool wasm_export_external(wasm_instance *instance, wasm_name name, wasm_external *external) {
    const wasm_image *image = instance->image;
    for (uint32_t i = 0; i < image->exports.count; i++) {
        wasm_export found = wasm_export_at(image, instance->bytes, i);
        if (found.name.length != name.length ||
            __builtin_memcmp(found.name.bytes, name.bytes, name.length) != 0)
            continue;
        *external = (wasm_external){.kind = found.kind};
        switch (found.kind) {
        case WASM_FUNCTION:
            external->of.function.instance = instance;
            external->of.function.index = found.index;
            break;
        case WASM_TABLE:
            external->of.table = instance->tables[found.index];
            break;
        case WASM_MEMORY:
            external->of.memory = instance->memory;
            break;
        case WASM_GLOBAL: {
            const struct wasm_image_global *global = &wasm_image_globals(image)[found.index];
            bool imported = found.index < image->imported_globals;
            external->of.global = (wasm_global){
                .cell = imported ? instance->imported_globals[found.index]
                                 : &instance->globals[found.index - image->imported_globals],
                .type = global->type,
                .is_mutable = global->is_mutable,
            };
            break;
        }
        }
        return true;
    }
    return false;
}

uint64_t wasm_function_reference(wasm_instance *instance, uint32_t function) {
    if (function < instance->image->imported_functions && instance->functions[function].code == WASM_NONE) {
        const struct wasm_binding *binding = &instance->bindings[instance->functions[function].body];
        if (binding->instance != NULL) {
            instance = binding->instance;
            function = binding->function;
        }
    }
    return (uint64_t)(uintptr_t)instance >> WASM_REFERENCE_ALIGNMENT_BITS << WASM_REFERENCE_INDEX_BITS |
           function;
}
