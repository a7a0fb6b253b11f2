// SPDX-License-Identifier: Apache-2.0
//
// Constant expressions, element segments, data segments, and the name section.
#include "loader.h"

struct wasm_constant wasm_read_constant(struct wasm_loader *loader, uint8_t type) {
    struct wasm_reader *reader = &loader->reader;
    const struct wasm_image *image = loader->image;
    struct wasm_constant constant = {0, WASM_INITIALIZER_VALUE};
    uint32_t start = reader->position;
    uint32_t values = 0;
    uint8_t found = 0;
    for (;;) {
        struct wasm_instruction instruction;
        wasm_read_instruction(reader, &instruction);
        if (wasm_failed(reader))
            return constant;
        const struct wasm_descriptor *descriptor = &wasm_descriptors[instruction.opcode];
        if (instruction.opcode == WASM_OPCODE_end)
            break;
        values++;
        constant.value = instruction.index;
        if (descriptor->group == WASM_GROUP_CONSTANT) {
            constant.value = instruction.value;
            found = descriptor->result;
        } else if (instruction.opcode == WASM_OPCODE_global_get) {
            if (instruction.index >= image->imported_globals) {
                wasm_fail_at(reader, WASM_INVALID, instruction.position, "unknown global");
                return constant;
            }
            if (wasm_image_globals(image)[instruction.index].is_mutable)
                wasm_fail_at(reader, WASM_INVALID, instruction.position, "constant expression required");
            constant.initializer = WASM_INITIALIZER_GLOBAL;
            found = wasm_image_globals(image)[instruction.index].type;
        } else if (instruction.opcode == WASM_OPCODE_ref_func) {
            if (instruction.index >= image->functions.count) {
                wasm_fail_at(reader, WASM_INVALID, instruction.position, "unknown function");
                return constant;
            }
            wasm_declare_function(loader, instruction.index);
            constant.initializer = WASM_INITIALIZER_FUNCTION;
            found = WASM_FUNCREF;
        } else if (instruction.opcode == WASM_OPCODE_ref_null) {
            constant.value = 0;
            found = instruction.type;
        } else {
            wasm_fail_at(reader, WASM_INVALID, instruction.position, "constant expression required");
        }
    }
    if (values != 1 || found != type)
        wasm_fail_at(reader, WASM_INVALID, start, "type mismatch in a constant expression");
    return constant;
}

static uint32_t read_function_index(struct wasm_loader *loader) {
    uint32_t index = wasm_read_u32(&loader->reader);
    if (wasm_failed(&loader->reader))
        return 0;
    if (index >= loader->image->functions.count) {
        wasm_fail(&loader->reader, WASM_INVALID, "unknown function");
        return 0;
    }
    wasm_declare_function(loader, index);
    return index;
}

static uint32_t read_item(struct wasm_loader *loader, uint8_t type) {
    struct wasm_constant constant = wasm_read_constant(loader, type);
    switch (constant.initializer) {
    case WASM_INITIALIZER_FUNCTION:
        return (uint32_t)constant.value;
    case WASM_INITIALIZER_GLOBAL:
        return (uint32_t)constant.value | WASM_ITEM_GLOBAL;
    default: // only the null reference is left
        return WASM_NONE;
    }
}

/// One element segment (5.5.12). Bits of the leading number: 0 no place, 1 explicit table or declared, 2
/// expressions.
static void read_element(struct wasm_loader *loader, struct wasm_image_element *element) {
    struct wasm_reader *reader = &loader->reader;
    uint32_t flags = wasm_read_u32(reader);
    if (flags > 7)
        wasm_fail(reader, WASM_MALFORMED, "malformed element segment kind");
    bool expressions = flags & 4;
    uint32_t table = 0;
    element->type = WASM_FUNCREF;
    if (flags & 1) {
        element->initializer = flags & 2 ? WASM_INITIALIZER_DECLARED : WASM_INITIALIZER_PASSIVE;
    } else {
        table = flags & 2 ? wasm_read_u32(reader) : 0;
        if (!wasm_failed(reader) && table >= loader->image->tables.count)
            wasm_fail(reader, WASM_INVALID, "unknown table");
        struct wasm_constant place = wasm_read_constant(loader, WASM_I32);
        element->initializer = place.initializer;
        element->value = (uint32_t)place.value;
        element->table = (uint16_t)table;
    }
    if (flags & 3) {
        if (expressions)
            element->type = wasm_read_reference_type(reader);
        else if (wasm_read_byte(reader) != 0)
            wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "malformed element kind");
    }
    if (!(flags & 1) && !wasm_failed(reader) && wasm_image_tables(loader->image)[table].type != element->type)
        wasm_fail(reader, WASM_INVALID, "type mismatch between a table and an element segment");
    uint32_t count = wasm_read_count(reader, WASM_MAXIMUM_SEGMENT_ELEMENTS - loader->segment_elements,
                                     "more elements in segments than the limit");
    loader->segment_elements += count;
    struct wasm_array place;
    uint32_t *items = wasm_image_allocate(loader, &place, count, sizeof *items);
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++)
        items[i] = expressions ? read_item(loader, element->type) : read_function_index(loader);
    if (!wasm_failed(reader)) {
        element->count = count;
        element->items = place.offset;
    }
}

void wasm_load_elements(struct wasm_loader *loader) {
    struct wasm_reader *reader = &loader->reader;
    uint32_t count = wasm_read_count(reader, WASM_MAXIMUM_SEGMENTS, "more element segments than the limit");
    struct wasm_image_element *elements =
        wasm_image_allocate(loader, &loader->image->elements, count, sizeof *elements);
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++)
        read_element(loader, &elements[i]);
}

void wasm_open_table(struct wasm_loader *loader, uint32_t table) {
    ((struct wasm_image_table *)wasm_image_tables(loader->image))[table].is_open = 1;
}

/// True if an active segment's items are functions of this instance, null, or host functions, and if they fit
/// the table that nothing else fills.
static bool is_constant(const struct wasm_image *image, const struct wasm_image_element *element) {
    const struct wasm_image_table *table = &wasm_image_tables(image)[element->table];
    if (element->initializer != WASM_INITIALIZER_VALUE ||
        (uint64_t)(uint32_t)element->value + element->count > table->minimum)
        return false;
    const uint32_t *items = wasm_image_at(image, element->items);
    for (uint32_t i = 0; i < element->count; i++) {
        bool is_function = items[i] == WASM_NONE || items[i] < image->functions.count;
        // An import that is not the host's may be a function of another instance.
        if (!is_function ||
            (items[i] < image->imported_functions && wasm_image_functions(image)[items[i]].code == WASM_NONE))
            return false;
    }
    return true;
}

void wasm_find_constant_tables(struct wasm_loader *loader) {
    if (wasm_failed(&loader->reader))
        return;
    struct wasm_image *image = loader->image;
    struct wasm_image_table *tables = (struct wasm_image_table *)wasm_image_tables(image);
    const struct wasm_image_element *elements = wasm_image_elements(image);
    for (uint32_t i = 0; i < image->elements.count; i++) {
        const struct wasm_image_element *element = &elements[i];
        if (element->initializer == WASM_INITIALIZER_PASSIVE ||
            element->initializer == WASM_INITIALIZER_DECLARED || element->table < image->imported_tables)
            continue;
        struct wasm_image_table *table = &tables[element->table];
        // A second segment of the same table opens it, whatever the first one said.
        bool is_first = table->segment == WASM_NONE;
        table->segment = !table->is_open && is_first && is_constant(image, element) ? i : WASM_NONE;
        if (table->segment == WASM_NONE)
            table->is_open = 1;
    }
}

void wasm_load_data(struct wasm_loader *loader) {
    struct wasm_reader *reader = &loader->reader;
    uint32_t count = wasm_read_count(reader, WASM_MAXIMUM_SEGMENTS, "more data segments than the limit");
    if (loader->has_data_count && count != loader->data_count)
        wasm_fail(reader, WASM_MALFORMED, "data count and data section have inconsistent lengths");
    uint32_t *positions = NULL;
    if (loader->options->omit_data)
        loader->image->data.count = count; // instructions still name segments
    else
        positions = wasm_image_allocate(loader, &loader->image->data, count, sizeof *positions);
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++) {
        if (positions != NULL)
            positions[i] = reader->position;
        uint32_t flags = wasm_read_u32(reader);
        if (flags > 2)
            wasm_fail(reader, WASM_MALFORMED, "malformed data segment kind");
        if (flags != 1) {
            uint32_t memory = flags == 2 ? wasm_read_u32(reader) : 0;
            if (!wasm_failed(reader) && memory >= loader->image->memory_count)
                wasm_fail(reader, WASM_INVALID, "unknown memory");
            wasm_read_constant(loader, WASM_I32);
        }
        wasm_skip(reader, wasm_read_u32(reader));
    }
}

struct wasm_data_segment wasm_data_at(const wasm_image *image, const uint8_t *bytes, uint32_t index) {
    wasm_error none = {.status = WASM_OK};
    struct wasm_reader reader = {
        .bytes = bytes, .position = wasm_image_data(image)[index], .end = image->module_size, .error = &none};
    struct wasm_data_segment data = {.initializer = WASM_INITIALIZER_PASSIVE};
    uint32_t flags = wasm_read_u32(&reader);
    if (flags == 2)
        wasm_read_u32(&reader);
    if (flags != 1) {
        struct wasm_instruction place, end;
        wasm_read_instruction(&reader, &place);
        wasm_read_instruction(&reader, &end);
        bool global = place.opcode == WASM_OPCODE_global_get;
        data.initializer = global ? WASM_INITIALIZER_GLOBAL : WASM_INITIALIZER_VALUE;
        data.value = global ? place.index : (uint32_t)place.value;
    }
    data.length = wasm_read_u32(&reader);
    data.position = reader.position;
    return data;
}

/// The name section (7.4.1) has subsections; number 1 maps function indices, in ascending order, to names.
void wasm_load_names(struct wasm_loader *loader) {
    enum { FUNCTION_NAMES = 1 };
    if (wasm_failed(&loader->reader) || !loader->names.present)
        return;
    // A reader with an error of its own: whatever is wrong in here only costs names.
    wasm_error ignored = {.status = WASM_OK};
    struct wasm_reader reader = loader->reader;
    reader.error = &ignored;
    reader.position = loader->names.position;
    reader.end = loader->names.end;
    while (reader.position < reader.end && ignored.status == WASM_OK) {
        uint8_t id = wasm_read_byte(&reader);
        uint32_t size = wasm_read_u32(&reader);
        if (id != FUNCTION_NAMES) {
            wasm_skip(&reader, size);
            continue;
        }
        uint32_t count = wasm_read_count(&reader, WASM_MAXIMUM_FUNCTIONS, "");
        struct wasm_names *names = &loader->image->names;
        names->position = reader.position;
        for (uint32_t next = 0; names->count < count; names->count++) {
            uint32_t function = wasm_read_u32(&reader);
            wasm_read_name(&reader);
            if (ignored.status != WASM_OK || function < next || function >= loader->image->functions.count)
                return;
            next = function + 1;
        }
        return;
    }
}
