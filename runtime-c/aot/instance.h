// SPDX-License-Identifier: Apache-2.0
//
// The opaque types of wasm.h, where modules are compiled.
#ifndef SEALIFT_AOT_INSTANCE_H
#define SEALIFT_AOT_INSTANCE_H

#include "compiled.h"

struct wasm_stack {
    uintptr_t limit; ///< lowest address of a compiled function's frame
    uintptr_t top;   ///< where the outermost call begins, 16-byte aligned
    void *guard;     ///< where wasm_unwind goes; NULL while nothing runs
    wasm_trap trap;
    const struct compiled_frame *trap_top; ///< the innermost function when the last trap happened
};

/// At the start of an instance's storage; behind it the generated instance, then the tables' elements.
struct wasm_instance {
    const wasm_image *image;
    const uint8_t *bytes;
    const wasm_host_entry *const *bindings; ///< one for each import
    void *compiled;                         ///< the generated instance
    wasm_rt_funcref_t *free_elements;       ///< for the next table
    wasm_memory *memory;
    wasm_stack *stack;
    void *context;
};

/// Runs function(argument) with its frames below `top`.
void compiled_run_on(uintptr_t top, void (*function)(void *), void *argument);

// wasm/unwind.c and wasm/trap_message.c, which the interpreter uses too.
wasm_status wasm_guarded_call(void **guard, wasm_status (*function)(void *), void *argument);
_Noreturn void wasm_unwind(void *guard, wasm_status status);
const char *wasm_trap_message(wasm_trap_code code);

/// Runs function(argument) on the instance's stack; what traps below it ends it.
wasm_status compiled_run(wasm_instance *instance, void (*function)(void *), void *argument);

/// The instance that runs: a domain has one.
extern wasm_instance *compiled_instance;

#endif
