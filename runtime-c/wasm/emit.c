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
    translator->operation = (uint16_t)operation;
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
        uint32_t units = operand.value <= UINT16_MAX ? 1 : operand.value <= UINT32_MAX ? 2 : 4;
        emit_operation(translator, units == 1   ? WASM_OPERATION_constant_16
                                   : units == 2 ? WASM_OPERATION_constant_32
                                                : WASM_OPERATION_constant_64);
        emit_unit(translator, destination);
        for (uint32_t i = 0; i < units; i++)
            emit_unit(translator, (uint32_t)(operand.value >> (16 * i)) & 0xFFFF);
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
    uint32_t first = translator->operand_count - count;
    for (uint32_t position = translator->operand_count; position > first; position--) {
        struct operand *upper = &translator->operands[position - 1];
        if (upper->kind != OPERAND_LOCAL || position - 1 == first || upper[-1].kind != OPERAND_LOCAL) {
            settle_at(translator, position - 1);
            continue;
        }
        // Two locals beside each other, as arguments often are.
        struct operand *lower = upper - 1;
        unlink(translator, upper);
        unlink(translator, lower);
        emit_operation(translator, WASM_OPERATION_copy_two);
        emit_unit(translator, home_of(translator, position - 2));
        emit_unit(translator, (uint32_t)lower->value);
        emit_unit(translator, (uint32_t)upper->value);
        *lower = *upper = (struct operand){.kind = OPERAND_TEMPORARY};
        position--;
    }
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
        .operation = translator->operation,
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
        if (last.opcode == WASM_OPCODE_i32_and && last.immediate) {
            translator->position = last.start;
            emit_operation(translator,
                           negate ? WASM_OPERATION_branch_unless_and : WASM_OPERATION_branch_if_and);
            emit_unit(translator, last.first);
            emit_32(translator, last.second);
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

/// True if a constant operand of this type can be a 32-bit number, which is extended to 64 bits with its
/// sign.
static bool fits_immediate(uint8_t type, struct operand operand) {
    if (operand.kind != OPERAND_CONSTANT)
        return false;
    return type == WASM_I32 || type == WASM_F32 || (uint64_t)(int64_t)(int32_t)operand.value == operand.value;
}

/// x + (y << n): array elements. True if it was emitted.
static bool emit_add_shifted(struct translator *translator, struct operand first, uint32_t first_position,
                             struct operand second, uint32_t second_position) {
    if (is_last(translator, first, first_position)) {
        // The shift is the first operand, and the second one has not been computed behind it.
        struct operand exchanged = first;
        first = second;
        second = exchanged;
        first_position = second_position;
        second_position = translator->operand_count;
    }
    struct last_operation last = translator->last;
    if (!is_last(translator, second, second_position) || last.operation != WASM_OPERATION_i32_shl_immediate ||
        first.kind == OPERAND_CONSTANT)
        return false;
    uint16_t first_slot = slot_of(translator, first, first_position);
    uint32_t start = translator->position = last.start;
    emit_operation(translator, WASM_OPERATION_i32_add_shifted);
    emit_unit(translator, home_of(translator, translator->operand_count));
    emit_unit(translator, first_slot);
    emit_unit(translator, last.first);
    emit_unit(translator, last.second & 31);
    push_result(translator, start, start + 1);
    translator->last.first = first_slot;
    translator->last.second = last.first;
    translator->last.shift = last.second & 31;
    return true;
}

/// An operation and a number, applied to what the last operation has loaded or taken from a global. True if
/// it was emitted.
static bool emit_with_last(struct translator *translator, uint32_t opcode, struct operand first,
                           uint32_t number) {
    struct last_operation last = translator->last;
    if (!is_last(translator, first, translator->operand_count))
        return false;
    if (opcode == WASM_OPCODE_i32_and && last.operation == WASM_OPERATION_i32_load) {
        uint32_t start = translator->position = last.start;
        emit_operation(translator, WASM_OPERATION_i32_load_and);
        emit_unit(translator, last.destination);
        emit_unit(translator, last.first);
        emit_32(translator, last.second);
        emit_32(translator, number);
        push_result(translator, start, start + 1);
        return true;
    }
    if (opcode == WASM_OPCODE_i32_add && last.operation == WASM_OPERATION_global_get) {
        uint32_t start = translator->position = last.start;
        emit_operation(translator, WASM_OPERATION_global_get_add);
        emit_unit(translator, last.destination);
        emit_unit(translator, last.first);
        emit_32(translator, number);
        push_result(translator, start, start + 1);
        translator->last.first = last.first;
        translator->last.second = number;
        return true;
    }
    return false;
}

void emit_binary(struct translator *translator, uint32_t opcode) {
    struct operand second = pop_operand(translator);
    uint32_t second_position = translator->operand_count;
    struct operand first = pop_operand(translator);
    uint32_t first_position = translator->operand_count;
    const struct wasm_descriptor *descriptor = &wasm_descriptors[opcode];
    bool has_immediate = descriptor->group == WASM_GROUP_BINARY || descriptor->group == WASM_GROUP_DIVIDE ||
                         descriptor->group == WASM_GROUP_COMPARE;
    if (opcode == WASM_OPCODE_i32_add &&
        emit_add_shifted(translator, first, first_position, second, second_position))
        return;
    if (has_immediate && second.kind != OPERAND_CONSTANT && fits_immediate(descriptor->operand, first) &&
        descriptor->mirror != WASM_OPCODE_none && descriptor->group != WASM_GROUP_DIVIDE) {
        struct operand exchanged = first;
        uint32_t exchanged_position = first_position;
        first = second;
        first_position = second_position;
        second = exchanged;
        second_position = exchanged_position;
        opcode = descriptor->mirror;
    }
    bool immediate = has_immediate && fits_immediate(descriptor->operand, second);
    if (immediate && (uint32_t)second.value != 0x80000000u &&
        (opcode == WASM_OPCODE_i32_sub || opcode == WASM_OPCODE_i64_sub)) {
        // Adding the negative: one form for the combinations with other operations.
        opcode = opcode == WASM_OPCODE_i32_sub ? WASM_OPCODE_i32_add : WASM_OPCODE_i64_add;
        second.value = -second.value;
    }
    descriptor = &wasm_descriptors[opcode];
    if (immediate && emit_with_last(translator, opcode, first, (uint32_t)second.value))
        return;
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
    struct operand address = pop_operand(translator);
    uint32_t position = translator->operand_count;
    uint32_t operation = wasm_descriptors[instruction->opcode].operation;
    struct last_operation last = translator->last;
    bool computed = is_last(translator, address, position);
    bool displaced =
        computed && last.operation == WASM_OPERATION_i32_add_immediate && instruction->second == 0;
    bool indexed = computed && (last.operation == WASM_OPERATION_i32_add ||
                                last.operation == WASM_OPERATION_i32_add_shifted);
    uint16_t slot = last.first;
    if (displaced || indexed)
        translator->position = last.start;
    else
        slot = slot_of(translator, address, position);
    uint32_t start = translator->position;
    emit_operation(translator, operation + (displaced ? WASM_VARIANT_DISPLACED
                                            : indexed ? WASM_VARIANT_INDEXED
                                                      : 0));
    emit_unit(translator, home_of(translator, position));
    emit_unit(translator, slot);
    if (indexed) {
        emit_unit(translator, last.second);
        emit_unit(translator, last.shift);
    }
    emit_32(translator, displaced ? last.second : instruction->second);
    push_result(translator, start, start + 1);
    translator->last.first = slot;
    translator->last.second = instruction->second;
}

void emit_store(struct translator *translator, const struct wasm_instruction *instruction) {
    const struct wasm_descriptor *descriptor = &wasm_descriptors[instruction->opcode];
    struct operand value = pop_operand(translator);
    uint32_t value_position = translator->operand_count;
    struct operand address = pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation last = translator->last;
    bool constant = fits_immediate(descriptor->operand, value);
    // The address may still be where the last operation took it from, if the value is not computed behind it.
    bool global = last.operation == WASM_OPERATION_global_get && is_last(translator, address, position) &&
                  (constant || value.kind == OPERAND_LOCAL);
    uint16_t value_slot = constant ? 0 : slot_of(translator, value, value_position);
    uint16_t address_slot = global ? last.first : slot_of(translator, address, position);
    if (global)
        translator->position = last.start;
    emit_operation(translator, descriptor->operation + (constant ? WASM_VARIANT_CONSTANT : 0) +
                                   (global ? WASM_VARIANT_GLOBAL : 0));
    emit_unit(translator, address_slot);
    if (constant)
        emit_32(translator, (uint32_t)value.value);
    else
        emit_unit(translator, value_slot);
    emit_32(translator, instruction->second);
}

void emit_global_get(struct translator *translator, uint32_t global) {
    uint32_t start = translator->position;
    emit_operation(translator, WASM_OPERATION_global_get);
    emit_unit(translator, home_of(translator, translator->operand_count));
    emit_unit(translator, global);
    push_result(translator, start, start + 1);
    translator->last.first = (uint16_t)global;
}

void emit_global_set(struct translator *translator, uint32_t global) {
    struct operand value = pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation last = translator->last;
    if (last.operation == WASM_OPERATION_global_get_add && last.first == global &&
        is_last(translator, value, position)) {
        translator->position = last.start;
        emit_operation(translator, WASM_OPERATION_global_add);
        emit_unit(translator, global);
        emit_32(translator, last.second);
        return;
    }
    uint16_t source = slot_of(translator, value, position);
    emit_operation(translator, WASM_OPERATION_global_set);
    emit_unit(translator, source);
    emit_unit(translator, global);
}
