// SPDX-License-Identifier: Apache-2.0
//
// The bytecode: what the translator emits and wasm_execute runs. Most operations come from the list of
// WebAssembly instructions; the others are listed here.
//
// An operation is a sequence of 16-bit units: its number, then its operands. A slot is the index of a 64-bit
// cell in the function's frame (locals first, then the operand stack). The format string has one letter for
// each operand:
//
//   d  slot written             1 unit        n  16-bit number                 1 unit
//   s  slot read                1 unit        m  16-bit number, signed         1 unit
//   b  first of several slots   1 unit        i  32-bit number, signed         2 units
//   l  label                    1 unit        o  memory offset                 1 unit
//   c  slot and entry           2 units       O  32-bit memory offset          2 units
//   L  label, 32 bits           2 units       I  64-bit number                 4 units
//   f  function                 2 units
//
// The first slot of the callee's frame has the low 8 of the 32 bits of `c`, and the callee's entry the
// others.
//
// Labels and entries are distances in units: from the label's own first unit, from the operation's first unit
// to the entry.
//
// BYTECODE(OPERATION) expands to OPERATION(identifier, text, format) for each.
#ifndef SEALIFT_WASM_OPERATIONS_H
#define SEALIFT_WASM_OPERATIONS_H

// clang-format off
#define WASM_OTHER_OPERATIONS(OPERATION)                                        \
    /* moves */                                                                 \
    OPERATION(copy, "copy", "ds")                                               \
    /* to d and the slot after it */                                            \
    OPERATION(copy_two, "copy two", "dss")                                      \
    OPERATION(copy_constant, "copy, constant", "dsn")                           \
    OPERATION(constant_copy, "constant, copy", "dns")                           \
    OPERATION(constant_two, "constant two", "dnn")                              \
    OPERATION(constant_16, "constant", "dn")                                    \
    OPERATION(constant_negative, "constant", "dm") /* of 32 bits */             \
    OPERATION(constant_32, "constant", "di")                                    \
    OPERATION(constant_64, "constant", "dI")                                    \
    OPERATION(select, "select", "dsss")                                         \
    OPERATION(global_get, "global.get", "dn")                                   \
    OPERATION(global_set, "global.set", "sn")                                   \
    OPERATION(global_add, "global.add", "nm")                                   \
    OPERATION(global_get_add, "global.get add", "dnm")                          \
    OPERATION(imported_global_get, "global.get imported", "dn")                 \
    OPERATION(imported_global_set, "global.set imported", "sn")                 \
    OPERATION(ref_func, "ref.func", "di")                                       \
    /* two instructions in one */                                               \
    OPERATION(i32_add_shifted, "i32.add shl", "dssn") /* d = s + (s << n) */    \
    OPERATION(i32_load_and, "i32.load and", "dsoi")                             \
    /* an offset too large for the load or store that follows */                \
    OPERATION(displace, "displace", "dsO")                                      \
    /* control: every taken branch polls for interruption */                    \
    OPERATION(unreachable, "unreachable", "")                                   \
    OPERATION(branch, "branch", "l")                                            \
    OPERATION(branch_if, "branch if", "sl")                                     \
    OPERATION(branch_unless, "branch unless", "sl")                             \
    OPERATION(branch_if_i64, "branch if i64", "sl")                             \
    OPERATION(branch_unless_i64, "branch unless i64", "sl")                     \
    OPERATION(branch_if_and, "branch if and", "sml")                            \
    OPERATION(branch_unless_and, "branch unless and", "sml")                    \
    OPERATION(branch_table, "branch table", "sn") /* then a label for each */   \
    /* in functions where labels have 32 bits */                                \
    OPERATION(branch_far, "branch far", "L")                                    \
    OPERATION(branch_table_far, "branch table far", "sn")                       \
    OPERATION(return_none, "return", "")                                        \
    OPERATION(return_one, "return", "s")                                        \
    OPERATION(return_constant_16, "return", "n")                                \
    OPERATION(return_constant_32, "return", "i")                                \
    OPERATION(return_many, "return", "bn")                                      \
    OPERATION(call, "call", "c")                                                \
    OPERATION(call_far, "call far", "bf") /* what does not fit `c` */           \
    /* call, and put the first argument in its place */                         \
    OPERATION(call_copy, "call", "cs")                                          \
    OPERATION(call_constant_16, "call", "cn")                                   \
    OPERATION(call_constant_32, "call", "ci")                                   \
    OPERATION(call_host, "call host", "bnn") /* results, host entry */          \
    OPERATION(call_import, "call import", "bnn") /* results, binding */         \
    OPERATION(call_indirect, "call_indirect", "bsnn") /* table, type */         \
    OPERATION(meter, "meter", "i")                                              \
    /* memory and tables: operands in consecutive slots, result in the first */ \
    OPERATION(memory_size, "memory.size", "d")                                  \
    OPERATION(memory_grow, "memory.grow", "ds")                                 \
    OPERATION(memory_copy, "memory.copy", "sss")                                \
    OPERATION(memory_fill, "memory.fill", "sss")                                \
    OPERATION(memory_init, "memory.init", "bn")                                 \
    OPERATION(data_drop, "data.drop", "n")                                      \
    OPERATION(table_get, "table.get", "bn")                                     \
    OPERATION(table_set, "table.set", "bn")                                     \
    OPERATION(table_size, "table.size", "bn")                                   \
    OPERATION(table_grow, "table.grow", "bn")                                   \
    OPERATION(table_fill, "table.fill", "bn")                                   \
    OPERATION(table_copy, "table.copy", "bnn")                                  \
    OPERATION(table_init, "table.init", "bnn")                                  \
    OPERATION(elem_drop, "elem.drop", "n")                                      \
    /* not in any function: calls from outside return to them */                \
    OPERATION(leave, "leave", "")                                               \
    OPERATION(leave_instance, "leave instance", "")
// clang-format on

/// Numbers of the operations. An instruction's variants follow it in this order.
enum wasm_operation {
#define UNARY(opcode, identifier, ...) WASM_OPERATION_##identifier,
#define TRUNCATE UNARY
#define FLOAT_BINARY UNARY
#define FLOAT_COMPARE UNARY
#define LOAD(opcode, identifier, ...)                                                                        \
    WASM_OPERATION_##identifier, WASM_OPERATION_##identifier##_displaced,                                    \
        WASM_OPERATION_##identifier##_indexed,
#define STORE(opcode, identifier, ...)                                                                       \
    WASM_OPERATION_##identifier, WASM_OPERATION_##identifier##_constant,                                     \
        WASM_OPERATION_##identifier##_global, WASM_OPERATION_##identifier##_global_constant,
#define BINARY(opcode, identifier, ...) WASM_OPERATION_##identifier, WASM_OPERATION_##identifier##_immediate,
#define DIVIDE BINARY
#define COMPARE(opcode, identifier, ...)                                                                     \
    WASM_OPERATION_##identifier, WASM_OPERATION_##identifier##_immediate,                                    \
        WASM_OPERATION_branch_##identifier, WASM_OPERATION_branch_##identifier##_immediate,
#include "instructions.h"
#define OPERATION(identifier, ...) WASM_OPERATION_##identifier,
    WASM_OTHER_OPERATIONS(OPERATION)
#undef OPERATION
        WASM_OPERATION_COUNT
};

/// Bits of the callee's first slot in the operand `c`.
enum { WASM_CALL_SLOT_BITS = 8 };

/// Distance from an instruction's operation to its variants.
enum {
    // Integer arithmetic and comparisons
    WASM_VARIANT_IMMEDIATE = 1,        // the second operand is a 16-bit number, sign-extended
    WASM_VARIANT_BRANCH = 2,           // comparison and branch if true
    WASM_VARIANT_BRANCH_IMMEDIATE = 3, // both
    // Loads
    WASM_VARIANT_DISPLACED = 1, // at a slot plus a number, in 32 bits, plus the offset
    WASM_VARIANT_INDEXED = 2,   // at a slot plus a slot shifted left, in 32 bits, plus the offset
    // Stores
    WASM_VARIANT_CONSTANT = 1,        // the value is a 16-bit number, sign-extended
    WASM_VARIANT_GLOBAL = 2,          // the address is in a global: AssemblyScript's shadow stack
    WASM_VARIANT_GLOBAL_CONSTANT = 3, // both
};

#endif
