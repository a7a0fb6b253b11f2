// SPDX-License-Identifier: Apache-2.0
//
// Translation of structured control flow: blocks become labels and branches, operands move where blocks want
// them, and calls find their arguments beside each other, where the callee's frame begins.
#include "emit.h"

struct block *wasm_block_at(struct translator *translator, uint32_t depth) {
    return &translator->blocks[translator->block_count - 1 - depth];
}

/// Metering: every straight piece of code begins with an operation that charges for all of its instructions.
void wasm_begin_piece(struct translator *translator) {
    if (!translator->loader->options->meter)
        return;
    if (translator->meter_field != 0)
        wasm_patch_32(translator, translator->meter_field, translator->meter_count);
    wasm_emit_operation(translator, WASM_OPERATION_meter);
    translator->meter_field = translator->position;
    translator->meter_count = 0;
    wasm_emit_32(translator, 0);
}

// ------------------------------------------------------------------------------------------------ branches

/// Emits a return with the function's results, which are the topmost operands. Their entries do not change.
void wasm_emit_return(struct translator *translator) {
    uint32_t count = translator->type->result_count;
    uint32_t first = translator->operand_count - count;
    if (count == 0) {
        wasm_emit_operation(translator, WASM_OPERATION_return_none);
        return;
    }
    if (count == 1) {
        struct operand operand = translator->operands[first];
        if (operand.kind == OPERAND_CONSTANT && operand.value <= UINT32_MAX) {
            bool small = operand.value <= UINT16_MAX;
            wasm_emit_operation(translator, small ? WASM_OPERATION_return_constant_16
                                                  : WASM_OPERATION_return_constant_32);
            wasm_emit_unit(translator, operand.value & 0xFFFF);
            if (!small)
                wasm_emit_unit(translator, (uint32_t)operand.value >> 16);
            return;
        }
        uint16_t slot = wasm_operand_slot(translator, operand, first);
        wasm_emit_operation(translator, WASM_OPERATION_return_one);
        wasm_emit_unit(translator, slot);
        return;
    }
    // Results go to the frame's first slots, where parameters may be: all of them are put in their homes
    // before.
    for (uint32_t i = 0; i < count; i++)
        wasm_move_operand(translator, translator->operands[first + i], first + i,
                          home_of(translator, first + i));
    wasm_emit_operation(translator, WASM_OPERATION_return_many);
    wasm_emit_unit(translator, home_of(translator, first));
    wasm_emit_unit(translator, count);
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
        wasm_emit_label(translator, block->label);
    else
        wasm_emit_chained(translator, &block->label);
}

/// Emits the label of a condition that skips what is emitted until end_skip. That is always near.
static uint32_t begin_skip(struct translator *translator) {
    uint32_t label = translator->position;
    wasm_emit_unit(translator, 0);
    return label;
}

static void end_skip(struct translator *translator, uint32_t label) {
    if (!wasm_failed(&translator->reader))
        translator->code[label] = (uint16_t)(translator->position - label);
}

// What is skipped at most: a constant for each result, and a branch or return.
_Static_assert(WASM_MAXIMUM_PARAMETERS * 6 + 3 < INT16_MAX, "a skip must fit a label");

static void emit_branch_operation(struct translator *translator) {
    wasm_emit_operation(translator,
                        translator->far_labels ? WASM_OPERATION_branch_far : WASM_OPERATION_branch);
}

/// Emits an unconditional branch with the operands it carries. Their entries do not change.
void wasm_emit_branch(struct translator *translator, struct block *block) {
    if (block == &translator->blocks[0]) {
        wasm_emit_return(translator);
        return;
    }
    // In ascending order: an operand's home is never below its destination, so nothing is overwritten before
    // it is read.
    uint32_t count = label_arity(block);
    uint32_t first = translator->operand_count - count;
    for (uint32_t i = 0; i < count; i++)
        wasm_move_operand(translator, translator->operands[first + i], first + i,
                          home_of(translator, block->height + i));
    emit_branch_operation(translator);
    emit_label(translator, block);
}

void wasm_emit_branch_if(struct translator *translator, struct block *block) {
    struct operand condition = wasm_pop_operand(translator);
    if (!translator->far_labels && !needs_moves(translator, block)) {
        wasm_emit_condition(translator, condition, false);
        emit_label(translator, block);
    } else {
        wasm_emit_condition(translator, condition, true);
        uint32_t skip = begin_skip(translator);
        wasm_emit_branch(translator, block);
        end_skip(translator, skip);
    }
    wasm_bind_label(translator);
    wasm_begin_piece(translator);
}

/// Nothing gets behind this point before the innermost block's end or `else`.
void wasm_end_reachable(struct translator *translator) {
    struct block *block = wasm_block_at(translator, 0);
    while (translator->operand_count > block->height)
        wasm_pop_operand(translator);
    block->unreachable = true;
}

void wasm_emit_branch_table(struct translator *translator, uint32_t count) {
    uint16_t index = wasm_take_operand(translator);
    wasm_emit_operation(translator, translator->far_labels ? WASM_OPERATION_branch_table_far
                                                           : WASM_OPERATION_branch_table);
    wasm_emit_unit(translator, index);
    wasm_emit_unit(translator, count);
    struct wasm_reader labels = translator->reader;
    for (uint32_t i = 0; i <= count && !wasm_failed(&translator->reader); i++) {
        struct block *block = wasm_block_at(translator, wasm_read_u32(&translator->reader));
        if (needs_moves(translator, block))
            wasm_emit_chained(translator, &block->stub_chain);
        else
            emit_label(translator, block);
    }
    // Behind the table, for each block that needs it, one piece of code that moves the operands and branches.
    for (uint32_t i = 0; i <= count && !wasm_failed(&translator->reader); i++) {
        struct block *block = wasm_block_at(translator, wasm_read_u32(&labels));
        if (block->stub_chain == 0)
            continue;
        wasm_resolve_chain(translator, block->stub_chain, translator->position);
        block->stub_chain = 0;
        wasm_emit_branch(translator, block);
    }
    wasm_end_reachable(translator);
}

// ------------------------------------------------------------------------------------------------ blocks

void wasm_begin_block(struct translator *translator, const struct wasm_instruction *instruction) {
    uint32_t parameters = 0;
    uint32_t results = instruction->block_type != WASM_BLOCK_EMPTY;
    if (instruction->block_type == WASM_BLOCK_BY_INDEX) {
        const struct wasm_image_type *type = wasm_type_at(translator->image, instruction->index);
        parameters = type->parameter_count;
        results = type->result_count;
    }
    uint32_t else_chain = 0;
    if (instruction->opcode == WASM_OPCODE_if) {
        struct operand condition = wasm_pop_operand(translator);
        struct last_operation last = translator->last;
        uint32_t before = translator->position;
        wasm_settle(translator, parameters);
        wasm_settle_locals(translator);
        // The condition may have been waiting in the last operation. If nothing had to be settled it still
        // is; else it is in its home, or a local or constant, which settling does not touch.
        if (translator->position == before)
            translator->last = last;
        wasm_emit_condition(translator, condition, !translator->far_labels);
        if (translator->far_labels) {
            uint32_t skip = begin_skip(translator);
            emit_branch_operation(translator);
            wasm_emit_chained(translator, &else_chain);
            end_skip(translator, skip);
        } else {
            wasm_emit_chained(translator, &else_chain);
        }
    } else {
        wasm_settle(translator, parameters);
        wasm_settle_locals(translator);
    }
    wasm_bind_label(translator);
    translator->blocks[translator->block_count++] = (struct block){
        .height = translator->operand_count - parameters,
        .label = instruction->opcode == WASM_OPCODE_loop ? translator->position : 0,
        .else_chain = else_chain,
        .parameter_count = (uint16_t)parameters,
        .result_count = (uint16_t)results,
        .opcode = instruction->opcode,
    };
    if (instruction->opcode != WASM_OPCODE_block)
        wasm_begin_piece(translator);
}

void wasm_push_temporaries(struct translator *translator, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        wasm_push_temporary(translator);
}

void wasm_begin_else(struct translator *translator) {
    struct block *block = wasm_block_at(translator, 0);
    if (!block->unreachable) {
        wasm_emit_branch(translator, block);
        wasm_end_reachable(translator);
    }
    wasm_resolve_chain(translator, block->else_chain, translator->position);
    wasm_bind_label(translator);
    block->else_chain = 0;
    block->unreachable = false;
    wasm_push_temporaries(translator, block->parameter_count);
    wasm_begin_piece(translator);
}

/// Ends a block. The results are then operands of the block around it.
void wasm_end_block(struct translator *translator) {
    struct block *block = wasm_block_at(translator, 0);
    if (block == &translator->blocks[0]) {
        if (!block->unreachable)
            wasm_emit_return(translator);
        translator->block_count = 0;
        return;
    }
    bool reachable = !block->unreachable || block->else_chain != 0;
    if (!block->unreachable) {
        wasm_settle(translator, block->result_count);
        wasm_end_reachable(translator);
    }
    if (block->opcode != WASM_OPCODE_loop) {
        reachable |= block->label != 0;
        wasm_resolve_chain(translator, block->label, translator->position);
        wasm_resolve_chain(translator, block->else_chain, translator->position);
    }
    wasm_bind_label(translator);
    translator->block_count--;
    if (!reachable) {
        wasm_end_reachable(translator);
        return;
    }
    wasm_push_temporaries(translator, block->result_count);
    wasm_begin_piece(translator);
}

// ------------------------------------------------------------------------------------------------ calls

/// Replaces the operands of a call, which are settled, by its results; gives the slot where both begin.
uint16_t wasm_exchange_operands(struct translator *translator, uint32_t parameters, uint32_t results) {
    wasm_settle(translator, parameters);
    translator->operand_count -= parameters;
    uint16_t base = home_of(translator, translator->operand_count);
    wasm_push_temporaries(translator, results);
    return base;
}

#define LONGEST_CALL ((1u << (31 - WASM_CALL_SLOT_BITS)) - 1)

/// A call whose slot and distance fit 32 bits together. Puts the first argument in its place, unless the
/// operand is there.
static void emit_near_call(struct translator *translator, uint32_t function, uint32_t base,
                           struct operand first) {
    struct wasm_image_function *record = &translator->functions[function];
    uint32_t position = translator->position;
    uint32_t distance; // of a callee not translated yet: to the last call of it, since `code` is a chain
    if (function <= translator->function)
        distance = (record->code - translator->image->code.offset) / (uint32_t)sizeof(uint16_t) - position;
    else
        distance = record->code == 0 ? 0 : position - record->code;
    if (distance > LONGEST_CALL && -distance > LONGEST_CALL) {
        translator->calls_too_far = true;
        distance = 0; // chains stay whole until translation begins again
    }
    bool small = first.value <= UINT16_MAX;
    wasm_emit_operation(translator, first.kind == OPERAND_TEMPORARY ? WASM_OPERATION_call
                                    : first.kind == OPERAND_LOCAL   ? WASM_OPERATION_call_copy
                                    : small                         ? WASM_OPERATION_call_constant_16
                                                                    : WASM_OPERATION_call_constant_32);
    wasm_emit_32(translator, distance << WASM_CALL_SLOT_BITS | base);
    if (first.kind != OPERAND_TEMPORARY)
        wasm_emit_unit(translator, first.value & 0xFFFF);
    if (first.kind == OPERAND_CONSTANT && !small)
        wasm_emit_unit(translator, (uint32_t)(first.value >> 16));
    if (function > translator->function && !wasm_failed(&translator->reader))
        record->code = position;
}

void wasm_resolve_calls(struct translator *translator, uint32_t function) {
    uint32_t entry = translator->position;
    uint32_t position = translator->functions[function].code;
    while (position != 0 && !translator->calls_too_far && !wasm_failed(&translator->reader)) {
        uint32_t operand = wasm_read_code_32(translator, position + 1);
        uint32_t base = operand & ((1u << WASM_CALL_SLOT_BITS) - 1);
        uint32_t link = operand >> WASM_CALL_SLOT_BITS;
        if (entry - position > LONGEST_CALL)
            translator->calls_too_far = true;
        wasm_patch_32(translator, position + 1, (entry - position) << WASM_CALL_SLOT_BITS | base);
        position = link == 0 ? 0 : position - link;
    }
}

void wasm_take_back_calls(struct translator *translator, uint32_t position) {
    for (uint32_t i = translator->function + 1; i < translator->image->functions.count; i++) {
        uint32_t *chain = &translator->functions[i].code;
        while (*chain > position) {
            uint32_t link = wasm_read_code_32(translator, *chain + 1) >> WASM_CALL_SLOT_BITS;
            *chain = link == 0 ? 0 : *chain - link;
        }
    }
}

static void emit_call_of_defined(struct translator *translator, uint32_t function) {
    const struct wasm_image_type *type = wasm_type_of(translator->image, function);
    uint32_t parameters = type->parameter_count;
    uint32_t bottom = translator->operand_count - parameters;
    if (translator->far_calls || home_of(translator, bottom) >> WASM_CALL_SLOT_BITS != 0) {
        uint16_t base = wasm_exchange_operands(translator, parameters, type->result_count);
        wasm_emit_operation(translator, WASM_OPERATION_call_far);
        wasm_emit_unit(translator, base);
        wasm_emit_32(translator, function);
        return;
    }
    struct operand first = {.kind = OPERAND_TEMPORARY};
    if (parameters != 0) {
        wasm_settle(translator, parameters - 1);
        first = translator->operands[bottom];
        if (first.kind == OPERAND_CONSTANT && first.value > UINT32_MAX) {
            wasm_move_operand(translator, first, bottom, home_of(translator, bottom));
            first.kind = OPERAND_TEMPORARY;
        }
        while (translator->operand_count != bottom)
            wasm_pop_operand(translator);
    }
    emit_near_call(translator, function, home_of(translator, bottom), first);
    wasm_push_temporaries(translator, type->result_count);
}

void wasm_emit_call(struct translator *translator, uint32_t function) {
    if (function >= translator->image->imported_functions) {
        emit_call_of_defined(translator, function);
        return;
    }
    const struct wasm_image_type *type = wasm_type_of(translator->image, function);
    const struct wasm_image_function *record = &translator->functions[function];
    uint16_t base = wasm_exchange_operands(translator, type->parameter_count, type->result_count);
    bool bound = record->code != WASM_NONE;
    wasm_emit_operation(translator, bound ? WASM_OPERATION_call_host : WASM_OPERATION_call_import);
    wasm_emit_unit(translator, base);
    wasm_emit_unit(translator, type->result_count);
    wasm_emit_unit(translator, bound ? record->code : record->body);
}

void wasm_emit_call_indirect(struct translator *translator, const struct wasm_instruction *instruction) {
    const struct wasm_image_type *type = wasm_type_at(translator->image, instruction->index);
    uint16_t index = wasm_take_operand(translator);
    uint16_t base = wasm_exchange_operands(translator, type->parameter_count, type->result_count);
    wasm_emit_operation(translator, WASM_OPERATION_call_indirect);
    wasm_emit_unit(translator, base);
    wasm_emit_unit(translator, index);
    wasm_emit_unit(translator, instruction->second);
    wasm_emit_unit(translator, type->canonical); // as in the functions' records
}
