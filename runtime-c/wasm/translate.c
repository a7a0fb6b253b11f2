// SPDX-License-Identifier: Apache-2.0
//
// Translation of validated function bodies into bytecode, in one pass over each body: the walk over the
// instructions, and the ones that need no more than a few units. Operands are handled by emit.c, combinations
// by combine.c, control flow by control.c. Code that nothing can reach is skipped. A function that is too
// long for labels of 16 bits is translated once more, with far ones; so is all code if a call's distance
// needs more than 24 bits.
#include "emit.h"

static void emit_global(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t imported = translator->image->imported_globals;
    bool is_set = instruction->opcode == WASM_OPCODE_global_set;
    if (instruction->index >= imported) {
        if (is_set)
            wasm_emit_global_set(translator, instruction->index - imported);
        else
            wasm_emit_global_get(translator, instruction->index - imported);
        return;
    }
    uint16_t source = is_set ? wasm_take_operand(translator) : home_of(translator, translator->operand_count);
    uint32_t start = translator->position;
    wasm_emit_operation(translator,
                        is_set ? WASM_OPERATION_imported_global_set : WASM_OPERATION_imported_global_get);
    wasm_emit_unit(translator, source);
    wasm_emit_unit(translator, instruction->index);
    if (!is_set)
        wasm_push_result(translator, start, start + 1);
}

static void emit_select(struct translator *translator) {
    uint16_t condition = wasm_take_operand(translator);
    uint16_t otherwise = wasm_take_operand(translator);
    uint16_t then = wasm_take_operand(translator);
    uint32_t start = translator->position;
    wasm_emit_operation(translator, WASM_OPERATION_select);
    wasm_emit_unit(translator, home_of(translator, translator->operand_count));
    wasm_emit_unit(translator, then);
    wasm_emit_unit(translator, otherwise);
    wasm_emit_unit(translator, condition);
    wasm_push_result(translator, start, start + 1);
}

static void emit_memory_three(struct translator *translator, uint32_t operation) {
    uint16_t third = wasm_take_operand(translator);
    uint16_t second = wasm_take_operand(translator);
    uint16_t first = wasm_take_operand(translator);
    wasm_emit_operation(translator, operation);
    wasm_emit_unit(translator, first);
    wasm_emit_unit(translator, second);
    wasm_emit_unit(translator, third);
}

/// Operations whose operands are in consecutive slots. They name one thing, or two with `second`.
static void emit_block_operation(struct translator *translator, uint32_t operation, uint32_t operands,
                                 uint32_t results, uint32_t index) {
    uint16_t base = wasm_exchange_operands(translator, operands, results);
    wasm_emit_operation(translator, operation);
    wasm_emit_unit(translator, base);
    wasm_emit_unit(translator, index);
}

static void translate_bulk(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t index = instruction->index;
    uint32_t start;
    switch (instruction->opcode) {
    case WASM_OPCODE_memory_size:
        start = translator->position;
        wasm_emit_operation(translator, WASM_OPERATION_memory_size);
        wasm_emit_unit(translator, home_of(translator, translator->operand_count));
        wasm_push_result(translator, start, start + 1);
        break;
    case WASM_OPCODE_memory_grow: {
        uint16_t delta = wasm_take_operand(translator);
        start = translator->position;
        wasm_emit_operation(translator, WASM_OPERATION_memory_grow);
        wasm_emit_unit(translator, home_of(translator, translator->operand_count));
        wasm_emit_unit(translator, delta);
        wasm_push_result(translator, start, start + 1);
        break;
    }
    case WASM_OPCODE_memory_copy:
        emit_memory_three(translator, WASM_OPERATION_memory_copy);
        break;
    case WASM_OPCODE_memory_fill:
        emit_memory_three(translator, WASM_OPERATION_memory_fill);
        break;
    case WASM_OPCODE_memory_init:
        translator->image->names_data = 1;
        emit_block_operation(translator, WASM_OPERATION_memory_init, 3, 0, index);
        break;
    case WASM_OPCODE_data_drop:
        translator->image->names_data = 1;
        wasm_emit_operation(translator, WASM_OPERATION_data_drop);
        wasm_emit_unit(translator, index);
        break;
    case WASM_OPCODE_elem_drop:
        wasm_emit_operation(translator, WASM_OPERATION_elem_drop);
        wasm_emit_unit(translator, index);
        break;
    case WASM_OPCODE_table_get:
        wasm_open_table(translator->loader, index);
        emit_block_operation(translator, WASM_OPERATION_table_get, 1, 1, index);
        break;
    case WASM_OPCODE_table_set:
        wasm_open_table(translator->loader, index);
        emit_block_operation(translator, WASM_OPERATION_table_set, 2, 0, index);
        break;
    case WASM_OPCODE_table_size:
        emit_block_operation(translator, WASM_OPERATION_table_size, 0, 1, index);
        break;
    case WASM_OPCODE_table_grow:
        wasm_open_table(translator->loader, index);
        emit_block_operation(translator, WASM_OPERATION_table_grow, 2, 1, index);
        break;
    case WASM_OPCODE_table_fill:
        wasm_open_table(translator->loader, index);
        emit_block_operation(translator, WASM_OPERATION_table_fill, 3, 0, index);
        break;
    case WASM_OPCODE_table_copy:
    case WASM_OPCODE_table_init:
        if (instruction->opcode == WASM_OPCODE_table_copy)
            wasm_open_table(translator->loader, index);
        wasm_open_table(translator->loader, instruction->second);
        emit_block_operation(translator,
                             instruction->opcode == WASM_OPCODE_table_copy ? WASM_OPERATION_table_copy
                                                                           : WASM_OPERATION_table_init,
                             3, 0, index);
        wasm_emit_unit(translator, instruction->second);
        break;
    }
}

static void translate_plain(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t start;
    switch (instruction->opcode) {
    case WASM_OPCODE_nop:
        break;
    case WASM_OPCODE_unreachable:
        wasm_emit_operation(translator, WASM_OPERATION_unreachable);
        wasm_end_reachable(translator);
        break;
    case WASM_OPCODE_block:
    case WASM_OPCODE_loop:
    case WASM_OPCODE_if:
        wasm_begin_block(translator, instruction);
        break;
    case WASM_OPCODE_else:
        wasm_begin_else(translator);
        break;
    case WASM_OPCODE_end:
        wasm_end_block(translator);
        break;
    case WASM_OPCODE_br:
        wasm_emit_branch(translator, wasm_block_at(translator, instruction->index));
        wasm_end_reachable(translator);
        break;
    case WASM_OPCODE_br_if:
        wasm_emit_branch_if(translator, wasm_block_at(translator, instruction->index));
        break;
    case WASM_OPCODE_br_table:
        wasm_emit_branch_table(translator, instruction->index);
        break;
    case WASM_OPCODE_return:
        wasm_emit_return(translator);
        wasm_end_reachable(translator);
        break;
    case WASM_OPCODE_call:
        wasm_emit_call(translator, instruction->index);
        break;
    case WASM_OPCODE_call_indirect:
        wasm_emit_call_indirect(translator, instruction);
        break;
    case WASM_OPCODE_drop:
        wasm_pop_operand(translator);
        break;
    case WASM_OPCODE_select:
    case WASM_OPCODE_select_typed:
        emit_select(translator);
        break;
    case WASM_OPCODE_local_get:
        wasm_push_local(translator, instruction->index);
        break;
    case WASM_OPCODE_local_set:
        wasm_set_local(translator, instruction->index);
        break;
    case WASM_OPCODE_local_tee:
        wasm_set_local(translator, instruction->index);
        wasm_push_local(translator, instruction->index);
        break;
    case WASM_OPCODE_global_get:
    case WASM_OPCODE_global_set:
        emit_global(translator, instruction);
        break;
    case WASM_OPCODE_ref_null:
        wasm_push_constant(translator, 0);
        break;
    case WASM_OPCODE_ref_is_null:
        wasm_emit_unary(translator, WASM_OPCODE_i64_eqz); // a null reference is 0
        break;
    case WASM_OPCODE_ref_func:
        start = translator->position;
        wasm_emit_operation(translator, WASM_OPERATION_ref_func);
        wasm_emit_unit(translator, home_of(translator, translator->operand_count));
        wasm_emit_32(translator, instruction->index);
        wasm_push_result(translator, start, start + 1);
        break;
    default:
        translate_bulk(translator, instruction);
        break;
    }
}

static void translate_instruction(struct translator *translator, const struct wasm_instruction *instruction) {
    switch ((enum wasm_group)wasm_descriptors[instruction->opcode].group) {
    case WASM_GROUP_ILLEGAL:
    case WASM_GROUP_REINTERPRET: // the slot's bits are the result's already
        break;
    case WASM_GROUP_PLAIN:
        translate_plain(translator, instruction);
        break;
    case WASM_GROUP_CONSTANT:
        wasm_push_constant(translator, instruction->value);
        break;
    case WASM_GROUP_LOAD:
        wasm_emit_load(translator, instruction);
        break;
    case WASM_GROUP_STORE:
        wasm_emit_store(translator, instruction);
        break;
    case WASM_GROUP_UNARY:
    case WASM_GROUP_TRUNCATE:
        wasm_emit_unary(translator, instruction->opcode);
        break;
    case WASM_GROUP_BINARY:
    case WASM_GROUP_FLOAT_BINARY:
    case WASM_GROUP_DIVIDE:
    case WASM_GROUP_COMPARE:
    case WASM_GROUP_FLOAT_COMPARE:
        wasm_emit_binary(translator, instruction->opcode);
        break;
    }
}

/// Reads over unreachable instructions, up to the `else` or `end` of the innermost block, which it
/// translates.
static void skip_unreachable(struct translator *translator) {
    uint32_t nesting = 0;
    while (!wasm_failed(&translator->reader)) {
        struct wasm_instruction instruction;
        wasm_read_instruction(&translator->reader, &instruction);
        switch (instruction.opcode) {
        case WASM_OPCODE_block:
        case WASM_OPCODE_loop:
        case WASM_OPCODE_if:
            nesting++;
            break;
        case WASM_OPCODE_br_table:
            for (uint32_t i = 0; i <= instruction.index; i++)
                wasm_read_u32(&translator->reader);
            break;
        case WASM_OPCODE_else:
            if (nesting == 0) {
                wasm_begin_else(translator);
                return;
            }
            break;
        case WASM_OPCODE_end:
            if (nesting == 0) {
                wasm_end_block(translator);
                return;
            }
            nesting--;
            break;
        }
    }
}

static void begin_function(struct translator *translator, uint32_t function) {
    struct wasm_reader *reader = &translator->reader;
    translator->function = function;
    translator->type = wasm_type_of(translator->image, function);
    translator->operand_count = 0;
    translator->deepest = 0;
    translator->pending_locals = 0;
    translator->last.start = WASM_NONE;
    translator->meter_field = 0;

    reader->position = translator->loader->next_body;
    reader->end = translator->loader->sections[WASM_SECTION_CODE].end;
    wasm_read_u32(reader);
    translator->local_count = translator->type->parameter_count;
    for (uint32_t groups = wasm_read_u32(reader); groups != 0; groups--) {
        translator->local_count += wasm_read_u32(reader);
        wasm_read_type(reader);
    }
    for (uint32_t i = 0; i < translator->local_count; i++)
        translator->local_heads[i] = WASM_NONE;

    translator->blocks[0] =
        (struct block){.result_count = translator->type->result_count, .opcode = WASM_OPCODE_block};
    translator->block_count = 1;
}

/// Writes a function's code, up to a label that is too far.
static void translate_body(struct translator *translator, uint32_t function) {
    begin_function(translator, function);
    for (uint32_t i = 0; i < WASM_ENTRY_UNITS; i++)
        wasm_emit_unit(translator, 0);
    wasm_begin_piece(translator);
    while (translator->block_count != 0 && !translator->too_far && !wasm_failed(&translator->reader)) {
        if (wasm_block_at(translator, 0)->unreachable) {
            skip_unreachable(translator);
            continue;
        }
        struct wasm_instruction instruction;
        wasm_read_instruction(&translator->reader, &instruction);
        translator->meter_count++;
        translate_instruction(translator, &instruction);
    }
    if (translator->meter_field != 0)
        wasm_patch_32(translator, translator->meter_field, translator->meter_count);
}

static void translate_function(struct translator *translator, uint32_t function) {
    uint32_t entry = translator->position;
    wasm_resolve_calls(translator, function);
    translator->functions[function].code =
        translator->image->code.offset + entry * (uint32_t)sizeof(uint16_t);
    translator->far_labels = false;
    translator->too_far = false;
    translate_body(translator, function);
    if (translator->too_far && !wasm_failed(&translator->reader)) {
        wasm_take_back_calls(translator, entry);
        translator->position = entry;
        translator->far_labels = true;
        translator->too_far = false;
        translate_body(translator, function);
    }
    if (wasm_failed(&translator->reader))
        return;
    uint32_t slots = translator->local_count + translator->deepest;
    if (slots < translator->type->result_count)
        slots = translator->type->result_count;
    const struct wasm_entry header = {
        .frame_slots = (uint16_t)slots,
        .zero_first = translator->type->parameter_count,
        .zero_count = (uint16_t)(translator->local_count - translator->type->parameter_count),
    };
    __builtin_memcpy(&translator->code[entry], &header, sizeof header);
}

static void translate_functions(struct translator *translator) {
    uint32_t first = translator->image->imported_functions;
    uint32_t end = translator->image->functions.count;
    translator->position = 0;
    for (uint32_t i = first; i < end; i++)
        translator->functions[i].code = 0; // no calls yet
    for (uint32_t i = first; i < end && !translator->calls_too_far && !wasm_failed(&translator->reader);
         i++) {
        translate_function(translator, i);
        // The last `end` that was read is the body's.
        translator->loader->next_body = translator->reader.position;
    }
}

void wasm_translate_code(struct wasm_loader *loader) {
    struct wasm_image *image = loader->image;
    wasm_image_allocate(loader, &image->code, 0, sizeof(uint16_t));
    loader->scratch_used = 0; // what validation needed is done with
    struct translator translator = {
        .loader = loader,
        .image = image,
        .functions = (struct wasm_image_function *)wasm_image_functions(image),
        .code = (uint16_t *)wasm_image_at(image, image->code.offset),
        .capacity = (uint32_t)((loader->image_capacity - image->size) / sizeof(uint16_t)),
        .operands =
            wasm_scratch_allocate(loader, (size_t)loader->deepest_operands + 1, sizeof(struct operand)),
        .local_heads = wasm_scratch_allocate(loader, loader->most_locals, sizeof(uint32_t)),
        .blocks = wasm_scratch_allocate(loader, (size_t)loader->deepest_nesting + 1, sizeof(struct block)),
    };
    if (wasm_failed(&loader->reader))
        return;
    // A position has to fit a distance in units, whatever the region's size.
    if ((loader->image_capacity - image->size) / sizeof(uint16_t) > INT32_MAX)
        translator.capacity = INT32_MAX;
    translator.reader = loader->reader;
    uint32_t bodies = loader->next_body;
    translate_functions(&translator);
    if (translator.calls_too_far) {
        translator.calls_too_far = false;
        translator.far_calls = true;
        loader->next_body = bodies;
        translate_functions(&translator);
    }
    image->code.count = translator.position;
    image->size += translator.position * (uint32_t)sizeof(uint16_t);
}
