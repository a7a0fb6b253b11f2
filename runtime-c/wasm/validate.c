// SPDX-License-Identifier: Apache-2.0
//
// Validation of function bodies by the algorithm of the specification's appendix 7.3: a stack of operand
// types and a stack of control frames, with an unknown type for what unreachable code would pop. Nothing here
// generates code, and the translator (translate.c) relies on every check made here.
#include "typing.h"

static bool check_index(struct validator *validator, uint32_t index, uint32_t count, const char *message) {
    if (index < count)
        return true;
    wasm_validation_fail(validator, WASM_INVALID, message);
    return false;
}

static void need_memory(struct validator *validator) {
    check_index(validator, 0, validator->image->memory_count, "unknown memory 0");
}

static void need_data_segment(struct validator *validator, uint32_t index) {
    if (check_index(validator, index, validator->image->data.count, "unknown data segment") &&
        !validator->loader->has_data_count)
        wasm_validation_fail(validator, WASM_MALFORMED, "data count section required");
}

/// The type of a table's elements, UNKNOWN if there is no such table.
static uint8_t table_type(struct validator *validator, uint32_t index) {
    if (!check_index(validator, index, validator->image->tables.count, "unknown table"))
        return UNKNOWN;
    return wasm_image_tables(validator->image)[index].type;
}

static uint8_t element_type(struct validator *validator, uint32_t index) {
    if (!check_index(validator, index, validator->image->elements.count, "unknown elem segment"))
        return UNKNOWN;
    return wasm_image_elements(validator->image)[index].type;
}

static void check_branch_table(struct validator *validator, uint32_t count) {
    wasm_pop_expecting(validator, WASM_I32);
    uint32_t arity = 0;
    for (uint32_t i = 0; i <= count && !wasm_failed(&validator->reader); i++) {
        struct types list =
            wasm_label_types(validator, wasm_label_at(validator, wasm_read_u32(&validator->reader)));
        if (i == 0)
            arity = list.count;
        else if (list.count != arity)
            wasm_type_mismatch(validator);
        wasm_check_top_types(validator, list);
    }
    wasm_set_unreachable(validator);
}

static void check_select(struct validator *validator) {
    wasm_pop_expecting(validator, WASM_I32);
    uint8_t first = wasm_pop_type(validator);
    uint8_t second = wasm_pop_type(validator);
    if (wasm_is_reference(first) || wasm_is_reference(second))
        wasm_type_mismatch(validator);
    if (first != second && first != UNKNOWN && second != UNKNOWN)
        wasm_type_mismatch(validator);
    wasm_push_type(validator, first == UNKNOWN ? second : first);
}

static void check_block_start(struct validator *validator, const struct wasm_instruction *instruction) {
    if (instruction->opcode == WASM_OPCODE_if)
        wasm_pop_expecting(validator, WASM_I32);
    if (instruction->block_type == WASM_BLOCK_BY_INDEX) {
        if (!check_index(validator, instruction->index, validator->image->types.count, "unknown type"))
            return;
        wasm_pop_types(validator, wasm_parameters_of(wasm_type_at(validator->image, instruction->index)));
    }
    wasm_push_control(validator, instruction->opcode, instruction->block_type, instruction->index);
}

static void check_else(struct validator *validator) {
    struct control *control = wasm_control_at(validator, 0);
    if (control->opcode != WASM_OPCODE_if) {
        wasm_validation_fail(validator, WASM_MALFORMED, "else without if");
        return;
    }
    wasm_check_block_end(validator);
    control->opcode = WASM_OPCODE_else;
    control->unreachable = false;
    wasm_push_types(validator, wasm_block_parameters(validator, control));
}

static void check_end(struct validator *validator) {
    struct control *control = wasm_control_at(validator, 0);
    struct types results = wasm_block_results(validator, control);
    wasm_check_block_end(validator);
    if (control->opcode == WASM_OPCODE_if) {
        // A missing else passes the parameters on as the results.
        struct types parameters = wasm_block_parameters(validator, control);
        if (parameters.count != results.count ||
            (results.count != 0 && __builtin_memcmp(parameters.types, results.types, results.count) != 0))
            wasm_type_mismatch(validator);
    }
    // The popped frame, which `results` may point into, stays intact until the next push_control.
    validator->control_count--;
    if (validator->control_count != 0)
        wasm_push_types(validator, results);
}

static void check_call_indirect(struct validator *validator, const struct wasm_instruction *instruction) {
    uint8_t type = table_type(validator, instruction->second);
    if (!check_index(validator, instruction->index, validator->image->types.count, "unknown type"))
        return;
    if (type != WASM_FUNCREF)
        wasm_type_mismatch(validator);
    const struct wasm_image_type *function = wasm_type_at(validator->image, instruction->index);
    wasm_pop_expecting(validator, WASM_I32);
    wasm_pop_types(validator, wasm_parameters_of(function));
    wasm_push_types(validator, wasm_results_of(function));
}

static void check_variable(struct validator *validator, const struct wasm_instruction *instruction) {
    uint8_t type;
    bool is_mutable = true;
    if (instruction->opcode == WASM_OPCODE_global_get || instruction->opcode == WASM_OPCODE_global_set) {
        if (!check_index(validator, instruction->index, validator->image->globals.count, "unknown global"))
            return;
        const struct wasm_image_global *global = &wasm_image_globals(validator->image)[instruction->index];
        type = global->type;
        is_mutable = global->is_mutable;
    } else {
        if (!check_index(validator, instruction->index, validator->local_count, "unknown local"))
            return;
        type = validator->locals[instruction->index];
    }
    switch (instruction->opcode) {
    case WASM_OPCODE_global_set:
        if (!is_mutable)
            wasm_validation_fail(validator, WASM_INVALID, "global is immutable");
        wasm_pop_expecting(validator, type);
        break;
    case WASM_OPCODE_local_set:
        wasm_pop_expecting(validator, type);
        break;
    case WASM_OPCODE_local_tee:
        wasm_pop_expecting(validator, type);
        wasm_push_type(validator, type);
        break;
    default: // local.get, global.get
        wasm_push_type(validator, type);
        break;
    }
}

static void check_bulk(struct validator *validator, const struct wasm_instruction *instruction) {
    uint8_t type;
    switch (instruction->opcode) {
    case WASM_OPCODE_memory_init:
    case WASM_OPCODE_memory_copy:
    case WASM_OPCODE_memory_fill:
        need_memory(validator);
        if (instruction->opcode == WASM_OPCODE_memory_init)
            need_data_segment(validator, instruction->index);
        for (int i = 0; i < 3; i++)
            wasm_pop_expecting(validator, WASM_I32);
        break;
    case WASM_OPCODE_data_drop:
        need_data_segment(validator, instruction->index);
        break;
    case WASM_OPCODE_elem_drop:
        element_type(validator, instruction->index);
        break;
    case WASM_OPCODE_table_init:
    case WASM_OPCODE_table_copy: {
        bool is_copy = instruction->opcode == WASM_OPCODE_table_copy;
        // table.copy names the destination first, table.init the segment.
        uint8_t first =
            is_copy ? table_type(validator, instruction->index) : element_type(validator, instruction->index);
        if (first != table_type(validator, instruction->second))
            wasm_type_mismatch(validator);
        for (int i = 0; i < 3; i++)
            wasm_pop_expecting(validator, WASM_I32);
        break;
    }
    case WASM_OPCODE_table_get:
        type = table_type(validator, instruction->index);
        wasm_pop_expecting(validator, WASM_I32);
        wasm_push_type(validator, type);
        break;
    case WASM_OPCODE_table_set:
        wasm_pop_expecting(validator, table_type(validator, instruction->index));
        wasm_pop_expecting(validator, WASM_I32);
        break;
    case WASM_OPCODE_table_size:
        table_type(validator, instruction->index);
        wasm_push_type(validator, WASM_I32);
        break;
    case WASM_OPCODE_table_grow:
        wasm_pop_expecting(validator, WASM_I32);
        wasm_pop_expecting(validator, table_type(validator, instruction->index));
        wasm_push_type(validator, WASM_I32);
        break;
    case WASM_OPCODE_table_fill:
        wasm_pop_expecting(validator, WASM_I32);
        wasm_pop_expecting(validator, table_type(validator, instruction->index));
        wasm_pop_expecting(validator, WASM_I32);
        break;
    default:
        wasm_validation_fail(validator, WASM_INVALID, "instruction without a rule");
        break;
    }
}

static void check_plain(struct validator *validator, const struct wasm_instruction *instruction) {
    const wasm_image *image = validator->image;
    switch (instruction->opcode) {
    case WASM_OPCODE_nop:
        break;
    case WASM_OPCODE_unreachable:
        wasm_set_unreachable(validator);
        break;
    case WASM_OPCODE_block:
    case WASM_OPCODE_loop:
    case WASM_OPCODE_if:
        check_block_start(validator, instruction);
        break;
    case WASM_OPCODE_else:
        check_else(validator);
        break;
    case WASM_OPCODE_end:
        check_end(validator);
        break;
    case WASM_OPCODE_br:
        wasm_check_top_types(validator,
                             wasm_label_types(validator, wasm_label_at(validator, instruction->index)));
        wasm_set_unreachable(validator);
        break;
    case WASM_OPCODE_br_if: {
        wasm_pop_expecting(validator, WASM_I32);
        // Popped and pushed, not only checked: afterwards the operands have the label's types.
        struct types list = wasm_label_types(validator, wasm_label_at(validator, instruction->index));
        wasm_pop_types(validator, list);
        wasm_push_types(validator, list);
        break;
    }
    case WASM_OPCODE_br_table:
        check_branch_table(validator, instruction->index);
        break;
    case WASM_OPCODE_return:
        wasm_check_top_types(
            validator,
            wasm_block_results(validator, wasm_control_at(validator, validator->control_count - 1)));
        wasm_set_unreachable(validator);
        break;
    case WASM_OPCODE_call:
        if (check_index(validator, instruction->index, image->functions.count, "unknown function")) {
            const struct wasm_image_type *type = wasm_type_of(image, instruction->index);
            wasm_pop_types(validator, wasm_parameters_of(type));
            wasm_push_types(validator, wasm_results_of(type));
        }
        break;
    case WASM_OPCODE_call_indirect:
        check_call_indirect(validator, instruction);
        break;
    case WASM_OPCODE_drop:
        wasm_pop_type(validator);
        break;
    case WASM_OPCODE_select:
        check_select(validator);
        break;
    case WASM_OPCODE_select_typed:
        if (instruction->index != 1) {
            wasm_validation_fail(validator, WASM_INVALID, "invalid result arity");
            break;
        }
        wasm_pop_expecting(validator, WASM_I32);
        wasm_pop_expecting(validator, instruction->type);
        wasm_pop_expecting(validator, instruction->type);
        wasm_push_type(validator, instruction->type);
        break;
    case WASM_OPCODE_local_get:
    case WASM_OPCODE_local_set:
    case WASM_OPCODE_local_tee:
    case WASM_OPCODE_global_get:
    case WASM_OPCODE_global_set:
        check_variable(validator, instruction);
        break;
    case WASM_OPCODE_memory_size:
        need_memory(validator);
        wasm_push_type(validator, WASM_I32);
        break;
    case WASM_OPCODE_memory_grow:
        need_memory(validator);
        wasm_pop_expecting(validator, WASM_I32);
        wasm_push_type(validator, WASM_I32);
        break;
    case WASM_OPCODE_ref_null:
        wasm_push_type(validator, instruction->type);
        break;
    case WASM_OPCODE_ref_is_null: {
        uint8_t type = wasm_pop_type(validator);
        if (type != UNKNOWN && !wasm_is_reference(type))
            wasm_type_mismatch(validator);
        wasm_push_type(validator, WASM_I32);
        break;
    }
    case WASM_OPCODE_ref_func:
        if (check_index(validator, instruction->index, image->functions.count, "unknown function") &&
            !wasm_function_is_declared(validator->loader, instruction->index))
            wasm_validation_fail(validator, WASM_INVALID, "undeclared function reference");
        wasm_push_type(validator, WASM_FUNCREF);
        break;
    default:
        check_bulk(validator, instruction);
        break;
    }
}

static void check_instruction(struct validator *validator, const struct wasm_instruction *instruction) {
    const struct wasm_descriptor *descriptor = &wasm_descriptors[instruction->opcode];
    switch ((enum wasm_group)descriptor->group) {
    case WASM_GROUP_ILLEGAL: // the reader has refused it
        return;
    case WASM_GROUP_PLAIN:
        check_plain(validator, instruction);
        return;
    case WASM_GROUP_CONSTANT:
        break;
    case WASM_GROUP_LOAD:
    case WASM_GROUP_STORE:
        need_memory(validator);
        if (instruction->index >= 32 || (1u << instruction->index) > descriptor->width)
            wasm_validation_fail(validator, WASM_INVALID, "alignment must not be larger than natural");
        if (descriptor->group == WASM_GROUP_STORE)
            wasm_pop_expecting(validator, descriptor->operand);
        wasm_pop_expecting(validator, WASM_I32);
        break;
    case WASM_GROUP_BINARY:
    case WASM_GROUP_FLOAT_BINARY:
    case WASM_GROUP_DIVIDE:
    case WASM_GROUP_COMPARE:
    case WASM_GROUP_FLOAT_COMPARE:
        wasm_pop_expecting(validator, descriptor->operand);
        /* fall through */
    case WASM_GROUP_UNARY:
    case WASM_GROUP_REINTERPRET:
    case WASM_GROUP_TRUNCATE:
        wasm_pop_expecting(validator, descriptor->operand);
        break;
    }
    if (descriptor->result != 0)
        wasm_push_type(validator, descriptor->result);
}

/// The declarations before a body's instructions (5.4.13), behind the parameters.
static void read_locals(struct validator *validator, const struct wasm_image_type *type) {
    struct wasm_reader *reader = &validator->reader;
    struct wasm_loader *loader = validator->loader;
    uint32_t groups = wasm_read_count(reader, UINT32_MAX, "");
    struct wasm_reader ahead = *reader;
    uint64_t total = type->parameter_count;
    for (uint32_t i = 0; i < groups && !wasm_failed(reader); i++) {
        total += wasm_read_u32(&ahead);
        wasm_read_type(&ahead);
        if (total > UINT32_MAX)
            wasm_fail(&ahead, WASM_MALFORMED, "too many locals");
    }
    if (total > WASM_MAXIMUM_LOCALS)
        wasm_fail(&ahead, WASM_LIMIT, "a function with more locals than the limit");
    validator->locals = wasm_scratch_allocate(loader, (size_t)total, 1);
    if (wasm_failed(reader))
        return;
    if (type->parameter_count != 0)
        __builtin_memcpy(validator->locals, type->types, type->parameter_count);
    uint32_t next = type->parameter_count;
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t count = wasm_read_u32(reader);
        uint8_t local_type = wasm_read_type(reader);
        __builtin_memset(validator->locals + next, local_type, count);
        next += count;
    }
    validator->local_count = next;
    if (next > loader->most_locals)
        loader->most_locals = next;
}

/// A body that cannot be decoded to its end is malformed, even if an instruction before the broken one is
/// invalid.
static void prefer_malformed(struct validator *validator, struct wasm_reader body) {
    wasm_error error = {.status = WASM_OK};
    body.error = &error;
    for (uint32_t groups = wasm_read_u32(&body); groups != 0 && error.status == WASM_OK; groups--) {
        wasm_read_u32(&body);
        wasm_read_type(&body);
    }
    uint32_t depth = 1;
    while (depth != 0 && error.status == WASM_OK) {
        struct wasm_instruction instruction;
        wasm_read_instruction(&body, &instruction);
        if (instruction.opcode == WASM_OPCODE_block || instruction.opcode == WASM_OPCODE_loop ||
            instruction.opcode == WASM_OPCODE_if)
            depth++;
        else if (instruction.opcode == WASM_OPCODE_end)
            depth--;
        else if (instruction.opcode == WASM_OPCODE_br_table)
            for (uint32_t i = 0; i <= instruction.index && error.status == WASM_OK; i++)
                wasm_read_u32(&body);
    }
    if (error.status == WASM_MALFORMED)
        *validator->reader.error = error;
}

/// Checks the body that the reader stands before, and leaves the reader behind it.
static void validate_function(struct validator *validator, uint32_t function) {
    struct wasm_loader *loader = validator->loader;
    struct wasm_reader *reader = &validator->reader;
    const struct wasm_image_function *record = &wasm_image_functions(validator->image)[function];
    reader->end = loader->sections[WASM_SECTION_CODE].end;
    uint32_t size = wasm_read_u32(reader);
    reader->end = reader->position + size;
    struct wasm_reader body = *reader;

    size_t scratch_before = loader->scratch_used;
    loader->reader = *reader; // so that scratch allocation sees and reports failures at the right place
    read_locals(validator, wasm_type_at(validator->image, record->type));
    validator->operands = loader->scratch + loader->scratch_used;
    validator->operand_count = 0;
    uintptr_t scratch_end = (uintptr_t)(loader->scratch + loader->scratch_capacity);
    validator->controls_end = (struct control *)(scratch_end & ~(uintptr_t)7);
    validator->control_count = 0;
    // The body is a block that yields the function's results. Its parameters are locals, not operands.
    if (!wasm_failed(reader) && wasm_has_room(validator)) {
        wasm_push_control(validator, WASM_OPCODE_block, WASM_BLOCK_EMPTY, 0);
        if (!wasm_failed(reader)) {
            wasm_control_at(validator, 0)->block_type = WASM_BLOCK_BY_INDEX;
            wasm_control_at(validator, 0)->index = record->type;
        }
    }
    while (!wasm_failed(reader) && validator->control_count != 0) {
        struct wasm_instruction instruction;
        wasm_read_instruction(reader, &instruction);
        if (!wasm_failed(reader))
            check_instruction(validator, &instruction);
    }
    if (reader->position != reader->end)
        wasm_validation_fail(validator, WASM_MALFORMED, "END opcode expected");
    if (reader->error->status == WASM_INVALID)
        prefer_malformed(validator, body);
    loader->scratch_used = scratch_before;
}

void wasm_validate_code(struct wasm_loader *loader) {
    struct validator validator = {.loader = loader, .image = loader->image, .reader = loader->reader};
    const wasm_image *image = loader->image;
    validator.reader.position = loader->next_body;
    for (uint32_t i = image->imported_functions; i < image->functions.count && !wasm_failed(&loader->reader);
         i++)
        validate_function(&validator, i);
}
