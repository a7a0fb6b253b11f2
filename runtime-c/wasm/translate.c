// SPDX-License-Identifier: Apache-2.0
//
// Translation of validated function bodies into bytecode, in one pass over each body. Operands are handled by
// emit.c; here are blocks, branches, calls, and the instructions that have a rule of their own. Code that
// nothing can reach is skipped.
#include "emit.h"

static struct block *block_at(struct translator *translator, uint32_t depth) {
    return &translator->blocks[translator->block_count - 1 - depth];
}

/// Metering: every straight piece of code begins with an operation that charges for all of its instructions.
static void begin_piece(struct translator *translator) {
    if (!translator->loader->options->meter)
        return;
    if (translator->meter_field != 0)
        write_32(translator, translator->meter_field, translator->meter_count);
    emit_operation(translator, WASM_OPERATION_meter);
    translator->meter_field = translator->position;
    translator->meter_count = 0;
    emit_32(translator, 0);
}

// ------------------------------------------------------------------------------------------------ branches

/// Emits a return with the function's results, which are the topmost operands. Their entries do not change.
static void emit_return(struct translator *translator) {
    uint32_t count = translator->type->result_count;
    uint32_t first = translator->operand_count - count;
    if (count == 0) {
        emit_operation(translator, WASM_OPERATION_return_none);
        return;
    }
    if (count == 1) {
        struct operand operand = translator->operands[first];
        if (operand.kind == OPERAND_CONSTANT && operand.value <= UINT32_MAX) {
            emit_operation(translator, WASM_OPERATION_return_constant);
            emit_32(translator, (uint32_t)operand.value);
            return;
        }
        uint16_t slot = slot_of(translator, operand, first);
        emit_operation(translator, WASM_OPERATION_return_one);
        emit_unit(translator, slot);
        return;
    }
    // Results go to the frame's first slots, where parameters may be: all of them are put in their homes
    // before.
    for (uint32_t i = 0; i < count; i++)
        move_operand(translator, translator->operands[first + i], first + i, home_of(translator, first + i));
    emit_operation(translator, WASM_OPERATION_return_many);
    emit_unit(translator, home_of(translator, first));
    emit_unit(translator, count);
}

static uint32_t label_arity(const struct block *block) {
    return block->opcode == WASM_OPCODE_loop ? block->parameter_count : block->result_count;
}

/// True if a branch to this block has to move operands, or returns: it cannot be a label alone.
static bool needs_moves(const struct translator *translator, const struct block *block) {
    if (block == &translator->blocks[0])
        return true;
    uint32_t count = label_arity(block);
    uint32_t first = translator->operand_count - count;
    if (count == 0)
        return false;
    if (first != block->height)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (translator->operands[first + i].kind != OPERAND_TEMPORARY)
            return true;
    return false;
}

static void emit_label(struct translator *translator, struct block *block) {
    if (block->opcode == WASM_OPCODE_loop)
        emit_32(translator, block->label - translator->position);
    else
        emit_chained(translator, &block->label);
}

/// Emits an unconditional branch with the operands it carries. Their entries do not change.
static void emit_branch(struct translator *translator, struct block *block) {
    if (block == &translator->blocks[0]) {
        emit_return(translator);
        return;
    }
    // In ascending order: an operand's home is never below its destination, so nothing is overwritten before
    // it is read.
    uint32_t count = label_arity(block);
    uint32_t first = translator->operand_count - count;
    for (uint32_t i = 0; i < count; i++)
        move_operand(translator, translator->operands[first + i], first + i,
                     home_of(translator, block->height + i));
    emit_operation(translator, WASM_OPERATION_branch);
    emit_label(translator, block);
}

static void emit_branch_if(struct translator *translator, struct block *block) {
    struct operand condition = pop_operand(translator);
    if (!needs_moves(translator, block)) {
        emit_condition(translator, condition, false);
        emit_label(translator, block);
    } else {
        uint32_t over = 0;
        emit_condition(translator, condition, true);
        emit_chained(translator, &over);
        emit_branch(translator, block);
        resolve_chain(translator, over, translator->position);
    }
    bind_label(translator);
    begin_piece(translator);
}

/// Nothing gets behind this point before the innermost block's end or `else`.
static void end_reachable(struct translator *translator) {
    struct block *block = block_at(translator, 0);
    while (translator->operand_count > block->height)
        pop_operand(translator);
    block->unreachable = true;
}

static void emit_branch_table(struct translator *translator, uint32_t count) {
    uint16_t index = take(translator);
    emit_operation(translator, WASM_OPERATION_branch_table);
    emit_unit(translator, index);
    emit_32(translator, count);
    struct wasm_reader labels = translator->reader;
    for (uint32_t i = 0; i <= count && !wasm_failed(&translator->reader); i++) {
        struct block *block = block_at(translator, wasm_read_u32(&translator->reader));
        if (needs_moves(translator, block))
            emit_chained(translator, &block->stub_chain);
        else
            emit_label(translator, block);
    }
    // Behind the table, for each block that needs it, one piece of code that moves the operands and branches.
    for (uint32_t i = 0; i <= count && !wasm_failed(&translator->reader); i++) {
        struct block *block = block_at(translator, wasm_read_u32(&labels));
        if (block->stub_chain == 0)
            continue;
        resolve_chain(translator, block->stub_chain, translator->position);
        block->stub_chain = 0;
        emit_branch(translator, block);
    }
    end_reachable(translator);
}

// ------------------------------------------------------------------------------------------------ blocks

static void begin_block(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t parameters = 0;
    uint32_t results = instruction->block_type != WASM_BLOCK_EMPTY;
    if (instruction->block_type == WASM_BLOCK_BY_INDEX) {
        const struct wasm_image_type *type = wasm_type_at(translator->image, instruction->index);
        parameters = type->parameter_count;
        results = type->result_count;
    }
    uint32_t else_chain = 0;
    if (instruction->opcode == WASM_OPCODE_if) {
        struct operand condition = pop_operand(translator);
        struct last_operation last = translator->last;
        uint32_t before = translator->position;
        settle(translator, parameters);
        settle_locals(translator);
        // The condition may have been waiting in the last operation. If nothing had to be settled it still
        // is; else it is in its home, or a local or constant, which settling does not touch.
        if (translator->position == before)
            translator->last = last;
        emit_condition(translator, condition, true);
        emit_chained(translator, &else_chain);
    } else {
        settle(translator, parameters);
        settle_locals(translator);
    }
    bind_label(translator);
    translator->blocks[translator->block_count++] = (struct block){
        .height = translator->operand_count - parameters,
        .label = instruction->opcode == WASM_OPCODE_loop ? translator->position : 0,
        .else_chain = else_chain,
        .parameter_count = (uint16_t)parameters,
        .result_count = (uint16_t)results,
        .opcode = instruction->opcode,
    };
    if (instruction->opcode != WASM_OPCODE_block)
        begin_piece(translator);
}

static void push_temporaries(struct translator *translator, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        push_temporary(translator);
}

static void begin_else(struct translator *translator) {
    struct block *block = block_at(translator, 0);
    if (!block->unreachable) {
        emit_branch(translator, block);
        end_reachable(translator);
    }
    resolve_chain(translator, block->else_chain, translator->position);
    bind_label(translator);
    block->else_chain = 0;
    block->unreachable = false;
    push_temporaries(translator, block->parameter_count);
    begin_piece(translator);
}

/// Ends a block. The results are then operands of the block around it.
static void end_block(struct translator *translator) {
    struct block *block = block_at(translator, 0);
    if (block == &translator->blocks[0]) {
        if (!block->unreachable)
            emit_return(translator);
        translator->block_count = 0;
        return;
    }
    bool reachable = !block->unreachable || block->else_chain != 0;
    if (!block->unreachable) {
        settle(translator, block->result_count);
        end_reachable(translator);
    }
    if (block->opcode != WASM_OPCODE_loop) {
        reachable |= block->label != 0;
        resolve_chain(translator, block->label, translator->position);
        resolve_chain(translator, block->else_chain, translator->position);
    }
    bind_label(translator);
    translator->block_count--;
    if (!reachable) {
        end_reachable(translator);
        return;
    }
    push_temporaries(translator, block->result_count);
    begin_piece(translator);
}

// ------------------------------------------------------------------------------------------------ calls

/// Replaces the operands of a call, which are settled, by its results; gives the slot where both begin.
static uint16_t exchange_operands(struct translator *translator, uint32_t parameters, uint32_t results) {
    settle(translator, parameters);
    translator->operand_count -= parameters;
    uint16_t base = home_of(translator, translator->operand_count);
    push_temporaries(translator, results);
    return base;
}

static void emit_call(struct translator *translator, uint32_t function) {
    const struct wasm_image_type *type = wasm_type_of(translator->image, function);
    struct wasm_image_function *record = &translator->functions[function];
    uint16_t base = exchange_operands(translator, type->parameter_count, type->result_count);
    bool imported = function < translator->image->imported_functions;
    bool bound = imported && record->code != WASM_NONE;
    emit_operation(translator, bound      ? WASM_OPERATION_call_host
                               : imported ? WASM_OPERATION_call_import
                                          : WASM_OPERATION_call);
    emit_unit(translator, base);
    if (bound) {
        emit_unit(translator, type->result_count);
        emit_unit(translator, record->code);
    } else if (imported) {
        emit_unit(translator, type->result_count);
        emit_32(translator, record->body);
    } else if (function > translator->function) {
        // Not translated yet: until then `code` is the chain of its callers.
        emit_chained(translator, &record->code);
    } else {
        uint32_t entry = (record->code - translator->image->code.offset) / (uint32_t)sizeof(uint16_t);
        emit_32(translator, entry - translator->position);
    }
}

static void emit_call_indirect(struct translator *translator, const struct wasm_instruction *instruction) {
    const struct wasm_image_type *type = wasm_type_at(translator->image, instruction->index);
    uint16_t index = take(translator);
    uint16_t base = exchange_operands(translator, type->parameter_count, type->result_count);
    emit_operation(translator, WASM_OPERATION_call_indirect);
    emit_unit(translator, base);
    emit_unit(translator, index);
    emit_unit(translator, instruction->second);
    emit_32(translator, type->canonical); // as in the functions' records
}

// ------------------------------------------------------------------------------------------------ the rest

static void emit_global(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t imported = translator->image->imported_globals;
    bool is_set = instruction->opcode == WASM_OPCODE_global_set;
    if (instruction->index >= imported) {
        if (is_set)
            emit_global_set(translator, instruction->index - imported);
        else
            emit_global_get(translator, instruction->index - imported);
        return;
    }
    uint16_t source = is_set ? take(translator) : home_of(translator, translator->operand_count);
    uint32_t start = translator->position;
    emit_operation(translator,
                   is_set ? WASM_OPERATION_imported_global_set : WASM_OPERATION_imported_global_get);
    emit_unit(translator, source);
    emit_unit(translator, instruction->index);
    if (!is_set)
        push_result(translator, start, start + 1);
}

static void emit_select(struct translator *translator) {
    uint16_t condition = take(translator);
    uint16_t otherwise = take(translator);
    uint16_t then = take(translator);
    uint32_t start = translator->position;
    emit_operation(translator, WASM_OPERATION_select);
    emit_unit(translator, home_of(translator, translator->operand_count));
    emit_unit(translator, then);
    emit_unit(translator, otherwise);
    emit_unit(translator, condition);
    push_result(translator, start, start + 1);
}

static void emit_memory_three(struct translator *translator, uint32_t operation) {
    uint16_t third = take(translator);
    uint16_t second = take(translator);
    uint16_t first = take(translator);
    emit_operation(translator, operation);
    emit_unit(translator, first);
    emit_unit(translator, second);
    emit_unit(translator, third);
}

/// Operations whose operands are in consecutive slots. They name one thing, or two with `second`.
static void emit_block_operation(struct translator *translator, uint32_t operation, uint32_t operands,
                                 uint32_t results, uint32_t index) {
    uint16_t base = exchange_operands(translator, operands, results);
    emit_operation(translator, operation);
    emit_unit(translator, base);
    emit_unit(translator, index);
}

static void translate_bulk(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t index = instruction->index;
    uint32_t start;
    switch (instruction->opcode) {
    case WASM_OPCODE_memory_size:
        start = translator->position;
        emit_operation(translator, WASM_OPERATION_memory_size);
        emit_unit(translator, home_of(translator, translator->operand_count));
        push_result(translator, start, start + 1);
        break;
    case WASM_OPCODE_memory_grow: {
        uint16_t delta = take(translator);
        start = translator->position;
        emit_operation(translator, WASM_OPERATION_memory_grow);
        emit_unit(translator, home_of(translator, translator->operand_count));
        emit_unit(translator, delta);
        push_result(translator, start, start + 1);
        break;
    }
    case WASM_OPCODE_memory_copy:
        emit_memory_three(translator, WASM_OPERATION_memory_copy);
        break;
    case WASM_OPCODE_memory_fill:
        emit_memory_three(translator, WASM_OPERATION_memory_fill);
        break;
    case WASM_OPCODE_memory_init:
        emit_block_operation(translator, WASM_OPERATION_memory_init, 3, 0, index);
        break;
    case WASM_OPCODE_data_drop:
        emit_operation(translator, WASM_OPERATION_data_drop);
        emit_unit(translator, index);
        break;
    case WASM_OPCODE_elem_drop:
        emit_operation(translator, WASM_OPERATION_elem_drop);
        emit_unit(translator, index);
        break;
    case WASM_OPCODE_table_get:
        emit_block_operation(translator, WASM_OPERATION_table_get, 1, 1, index);
        break;
    case WASM_OPCODE_table_set:
        emit_block_operation(translator, WASM_OPERATION_table_set, 2, 0, index);
        break;
    case WASM_OPCODE_table_size:
        emit_block_operation(translator, WASM_OPERATION_table_size, 0, 1, index);
        break;
    case WASM_OPCODE_table_grow:
        emit_block_operation(translator, WASM_OPERATION_table_grow, 2, 1, index);
        break;
    case WASM_OPCODE_table_fill:
        emit_block_operation(translator, WASM_OPERATION_table_fill, 3, 0, index);
        break;
    case WASM_OPCODE_table_copy:
    case WASM_OPCODE_table_init:
        emit_block_operation(translator,
                             instruction->opcode == WASM_OPCODE_table_copy ? WASM_OPERATION_table_copy
                                                                           : WASM_OPERATION_table_init,
                             3, 0, index);
        emit_unit(translator, instruction->second);
        break;
    }
}

static void translate_plain(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t start;
    switch (instruction->opcode) {
    case WASM_OPCODE_nop:
        break;
    case WASM_OPCODE_unreachable:
        emit_operation(translator, WASM_OPERATION_unreachable);
        end_reachable(translator);
        break;
    case WASM_OPCODE_block:
    case WASM_OPCODE_loop:
    case WASM_OPCODE_if:
        begin_block(translator, instruction);
        break;
    case WASM_OPCODE_else:
        begin_else(translator);
        break;
    case WASM_OPCODE_end:
        end_block(translator);
        break;
    case WASM_OPCODE_br:
        emit_branch(translator, block_at(translator, instruction->index));
        end_reachable(translator);
        break;
    case WASM_OPCODE_br_if:
        emit_branch_if(translator, block_at(translator, instruction->index));
        break;
    case WASM_OPCODE_br_table:
        emit_branch_table(translator, instruction->index);
        break;
    case WASM_OPCODE_return:
        emit_return(translator);
        end_reachable(translator);
        break;
    case WASM_OPCODE_call:
        emit_call(translator, instruction->index);
        break;
    case WASM_OPCODE_call_indirect:
        emit_call_indirect(translator, instruction);
        break;
    case WASM_OPCODE_drop:
        pop_operand(translator);
        break;
    case WASM_OPCODE_select:
    case WASM_OPCODE_select_typed:
        emit_select(translator);
        break;
    case WASM_OPCODE_local_get:
        push_local(translator, instruction->index);
        break;
    case WASM_OPCODE_local_set:
        set_local(translator, instruction->index);
        break;
    case WASM_OPCODE_local_tee:
        set_local(translator, instruction->index);
        push_local(translator, instruction->index);
        break;
    case WASM_OPCODE_global_get:
    case WASM_OPCODE_global_set:
        emit_global(translator, instruction);
        break;
    case WASM_OPCODE_ref_null:
        push_constant(translator, 0);
        break;
    case WASM_OPCODE_ref_is_null:
        emit_unary(translator, WASM_OPCODE_i64_eqz); // a null reference is 0
        break;
    case WASM_OPCODE_ref_func:
        start = translator->position;
        emit_operation(translator, WASM_OPERATION_ref_func);
        emit_unit(translator, home_of(translator, translator->operand_count));
        emit_32(translator, instruction->index);
        push_result(translator, start, start + 1);
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
        push_constant(translator, instruction->value);
        break;
    case WASM_GROUP_LOAD:
        emit_load(translator, instruction);
        break;
    case WASM_GROUP_STORE:
        emit_store(translator, instruction);
        break;
    case WASM_GROUP_UNARY:
    case WASM_GROUP_TRUNCATE:
        emit_unary(translator, instruction->opcode);
        break;
    case WASM_GROUP_BINARY:
    case WASM_GROUP_FLOAT_BINARY:
    case WASM_GROUP_DIVIDE:
    case WASM_GROUP_COMPARE:
    case WASM_GROUP_FLOAT_COMPARE:
        emit_binary(translator, instruction->opcode);
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
                begin_else(translator);
                return;
            }
            break;
        case WASM_OPCODE_end:
            if (nesting == 0) {
                end_block(translator);
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

    reader->position = translator->functions[function].body;
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

static void translate_function(struct translator *translator, uint32_t function) {
    begin_function(translator, function);
    uint32_t entry = translator->position;
    resolve_chain(translator, translator->functions[function].code, entry);
    translator->functions[function].code =
        translator->image->code.offset + entry * (uint32_t)sizeof(uint16_t);
    for (uint32_t i = 0; i < WASM_ENTRY_UNITS; i++)
        emit_unit(translator, 0);
    begin_piece(translator);
    while (translator->block_count != 0 && !wasm_failed(&translator->reader)) {
        if (block_at(translator, 0)->unreachable) {
            skip_unreachable(translator);
            continue;
        }
        struct wasm_instruction instruction;
        wasm_read_instruction(&translator->reader, &instruction);
        translator->meter_count++;
        translate_instruction(translator, &instruction);
    }
    if (translator->meter_field != 0)
        write_32(translator, translator->meter_field, translator->meter_count);
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
    for (uint32_t i = image->imported_functions; i < image->functions.count && !wasm_failed(&loader->reader);
         i++)
        translate_function(&translator, i);
    image->code.count = translator.position;
    image->size += translator.position * (uint32_t)sizeof(uint16_t);
}
