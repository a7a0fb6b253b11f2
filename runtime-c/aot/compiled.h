// SPDX-License-Identifier: Apache-2.0
//
// Modules compiled ahead of time: wasm2c turns a module into C, scripts/compile-module.mjs adds what is
// declared here, and this folder gives the result the interface of wasm.h. A program is linked with
// runtime-c/wasm or with runtime-c/aot; host functions, traps, backtraces and everything around them are the
// same.
//
// Compiled functions run on the C stack. That stack is the region of wasm_stack_create, so a recursion ends
// where it ends in the interpreter's build: in the trap "call stack exhausted".
#ifndef SEALIFT_AOT_COMPILED_H
#define SEALIFT_AOT_COMPILED_H

#include "wasm-rt.h"
#include "wasm/wasm.h"

/// What a compiled function leaves on the stack for as long as it is active: the links of a backtrace.
struct compiled_frame {
    const struct compiled_frame *caller; ///< NULL: called from outside
    uint32_t function;                   ///< index in the module
};

/// The innermost active function, and the lowest address that a frame may have. Of the domain, like all state
/// here.
extern const struct compiled_frame *compiled_top;
extern uintptr_t compiled_stack_limit;

/// A function that a module exports.
struct compiled_export {
    const char *name;
    uint32_t function; ///< index in the module
    wasm_function_type type;
    /// Calls it with arguments from `values` and puts its results there, as wasm_call does.
    void (*call)(void *compiled, uint64_t *values);
};

struct compiled_import {
    const char *module;
    const char *name;
    const char *signature; ///< as in wasm_host_entry
};

/// The image of a compiled module: all that is known about it before it runs. The program has it as a
/// constant, `program_NAME_image`; nothing loads it.
struct wasm_image {
    uint32_t memory_minimum; ///< pages of linear memory; 0: it has none
    uint32_t memory_maximum; ///< WASM_NO_MAXIMUM if it declares none
    uint32_t table_elements; ///< of all tables together
    uint32_t instance_size;  ///< bytes of the generated instance
    uint32_t import_count;
    uint32_t export_count;
    uint32_t function_count; ///< functions, imported ones included
    const struct compiled_import *imports;
    const struct compiled_export *exports;
    const char *names;            ///< of all functions, each with its NUL; empty where there is none
    const uint32_t *name_offsets; ///< where each function's name begins
    /// Fills in the generated instance: globals, memory, tables, segments. Every import module's instance is
    /// `instance`.
    void (*instantiate)(void *compiled, wasm_instance *instance);
    void (*start)(void *compiled); ///< the start function, or NULL
};

/// Calls the index-th import of the module, and does not come back if it fails.
void compiled_call_host(wasm_instance *instance, uint32_t index, uint64_t *values);

/// Ends the innermost wasm_call with a trap.
_Noreturn void compiled_trap(wasm_trap_code code);

/// Ends it with the trap that a failed call_indirect is (section 4.4.8).
_Noreturn void compiled_trap_indirect(const wasm_rt_funcref_table_t *table, uint32_t index);

#endif
