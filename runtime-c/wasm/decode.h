// SPDX-License-Identifier: Apache-2.0
//
// Reading the binary format: numbers (5.2), names (5.2.4) and single instructions (5.4). Every read is
// bounded by the reader's end; an error is recorded once and ends the load.
#ifndef SEALIFT_WASM_DECODE_H
#define SEALIFT_WASM_DECODE_H

#include "wasm.h"

/// Internal opcodes: one byte, or 0x100 + the number behind the prefix 0xFC.
enum wasm_opcode {
#define PLAIN(opcode, identifier, ...) WASM_OPCODE_##identifier = opcode,
#define CONSTANT PLAIN
#define LOAD PLAIN
#define STORE PLAIN
#define UNARY PLAIN
#define REINTERPRET PLAIN
#define TRUNCATE PLAIN
#define BINARY PLAIN
#define FLOAT_BINARY PLAIN
#define DIVIDE PLAIN
#define COMPARE PLAIN
#define FLOAT_COMPARE PLAIN
#include "instructions.h"
    WASM_OPCODE_none = 0xFF, // not assigned by the specification
    WASM_OPCODE_LIMIT = 0x112,
    WASM_OPCODE_PREFIX = 0xFC,
};

/// What follows an opcode.
enum wasm_immediate {
    WASM_IMMEDIATE_NONE = 0,
    WASM_IMMEDIATE_BLOCK_TYPE,
    WASM_IMMEDIATE_INDEX,
    WASM_IMMEDIATE_INDEX_INDEX,
    WASM_IMMEDIATE_INDEX_ZERO, // an index and the reserved byte 0
    WASM_IMMEDIATE_ZERO,
    WASM_IMMEDIATE_ZERO_ZERO,
    WASM_IMMEDIATE_LABEL_TABLE,
    WASM_IMMEDIATE_TYPES,
    WASM_IMMEDIATE_REFERENCE_TYPE,
    WASM_IMMEDIATE_MEMORY, // alignment and offset
    WASM_IMMEDIATE_I32,
    WASM_IMMEDIATE_I64,
    WASM_IMMEDIATE_F32,
    WASM_IMMEDIATE_F64,
};

/// How an instruction is validated and translated: its group in instructions.h.
enum wasm_group {
    WASM_GROUP_ILLEGAL = 0, // no such opcode
    WASM_GROUP_PLAIN,
    WASM_GROUP_CONSTANT,
    WASM_GROUP_LOAD,
    WASM_GROUP_STORE,
    WASM_GROUP_UNARY,
    WASM_GROUP_REINTERPRET,
    WASM_GROUP_TRUNCATE,
    WASM_GROUP_BINARY,
    WASM_GROUP_FLOAT_BINARY,
    WASM_GROUP_DIVIDE,
    WASM_GROUP_COMPARE,
    WASM_GROUP_FLOAT_COMPARE,
};

struct wasm_descriptor {
    uint8_t group;
    uint8_t immediate;
    uint8_t operand;    // wasm_type of the operands (a store's second one); 0 for PLAIN
    uint8_t result;     // wasm_type of the result; 0 for PLAIN and stores
    uint8_t width;      // bytes accessed by a load or store
    uint16_t operation; // first bytecode operation for it (operations.h); 0 for PLAIN
    uint16_t mirror;    // opcode with exchanged operands, or WASM_OPCODE_none
    uint16_t inverse;   // opcode with the opposite truth value, or WASM_OPCODE_none
};

extern const struct wasm_descriptor wasm_descriptors[WASM_OPCODE_LIMIT];

/// A block's type: a value type, none at all (0x40), or the index of a function type.
enum { WASM_BLOCK_EMPTY = 0x40, WASM_BLOCK_BY_INDEX = 0 };

/// A decoded instruction.
struct wasm_instruction {
    uint16_t opcode;
    uint8_t
        block_type; // BLOCK_TYPE: value type code, WASM_BLOCK_EMPTY, or WASM_BLOCK_BY_INDEX (then `index`)
    uint8_t type;   // REFERENCE_TYPE and TYPES: the (first) type
    uint32_t index; // first index; number of labels before the default one; number of types; memory alignment
                    // exponent
    uint32_t second;   // second index; memory offset
    uint64_t value;    // constants, zero-extended
    uint32_t position; // of the opcode in the module
};

struct wasm_reader {
    const uint8_t *bytes; // the module
    uint32_t position;
    uint32_t end; // of the section or body being read
    wasm_error *error;
};

static inline bool wasm_failed(const struct wasm_reader *reader) {
    return reader->error->status != WASM_OK;
}

/// Records the first error, and stops all further reading.
void wasm_fail(struct wasm_reader *reader, wasm_status status, const char *message);
void wasm_fail_at(struct wasm_reader *reader, wasm_status status, uint32_t offset, const char *message);

uint8_t wasm_read_byte(struct wasm_reader *reader);
uint32_t wasm_read_u32(struct wasm_reader *reader);
/// A number of things to follow, at most `limit`, and at most one a byte of what is left.
uint32_t wasm_read_count(struct wasm_reader *reader, uint32_t limit, const char *over_limit);
uint64_t wasm_read_signed(struct wasm_reader *reader, uint32_t bits);
/// A name, with its UTF-8 checked.
wasm_name wasm_read_name(struct wasm_reader *reader);
/// A value type; wasm_read_reference_type accepts references only.
uint8_t wasm_read_type(struct wasm_reader *reader);
uint8_t wasm_read_reference_type(struct wasm_reader *reader);
/// Moves over `length` bytes.
void wasm_skip(struct wasm_reader *reader, uint32_t length);

/// Reads an instruction. For LABEL_TABLE the reader then stands before the labels, for TYPES behind the last
/// type.
void wasm_read_instruction(struct wasm_reader *reader, struct wasm_instruction *instruction);

static inline bool wasm_is_reference(uint8_t type) {
    return type == WASM_FUNCREF || type == WASM_EXTERNREF;
}

/// Appends text to an error's message, which stays NUL-terminated.
void wasm_error_append(wasm_error *error, const char *text, size_t length);
void wasm_error_text(wasm_error *error, const char *text);

#endif
