// SPDX-License-Identifier: Apache-2.0
//
// Emission of operations, and the operand stack that exists during translation only (emit.h has its
// invariants).
#include "emit.h"

void wasm_emit_unit(struct translator *translator, uint32_t unit) {
    if (translator->position >= translator->capacity) {
        wasm_fail(&translator->reader, WASM_OUT_OF_MEMORY, "the memory region for the image is too small");
        return;
    }
    translator->code[translator->position++] = (uint16_t)unit;
}

void wasm_emit_32(struct translator *translator, uint32_t value) {
    wasm_emit_unit(translator, value & 0xFFFF);
    wasm_emit_unit(translator, value >> 16);
}

void wasm_emit_operation(struct translator *translator, uint32_t operation) {
    translator->last.start = WASM_NONE;
    translator->operation = (uint16_t)operation;
    wasm_emit_unit(translator, operation);
}

uint32_t wasm_read_code_32(const struct translator *translator, uint32_t position) {
    return translator->code[position] | (uint32_t)translator->code[position + 1] << 16;
}

void wasm_patch_32(struct translator *translator, uint32_t position, uint32_t value) {
    if (wasm_failed(&translator->reader)) // the place may be one that there was no room for
        return;
    translator->code[position] = (uint16_t)value;
    translator->code[position + 1] = (uint16_t)(value >> 16);
}

void wasm_emit_label(struct translator *translator, uint32_t target) {
    uint32_t distance = target - translator->position;
    if (translator->far_labels) {
        wasm_emit_32(translator, distance);
        return;
    }
    if (-distance > -(uint32_t)INT16_MIN)
        translator->too_far = true;
    wasm_emit_unit(translator, distance & 0xFFFF);
}

// While the target is not known, a label is the distance from the one before in the chain, or 0.
void wasm_emit_chained(struct translator *translator, uint32_t *chain) {
    uint32_t position = translator->position;
    uint32_t link = *chain == 0 ? 0 : position - *chain;
    if (translator->far_labels) {
        wasm_emit_32(translator, link);
    } else {
        if (link > INT16_MAX) {
            translator->too_far = true;
            link = 0;
        }
        wasm_emit_unit(translator, link);
    }
    if (!wasm_failed(&translator->reader))
        *chain = position;
}

void wasm_resolve_chain(struct translator *translator, uint32_t chain, uint32_t target) {
    while (chain != 0 && !wasm_failed(&translator->reader)) {
        uint32_t distance = target - chain;
        uint32_t link;
        if (translator->far_labels) {
            link = wasm_read_code_32(translator, chain);
            wasm_patch_32(translator, chain, distance);
        } else {
            link = translator->code[chain];
            translator->code[chain] = (uint16_t)distance;
            if (distance > INT16_MAX)
                translator->too_far = true;
        }
        chain = link == 0 ? 0 : chain - link;
    }
}

void wasm_bind_label(struct translator *translator) {
    translator->last.start = WASM_NONE;
}

static struct operand *push(struct translator *translator) {
    struct operand *operand = &translator->operands[translator->operand_count++];
    if (translator->operand_count > translator->deepest)
        translator->deepest = translator->operand_count;
    return operand;
}

void wasm_push_temporary(struct translator *translator) {
    *push(translator) = (struct operand){.kind = OPERAND_TEMPORARY};
}

void wasm_push_local(struct translator *translator, uint32_t local) {
    uint32_t position = translator->operand_count;
    *push(translator) =
        (struct operand){.kind = OPERAND_LOCAL, .value = local, .next = translator->local_heads[local]};
    translator->local_heads[local] = position;
    translator->pending_locals++;
}

void wasm_push_constant(struct translator *translator, uint64_t value) {
    *push(translator) = (struct operand){.kind = OPERAND_CONSTANT, .value = value};
}

/// Takes an operand off its local's list. It must be the topmost one that names the local.
static void unlink(struct translator *translator, const struct operand *operand) {
    if (operand->kind == OPERAND_LOCAL) {
        translator->local_heads[operand->value] = operand->next;
        translator->pending_locals--;
    }
}

struct operand wasm_pop_operand(struct translator *translator) {
    struct operand operand = translator->operands[--translator->operand_count];
    unlink(translator, &operand);
    return operand;
}

void wasm_move_operand(struct translator *translator, struct operand operand, uint32_t position,
                       uint16_t destination) {
    if (operand.kind == OPERAND_CONSTANT) {
        bool negative = operand.value <= UINT32_MAX && operand.value >= (uint32_t)INT16_MIN;
        uint32_t units = operand.value <= UINT16_MAX || negative ? 1 : operand.value <= UINT32_MAX ? 2 : 4;
        wasm_emit_operation(translator, negative     ? WASM_OPERATION_constant_negative
                                        : units == 1 ? WASM_OPERATION_constant_16
                                        : units == 2 ? WASM_OPERATION_constant_32
                                                     : WASM_OPERATION_constant_64);
        wasm_emit_unit(translator, destination);
        for (uint32_t i = 0; i < units; i++)
            wasm_emit_unit(translator, (uint32_t)(operand.value >> (16 * i)) & 0xFFFF);
        return;
    }
    uint16_t source = operand.kind == OPERAND_LOCAL ? (uint16_t)operand.value : home_of(translator, position);
    if (source == destination)
        return;
    wasm_emit_operation(translator, WASM_OPERATION_copy);
    wasm_emit_unit(translator, destination);
    wasm_emit_unit(translator, source);
}

uint16_t wasm_operand_slot(struct translator *translator, struct operand operand, uint32_t position) {
    if (operand.kind == OPERAND_LOCAL)
        return (uint16_t)operand.value;
    if (operand.kind == OPERAND_CONSTANT)
        wasm_move_operand(translator, operand, position, home_of(translator, position));
    return home_of(translator, position);
}

uint16_t wasm_take_operand(struct translator *translator) {
    struct operand operand = wasm_pop_operand(translator);
    return wasm_operand_slot(translator, operand, translator->operand_count);
}

static void settle_at(struct translator *translator, uint32_t position) {
    struct operand *operand = &translator->operands[position];
    unlink(translator, operand);
    if (operand->kind != OPERAND_TEMPORARY)
        wasm_move_operand(translator, *operand, position, home_of(translator, position));
    *operand = (struct operand){.kind = OPERAND_TEMPORARY};
}

/// True if an operation that settles two operands has room for this one: a local, or a small constant.
static bool is_half_of_two(const struct operand *operand) {
    return operand->kind == OPERAND_LOCAL ||
           (operand->kind == OPERAND_CONSTANT && operand->value <= UINT16_MAX);
}

static void settle_two_at(struct translator *translator, uint32_t position) {
    struct operand *lower = &translator->operands[position];
    struct operand *upper = lower + 1;
    unlink(translator, upper);
    unlink(translator, lower);
    bool copies = upper->kind == OPERAND_LOCAL;
    wasm_emit_operation(translator,
                        lower->kind == OPERAND_LOCAL
                            ? (copies ? WASM_OPERATION_copy_two : WASM_OPERATION_copy_constant)
                            : (copies ? WASM_OPERATION_constant_copy : WASM_OPERATION_constant_two));
    wasm_emit_unit(translator, home_of(translator, position));
    wasm_emit_unit(translator, (uint32_t)lower->value);
    wasm_emit_unit(translator, (uint32_t)upper->value);
    *lower = *upper = (struct operand){.kind = OPERAND_TEMPORARY};
}

// From the top down, so that an operand is always the topmost of its local's list when it is unlinked.
void wasm_settle(struct translator *translator, uint32_t count) {
    uint32_t first = translator->operand_count - count;
    for (uint32_t position = translator->operand_count; position > first; position--) {
        struct operand *upper = &translator->operands[position - 1];
        // Two beside each other, as arguments often are.
        if (is_half_of_two(upper) && position - 1 != first && is_half_of_two(upper - 1))
            settle_two_at(translator, --position - 1);
        else
            settle_at(translator, position - 1);
    }
}

// Ends as soon as no local is pending: what it goes over had to be pushed since, so the time is proportional
// to the code.
void wasm_settle_locals(struct translator *translator) {
    for (uint32_t position = translator->operand_count; translator->pending_locals != 0; position--)
        if (translator->operands[position - 1].kind == OPERAND_LOCAL)
            settle_at(translator, position - 1);
}

void wasm_settle_local(struct translator *translator, uint32_t local) {
    while (translator->local_heads[local] != WASM_NONE)
        settle_at(translator, translator->local_heads[local]);
}

void wasm_set_local(struct translator *translator, uint32_t local) {
    struct operand operand = wasm_pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation *last = &translator->last;
    if (operand.kind == OPERAND_TEMPORARY && last->start != WASM_NONE && last->destination_field != 0 &&
        last->destination == home_of(translator, position) && translator->local_heads[local] == WASM_NONE) {
        if (!wasm_failed(&translator->reader))
            translator->code[last->destination_field] = (uint16_t)local;
        last->start = WASM_NONE;
        return;
    }
    wasm_settle_local(translator, local);
    wasm_move_operand(translator, operand, position, (uint16_t)local);
}

void wasm_push_result(struct translator *translator, uint32_t start, uint32_t destination_field) {
    translator->last = (struct last_operation){
        .start = start,
        .destination_field = destination_field,
        .destination = home_of(translator, translator->operand_count),
        .operation = translator->operation,
        .opcode = WASM_OPCODE_none,
    };
    wasm_push_temporary(translator);
}
