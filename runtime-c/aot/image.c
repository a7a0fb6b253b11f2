// SPDX-License-Identifier: Apache-2.0
//
// Images and instances. A compiled module has been validated, bound to its host functions and compiled when
// the program was built: its image is its description.
#include "instance.h"

static bool text_equals(const char *left, const char *right) {
    while (*left == *right && *left != 0) {
        left++;
        right++;
    }
    return *left == *right;
}

static wasm_name name_of(const char *text) {
    uint32_t length = 0;
    while (text[length] != 0) {
        length++;
    }
    return (wasm_name){text, length};
}

/// The host function for an import, or NULL.
static const wasm_host_entry *find_host(wasm_host_table hosts, const struct compiled_import *import) {
    for (uint32_t i = 0; i < hosts.count; i++) {
        const wasm_host_entry *entry = &hosts.entries[i];
        if (text_equals(entry->module, import->module) && text_equals(entry->name, import->name)) {
            return entry;
        }
    }
    return NULL;
}

static wasm_status fail(wasm_error *error, wasm_status status, const char *message) {
    *error = (wasm_error){.status = status};
    for (size_t i = 0; message[i] != 0 && i < WASM_ERROR_MESSAGE_SIZE - 1; i++) {
        error->message[i] = message[i];
    }
    return status;
}

size_t wasm_image_size(const wasm_image *image) {
    (void)image; // counts as code
    return 0;
}

uint32_t wasm_image_memory_minimum(const wasm_image *image) {
    return image->memory_minimum;
}

bool wasm_find_export(const wasm_image *image, const uint8_t *bytes, const char *name,
                      wasm_external_kind kind, uint32_t *index) {
    (void)bytes;
    const wasm_image *module = image;
    for (uint32_t i = 0; kind == WASM_FUNCTION && i < module->export_count; i++) {
        if (text_equals(module->exports[i].name, name)) {
            *index = module->exports[i].function;
            return true;
        }
    }
    return false;
}

wasm_function_type wasm_function_type_at(const wasm_image *image, uint32_t function) {
    const wasm_image *module = image;
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (module->exports[i].function == function) {
            return module->exports[i].type;
        }
    }
    return (wasm_function_type){NULL, NULL, 0, 0}; // only exported functions can be called from outside
}

wasm_name wasm_function_name(const wasm_image *image, const uint8_t *bytes, uint32_t function, char *buffer) {
    (void)bytes;
    (void)buffer;
    wasm_name name = name_of(image->names + image->name_offsets[function]);
    return name.length > 0 ? name : (wasm_name){NULL, 0};
}

size_t wasm_instance_size(const wasm_image *image, uint32_t table_reserve) {
    (void)table_reserve; // tables do not grow
    const wasm_image *module = image;
    return sizeof(wasm_instance) + module->import_count * sizeof(wasm_host_entry *) + module->instance_size +
           16 + module->table_elements * sizeof(wasm_rt_funcref_t);
}

static void instantiate(void *argument) {
    wasm_instance *instance = argument;
    instance->image->instantiate(instance->compiled, instance);
}

wasm_status wasm_instantiate(const wasm_instantiate_options *options, wasm_instance **instance,
                             wasm_error *error) {
    const wasm_image *module = options->image;
    if (options->storage.size < wasm_instance_size(options->image, options->table_reserve)) {
        return fail(error, WASM_OUT_OF_MEMORY, "no room for the instance");
    }
    wasm_instance *made = options->storage.base;
    const wasm_host_entry **bindings = (const wasm_host_entry **)(made + 1);
    uintptr_t compiled = ((uintptr_t)(bindings + module->import_count) + 15) & ~(uintptr_t)15;
    *made = (wasm_instance){
        .image = options->image,
        .bytes = options->bytes,
        .bindings = bindings,
        .compiled = (void *)compiled,
        .free_elements = (wasm_rt_funcref_t *)(compiled + module->instance_size),
        .memory = options->memory,
        .stack = options->stack,
        .context = options->context,
    };
    for (uint32_t i = 0; i < module->import_count; i++) {
        bindings[i] = find_host(options->hosts, &module->imports[i]);
        if (!bindings[i]) {
            return fail(error, WASM_UNLINKABLE, "an import has no host function");
        }
    }
    wasm_memory *memory = made->memory;
    if (memory) {
        memory->maximum = module->memory_maximum;
        if (memory->pages < module->memory_minimum) {
            if (!memory->grow || !memory->grow(memory, module->memory_minimum - memory->pages)) {
                return fail(error, WASM_OUT_OF_MEMORY, "the memory cannot grow to the module's minimum");
            }
            memory->pages = module->memory_minimum;
        }
    }
    compiled_instance = made;
    *instance = made;
    if (compiled_run(made, instantiate, made) != WASM_OK) {
        return fail(error, WASM_TRAPPED, wasm_last_trap(made)->message);
    }
    return WASM_OK;
}

wasm_status wasm_start(wasm_instance *instance) {
    void (*start)(void *) = instance->image->start;
    return start ? compiled_run(instance, start, instance->compiled) : WASM_OK;
}

wasm_memory *wasm_instance_memory(const wasm_instance *instance) {
    return instance->memory;
}

wasm_stack *wasm_instance_stack(const wasm_instance *instance) {
    return instance->stack;
}

void *wasm_instance_context(const wasm_instance *instance) {
    return instance->context;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t initial_pages, uint32_t max_pages) {
    (void)initial_pages; // wasm_instantiate has seen to it
    const wasm_memory *own = compiled_instance->memory;
    *memory = (wasm_rt_memory_t){own->base, own->pages, max_pages, (uint64_t)own->pages * WASM_PAGE_SIZE};
}

/// memory.grow (section 4.4.7): the old size, or -1.
uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t pages) {
    wasm_memory *own = compiled_instance->memory;
    uint32_t old = own->pages;
    uint32_t maximum = own->maximum < WASM_MAXIMUM_PAGES ? own->maximum : WASM_MAXIMUM_PAGES;
    if (pages > maximum - old || (pages > 0 && (!own->grow || !own->grow(own, pages)))) {
        return UINT32_MAX;
    }
    own->pages = old + pages;
    memory->data = own->base;
    memory->pages = own->pages;
    memory->size = (uint64_t)own->pages * WASM_PAGE_SIZE;
    return old;
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t elements,
                                    uint32_t max_elements) {
    *table = (wasm_rt_funcref_table_t){compiled_instance->free_elements, max_elements, elements};
    compiled_instance->free_elements += elements;
    for (uint32_t i = 0; i < elements; i++) {
        table->data[i] = wasm_rt_funcref_null_value;
    }
}
