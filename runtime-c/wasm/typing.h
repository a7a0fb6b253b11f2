// SPDX-License-Identifier: Apache-2.0
//
// The two stacks of the validation algorithm (appendix 7.3): operand types, and control frames. In
// unreachable code pops of what is not there give an unknown type, which matches any.
#ifndef SEALIFT_WASM_TYPING_H
#define SEALIFT_WASM_TYPING_H

#include "loader.h"

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

void wasm_validation_fail(struct validator *validator, wasm_status status, const char *message);
void wasm_type_mismatch(struct validator *validator);
/// The control frame `depth` labels out; 0 is the innermost.
struct control *wasm_control_at(struct validator *validator, uint32_t depth);
/// True if one more operand or frame fits the scratch memory; fails otherwise.
bool wasm_has_room(struct validator *validator);
void wasm_push_type(struct validator *validator, uint8_t type);
void wasm_push_types(struct validator *validator, struct types list);
uint8_t wasm_pop_type(struct validator *validator);
uint8_t wasm_pop_expecting(struct validator *validator, uint8_t expected);
void wasm_pop_types(struct validator *validator, struct types list);
/// Checks that the topmost operands have these types, and leaves them there.
void wasm_check_top_types(struct validator *validator, struct types list);
struct types wasm_parameters_of(const struct wasm_image_type *type);
struct types wasm_results_of(const struct wasm_image_type *type);
struct types wasm_block_parameters(const struct validator *validator, const struct control *control);
struct types wasm_block_results(const struct validator *validator, const struct control *control);
/// What a branch to this block carries.
struct types wasm_label_types(const struct validator *validator, const struct control *control);
void wasm_push_control(struct validator *validator, uint16_t opcode, uint8_t block_type, uint32_t index);
void wasm_set_unreachable(struct validator *validator);
/// Checks the results of the innermost block, at its end or at `else`.
void wasm_check_block_end(struct validator *validator);
struct control *wasm_label_at(struct validator *validator, uint32_t depth);

#endif
