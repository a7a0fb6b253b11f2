// SPDX-License-Identifier: Apache-2.0
//
// Operations on tables, segments and the memory's size (section 4.4.6 to 4.4.8). All bounds are checked
// before anything is written, in 64 bits, where sums of 32-bit numbers cannot overflow.
#include "instance.h"
#include "operations.h"

static bool is_dropped(const uint8_t *bits, uint32_t segment) {
    return bits[segment / 8] >> segment % 8 & 1;
}

void wasm_drop_element(wasm_instance *instance, uint32_t segment) {
    instance->dropped_elements[segment / 8] |= (uint8_t)(1u << segment % 8);
}

void wasm_drop_data(wasm_instance *instance, uint32_t segment) {
    if (instance->image->names_data)
        instance->dropped_data[segment / 8] |= (uint8_t)(1u << segment % 8);
}

static bool fits(uint32_t start, uint32_t count, uint64_t size) {
    return (uint64_t)start + count <= size;
}

wasm_trap_code wasm_initialize_table(wasm_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
                                     uint32_t from, uint32_t count) {
    const struct wasm_image_element *element = &wasm_image_elements(instance->image)[segment];
    uint32_t length = is_dropped(instance->dropped_elements, segment) ? 0 : element->count;
    wasm_table *target = instance->tables[table];
    if (!fits(from, count, length) || !fits(to, count, target->size))
        return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
    const uint32_t *items = wasm_image_at(instance->image, element->items);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t item = items[from + i];
        uint64_t reference = 0;
        if (item != WASM_NONE)
            reference = item & WASM_ITEM_GLOBAL
                            ? *instance->imported_globals[item & ~(uint32_t)WASM_ITEM_GLOBAL]
                            : wasm_function_reference(instance, item);
        target->elements[to + i] = reference;
    }
    return WASM_TRAP_NONE;
}

wasm_trap_code wasm_initialize_memory(wasm_instance *instance, uint32_t segment, uint32_t to, uint32_t from,
                                      uint32_t count) {
    // Of data that was in place from the start, and is dropped by now, the image knows nothing.
    struct wasm_data_segment data = {.length = 0};
    if (!instance->image->names_data || !is_dropped(instance->dropped_data, segment))
        data = wasm_data_at(instance->image, instance->bytes, segment);
    if (!fits(from, count, data.length) ||
        !fits(to, count, (uint64_t)instance->memory->pages * WASM_PAGE_SIZE))
        return WASM_TRAP_MEMORY_OUT_OF_BOUNDS;
    if (count != 0)
        __builtin_memcpy(instance->memory->base + to, instance->bytes + data.position + from, count);
    return WASM_TRAP_NONE;
}

uint32_t wasm_grow_memory(wasm_instance *instance, uint32_t delta) {
    wasm_memory *memory = instance->memory;
    uint32_t pages = memory->pages;
    uint32_t maximum = memory->maximum < WASM_MAXIMUM_PAGES ? memory->maximum : WASM_MAXIMUM_PAGES;
    if (pages > maximum || delta > maximum - pages)
        return UINT32_MAX;
    if (delta != 0 && (memory->grow == NULL || !memory->grow(memory, delta)))
        return UINT32_MAX;
    memory->pages = pages + delta;
    return pages;
}

static wasm_trap_code fill_table(wasm_table *table, uint32_t start, uint64_t reference, uint32_t count) {
    if (!fits(start, count, table->size))
        return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
    for (uint32_t i = 0; i < count; i++)
        table->elements[start + i] = reference;
    return WASM_TRAP_NONE;
}

static uint32_t grow_table(wasm_table *table, uint64_t reference, uint32_t delta) {
    uint32_t size = table->size;
    if (delta > table->capacity - size || delta > table->maximum - size)
        return UINT32_MAX;
    table->size = size + delta;
    fill_table(table, size, reference, delta);
    return size;
}

static wasm_trap_code copy_table(wasm_table *to_table, wasm_table *from_table, uint32_t to, uint32_t from,
                                 uint32_t count) {
    if (!fits(from, count, from_table->size) || !fits(to, count, to_table->size))
        return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
    if (count != 0)
        __builtin_memmove(to_table->elements + to, from_table->elements + from,
                          (size_t)count * sizeof(uint64_t));
    return WASM_TRAP_NONE;
}

wasm_trap_code wasm_execute_bulk(wasm_instance *instance, const uint16_t *code, uint64_t *values) {
    uint32_t first = code[2];
    uint32_t a = (uint32_t)values[0];
    switch (code[0]) {
    case WASM_OPERATION_memory_init:
        return wasm_initialize_memory(instance, first, a, (uint32_t)values[1], (uint32_t)values[2]);
    case WASM_OPERATION_table_init: // segment, table
        return wasm_initialize_table(instance, code[3], first, a, (uint32_t)values[1], (uint32_t)values[2]);
    case WASM_OPERATION_table_copy: // to, from
        return copy_table(instance->tables[first], instance->tables[code[3]], a, (uint32_t)values[1],
                          (uint32_t)values[2]);
    case WASM_OPERATION_table_fill:
        return fill_table(instance->tables[first], a, values[1], (uint32_t)values[2]);
    case WASM_OPERATION_table_grow:
        values[0] = grow_table(instance->tables[first], values[0], (uint32_t)values[1]);
        return WASM_TRAP_NONE;
    case WASM_OPERATION_table_size:
        values[0] = instance->tables[first]->size;
        return WASM_TRAP_NONE;
    case WASM_OPERATION_table_get:
        if (a >= instance->tables[first]->size)
            return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
        values[0] = instance->tables[first]->elements[a];
        return WASM_TRAP_NONE;
    case WASM_OPERATION_table_set:
        if (a >= instance->tables[first]->size)
            return WASM_TRAP_TABLE_OUT_OF_BOUNDS;
        instance->tables[first]->elements[a] = values[1];
        return WASM_TRAP_NONE;
    default: // no other operation is sent here
        return WASM_TRAP_UNREACHABLE;
    }
}
