// SPDX-License-Identifier: Apache-2.0
//
// The translator's two halves share this: what is on the operand stack at a point of the code (emit.c), and
// the structured control flow around it (translate.c).
//
// The operand stack of Wasm does not exist at run time. Its position p has one home, the slot local_count +
// p. An operand is a temporary that is in its home, or a local or a constant that nobody has copied yet:
// instructions read those where they are. Two rules keep this right:
//
//   - before a local is written, pending operands that name it are copied to their homes;
//   - before control flow may split or join (block, loop, if), all pending locals are copied to their homes,
//   because
//     the copy of the first rule would otherwise be made on one path only.
#ifndef SEALIFT_WASM_EMIT_H
#define SEALIFT_WASM_EMIT_H

#include "loader.h"
#include "operations.h"

enum operand_kind {
    OPERAND_TEMPORARY, // in its home slot
    OPERAND_LOCAL,     // `value` is the local's index
    OPERAND_CONSTANT,  // `value` is the constant, zero-extended
};

struct operand {
    uint64_t value;
    uint32_t next; // OPERAND_LOCAL: the position below that names the same local, or WASM_NONE
    uint8_t kind;
};

/// An open block. Chains of places to patch run through the places themselves; 0 ends them.
struct block {
    uint32_t height;     // operands below its parameters
    uint32_t label;      // loop: its position; else the chain of branches to its end
    uint32_t else_chain; // if: the branch taken when the condition is false
    uint32_t stub_chain; // entries of the br_table being written that need operands moved first
    uint16_t parameter_count;
    uint16_t result_count;
    uint16_t opcode;
    uint8_t unreachable; // nothing gets to the current point
};

/// The operation emitted last, as long as nothing can jump between it and the current point.
struct last_operation {
    uint32_t start;             // position, or WASM_NONE
    uint32_t destination_field; // position of its destination's slot number; 0 if that must not change
    uint16_t destination;
    uint16_t operation;
    uint16_t opcode; // of the instruction it came from
    uint16_t first;  // slot of its first operand; global.get: the global's number
    bool immediate;  // the second operand is `second` itself, not a slot
    uint32_t second; // loads: the offset
    uint16_t shift;  // i32_add_shifted
};

/// Positions are in units of 16 bits from the start of all code.
struct translator {
    struct wasm_loader *loader;
    struct wasm_image *image;
    struct wasm_image_function *functions;
    struct wasm_reader reader;
    uint16_t *code;
    uint32_t position;
    uint32_t capacity;

    uint32_t function;  // being translated
    bool far_labels;    // they have 32 bits: only branch_far and branch_table_far have any
    bool too_far;       // a label does not fit 16 bits: the function has to be translated with far ones
    bool far_calls;     // all calls are far ones
    bool calls_too_far; // a distance does not fit: all functions have to be translated with far calls
    const struct wasm_image_type *type;
    uint32_t local_count;
    uint32_t deepest; // operands so far
    struct operand *operands;
    uint32_t operand_count;
    uint32_t *local_heads; // for each local the topmost operand that names it, or WASM_NONE
    uint32_t pending_locals;
    struct block *blocks;
    uint32_t block_count;
    struct last_operation last;
    uint16_t operation; // being emitted

    uint32_t meter_field; // of the meter operation of the current straight piece of code; 0 without metering
    uint32_t meter_count;
};

// ---- units

void wasm_emit_unit(struct translator *translator, uint32_t unit);
void wasm_emit_32(struct translator *translator, uint32_t value);
/// Begins an operation: no other may be open.
void wasm_emit_operation(struct translator *translator, uint32_t operation);
uint32_t wasm_read_code_32(const struct translator *translator, uint32_t position);
/// Overwrites two units, unless something has failed.
void wasm_patch_32(struct translator *translator, uint32_t position, uint32_t value);
/// Emits a label of the function being translated, at or before the current position.
void wasm_emit_label(struct translator *translator, uint32_t target);
/// Emits a label that is not known yet, and puts it on a chain.
void wasm_emit_chained(struct translator *translator, uint32_t *chain);
/// Makes all labels of a chain point at `target`.
void wasm_resolve_chain(struct translator *translator, uint32_t chain, uint32_t target);
/// Says that branches may arrive at the current position.
void wasm_bind_label(struct translator *translator);

// ---- operands

static inline uint16_t home_of(const struct translator *translator, uint32_t position) {
    return (uint16_t)(translator->local_count + position);
}

void wasm_push_temporary(struct translator *translator);
void wasm_push_temporaries(struct translator *translator, uint32_t count);
void wasm_push_local(struct translator *translator, uint32_t local);
void wasm_push_constant(struct translator *translator, uint64_t value);
/// Removes the topmost operand. Its position is then operand_count.
struct operand wasm_pop_operand(struct translator *translator);
/// The slot to read a popped operand from; a constant is put into its home first.
uint16_t wasm_operand_slot(struct translator *translator, struct operand operand, uint32_t position);
/// Pops an operand and gives its slot.
uint16_t wasm_take_operand(struct translator *translator);
/// Emits code that puts an operand at `position` into a slot.
void wasm_move_operand(struct translator *translator, struct operand operand, uint32_t position,
                       uint16_t destination);
/// Copies the topmost operands to their homes.
void wasm_settle(struct translator *translator, uint32_t count);
/// Copies all pending locals to their homes.
void wasm_settle_locals(struct translator *translator);
/// Copies the operands that name one local, which is about to be written.
void wasm_settle_local(struct translator *translator, uint32_t local);

/// Writes the topmost operand to a local; if the last operation has just computed it, by changing its
/// destination.
void wasm_set_local(struct translator *translator, uint32_t local);

/// Emits a branch on a popped condition, taken if it is true (or false, with `negate`), up to its label,
/// which the caller emits. A comparison that was emitted last is taken back and becomes part of the branch.
void wasm_emit_condition(struct translator *translator, struct operand condition, bool negate);

// ---- instructions that are an operation each

/// Ends an operation: pushes its result, whose slot is the unit `destination_field`.
void wasm_push_result(struct translator *translator, uint32_t start, uint32_t destination_field);
void wasm_emit_unary(struct translator *translator, uint32_t opcode);
void wasm_emit_binary(struct translator *translator, uint32_t opcode);
void wasm_emit_load(struct translator *translator, const struct wasm_instruction *instruction);
void wasm_emit_store(struct translator *translator, const struct wasm_instruction *instruction);
/// Globals that the module defines, numbered without the imported ones.
void wasm_emit_global_get(struct translator *translator, uint32_t global);
void wasm_emit_global_set(struct translator *translator, uint32_t global);

// ---- control flow (control.c)

/// An open block, 0 being the innermost.
struct block *wasm_block_at(struct translator *translator, uint32_t depth);
/// Begins a straight piece of code, for metering.
void wasm_begin_piece(struct translator *translator);
void wasm_emit_return(struct translator *translator);
void wasm_emit_branch(struct translator *translator, struct block *block);
void wasm_emit_branch_if(struct translator *translator, struct block *block);
/// The reader stands before the labels.
void wasm_emit_branch_table(struct translator *translator, uint32_t count);
/// Nothing gets behind this point before the innermost block's end or `else`.
void wasm_end_reachable(struct translator *translator);
void wasm_begin_block(struct translator *translator, const struct wasm_instruction *instruction);
void wasm_begin_else(struct translator *translator);
/// Ends a block. The results are then operands of the block around it.
void wasm_end_block(struct translator *translator);
/// Replaces settled operands by results that take their place; gives the slot where both begin.
uint16_t wasm_exchange_operands(struct translator *translator, uint32_t operands, uint32_t results);
void wasm_emit_call(struct translator *translator, uint32_t function);
/// Makes all calls of a function so far enter it at the current position.
void wasm_resolve_calls(struct translator *translator, uint32_t function);
/// Forgets the calls of functions not yet translated from `position` on.
void wasm_take_back_calls(struct translator *translator, uint32_t position);
void wasm_emit_call_indirect(struct translator *translator, const struct wasm_instruction *instruction);

#endif
