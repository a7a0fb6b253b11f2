// SPDX-License-Identifier: Apache-2.0
//
// Macros of generated code, in our form: scripts/compile-module.mjs includes this file behind wasm2c's own
// definitions, before their first use. wasm2c tells one trap for any failure of call_indirect, and one for
// memories and tables; these tell those that the specification does. Its prologue only counts calls; this one
// links the frames of a backtrace.
#include "compiled.h"
#include "wasm/numeric.h"

#undef TRAP
#undef RANGE_CHECK
#undef CALL_INDIRECT
#undef FUNC_PROLOGUE
#undef FUNC_EPILOGUE

// Where the processor has no instruction for them, gcc calls its library, which this program does not have.
#define __builtin_popcount(x) wasm_count_ones(x)
#define __builtin_popcountll(x) wasm_count_ones(x)

#define TRAP(name) (compiled_trap(COMPILED_TRAP_##name), 0)
#define COMPILED_TRAP_UNREACHABLE WASM_TRAP_UNREACHABLE
#define COMPILED_TRAP_DIV_BY_ZERO WASM_TRAP_INTEGER_DIVIDE_BY_ZERO
#define COMPILED_TRAP_INT_OVERFLOW WASM_TRAP_INTEGER_OVERFLOW
#define COMPILED_TRAP_INVALID_CONVERSION WASM_TRAP_INVALID_CONVERSION
#define COMPILED_TRAP_MEMORY WASM_TRAP_MEMORY_OUT_OF_BOUNDS
#define COMPILED_TRAP_OOB WASM_TRAP_TABLE_OUT_OF_BOUNDS // what is left of it: tables and passive segments

#define RANGE_CHECK(memory, offset, length)                                                                  \
    if (UNLIKELY((offset) + (uint64_t)(length) > (memory)->size))                                            \
        TRAP(MEMORY);

#define CALL_INDIRECT(table, type, function_type, index, ...)                                                \
    ((void)(LIKELY((index) < table.size && table.data[index].func &&                                         \
                   table.data[index].func_type == func_types[function_type]) ||                              \
            (compiled_trap_indirect(&table, index), 0)),                                                     \
     ((type)table.data[index].func)(__VA_ARGS__))

// The frame is not linked yet when the stack is full: the call that did not fit is not in the backtrace.
#define FUNC_PROLOGUE(index)                                                                                 \
    struct compiled_frame compiled_frame = {compiled_top, (index)};                                          \
    if (UNLIKELY((uintptr_t)&compiled_frame < compiled_stack_limit))                                         \
        compiled_trap(WASM_TRAP_CALL_STACK_EXHAUSTED);                                                       \
    compiled_top = &compiled_frame
#define FUNC_EPILOGUE compiled_top = compiled_frame.caller
