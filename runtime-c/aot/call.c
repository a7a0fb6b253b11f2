// SPDX-License-Identifier: Apache-2.0
//
// Calls into compiled code and out of it, traps, and backtraces.
#include "instance.h"

enum {
    /// Bytes below the last function's frame that host functions, and the frame's own spilled values, may
    /// use.
    STACK_MARGIN = 12 * 1024,
};

const struct compiled_frame *compiled_top;
uintptr_t compiled_stack_limit;
wasm_instance *compiled_instance;

wasm_stack *wasm_stack_create(wasm_region region) {
    if (region.size < sizeof(wasm_stack) + 2 * STACK_MARGIN) {
        return NULL;
    }
    wasm_stack *stack = region.base;
    *stack = (wasm_stack){
        .limit = (uintptr_t)(stack + 1) + STACK_MARGIN,
        .top = ((uintptr_t)region.base + region.size) & ~(uintptr_t)15,
    };
    return stack;
}

// Compiled code is not metered: scripts/build-runtime.mjs refuses to count instructions in it.
void wasm_set_fuel(wasm_stack *stack, uint64_t fuel) {
    (void)stack;
    (void)fuel;
}

uint64_t wasm_fuel(const wasm_stack *stack) {
    (void)stack;
    return UINT64_MAX;
}

struct run {
    wasm_stack *stack;
    void (*function)(void *);
    void *argument;
    bool is_nested;
};

static wasm_status run(void *argument) {
    const struct run *run = argument;
    if (run->is_nested) {
        run->function(run->argument); // a host function called in again: this is the stack already
    } else {
        compiled_run_on(run->stack->top, run->function, run->argument);
    }
    return WASM_OK;
}

wasm_status compiled_run(wasm_instance *instance, void (*function)(void *), void *argument) {
    wasm_stack *stack = instance->stack;
    void *guard = stack->guard;
    const struct compiled_frame *top = compiled_top;
    uintptr_t limit = compiled_stack_limit;
    compiled_stack_limit = stack->limit;
    struct run arguments = {stack, function, argument, guard != NULL};
    wasm_status status = wasm_guarded_call(&stack->guard, run, &arguments);
    stack->guard = guard;
    compiled_top = top;
    compiled_stack_limit = limit;
    return status;
}

struct call {
    const struct compiled_export *function;
    void *compiled;
    uint64_t *values;
};

static void call(void *argument) {
    const struct call *call = argument;
    call->function->call(call->compiled, call->values);
}

wasm_status wasm_call(wasm_instance *instance, uint32_t function, uint64_t *values) {
    const wasm_image *module = instance->image;
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (module->exports[i].function == function) {
            struct call arguments = {&module->exports[i], instance->compiled, values};
            return compiled_run(instance, call, &arguments);
        }
    }
    return wasm_host_trap(instance, "not an exported function");
}

/// Ends the innermost call from outside.
static _Noreturn void leave(wasm_stack *stack, wasm_status status) {
    stack->trap_top = compiled_top;
    wasm_unwind(stack->guard, status);
}

void compiled_call_host(wasm_instance *instance, uint32_t index, uint64_t *values) {
    wasm_status status = instance->bindings[index]->function(instance, values);
    if (status == WASM_OK) {
        return;
    }
    if (status == WASM_SUSPENDED) {
        status = wasm_host_trap(instance, "compiled code cannot be suspended");
    }
    leave(instance->stack, status);
}

_Noreturn void compiled_trap(wasm_trap_code code) {
    wasm_stack *stack = compiled_instance->stack;
    stack->trap = (wasm_trap){.code = code, .message = wasm_trap_message(code)};
    leave(stack, WASM_TRAPPED);
}

_Noreturn void compiled_trap_indirect(const wasm_rt_funcref_table_t *table, uint32_t index) {
    compiled_trap(index >= table->size              ? WASM_TRAP_UNDEFINED_ELEMENT
                  : table->data[index].func == NULL ? WASM_TRAP_UNINITIALIZED_ELEMENT
                                                    : WASM_TRAP_INDIRECT_CALL_TYPE_MISMATCH);
}

const wasm_trap *wasm_last_trap(const wasm_instance *instance) {
    return &instance->stack->trap;
}

wasm_status wasm_host_trap(wasm_instance *instance, const char *message) {
    instance->stack->trap = (wasm_trap){.code = WASM_TRAP_HOST, .message = message};
    return WASM_TRAPPED;
}

void wasm_trap_on_fault(wasm_instance *instance, uintptr_t address) {
    wasm_stack *stack = instance->stack;
    const wasm_memory *memory = instance->memory;
    if (!stack->guard || !memory || address < (uintptr_t)memory->base ||
        address - (uintptr_t)memory->base >= (uint64_t)memory->pages * WASM_PAGE_SIZE) {
        return;
    }
    stack->trap = (wasm_trap){
        .code = WASM_TRAP_UNMAPPED_PAGE,
        .message = wasm_trap_message(WASM_TRAP_UNMAPPED_PAGE),
        .fault_offset = address - (uintptr_t)memory->base,
    };
    leave(stack, WASM_TRAPPED);
}

wasm_backtrace wasm_backtrace_begin(const wasm_instance *instance) {
    return (wasm_backtrace){(wasm_instance *)instance, instance->stack->trap_top, NULL};
}

bool wasm_backtrace_next(wasm_backtrace *backtrace, wasm_frame *frame) {
    const struct compiled_frame *active = backtrace->record;
    if (!active) {
        return false;
    }
    *frame = (wasm_frame){.instance = backtrace->instance, .function = active->function};
    backtrace->record = active->caller;
    return true;
}

wasm_name wasm_frame_name(const wasm_frame *frame, char *buffer) {
    return wasm_function_name(frame->instance->image, frame->instance->bytes, frame->function, buffer);
}
