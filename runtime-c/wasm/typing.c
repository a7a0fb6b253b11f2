// SPDX-License-Identifier: Apache-2.0
#include "typing.h"

void wasm_validation_fail(struct validator *validator, wasm_status status, const char *message) {
    wasm_fail(&validator->reader, status, message);
}

void wasm_type_mismatch(struct validator *validator) {
    wasm_validation_fail(validator, WASM_INVALID, "type mismatch");
}

/// The control frame `depth` labels out; 0 is the innermost.
struct control *wasm_control_at(struct validator *validator, uint32_t depth) {
    return validator->controls_end - validator->control_count + depth;
}

bool wasm_has_room(struct validator *validator) {
    uintptr_t operands = (uintptr_t)(validator->operands + validator->operand_count + 1);
    uintptr_t controls = (uintptr_t)(validator->controls_end - validator->control_count - 1);
    if (operands > controls)
        wasm_validation_fail(validator, WASM_OUT_OF_MEMORY, "the scratch region for loading is too small");
    return !wasm_failed(&validator->reader);
}

void wasm_push_type(struct validator *validator, uint8_t type) {
    if (!wasm_has_room(validator))
        return;
    validator->operands[validator->operand_count++] = type;
    if (validator->operand_count > validator->loader->deepest_operands)
        validator->loader->deepest_operands = validator->operand_count;
    if (validator->local_count + validator->operand_count > WASM_MAXIMUM_FRAME_SLOTS)
        wasm_validation_fail(validator, WASM_LIMIT,
                             "a function with more locals and operands than the limit");
}

void wasm_push_types(struct validator *validator, struct types list) {
    for (uint32_t i = 0; i < list.count; i++)
        wasm_push_type(validator, list.types[i]);
}

uint8_t wasm_pop_type(struct validator *validator) {
    struct control *control = wasm_control_at(validator, 0);
    if (validator->operand_count == control->height) {
        if (!control->unreachable)
            wasm_type_mismatch(validator);
        return UNKNOWN;
    }
    return validator->operands[--validator->operand_count];
}

uint8_t wasm_pop_expecting(struct validator *validator, uint8_t expected) {
    uint8_t type = wasm_pop_type(validator);
    if (type != expected && type != UNKNOWN && expected != UNKNOWN)
        wasm_type_mismatch(validator);
    return type;
}

void wasm_pop_types(struct validator *validator, struct types list) {
    for (uint32_t i = list.count; i > 0; i--)
        wasm_pop_expecting(validator, list.types[i - 1]);
}

/// Checks that the topmost operands have these types, and leaves them there.
void wasm_check_top_types(struct validator *validator, struct types list) {
    const struct control *control = wasm_control_at(validator, 0);
    uint32_t available = validator->operand_count - control->height;
    for (uint32_t i = 0; i < list.count; i++) {
        if (i >= available) {
            if (!control->unreachable)
                wasm_type_mismatch(validator);
            return;
        }
        uint8_t type = validator->operands[validator->operand_count - 1 - i];
        if (type != list.types[list.count - 1 - i] && type != UNKNOWN)
            wasm_type_mismatch(validator);
    }
}

struct types wasm_parameters_of(const struct wasm_image_type *type) {
    return (struct types){type->types, type->parameter_count};
}

struct types wasm_results_of(const struct wasm_image_type *type) {
    return (struct types){type->types + type->parameter_count, type->result_count};
}

struct types wasm_block_parameters(const struct validator *validator, const struct control *control) {
    if (control->block_type == WASM_BLOCK_BY_INDEX)
        return wasm_parameters_of(wasm_type_at(validator->image, control->index));
    return (struct types){NULL, 0};
}

struct types wasm_block_results(const struct validator *validator, const struct control *control) {
    if (control->block_type == WASM_BLOCK_BY_INDEX)
        return wasm_results_of(wasm_type_at(validator->image, control->index));
    return (struct types){&control->block_type, control->block_type != WASM_BLOCK_EMPTY};
}

/// What a branch to this block carries.
struct types wasm_label_types(const struct validator *validator, const struct control *control) {
    return control->opcode == WASM_OPCODE_loop ? wasm_block_parameters(validator, control)
                                               : wasm_block_results(validator, control);
}

void wasm_push_control(struct validator *validator, uint16_t opcode, uint8_t block_type, uint32_t index) {
    // Room for the frame and one more, because has_room counts in operands at one end and frames at the
    // other.
    validator->control_count++;
    if (!wasm_has_room(validator)) {
        validator->control_count--;
        return;
    }
    if (validator->control_count > WASM_MAXIMUM_NESTING)
        wasm_validation_fail(validator, WASM_LIMIT, "blocks nested more deeply than the limit");
    if (validator->control_count > validator->loader->deepest_nesting)
        validator->loader->deepest_nesting = validator->control_count;
    struct control *control = wasm_control_at(validator, 0);
    *control = (struct control){
        .height = validator->operand_count, .index = index, .opcode = opcode, .block_type = block_type};
    wasm_push_types(validator, wasm_block_parameters(validator, control));
}

void wasm_set_unreachable(struct validator *validator) {
    struct control *control = wasm_control_at(validator, 0);
    validator->operand_count = control->height;
    control->unreachable = true;
}

/// Checks the results of the innermost block, at its end or at `else`.
void wasm_check_block_end(struct validator *validator) {
    struct control *control = wasm_control_at(validator, 0);
    wasm_pop_types(validator, wasm_block_results(validator, control));
    if (validator->operand_count != control->height)
        wasm_type_mismatch(validator);
}

struct control *wasm_label_at(struct validator *validator, uint32_t depth) {
    if (depth < validator->control_count)
        return wasm_control_at(validator, depth);
    wasm_validation_fail(validator, WASM_INVALID, "unknown label");
    return wasm_control_at(validator, validator->control_count - 1);
}
