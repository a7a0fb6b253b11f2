// SPDX-License-Identifier: Apache-2.0
//
// Validation of function bodies by the algorithm of the specification's appendix 7.3: a stack of operand
// types and a stack of control frames, with an unknown type for what unreachable code would pop. Nothing here
// generates code, and the translator (translate.c) relies on every check made here.
#include "loader.h"
#include "operations.h"

enum { UNKNOWN = 0 };

/// A block being checked. The outermost one is the function's body.
struct control {
    uint32_t height; // operands below it
    uint32_t index;  // of its function type, if block_type is WASM_BLOCK_BY_INDEX
    uint16_t opcode;
    uint8_t block_type;
    uint8_t unreachable;
};

struct validator {
    struct wasm_loader *loader;
    const wasm_image *image;
    struct wasm_reader reader;
    uint8_t *locals;
    uint32_t local_count;
    // Operand types grow up from the start of the free scratch memory, control frames down from its end.
    uint8_t *operands;
    uint32_t operand_count;
    struct control *controls_end;
    uint32_t control_count;
};

/// A list of value types.
struct types {
    const uint8_t *types;
    uint32_t count;
};

static void fail(struct validator *validator, wasm_status status, const char *message) {
    wasm_fail(&validator->reader, status, message);
}

static void mismatch(struct validator *validator) {
    fail(validator, WASM_INVALID, "type mismatch");
}

/// The control frame `depth` labels out; 0 is the innermost.
static struct control *control_at(struct validator *validator, uint32_t depth) {
    return validator->controls_end - validator->control_count + depth;
}

static bool has_room(struct validator *validator) {
    uintptr_t operands = (uintptr_t)(validator->operands + validator->operand_count + 1);
    uintptr_t controls = (uintptr_t)(validator->controls_end - validator->control_count - 1);
    if (operands > controls)
        fail(validator, WASM_OUT_OF_MEMORY, "the scratch region for loading is too small");
    return !wasm_failed(&validator->reader);
}

static void push(struct validator *validator, uint8_t type) {
    if (!has_room(validator))
        return;
    validator->operands[validator->operand_count++] = type;
    if (validator->operand_count > validator->loader->deepest_operands)
        validator->loader->deepest_operands = validator->operand_count;
    if (validator->local_count + validator->operand_count > WASM_MAXIMUM_FRAME_SLOTS)
        fail(validator, WASM_LIMIT, "a function with more locals and operands than the limit");
}

static void push_all(struct validator *validator, struct types list) {
    for (uint32_t i = 0; i < list.count; i++)
        push(validator, list.types[i]);
}

static uint8_t pop(struct validator *validator) {
    struct control *control = control_at(validator, 0);
    if (validator->operand_count == control->height) {
        if (!control->unreachable)
            mismatch(validator);
        return UNKNOWN;
    }
    return validator->operands[--validator->operand_count];
}

static uint8_t pop_expecting(struct validator *validator, uint8_t expected) {
    uint8_t type = pop(validator);
    if (type != expected && type != UNKNOWN && expected != UNKNOWN)
        mismatch(validator);
    return type;
}

static void pop_all(struct validator *validator, struct types list) {
    for (uint32_t i = list.count; i > 0; i--)
        pop_expecting(validator, list.types[i - 1]);
}

/// Checks that the topmost operands have these types, and leaves them there.
static void check_top(struct validator *validator, struct types list) {
    const struct control *control = control_at(validator, 0);
    uint32_t available = validator->operand_count - control->height;
    for (uint32_t i = 0; i < list.count; i++) {
        if (i >= available) {
            if (!control->unreachable)
                mismatch(validator);
            return;
        }
        uint8_t type = validator->operands[validator->operand_count - 1 - i];
        if (type != list.types[list.count - 1 - i] && type != UNKNOWN)
            mismatch(validator);
    }
}

static struct types parameters_of(const struct wasm_image_type *type) {
    return (struct types){type->types, type->parameter_count};
}

static struct types results_of(const struct wasm_image_type *type) {
    return (struct types){type->types + type->parameter_count, type->result_count};
}

static struct types block_parameters(const struct validator *validator, const struct control *control) {
    if (control->block_type == WASM_BLOCK_BY_INDEX)
        return parameters_of(wasm_type_at(validator->image, control->index));
    return (struct types){NULL, 0};
}

static struct types block_results(const struct validator *validator, const struct control *control) {
    if (control->block_type == WASM_BLOCK_BY_INDEX)
        return results_of(wasm_type_at(validator->image, control->index));
    return (struct types){&control->block_type, control->block_type != WASM_BLOCK_EMPTY};
}

/// What a branch to this block carries.
static struct types label_types(const struct validator *validator, const struct control *control) {
    return control->opcode == WASM_OPCODE_loop ? block_parameters(validator, control)
                                               : block_results(validator, control);
}

static void push_control(struct validator *validator, uint16_t opcode, uint8_t block_type, uint32_t index) {
    // Room for the frame and one more, because has_room counts in operands at one end and frames at the
    // other.
    validator->control_count++;
    if (!has_room(validator)) {
        validator->control_count--;
        return;
    }
    if (validator->control_count > WASM_MAXIMUM_NESTING)
        fail(validator, WASM_LIMIT, "blocks nested more deeply than the limit");
    if (validator->control_count > validator->loader->deepest_nesting)
        validator->loader->deepest_nesting = validator->control_count;
    struct control *control = control_at(validator, 0);
    *control = (struct control){
        .height = validator->operand_count, .index = index, .opcode = opcode, .block_type = block_type};
    push_all(validator, block_parameters(validator, control));
}

static void set_unreachable(struct validator *validator) {
    struct control *control = control_at(validator, 0);
    validator->operand_count = control->height;
    control->unreachable = true;
}

/// Checks the results of the innermost block, at its end or at `else`.
static void close_block(struct validator *validator) {
    struct control *control = control_at(validator, 0);
    pop_all(validator, block_results(validator, control));
    if (validator->operand_count != control->height)
        mismatch(validator);
}

static struct control *label_at(struct validator *validator, uint32_t depth) {
    if (depth < validator->control_count)
        return control_at(validator, depth);
    fail(validator, WASM_INVALID, "unknown label");
    return control_at(validator, validator->control_count - 1);
}

static bool check_index(struct validator *validator, uint32_t index, uint32_t count, const char *message) {
    if (index < count)
        return true;
    fail(validator, WASM_INVALID, message);
    return false;
}

static void need_memory(struct validator *validator) {
    check_index(validator, 0, validator->image->memory_count, "unknown memory 0");
}

static void need_data_segment(struct validator *validator, uint32_t index) {
    if (check_index(validator, index, validator->image->data.count, "unknown data segment") &&
        !validator->loader->has_data_count)
        fail(validator, WASM_MALFORMED, "data count section required");
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
    pop_expecting(validator, WASM_I32);
    uint32_t arity = 0;
    for (uint32_t i = 0; i <= count && !wasm_failed(&validator->reader); i++) {
        struct types list = label_types(validator, label_at(validator, wasm_read_u32(&validator->reader)));
        if (i == 0)
            arity = list.count;
        else if (list.count != arity)
            mismatch(validator);
        check_top(validator, list);
    }
    set_unreachable(validator);
}

static void check_select(struct validator *validator) {
    pop_expecting(validator, WASM_I32);
    uint8_t first = pop(validator);
    uint8_t second = pop(validator);
    if (wasm_is_reference(first) || wasm_is_reference(second))
        mismatch(validator);
    if (first != second && first != UNKNOWN && second != UNKNOWN)
        mismatch(validator);
    push(validator, first == UNKNOWN ? second : first);
}

static void check_block_start(struct validator *validator, const struct wasm_instruction *instruction) {
    if (instruction->opcode == WASM_OPCODE_if)
        pop_expecting(validator, WASM_I32);
    if (instruction->block_type == WASM_BLOCK_BY_INDEX) {
        if (!check_index(validator, instruction->index, validator->image->types.count, "unknown type"))
            return;
        pop_all(validator, parameters_of(wasm_type_at(validator->image, instruction->index)));
    }
    push_control(validator, instruction->opcode, instruction->block_type, instruction->index);
}

static void check_else(struct validator *validator) {
    struct control *control = control_at(validator, 0);
    if (control->opcode != WASM_OPCODE_if) {
        fail(validator, WASM_MALFORMED, "else without if");
        return;
    }
    close_block(validator);
    control->opcode = WASM_OPCODE_else;
    control->unreachable = false;
    push_all(validator, block_parameters(validator, control));
}

static void check_end(struct validator *validator) {
    struct control *control = control_at(validator, 0);
    struct types results = block_results(validator, control);
    close_block(validator);
    if (control->opcode == WASM_OPCODE_if) {
        // A missing else passes the parameters on as the results.
        struct types parameters = block_parameters(validator, control);
        if (parameters.count != results.count ||
            (results.count != 0 && __builtin_memcmp(parameters.types, results.types, results.count) != 0))
            mismatch(validator);
    }
    // The popped frame, which `results` may point into, stays intact until the next push_control.
    validator->control_count--;
    if (validator->control_count != 0)
        push_all(validator, results);
}

static void check_call_indirect(struct validator *validator, const struct wasm_instruction *instruction) {
    uint8_t type = table_type(validator, instruction->second);
    if (!check_index(validator, instruction->index, validator->image->types.count, "unknown type"))
        return;
    if (type != WASM_FUNCREF)
        mismatch(validator);
    const struct wasm_image_type *function = wasm_type_at(validator->image, instruction->index);
    pop_expecting(validator, WASM_I32);
    pop_all(validator, parameters_of(function));
    push_all(validator, results_of(function));
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
            fail(validator, WASM_INVALID, "global is immutable");
        pop_expecting(validator, type);
        break;
    case WASM_OPCODE_local_set:
        pop_expecting(validator, type);
        break;
    case WASM_OPCODE_local_tee:
        pop_expecting(validator, type);
        push(validator, type);
        break;
    default: // local.get, global.get
        push(validator, type);
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
            pop_expecting(validator, WASM_I32);
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
            mismatch(validator);
        for (int i = 0; i < 3; i++)
            pop_expecting(validator, WASM_I32);
        break;
    }
    case WASM_OPCODE_table_get:
        type = table_type(validator, instruction->index);
        pop_expecting(validator, WASM_I32);
        push(validator, type);
        break;
    case WASM_OPCODE_table_set:
        pop_expecting(validator, table_type(validator, instruction->index));
        pop_expecting(validator, WASM_I32);
        break;
    case WASM_OPCODE_table_size:
        table_type(validator, instruction->index);
        push(validator, WASM_I32);
        break;
    case WASM_OPCODE_table_grow:
        pop_expecting(validator, WASM_I32);
        pop_expecting(validator, table_type(validator, instruction->index));
        push(validator, WASM_I32);
        break;
    case WASM_OPCODE_table_fill:
        pop_expecting(validator, WASM_I32);
        pop_expecting(validator, table_type(validator, instruction->index));
        pop_expecting(validator, WASM_I32);
        break;
    default:
        fail(validator, WASM_INVALID, "instruction without a rule");
        break;
    }
}

static void check_plain(struct validator *validator, const struct wasm_instruction *instruction) {
    const wasm_image *image = validator->image;
    switch (instruction->opcode) {
    case WASM_OPCODE_nop:
        break;
    case WASM_OPCODE_unreachable:
        set_unreachable(validator);
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
        check_top(validator, label_types(validator, label_at(validator, instruction->index)));
        set_unreachable(validator);
        break;
    case WASM_OPCODE_br_if: {
        pop_expecting(validator, WASM_I32);
        // Popped and pushed, not only checked: afterwards the operands have the label's types.
        struct types list = label_types(validator, label_at(validator, instruction->index));
        pop_all(validator, list);
        push_all(validator, list);
        break;
    }
    case WASM_OPCODE_br_table:
        check_branch_table(validator, instruction->index);
        break;
    case WASM_OPCODE_return:
        check_top(validator, block_results(validator, control_at(validator, validator->control_count - 1)));
        set_unreachable(validator);
        break;
    case WASM_OPCODE_call:
        if (check_index(validator, instruction->index, image->functions.count, "unknown function")) {
            const struct wasm_image_type *type = wasm_type_of(image, instruction->index);
            pop_all(validator, parameters_of(type));
            push_all(validator, results_of(type));
        }
        break;
    case WASM_OPCODE_call_indirect:
        check_call_indirect(validator, instruction);
        break;
    case WASM_OPCODE_drop:
        pop(validator);
        break;
    case WASM_OPCODE_select:
        check_select(validator);
        break;
    case WASM_OPCODE_select_typed:
        if (instruction->index != 1) {
            fail(validator, WASM_INVALID, "invalid result arity");
            break;
        }
        pop_expecting(validator, WASM_I32);
        pop_expecting(validator, instruction->type);
        pop_expecting(validator, instruction->type);
        push(validator, instruction->type);
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
        push(validator, WASM_I32);
        break;
    case WASM_OPCODE_memory_grow:
        need_memory(validator);
        pop_expecting(validator, WASM_I32);
        push(validator, WASM_I32);
        break;
    case WASM_OPCODE_ref_null:
        push(validator, instruction->type);
        break;
    case WASM_OPCODE_ref_is_null: {
        uint8_t type = pop(validator);
        if (type != UNKNOWN && !wasm_is_reference(type))
            mismatch(validator);
        push(validator, WASM_I32);
        break;
    }
    case WASM_OPCODE_ref_func:
        if (check_index(validator, instruction->index, image->functions.count, "unknown function") &&
            !wasm_function_is_declared(validator->loader, instruction->index))
            fail(validator, WASM_INVALID, "undeclared function reference");
        push(validator, WASM_FUNCREF);
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
            fail(validator, WASM_INVALID, "alignment must not be larger than natural");
        if (descriptor->group == WASM_GROUP_STORE)
            pop_expecting(validator, descriptor->operand);
        pop_expecting(validator, WASM_I32);
        break;
    case WASM_GROUP_BINARY:
    case WASM_GROUP_FLOAT_BINARY:
    case WASM_GROUP_DIVIDE:
    case WASM_GROUP_COMPARE:
    case WASM_GROUP_FLOAT_COMPARE:
        pop_expecting(validator, descriptor->operand);
        /* fall through */
    case WASM_GROUP_UNARY:
    case WASM_GROUP_REINTERPRET:
    case WASM_GROUP_TRUNCATE:
        pop_expecting(validator, descriptor->operand);
        break;
    }
    if (descriptor->result != 0)
        push(validator, descriptor->result);
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

static void validate_function(struct validator *validator, uint32_t function) {
    struct wasm_loader *loader = validator->loader;
    struct wasm_reader *reader = &validator->reader;
    const struct wasm_image_function *record = &wasm_image_functions(validator->image)[function];
    reader->position = record->body;
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
    if (!wasm_failed(reader) && has_room(validator)) {
        push_control(validator, WASM_OPCODE_block, WASM_BLOCK_EMPTY, 0);
        if (!wasm_failed(reader)) {
            control_at(validator, 0)->block_type = WASM_BLOCK_BY_INDEX;
            control_at(validator, 0)->index = record->type;
        }
    }
    while (!wasm_failed(reader) && validator->control_count != 0) {
        struct wasm_instruction instruction;
        wasm_read_instruction(reader, &instruction);
        if (!wasm_failed(reader))
            check_instruction(validator, &instruction);
    }
    if (reader->position != reader->end)
        fail(validator, WASM_MALFORMED, "END opcode expected");
    if (reader->error->status == WASM_INVALID)
        prefer_malformed(validator, body);
    loader->scratch_used = scratch_before;
}

void wasm_validate_code(struct wasm_loader *loader) {
    struct validator validator = {.loader = loader, .image = loader->image, .reader = loader->reader};
    const wasm_image *image = loader->image;
    for (uint32_t i = image->imported_functions; i < image->functions.count && !wasm_failed(&loader->reader);
         i++)
        validate_function(&validator, i);
}
