// SPDX-License-Identifier: Apache-2.0
//
// Emission of operations, and the operand stack that exists during translation only (emit.h has its
// invariants).
#include "emit.h"

void emit_unit(struct translator *translator, uint32_t unit) {
    if (translator->position >= translator->capacity) {
        wasm_fail(&translator->reader, WASM_OUT_OF_MEMORY, "the memory region for the image is too small");
        return;
    }
    translator->code[translator->position++] = (uint16_t)unit;
}

void emit_32(struct translator *translator, uint32_t value) {
    emit_unit(translator, value & 0xFFFF);
    emit_unit(translator, value >> 16);
}

void emit_operation(struct translator *translator, uint32_t operation) {
    translator->last.start = WASM_NONE;
    emit_unit(translator, operation);
}

uint32_t read_32(const struct translator *translator, uint32_t position) {
    return translator->code[position] | (uint32_t)translator->code[position + 1] << 16;
}

void write_32(struct translator *translator, uint32_t position, uint32_t value) {
    if (wasm_failed(&translator->reader)) // the place may be one that there was no room for
        return;
    translator->code[position] = (uint16_t)value;
    translator->code[position + 1] = (uint16_t)(value >> 16);
}

void emit_chained(struct translator *translator, uint32_t *chain) {
    uint32_t position = translator->position;
    emit_32(translator, *chain);
    if (!wasm_failed(&translator->reader))
        *chain = position;
}

void resolve_chain(struct translator *translator, uint32_t chain, uint32_t target) {
    while (chain != 0 && !wasm_failed(&translator->reader)) {
        uint32_t next = read_32(translator, chain);
        write_32(translator, chain, target - chain);
        chain = next;
    }
}

void bind_label(struct translator *translator) {
    translator->last.start = WASM_NONE;
}

static struct operand *push(struct translator *translator) {
    struct operand *operand = &translator->operands[translator->operand_count++];
    if (translator->operand_count > translator->deepest)
        translator->deepest = translator->operand_count;
    return operand;
}

void push_temporary(struct translator *translator) {
    *push(translator) = (struct operand){.kind = OPERAND_TEMPORARY};
}

void push_local(struct translator *translator, uint32_t local) {
    uint32_t position = translator->operand_count;
    *push(translator) =
        (struct operand){.kind = OPERAND_LOCAL, .value = local, .next = translator->local_heads[local]};
    translator->local_heads[local] = position;
    translator->pending_locals++;
}

void push_constant(struct translator *translator, uint64_t value) {
    *push(translator) = (struct operand){.kind = OPERAND_CONSTANT, .value = value};
}

/// Takes an operand off its local's list. It must be the topmost one that names the local.
static void unlink(struct translator *translator, const struct operand *operand) {
    if (operand->kind == OPERAND_LOCAL) {
        translator->local_heads[operand->value] = operand->next;
        translator->pending_locals--;
    }
}

struct operand pop_operand(struct translator *translator) {
    struct operand operand = translator->operands[--translator->operand_count];
    unlink(translator, &operand);
    return operand;
}

void move_operand(struct translator *translator, struct operand operand, uint32_t position,
                  uint16_t destination) {
    if (operand.kind == OPERAND_CONSTANT) {
        bool is_short = operand.value <= UINT32_MAX;
        emit_operation(translator, is_short ? WASM_OPERATION_constant_32 : WASM_OPERATION_constant_64);
        emit_unit(translator, destination);
        emit_32(translator, (uint32_t)operand.value);
        if (!is_short)
            emit_32(translator, (uint32_t)(operand.value >> 32));
        return;
    }
    uint16_t source = operand.kind == OPERAND_LOCAL ? (uint16_t)operand.value : home_of(translator, position);
    if (source == destination)
        return;
    emit_operation(translator, WASM_OPERATION_copy);
    emit_unit(translator, destination);
    emit_unit(translator, source);
}

uint16_t slot_of(struct translator *translator, struct operand operand, uint32_t position) {
    if (operand.kind == OPERAND_LOCAL)
        return (uint16_t)operand.value;
    if (operand.kind == OPERAND_CONSTANT)
        move_operand(translator, operand, position, home_of(translator, position));
    return home_of(translator, position);
}

uint16_t take(struct translator *translator) {
    struct operand operand = pop_operand(translator);
    return slot_of(translator, operand, translator->operand_count);
}

static void settle_at(struct translator *translator, uint32_t position) {
    struct operand *operand = &translator->operands[position];
    unlink(translator, operand);
    if (operand->kind != OPERAND_TEMPORARY)
        move_operand(translator, *operand, position, home_of(translator, position));
    *operand = (struct operand){.kind = OPERAND_TEMPORARY};
}

// From the top down, so that an operand is always the topmost of its local's list when it is unlinked.
void settle(struct translator *translator, uint32_t count) {
    for (uint32_t i = 1; i <= count; i++)
        settle_at(translator, translator->operand_count - i);
}

// Ends as soon as no local is pending: what it goes over had to be pushed since, so the time is proportional
// to the code.
void settle_locals(struct translator *translator) {
    for (uint32_t position = translator->operand_count; translator->pending_locals != 0; position--)
        if (translator->operands[position - 1].kind == OPERAND_LOCAL)
            settle_at(translator, position - 1);
}

void settle_local(struct translator *translator, uint32_t local) {
    while (translator->local_heads[local] != WASM_NONE)
        settle_at(translator, translator->local_heads[local]);
}

void set_local(struct translator *translator, uint32_t local) {
    struct operand operand = pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation *last = &translator->last;
    if (operand.kind == OPERAND_TEMPORARY && last->start != WASM_NONE && last->destination_field != 0 &&
        last->destination == home_of(translator, position) && translator->local_heads[local] == WASM_NONE) {
        if (!wasm_failed(&translator->reader))
            translator->code[last->destination_field] = (uint16_t)local;
        last->start = WASM_NONE;
        return;
    }
    settle_local(translator, local);
    move_operand(translator, operand, position, (uint16_t)local);
}

void push_result(struct translator *translator, uint32_t start, uint32_t destination_field) {
    translator->last = (struct last_operation){
        .start = start,
        .destination_field = destination_field,
        .destination = home_of(translator, translator->operand_count),
        .opcode = WASM_OPCODE_none,
    };
    push_temporary(translator);
}

/// True if the last operation computed this popped operand, so that it can be taken back.
static bool is_last(const struct translator *translator, struct operand operand, uint32_t position) {
    return operand.kind == OPERAND_TEMPORARY && translator->last.start != WASM_NONE &&
           translator->last.destination == home_of(translator, position);
}

void emit_condition(struct translator *translator, struct operand condition, bool negate) {
    uint32_t position = translator->operand_count;
    struct last_operation last = translator->last;
    if (is_last(translator, condition, position)) {
        const struct wasm_descriptor *descriptor = &wasm_descriptors[last.opcode];
        if (descriptor->group == WASM_GROUP_COMPARE) {
            translator->position = last.start;
            if (negate)
                descriptor = &wasm_descriptors[descriptor->inverse];
            emit_operation(translator, descriptor->operation + (last.immediate ? WASM_VARIANT_BRANCH_IMMEDIATE
                                                                               : WASM_VARIANT_BRANCH));
            emit_unit(translator, last.first);
            if (last.immediate)
                emit_32(translator, last.second);
            else
                emit_unit(translator, last.second);
            return;
        }
        if (last.opcode == WASM_OPCODE_i32_eqz || last.opcode == WASM_OPCODE_i64_eqz) {
            bool wide = last.opcode == WASM_OPCODE_i64_eqz;
            translator->position = last.start;
            emit_operation(translator,
                           negate ? (wide ? WASM_OPERATION_branch_if_i64 : WASM_OPERATION_branch_if)
                                  : (wide ? WASM_OPERATION_branch_unless_i64 : WASM_OPERATION_branch_unless));
            emit_unit(translator, last.first);
            return;
        }
    }
    uint16_t slot = slot_of(translator, condition, position);
    emit_operation(translator, negate ? WASM_OPERATION_branch_unless : WASM_OPERATION_branch_if);
    emit_unit(translator, slot);
}

void emit_unary(struct translator *translator, uint32_t opcode) {
    struct operand operand = pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation *last = &translator->last;
    if (opcode == WASM_OPCODE_i32_eqz && is_last(translator, operand, position) &&
        wasm_descriptors[last->opcode].group == WASM_GROUP_COMPARE) {
        // The opposite comparison.
        last->opcode = wasm_descriptors[last->opcode].inverse;
        if (!wasm_failed(&translator->reader))
            translator->code[last->start] =
                (uint16_t)(wasm_descriptors[last->opcode].operation + last->immediate);
        push_temporary(translator);
        return;
    }
    uint16_t source = slot_of(translator, operand, position);
    uint32_t start = translator->position;
    emit_operation(translator, wasm_descriptors[opcode].operation);
    emit_unit(translator, home_of(translator, position));
    emit_unit(translator, source);
    push_result(translator, start, start + 1);
    translator->last.opcode = (uint16_t)opcode;
    translator->last.first = source;
}

/// True if a constant operand can be a 32-bit immediate, which i64 operations extend with its sign.
static bool fits_immediate(const struct wasm_descriptor *descriptor, struct operand operand) {
    if (operand.kind != OPERAND_CONSTANT)
        return false;
    return descriptor->operand == WASM_I32 || (uint64_t)(int64_t)(int32_t)operand.value == operand.value;
}

void emit_binary(struct translator *translator, uint32_t opcode) {
    struct operand second = pop_operand(translator);
    uint32_t second_position = translator->operand_count;
    struct operand first = pop_operand(translator);
    uint32_t first_position = translator->operand_count;
    const struct wasm_descriptor *descriptor = &wasm_descriptors[opcode];
    bool has_immediate = descriptor->group == WASM_GROUP_BINARY || descriptor->group == WASM_GROUP_DIVIDE ||
                         descriptor->group == WASM_GROUP_COMPARE;
    if (has_immediate && second.kind != OPERAND_CONSTANT && fits_immediate(descriptor, first) &&
        descriptor->mirror != WASM_OPCODE_none && descriptor->group != WASM_GROUP_DIVIDE) {
        struct operand exchanged = first;
        uint32_t exchanged_position = first_position;
        first = second;
        first_position = second_position;
        second = exchanged;
        second_position = exchanged_position;
        opcode = descriptor->mirror;
        descriptor = &wasm_descriptors[opcode];
    }
    bool immediate = has_immediate && fits_immediate(descriptor, second);
    uint32_t second_value = immediate ? (uint32_t)second.value : slot_of(translator, second, second_position);
    uint16_t first_slot = slot_of(translator, first, first_position);
    uint32_t start = translator->position;
    emit_operation(translator, descriptor->operation + (immediate ? WASM_VARIANT_IMMEDIATE : 0));
    emit_unit(translator, home_of(translator, translator->operand_count));
    emit_unit(translator, first_slot);
    if (immediate)
        emit_32(translator, second_value);
    else
        emit_unit(translator, second_value);
    push_result(translator, start, start + 1);
    translator->last.opcode = (uint16_t)opcode;
    translator->last.first = first_slot;
    translator->last.second = second_value;
    translator->last.immediate = immediate;
}

void emit_load(struct translator *translator, const struct wasm_instruction *instruction) {
    uint16_t address = take(translator);
    uint32_t start = translator->position;
    emit_operation(translator, wasm_descriptors[instruction->opcode].operation);
    emit_unit(translator, home_of(translator, translator->operand_count));
    emit_unit(translator, address);
    emit_32(translator, instruction->second);
    push_result(translator, start, start + 1);
}

void emit_store(struct translator *translator, const struct wasm_instruction *instruction) {
    uint16_t value = take(translator);
    uint16_t address = take(translator);
    emit_operation(translator, wasm_descriptors[instruction->opcode].operation);
    emit_unit(translator, address);
    emit_unit(translator, value);
    emit_32(translator, instruction->second);
}
