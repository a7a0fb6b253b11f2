// SPDX-License-Identifier: Apache-2.0
//
// What each group of instructions.h does, as the body of its operation's label. Only for wasm_execute, whose
// variables (code, frame, memory, memory_size, instance) and macros (SLOT, NEXT, TAKE, UNLIKELY) it uses:
// execute.c includes it inside the function.

// The C type of a value type, and how it is in a slot: 32-bit values are zero-extended.
#define C_I32 uint32_t
#define C_I64 uint64_t
#define C_F32 float
#define C_F64 double
#define FROM_SLOT_I32(slot) ((uint32_t)(slot))
#define FROM_SLOT_I64(slot) (slot)
#define FROM_SLOT_F32(slot) wasm_f32_from_bits((uint32_t)(slot))
#define FROM_SLOT_F64(slot) wasm_f64_from_bits(slot)
#define TO_SLOT_I32(value) ((uint64_t)(uint32_t)(value))
#define TO_SLOT_I64(value) ((uint64_t)(value))
#define TO_SLOT_F32(value) ((uint64_t)wasm_f32_bits(value))
#define TO_SLOT_F64(value) wasm_f64_bits(value)
// What a load makes of the bits in memory: floats stay bits.
#define LOADED_I32 uint32_t
#define LOADED_I64 uint64_t
#define LOADED_F32 uint32_t
#define LOADED_F64 uint64_t

// Addresses have up to 33 bits: a 32-bit number and the instruction's offset (a larger one than fits the unit
// has been added before, by the operation displace). They are compared with the size in 64 bits.
#define LOAD_FROM(computed_address, type, memory_type, units)                                                \
    uint64_t address = (computed_address);                                                                   \
    if (UNLIKELY(address + sizeof(memory_type) > memory_size))                                               \
        goto memory_out_of_bounds;                                                                           \
    memory_type value;                                                                                       \
    __builtin_memcpy(&value, memory + address, sizeof value);                                                \
    SLOT(1) = (uint64_t)(LOADED_##type)value;                                                                \
    NEXT(units)
#define LOAD(opcode, identifier, text, type, memory_type)                                                    \
    do_##identifier : {                                                                                      \
        LOAD_FROM((uint64_t)(uint32_t)SLOT(2) + code[3], type, memory_type, 4);                              \
    }                                                                                                        \
    do_##identifier##_displaced : {                                                                          \
        LOAD_FROM((uint64_t)((uint32_t)SLOT(2) + (uint32_t)(int16_t)code[3]) + code[4], type, memory_type,   \
                  5);                                                                                        \
    }                                                                                                        \
    do_##identifier##_indexed : {                                                                            \
        LOAD_FROM((uint64_t)((uint32_t)SLOT(2) + ((uint32_t)SLOT(3) << code[4])) + code[5], type,            \
                  memory_type, 6);                                                                           \
    }
#define STORE_TO(base, stored, offset, memory_type, units)                                                   \
    uint64_t address = (uint64_t)(uint32_t)(base) + code[offset];                                            \
    if (UNLIKELY(address + sizeof(memory_type) > memory_size))                                               \
        goto memory_out_of_bounds;                                                                           \
    memory_type value = (memory_type)(stored);                                                               \
    __builtin_memcpy(memory + address, &value, sizeof value);                                                \
    NEXT(units)
#define STORE(opcode, identifier, text, type, memory_type)                                                   \
    do_##identifier : {                                                                                      \
        STORE_TO(SLOT(1), SLOT(2), 3, memory_type, 4);                                                       \
    }                                                                                                        \
    do_##identifier##_constant : {                                                                           \
        STORE_TO(SLOT(1), (int16_t)code[2], 3, memory_type, 4);                                              \
    }                                                                                                        \
    do_##identifier##_global : {                                                                             \
        STORE_TO(instance->globals[code[1]], SLOT(2), 3, memory_type, 4);                                    \
    }                                                                                                        \
    do_##identifier##_global_constant : {                                                                    \
        STORE_TO(instance->globals[code[1]], (int16_t)code[2], 3, memory_type, 4);                           \
    }
#define UNARY(opcode, identifier, text, operand, result, ...)                                                \
    do_##identifier : {                                                                                      \
        C_##operand x = FROM_SLOT_##operand(SLOT(2));                                                        \
        SLOT(1) = TO_SLOT_##result(__VA_ARGS__);                                                             \
        NEXT(3);                                                                                             \
    }
#define TRUNCATE(opcode, identifier, text, operand, result, type, low, high)                                 \
    do_##identifier : {                                                                                      \
        C_##operand x = FROM_SLOT_##operand(SLOT(2));                                                        \
        if (UNLIKELY(x != x))                                                                                \
            goto invalid_conversion;                                                                         \
        if (UNLIKELY(!(x > low && x < high)))                                                                \
            goto integer_overflow;                                                                           \
        SLOT(1) = TO_SLOT_##result((type)x);                                                                 \
        NEXT(3);                                                                                             \
    }
#define FLOAT_BINARY(opcode, identifier, text, type, ...)                                                    \
    do_##identifier : {                                                                                      \
        C_##type x = FROM_SLOT_##type(SLOT(2));                                                              \
        C_##type y = FROM_SLOT_##type(SLOT(3));                                                              \
        SLOT(1) = TO_SLOT_##type(__VA_ARGS__);                                                               \
        NEXT(4);                                                                                             \
    }
#define BINARY(opcode, identifier, text, type, mirror, ...)                                                  \
    FLOAT_BINARY(opcode, identifier, text, type, __VA_ARGS__)                                                \
    do_##identifier##_immediate : {                                                                          \
        C_##type x = FROM_SLOT_##type(SLOT(2));                                                              \
        C_##type y = (C_##type)(int16_t)code[3];                                                             \
        SLOT(1) = TO_SLOT_##type(__VA_ARGS__);                                                               \
        NEXT(4);                                                                                             \
    }
#define DIVIDE(opcode, identifier, text, type, overflow, ...)                                                \
    do_##identifier : {                                                                                      \
        C_##type x = FROM_SLOT_##type(SLOT(2));                                                              \
        C_##type y = FROM_SLOT_##type(SLOT(3));                                                              \
        if (UNLIKELY(y == 0))                                                                                \
            goto divide_by_zero;                                                                             \
        if (UNLIKELY(overflow))                                                                              \
            goto integer_overflow;                                                                           \
        SLOT(1) = TO_SLOT_##type(__VA_ARGS__);                                                               \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    do_##identifier##_immediate : {                                                                          \
        C_##type x = FROM_SLOT_##type(SLOT(2));                                                              \
        C_##type y = (C_##type)(int16_t)code[3];                                                             \
        if (UNLIKELY(y == 0))                                                                                \
            goto divide_by_zero;                                                                             \
        if (UNLIKELY(overflow))                                                                              \
            goto integer_overflow;                                                                           \
        SLOT(1) = TO_SLOT_##type(__VA_ARGS__);                                                               \
        NEXT(4);                                                                                             \
    }
#define FLOAT_COMPARE(opcode, identifier, text, type, ...)                                                   \
    do_##identifier : {                                                                                      \
        C_##type x = FROM_SLOT_##type(SLOT(2));                                                              \
        C_##type y = FROM_SLOT_##type(SLOT(3));                                                              \
        SLOT(1) = __VA_ARGS__;                                                                               \
        NEXT(4);                                                                                             \
    }
#define COMPARE(opcode, identifier, text, type, mirror, inverse, ...)                                        \
    FLOAT_COMPARE(opcode, identifier, text, type, __VA_ARGS__)                                               \
    do_##identifier##_immediate : {                                                                          \
        C_##type x = FROM_SLOT_##type(SLOT(2));                                                              \
        C_##type y = (C_##type)(int16_t)code[3];                                                             \
        SLOT(1) = __VA_ARGS__;                                                                               \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    do_branch_##identifier : {                                                                               \
        C_##type x = FROM_SLOT_##type(SLOT(1));                                                              \
        C_##type y = FROM_SLOT_##type(SLOT(2));                                                              \
        if (__VA_ARGS__)                                                                                     \
            TAKE(3);                                                                                         \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    do_branch_##identifier##_immediate : {                                                                   \
        C_##type x = FROM_SLOT_##type(SLOT(1));                                                              \
        C_##type y = (C_##type)(int16_t)code[2];                                                             \
        if (__VA_ARGS__)                                                                                     \
            TAKE(3);                                                                                         \
        NEXT(4);                                                                                             \
    }

#include "instructions.h"
