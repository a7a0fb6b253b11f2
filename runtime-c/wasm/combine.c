// SPDX-License-Identifier: Apache-2.0
//
// Instructions that are an operation each, and combinations of them: when an instruction consumes what the
// last operation has just computed, that operation can be taken back and become part of the new one. What the
// taken-back operation reads is unchanged, since nothing was emitted in between.
#include "emit.h"

/// True if the last operation computed this popped operand, so that it can be taken back.
static bool is_last(const struct translator *translator, struct operand operand, uint32_t position) {
    return operand.kind == OPERAND_TEMPORARY && translator->last.start != WASM_NONE &&
           translator->last.destination == home_of(translator, position);
}

void wasm_emit_condition(struct translator *translator, struct operand condition, bool negate) {
    uint32_t position = translator->operand_count;
    struct last_operation last = translator->last;
    if (is_last(translator, condition, position)) {
        const struct wasm_descriptor *descriptor = &wasm_descriptors[last.opcode];
        if (descriptor->group == WASM_GROUP_COMPARE) {
            translator->position = last.start;
            if (negate)
                descriptor = &wasm_descriptors[descriptor->inverse];
            wasm_emit_operation(translator,
                                descriptor->operation +
                                    (last.immediate ? WASM_VARIANT_BRANCH_IMMEDIATE : WASM_VARIANT_BRANCH));
            wasm_emit_unit(translator, last.first);
            wasm_emit_unit(translator, last.second);
            return;
        }
        if (last.opcode == WASM_OPCODE_i32_and && last.immediate) {
            translator->position = last.start;
            wasm_emit_operation(translator,
                                negate ? WASM_OPERATION_branch_unless_and : WASM_OPERATION_branch_if_and);
            wasm_emit_unit(translator, last.first);
            wasm_emit_unit(translator, last.second);
            return;
        }
        if (last.opcode == WASM_OPCODE_i32_eqz || last.opcode == WASM_OPCODE_i64_eqz) {
            bool wide = last.opcode == WASM_OPCODE_i64_eqz;
            translator->position = last.start;
            wasm_emit_operation(
                translator, negate
                                ? (wide ? WASM_OPERATION_branch_if_i64 : WASM_OPERATION_branch_if)
                                : (wide ? WASM_OPERATION_branch_unless_i64 : WASM_OPERATION_branch_unless));
            wasm_emit_unit(translator, last.first);
            return;
        }
    }
    uint16_t slot = wasm_operand_slot(translator, condition, position);
    wasm_emit_operation(translator, negate ? WASM_OPERATION_branch_unless : WASM_OPERATION_branch_if);
    wasm_emit_unit(translator, slot);
}

void wasm_emit_unary(struct translator *translator, uint32_t opcode) {
    struct operand operand = wasm_pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation *last = &translator->last;
    if (opcode == WASM_OPCODE_i32_eqz && is_last(translator, operand, position) &&
        wasm_descriptors[last->opcode].group == WASM_GROUP_COMPARE) {
        // The opposite comparison.
        last->opcode = wasm_descriptors[last->opcode].inverse;
        if (!wasm_failed(&translator->reader))
            translator->code[last->start] =
                (uint16_t)(wasm_descriptors[last->opcode].operation + last->immediate);
        wasm_push_temporary(translator);
        return;
    }
    uint16_t source = wasm_operand_slot(translator, operand, position);
    uint32_t start = translator->position;
    wasm_emit_operation(translator, wasm_descriptors[opcode].operation);
    wasm_emit_unit(translator, home_of(translator, position));
    wasm_emit_unit(translator, source);
    wasm_push_result(translator, start, start + 1);
    translator->last.opcode = (uint16_t)opcode;
    translator->last.first = source;
}

/// True if a constant operand of this type can be a 16-bit number, which is extended with its sign.
static bool fits_immediate(uint8_t type, struct operand operand) {
    if (operand.kind != OPERAND_CONSTANT)
        return false;
    bool narrow = type == WASM_I32 || type == WASM_F32;
    int64_t value = narrow ? (int32_t)operand.value : (int64_t)operand.value;
    return value == (int16_t)value;
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
    uint16_t first_slot = wasm_operand_slot(translator, first, first_position);
    uint32_t start = translator->position = last.start;
    wasm_emit_operation(translator, WASM_OPERATION_i32_add_shifted);
    wasm_emit_unit(translator, home_of(translator, translator->operand_count));
    wasm_emit_unit(translator, first_slot);
    wasm_emit_unit(translator, last.first);
    wasm_emit_unit(translator, last.second & 31);
    wasm_push_result(translator, start, start + 1);
    translator->last.first = first_slot;
    translator->last.second = last.first;
    translator->last.shift = last.second & 31;
    return true;
}

/// An operation and a constant, applied to what the last operation has loaded or taken from a global. True if
/// it was emitted.
static bool emit_with_last(struct translator *translator, uint32_t opcode, struct operand first,
                           struct operand second) {
    struct last_operation last = translator->last;
    uint32_t number = (uint32_t)second.value;
    if (second.kind != OPERAND_CONSTANT || !is_last(translator, first, translator->operand_count))
        return false;
    if (opcode == WASM_OPCODE_i32_and && last.operation == WASM_OPERATION_i32_load) {
        uint32_t start = translator->position = last.start;
        wasm_emit_operation(translator, WASM_OPERATION_i32_load_and);
        wasm_emit_unit(translator, last.destination);
        wasm_emit_unit(translator, last.first);
        wasm_emit_unit(translator, last.second);
        wasm_emit_32(translator, number);
        wasm_push_result(translator, start, start + 1);
        return true;
    }
    if (opcode == WASM_OPCODE_i32_add && last.operation == WASM_OPERATION_global_get &&
        fits_immediate(WASM_I32, second)) {
        uint32_t start = translator->position = last.start;
        wasm_emit_operation(translator, WASM_OPERATION_global_get_add);
        wasm_emit_unit(translator, last.destination);
        wasm_emit_unit(translator, last.first);
        wasm_emit_unit(translator, number);
        wasm_push_result(translator, start, start + 1);
        translator->last.first = last.first;
        translator->last.second = number;
        return true;
    }
    return false;
}

void wasm_emit_binary(struct translator *translator, uint32_t opcode) {
    struct operand second = wasm_pop_operand(translator);
    uint32_t second_position = translator->operand_count;
    struct operand first = wasm_pop_operand(translator);
    uint32_t first_position = translator->operand_count;
    if (second.kind == OPERAND_CONSTANT && (opcode == WASM_OPCODE_i32_sub || opcode == WASM_OPCODE_i64_sub)) {
        // Adding the negative: one form for the combinations with other operations.
        bool narrow = opcode == WASM_OPCODE_i32_sub;
        opcode = narrow ? WASM_OPCODE_i32_add : WASM_OPCODE_i64_add;
        second.value = narrow ? (uint32_t)-second.value : -second.value;
    }
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
    descriptor = &wasm_descriptors[opcode];
    if (emit_with_last(translator, opcode, first, second))
        return;
    uint32_t second_value =
        immediate ? (uint32_t)second.value : wasm_operand_slot(translator, second, second_position);
    uint16_t first_slot = wasm_operand_slot(translator, first, first_position);
    uint32_t start = translator->position;
    wasm_emit_operation(translator, descriptor->operation + (immediate ? WASM_VARIANT_IMMEDIATE : 0));
    wasm_emit_unit(translator, home_of(translator, translator->operand_count));
    wasm_emit_unit(translator, first_slot);
    wasm_emit_unit(translator, second_value);
    wasm_push_result(translator, start, start + 1);
    translator->last.opcode = (uint16_t)opcode;
    translator->last.first = first_slot;
    translator->last.second = second_value;
    translator->last.immediate = immediate;
}

/// An offset that is too large for the unit in loads and stores: adds it to the address, in the address's
/// home, which becomes the slot to access. Returns the offset that is left.
static uint32_t emit_large_offset(struct translator *translator, uint32_t offset, uint32_t position,
                                  uint16_t *slot) {
    if (offset <= UINT16_MAX)
        return offset;
    wasm_emit_operation(translator, WASM_OPERATION_displace);
    wasm_emit_unit(translator, home_of(translator, position));
    wasm_emit_unit(translator, *slot);
    wasm_emit_32(translator, offset);
    *slot = home_of(translator, position);
    return 0;
}

void wasm_emit_load(struct translator *translator, const struct wasm_instruction *instruction) {
    struct operand address = wasm_pop_operand(translator);
    uint32_t position = translator->operand_count;
    uint32_t operation = wasm_descriptors[instruction->opcode].operation;
    struct last_operation last = translator->last;
    bool computed = is_last(translator, address, position) && instruction->second <= UINT16_MAX;
    bool displaced = computed && last.operation == WASM_OPERATION_i32_add_immediate;
    bool indexed = computed && (last.operation == WASM_OPERATION_i32_add ||
                                last.operation == WASM_OPERATION_i32_add_shifted);
    uint16_t slot = last.first;
    if (displaced || indexed)
        translator->position = last.start;
    else
        slot = wasm_operand_slot(translator, address, position);
    uint32_t offset = emit_large_offset(translator, instruction->second, position, &slot);
    uint32_t start = translator->position;
    wasm_emit_operation(translator, operation + (displaced ? WASM_VARIANT_DISPLACED
                                                 : indexed ? WASM_VARIANT_INDEXED
                                                           : 0));
    wasm_emit_unit(translator, home_of(translator, position));
    wasm_emit_unit(translator, slot);
    if (indexed) {
        wasm_emit_unit(translator, last.second);
        wasm_emit_unit(translator, last.shift);
    }
    if (displaced)
        wasm_emit_unit(translator, last.second);
    wasm_emit_unit(translator, offset);
    wasm_push_result(translator, start, start + 1);
    translator->last.first = slot;
    translator->last.second = offset;
}

void wasm_emit_store(struct translator *translator, const struct wasm_instruction *instruction) {
    const struct wasm_descriptor *descriptor = &wasm_descriptors[instruction->opcode];
    struct operand value = wasm_pop_operand(translator);
    uint32_t value_position = translator->operand_count;
    struct operand address = wasm_pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation last = translator->last;
    bool constant = fits_immediate(descriptor->operand, value);
    // The address may still be where the last operation took it from, if the value is not computed behind it.
    bool global = last.operation == WASM_OPERATION_global_get && is_last(translator, address, position) &&
                  (constant || value.kind == OPERAND_LOCAL) && instruction->second <= UINT16_MAX;
    uint16_t value_slot =
        constant ? (uint16_t)value.value : wasm_operand_slot(translator, value, value_position);
    uint16_t address_slot = global ? last.first : wasm_operand_slot(translator, address, position);
    uint32_t offset = emit_large_offset(translator, instruction->second, position, &address_slot);
    if (global)
        translator->position = last.start;
    wasm_emit_operation(translator, descriptor->operation + (constant ? WASM_VARIANT_CONSTANT : 0) +
                                        (global ? WASM_VARIANT_GLOBAL : 0));
    wasm_emit_unit(translator, address_slot);
    wasm_emit_unit(translator, value_slot);
    wasm_emit_unit(translator, offset);
}

void wasm_emit_global_get(struct translator *translator, uint32_t global) {
    uint32_t start = translator->position;
    wasm_emit_operation(translator, WASM_OPERATION_global_get);
    wasm_emit_unit(translator, home_of(translator, translator->operand_count));
    wasm_emit_unit(translator, global);
    wasm_push_result(translator, start, start + 1);
    translator->last.first = (uint16_t)global;
}

void wasm_emit_global_set(struct translator *translator, uint32_t global) {
    struct operand value = wasm_pop_operand(translator);
    uint32_t position = translator->operand_count;
    struct last_operation last = translator->last;
    if (last.operation == WASM_OPERATION_global_get_add && last.first == global &&
        is_last(translator, value, position)) {
        translator->position = last.start;
        wasm_emit_operation(translator, WASM_OPERATION_global_add);
        wasm_emit_unit(translator, global);
        wasm_emit_unit(translator, last.second);
        return;
    }
    uint16_t source = wasm_operand_slot(translator, value, position);
    wasm_emit_operation(translator, WASM_OPERATION_global_set);
    wasm_emit_unit(translator, source);
    wasm_emit_unit(translator, global);
}
