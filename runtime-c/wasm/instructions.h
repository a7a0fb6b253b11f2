// SPDX-License-Identifier: Apache-2.0
//
// The one list of WebAssembly instructions. It has no include guard: define the macros wanted, include the
// file, and every other group expands to nothing. Decoding (decode.c), validation (validate.c), translation
// (translate.c), the bytecode's operations (operations.h), execution (execute.c) and disassembly
// (disassemble.c) all expand it.
//
// An opcode behind the prefix 0xFC is written 0x100 + its number. Groups:
//
//   PLAIN(opcode, identifier, text, immediate)
//       validated and translated by name: control, variables, tables, bulk memory.
//   CONSTANT(opcode, identifier, text, immediate, type)
//   LOAD(opcode, identifier, text, type, memory type)          the memory type's size is the natural
//   alignment STORE(opcode, identifier, text, type, memory type) UNARY(opcode, identifier, text, operand
//   type, result type, expression of x) REINTERPRET(opcode, identifier, text, operand type, result type)
//       the bits in a 64-bit slot stay as they are (32-bit values are always zero-extended there): no code at
//       all.
//   TRUNCATE(opcode, identifier, text, operand type, result type, C type, low, high)
//       float to integer, trapping unless low < x < high.
//   BINARY(opcode, identifier, text, type, mirror, expression of x and y)         integers; result has the
//   same type FLOAT_BINARY(opcode, identifier, text, type, expression of x and y) DIVIDE(opcode, identifier,
//   text, type, overflow condition, expression of x and y)   traps when y is 0 or on overflow COMPARE(opcode,
//   identifier, text, type, mirror, inverse, expression of x and y)  integers; result i32
//   FLOAT_COMPARE(opcode, identifier, text, type, expression of x and y)             result i32
//
// Types are I32, I64, F32, F64; x and y are the C types uint32_t, uint64_t, float, double. `mirror` names the
// instruction that gives the same result with the operands exchanged (none: no such instruction), `inverse`
// the one that gives the opposite truth value.

#ifndef PLAIN
#define PLAIN(...)
#endif
#ifndef CONSTANT
#define CONSTANT(...)
#endif
#ifndef LOAD
#define LOAD(...)
#endif
#ifndef STORE
#define STORE(...)
#endif
#ifndef UNARY
#define UNARY(...)
#endif
#ifndef REINTERPRET
#define REINTERPRET(...)
#endif
#ifndef TRUNCATE
#define TRUNCATE(...)
#endif
#ifndef BINARY
#define BINARY(...)
#endif
#ifndef FLOAT_BINARY
#define FLOAT_BINARY(...)
#endif
#ifndef DIVIDE
#define DIVIDE(...)
#endif
#ifndef COMPARE
#define COMPARE(...)
#endif
#ifndef FLOAT_COMPARE
#define FLOAT_COMPARE(...)
#endif

// clang-format off

// Control
PLAIN(0x00, unreachable, "unreachable", NONE)
PLAIN(0x01, nop, "nop", NONE)
PLAIN(0x02, block, "block", BLOCK_TYPE)
PLAIN(0x03, loop, "loop", BLOCK_TYPE)
PLAIN(0x04, if, "if", BLOCK_TYPE)
PLAIN(0x05, else, "else", NONE)
PLAIN(0x0B, end, "end", NONE)
PLAIN(0x0C, br, "br", INDEX)
PLAIN(0x0D, br_if, "br_if", INDEX)
PLAIN(0x0E, br_table, "br_table", LABEL_TABLE)
PLAIN(0x0F, return, "return", NONE)
PLAIN(0x10, call, "call", INDEX)
PLAIN(0x11, call_indirect, "call_indirect", INDEX_INDEX)

// Parametric
PLAIN(0x1A, drop, "drop", NONE)
PLAIN(0x1B, select, "select", NONE)
PLAIN(0x1C, select_typed, "select", TYPES)

// Variables
PLAIN(0x20, local_get, "local.get", INDEX)
PLAIN(0x21, local_set, "local.set", INDEX)
PLAIN(0x22, local_tee, "local.tee", INDEX)
PLAIN(0x23, global_get, "global.get", INDEX)
PLAIN(0x24, global_set, "global.set", INDEX)

// Tables
PLAIN(0x25, table_get, "table.get", INDEX)
PLAIN(0x26, table_set, "table.set", INDEX)

// Memory
LOAD(0x28, i32_load, "i32.load", I32, uint32_t)
LOAD(0x29, i64_load, "i64.load", I64, uint64_t)
LOAD(0x2A, f32_load, "f32.load", F32, uint32_t)
LOAD(0x2B, f64_load, "f64.load", F64, uint64_t)
LOAD(0x2C, i32_load8_s, "i32.load8_s", I32, int8_t)
LOAD(0x2D, i32_load8_u, "i32.load8_u", I32, uint8_t)
LOAD(0x2E, i32_load16_s, "i32.load16_s", I32, int16_t)
LOAD(0x2F, i32_load16_u, "i32.load16_u", I32, uint16_t)
LOAD(0x30, i64_load8_s, "i64.load8_s", I64, int8_t)
LOAD(0x31, i64_load8_u, "i64.load8_u", I64, uint8_t)
LOAD(0x32, i64_load16_s, "i64.load16_s", I64, int16_t)
LOAD(0x33, i64_load16_u, "i64.load16_u", I64, uint16_t)
LOAD(0x34, i64_load32_s, "i64.load32_s", I64, int32_t)
LOAD(0x35, i64_load32_u, "i64.load32_u", I64, uint32_t)
STORE(0x36, i32_store, "i32.store", I32, uint32_t)
STORE(0x37, i64_store, "i64.store", I64, uint64_t)
STORE(0x38, f32_store, "f32.store", F32, uint32_t)
STORE(0x39, f64_store, "f64.store", F64, uint64_t)
STORE(0x3A, i32_store8, "i32.store8", I32, uint8_t)
STORE(0x3B, i32_store16, "i32.store16", I32, uint16_t)
STORE(0x3C, i64_store8, "i64.store8", I64, uint8_t)
STORE(0x3D, i64_store16, "i64.store16", I64, uint16_t)
STORE(0x3E, i64_store32, "i64.store32", I64, uint32_t)
PLAIN(0x3F, memory_size, "memory.size", ZERO)
PLAIN(0x40, memory_grow, "memory.grow", ZERO)

// Constants
CONSTANT(0x41, i32_const, "i32.const", I32, I32)
CONSTANT(0x42, i64_const, "i64.const", I64, I64)
CONSTANT(0x43, f32_const, "f32.const", F32, F32)
CONSTANT(0x44, f64_const, "f64.const", F64, F64)

// Comparisons
UNARY(0x45, i32_eqz, "i32.eqz", I32, I32, x == 0)
COMPARE(0x46, i32_eq, "i32.eq", I32, i32_eq, i32_ne, x == y)
COMPARE(0x47, i32_ne, "i32.ne", I32, i32_ne, i32_eq, x != y)
COMPARE(0x48, i32_lt_s, "i32.lt_s", I32, i32_gt_s, i32_ge_s, (int32_t)x < (int32_t)y)
COMPARE(0x49, i32_lt_u, "i32.lt_u", I32, i32_gt_u, i32_ge_u, x < y)
COMPARE(0x4A, i32_gt_s, "i32.gt_s", I32, i32_lt_s, i32_le_s, (int32_t)x > (int32_t)y)
COMPARE(0x4B, i32_gt_u, "i32.gt_u", I32, i32_lt_u, i32_le_u, x > y)
COMPARE(0x4C, i32_le_s, "i32.le_s", I32, i32_ge_s, i32_gt_s, (int32_t)x <= (int32_t)y)
COMPARE(0x4D, i32_le_u, "i32.le_u", I32, i32_ge_u, i32_gt_u, x <= y)
COMPARE(0x4E, i32_ge_s, "i32.ge_s", I32, i32_le_s, i32_lt_s, (int32_t)x >= (int32_t)y)
COMPARE(0x4F, i32_ge_u, "i32.ge_u", I32, i32_le_u, i32_lt_u, x >= y)
UNARY(0x50, i64_eqz, "i64.eqz", I64, I32, x == 0)
COMPARE(0x51, i64_eq, "i64.eq", I64, i64_eq, i64_ne, x == y)
COMPARE(0x52, i64_ne, "i64.ne", I64, i64_ne, i64_eq, x != y)
COMPARE(0x53, i64_lt_s, "i64.lt_s", I64, i64_gt_s, i64_ge_s, (int64_t)x < (int64_t)y)
COMPARE(0x54, i64_lt_u, "i64.lt_u", I64, i64_gt_u, i64_ge_u, x < y)
COMPARE(0x55, i64_gt_s, "i64.gt_s", I64, i64_lt_s, i64_le_s, (int64_t)x > (int64_t)y)
COMPARE(0x56, i64_gt_u, "i64.gt_u", I64, i64_lt_u, i64_le_u, x > y)
COMPARE(0x57, i64_le_s, "i64.le_s", I64, i64_ge_s, i64_gt_s, (int64_t)x <= (int64_t)y)
COMPARE(0x58, i64_le_u, "i64.le_u", I64, i64_ge_u, i64_gt_u, x <= y)
COMPARE(0x59, i64_ge_s, "i64.ge_s", I64, i64_le_s, i64_lt_s, (int64_t)x >= (int64_t)y)
COMPARE(0x5A, i64_ge_u, "i64.ge_u", I64, i64_le_u, i64_lt_u, x >= y)
FLOAT_COMPARE(0x5B, f32_eq, "f32.eq", F32, x == y)
FLOAT_COMPARE(0x5C, f32_ne, "f32.ne", F32, x != y)
FLOAT_COMPARE(0x5D, f32_lt, "f32.lt", F32, x < y)
FLOAT_COMPARE(0x5E, f32_gt, "f32.gt", F32, x > y)
FLOAT_COMPARE(0x5F, f32_le, "f32.le", F32, x <= y)
FLOAT_COMPARE(0x60, f32_ge, "f32.ge", F32, x >= y)
FLOAT_COMPARE(0x61, f64_eq, "f64.eq", F64, x == y)
FLOAT_COMPARE(0x62, f64_ne, "f64.ne", F64, x != y)
FLOAT_COMPARE(0x63, f64_lt, "f64.lt", F64, x < y)
FLOAT_COMPARE(0x64, f64_gt, "f64.gt", F64, x > y)
FLOAT_COMPARE(0x65, f64_le, "f64.le", F64, x <= y)
FLOAT_COMPARE(0x66, f64_ge, "f64.ge", F64, x >= y)

// Integer arithmetic. A shift or rotate takes its count modulo the width.
UNARY(0x67, i32_clz, "i32.clz", I32, I32, x == 0 ? 32 : (uint32_t)__builtin_clz(x))
UNARY(0x68, i32_ctz, "i32.ctz", I32, I32, x == 0 ? 32 : (uint32_t)__builtin_ctz(x))
UNARY(0x69, i32_popcnt, "i32.popcnt", I32, I32, wasm_count_ones(x))
BINARY(0x6A, i32_add, "i32.add", I32, i32_add, x + y)
BINARY(0x6B, i32_sub, "i32.sub", I32, none, x - y)
BINARY(0x6C, i32_mul, "i32.mul", I32, i32_mul, x * y)
DIVIDE(0x6D, i32_div_s, "i32.div_s", I32, x == 0x80000000u && y == 0xFFFFFFFFu, (uint32_t)((int32_t)x / (int32_t)y))
DIVIDE(0x6E, i32_div_u, "i32.div_u", I32, 0, x / y)
DIVIDE(0x6F, i32_rem_s, "i32.rem_s", I32, 0, y == 0xFFFFFFFFu ? 0 : (uint32_t)((int32_t)x % (int32_t)y))
DIVIDE(0x70, i32_rem_u, "i32.rem_u", I32, 0, x % y)
BINARY(0x71, i32_and, "i32.and", I32, i32_and, x & y)
BINARY(0x72, i32_or, "i32.or", I32, i32_or, x | y)
BINARY(0x73, i32_xor, "i32.xor", I32, i32_xor, x ^ y)
BINARY(0x74, i32_shl, "i32.shl", I32, none, x << (y & 31))
BINARY(0x75, i32_shr_s, "i32.shr_s", I32, none, (uint32_t)((int32_t)x >> (y & 31)))
BINARY(0x76, i32_shr_u, "i32.shr_u", I32, none, x >> (y & 31))
BINARY(0x77, i32_rotl, "i32.rotl", I32, none, x << (y & 31) | x >> (-y & 31))
BINARY(0x78, i32_rotr, "i32.rotr", I32, none, x >> (y & 31) | x << (-y & 31))
UNARY(0x79, i64_clz, "i64.clz", I64, I64, x == 0 ? 64 : (uint64_t)__builtin_clzll(x))
UNARY(0x7A, i64_ctz, "i64.ctz", I64, I64, x == 0 ? 64 : (uint64_t)__builtin_ctzll(x))
UNARY(0x7B, i64_popcnt, "i64.popcnt", I64, I64, wasm_count_ones(x))
BINARY(0x7C, i64_add, "i64.add", I64, i64_add, x + y)
BINARY(0x7D, i64_sub, "i64.sub", I64, none, x - y)
BINARY(0x7E, i64_mul, "i64.mul", I64, i64_mul, x * y)
DIVIDE(0x7F, i64_div_s, "i64.div_s", I64, x == 0x8000000000000000u && y == ~(uint64_t)0, (uint64_t)((int64_t)x / (int64_t)y))
DIVIDE(0x80, i64_div_u, "i64.div_u", I64, 0, x / y)
DIVIDE(0x81, i64_rem_s, "i64.rem_s", I64, 0, y == ~(uint64_t)0 ? 0 : (uint64_t)((int64_t)x % (int64_t)y))
DIVIDE(0x82, i64_rem_u, "i64.rem_u", I64, 0, x % y)
BINARY(0x83, i64_and, "i64.and", I64, i64_and, x & y)
BINARY(0x84, i64_or, "i64.or", I64, i64_or, x | y)
BINARY(0x85, i64_xor, "i64.xor", I64, i64_xor, x ^ y)
BINARY(0x86, i64_shl, "i64.shl", I64, none, x << (y & 63))
BINARY(0x87, i64_shr_s, "i64.shr_s", I64, none, (uint64_t)((int64_t)x >> (y & 63)))
BINARY(0x88, i64_shr_u, "i64.shr_u", I64, none, x >> (y & 63))
BINARY(0x89, i64_rotl, "i64.rotl", I64, none, x << (y & 63) | x >> (-y & 63))
BINARY(0x8A, i64_rotr, "i64.rotr", I64, none, x >> (y & 63) | x << (-y & 63))

// Floating-point arithmetic, IEEE 754 to the bit (numeric.h)
UNARY(0x8B, f32_abs, "f32.abs", F32, F32, wasm_f32_absolute(x))
UNARY(0x8C, f32_neg, "f32.neg", F32, F32, wasm_f32_negate(x))
UNARY(0x8D, f32_ceil, "f32.ceil", F32, F32, wasm_f32_ceiling(x))
UNARY(0x8E, f32_floor, "f32.floor", F32, F32, wasm_f32_floor(x))
UNARY(0x8F, f32_trunc, "f32.trunc", F32, F32, wasm_f32_truncate(x))
UNARY(0x90, f32_nearest, "f32.nearest", F32, F32, wasm_f32_nearest(x))
UNARY(0x91, f32_sqrt, "f32.sqrt", F32, F32, wasm_f32_square_root(x))
FLOAT_BINARY(0x92, f32_add, "f32.add", F32, x + y)
FLOAT_BINARY(0x93, f32_sub, "f32.sub", F32, x - y)
FLOAT_BINARY(0x94, f32_mul, "f32.mul", F32, x * y)
FLOAT_BINARY(0x95, f32_div, "f32.div", F32, x / y)
FLOAT_BINARY(0x96, f32_min, "f32.min", F32, wasm_f32_minimum(x, y))
FLOAT_BINARY(0x97, f32_max, "f32.max", F32, wasm_f32_maximum(x, y))
FLOAT_BINARY(0x98, f32_copysign, "f32.copysign", F32, wasm_f32_copy_sign(x, y))
UNARY(0x99, f64_abs, "f64.abs", F64, F64, wasm_f64_absolute(x))
UNARY(0x9A, f64_neg, "f64.neg", F64, F64, wasm_f64_negate(x))
UNARY(0x9B, f64_ceil, "f64.ceil", F64, F64, wasm_f64_ceiling(x))
UNARY(0x9C, f64_floor, "f64.floor", F64, F64, wasm_f64_floor(x))
UNARY(0x9D, f64_trunc, "f64.trunc", F64, F64, wasm_f64_truncate(x))
UNARY(0x9E, f64_nearest, "f64.nearest", F64, F64, wasm_f64_nearest(x))
UNARY(0x9F, f64_sqrt, "f64.sqrt", F64, F64, wasm_f64_square_root(x))
FLOAT_BINARY(0xA0, f64_add, "f64.add", F64, x + y)
FLOAT_BINARY(0xA1, f64_sub, "f64.sub", F64, x - y)
FLOAT_BINARY(0xA2, f64_mul, "f64.mul", F64, x * y)
FLOAT_BINARY(0xA3, f64_div, "f64.div", F64, x / y)
FLOAT_BINARY(0xA4, f64_min, "f64.min", F64, wasm_f64_minimum(x, y))
FLOAT_BINARY(0xA5, f64_max, "f64.max", F64, wasm_f64_maximum(x, y))
FLOAT_BINARY(0xA6, f64_copysign, "f64.copysign", F64, wasm_f64_copy_sign(x, y))

// Conversions. The bounds are the floats next to the integer type's range, so both comparisons are exact.
UNARY(0xA7, i32_wrap_i64, "i32.wrap_i64", I64, I32, (uint32_t)x)
TRUNCATE(0xA8, i32_trunc_f32_s, "i32.trunc_f32_s", F32, I32, int32_t, -2147483904.0f, 2147483648.0f)
TRUNCATE(0xA9, i32_trunc_f32_u, "i32.trunc_f32_u", F32, I32, uint32_t, -1.0f, 4294967296.0f)
TRUNCATE(0xAA, i32_trunc_f64_s, "i32.trunc_f64_s", F64, I32, int32_t, -2147483649.0, 2147483648.0)
TRUNCATE(0xAB, i32_trunc_f64_u, "i32.trunc_f64_u", F64, I32, uint32_t, -1.0, 4294967296.0)
UNARY(0xAC, i64_extend_i32_s, "i64.extend_i32_s", I32, I64, (uint64_t)(int64_t)(int32_t)x)
REINTERPRET(0xAD, i64_extend_i32_u, "i64.extend_i32_u", I32, I64)
TRUNCATE(0xAE, i64_trunc_f32_s, "i64.trunc_f32_s", F32, I64, int64_t, -9223373136366403584.0f, 9223372036854775808.0f)
TRUNCATE(0xAF, i64_trunc_f32_u, "i64.trunc_f32_u", F32, I64, uint64_t, -1.0f, 18446744073709551616.0f)
TRUNCATE(0xB0, i64_trunc_f64_s, "i64.trunc_f64_s", F64, I64, int64_t, -9223372036854777856.0, 9223372036854775808.0)
TRUNCATE(0xB1, i64_trunc_f64_u, "i64.trunc_f64_u", F64, I64, uint64_t, -1.0, 18446744073709551616.0)
UNARY(0xB2, f32_convert_i32_s, "f32.convert_i32_s", I32, F32, (float)(int32_t)x)
UNARY(0xB3, f32_convert_i32_u, "f32.convert_i32_u", I32, F32, (float)x)
UNARY(0xB4, f32_convert_i64_s, "f32.convert_i64_s", I64, F32, (float)(int64_t)x)
UNARY(0xB5, f32_convert_i64_u, "f32.convert_i64_u", I64, F32, (float)x)
UNARY(0xB6, f32_demote_f64, "f32.demote_f64", F64, F32, (float)x)
UNARY(0xB7, f64_convert_i32_s, "f64.convert_i32_s", I32, F64, (double)(int32_t)x)
UNARY(0xB8, f64_convert_i32_u, "f64.convert_i32_u", I32, F64, (double)x)
UNARY(0xB9, f64_convert_i64_s, "f64.convert_i64_s", I64, F64, (double)(int64_t)x)
UNARY(0xBA, f64_convert_i64_u, "f64.convert_i64_u", I64, F64, (double)x)
UNARY(0xBB, f64_promote_f32, "f64.promote_f32", F32, F64, (double)x)
REINTERPRET(0xBC, i32_reinterpret_f32, "i32.reinterpret_f32", F32, I32)
REINTERPRET(0xBD, i64_reinterpret_f64, "i64.reinterpret_f64", F64, I64)
REINTERPRET(0xBE, f32_reinterpret_i32, "f32.reinterpret_i32", I32, F32)
REINTERPRET(0xBF, f64_reinterpret_i64, "f64.reinterpret_i64", I64, F64)

// Sign extension
UNARY(0xC0, i32_extend8_s, "i32.extend8_s", I32, I32, (uint32_t)(int32_t)(int8_t)x)
UNARY(0xC1, i32_extend16_s, "i32.extend16_s", I32, I32, (uint32_t)(int32_t)(int16_t)x)
UNARY(0xC2, i64_extend8_s, "i64.extend8_s", I64, I64, (uint64_t)(int64_t)(int8_t)x)
UNARY(0xC3, i64_extend16_s, "i64.extend16_s", I64, I64, (uint64_t)(int64_t)(int16_t)x)
UNARY(0xC4, i64_extend32_s, "i64.extend32_s", I64, I64, (uint64_t)(int64_t)(int32_t)x)

// References
PLAIN(0xD0, ref_null, "ref.null", REFERENCE_TYPE)
PLAIN(0xD1, ref_is_null, "ref.is_null", NONE)
PLAIN(0xD2, ref_func, "ref.func", INDEX)

// Saturating conversions: a NaN gives 0, what is out of range gives the nearest end of the range.
UNARY(0x100, i32_trunc_sat_f32_s, "i32.trunc_sat_f32_s", F32, I32, (uint32_t)WASM_SATURATE(x, int32_t, -2147483648.0f, 2147483648.0f, INT32_MIN, INT32_MAX))
UNARY(0x101, i32_trunc_sat_f32_u, "i32.trunc_sat_f32_u", F32, I32, WASM_SATURATE(x, uint32_t, 0.0f, 4294967296.0f, 0, UINT32_MAX))
UNARY(0x102, i32_trunc_sat_f64_s, "i32.trunc_sat_f64_s", F64, I32, (uint32_t)WASM_SATURATE(x, int32_t, -2147483648.0, 2147483648.0, INT32_MIN, INT32_MAX))
UNARY(0x103, i32_trunc_sat_f64_u, "i32.trunc_sat_f64_u", F64, I32, WASM_SATURATE(x, uint32_t, 0.0, 4294967296.0, 0, UINT32_MAX))
UNARY(0x104, i64_trunc_sat_f32_s, "i64.trunc_sat_f32_s", F32, I64, (uint64_t)WASM_SATURATE(x, int64_t, -9223372036854775808.0f, 9223372036854775808.0f, INT64_MIN, INT64_MAX))
UNARY(0x105, i64_trunc_sat_f32_u, "i64.trunc_sat_f32_u", F32, I64, WASM_SATURATE(x, uint64_t, 0.0f, 18446744073709551616.0f, 0, UINT64_MAX))
UNARY(0x106, i64_trunc_sat_f64_s, "i64.trunc_sat_f64_s", F64, I64, (uint64_t)WASM_SATURATE(x, int64_t, -9223372036854775808.0, 9223372036854775808.0, INT64_MIN, INT64_MAX))
UNARY(0x107, i64_trunc_sat_f64_u, "i64.trunc_sat_f64_u", F64, I64, WASM_SATURATE(x, uint64_t, 0.0, 18446744073709551616.0, 0, UINT64_MAX))

// Bulk memory and tables
PLAIN(0x108, memory_init, "memory.init", INDEX_ZERO)
PLAIN(0x109, data_drop, "data.drop", INDEX)
PLAIN(0x10A, memory_copy, "memory.copy", ZERO_ZERO)
PLAIN(0x10B, memory_fill, "memory.fill", ZERO)
PLAIN(0x10C, table_init, "table.init", INDEX_INDEX)
PLAIN(0x10D, elem_drop, "elem.drop", INDEX)
PLAIN(0x10E, table_copy, "table.copy", INDEX_INDEX)
PLAIN(0x10F, table_grow, "table.grow", INDEX)
PLAIN(0x110, table_size, "table.size", INDEX)
PLAIN(0x111, table_fill, "table.fill", INDEX)

// clang-format on

#undef PLAIN
#undef CONSTANT
#undef LOAD
#undef STORE
#undef UNARY
#undef REINTERPRET
#undef TRUNCATE
#undef BINARY
#undef FLOAT_BINARY
#undef DIVIDE
#undef COMPARE
#undef FLOAT_COMPARE
