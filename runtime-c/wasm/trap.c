// SPDX-License-Identifier: Apache-2.0
//
// Traps: faults of the machine that become traps, and the walk over a stack's frames.
#include "instance.h"

const wasm_trap *wasm_last_trap(const wasm_instance *instance) {
    return &instance->stack->trap;
}

wasm_status wasm_host_trap(wasm_instance *instance, const char *message) {
    instance->stack->trap = (wasm_trap){.code = WASM_TRAP_HOST, .message = message};
    return WASM_TRAPPED;
}

void wasm_trap_on_fault(wasm_instance *instance, uintptr_t address) {
    wasm_stack *stack = instance->stack;
    const wasm_instance *running = stack->instance != NULL ? stack->instance : instance;
    if (stack->guard == NULL || running->memory == NULL)
        return;
    uintptr_t base = (uintptr_t)running->memory->base;
    if (address < base || address - base >= (uint64_t)running->memory->pages * WASM_PAGE_SIZE)
        return;
    stack->trap = (wasm_trap){
        .code = WASM_TRAP_UNMAPPED_PAGE,
        .message = wasm_trap_message(WASM_TRAP_UNMAPPED_PAGE),
        .fault_offset = address - base,
    };
    stack->code = NULL; // where in the function it was is known to the registers only
    wasm_unwind(stack->guard, WASM_TRAPPED);
}

wasm_backtrace wasm_backtrace_begin(const wasm_instance *instance) {
    const wasm_stack *stack = instance->stack;
    if (stack->activation != NULL && stack->activation->state != WASM_OK)
        return (wasm_backtrace){stack->instance, stack->record, stack->code};
    if (stack->trap_record == NULL)
        return (wasm_backtrace){NULL, NULL, NULL};
    return (wasm_backtrace){stack->trap_instance, stack->trap_record, stack->trap_code};
}

/// The function with this entry. Entries ascend with the function's index.
static uint32_t function_at(const wasm_image *image, const void *entry) {
    const struct wasm_image_function *functions = wasm_image_functions(image);
    uint32_t offset = (uint32_t)((const char *)entry - (const char *)image);
    uint32_t low = image->imported_functions;
    uint32_t high = image->functions.count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (functions[middle].code <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool wasm_backtrace_next(wasm_backtrace *backtrace, wasm_frame *frame) {
    wasm_instance *instance = backtrace->instance;
    if (instance == NULL)
        return false;
    const struct wasm_record *record = backtrace->record;
    if (record == instance->stack->end)
        return false;
    const struct wasm_entry *entry = record->callee;
    const uint16_t *code = (const uint16_t *)(entry + 1);
    *frame = (wasm_frame){
        .instance = instance,
        .function = function_at(instance->image, entry),
        .code_offset =
            backtrace->code == NULL ? 0 : (uint32_t)((const char *)backtrace->code - (const char *)code),
    };
    if (record->return_code == wasm_leave_code) {
        // The call came from outside; what it interrupted, if anything, is described there.
        const struct wasm_activation *activation = (const struct wasm_activation *)(record + 1);
        *backtrace = (wasm_backtrace){activation->instance, activation->record, activation->code};
    } else if (record->return_code == wasm_leave_instance_code) {
        *backtrace = (wasm_backtrace){(wasm_instance *)record[1].callee, record + 2, record[1].return_code};
    } else {
        *backtrace = (wasm_backtrace){instance, record + 1, record->return_code};
    }
    return true;
}

wasm_name wasm_frame_name(const wasm_frame *frame, char *buffer) {
    return wasm_function_name(frame->instance->image, frame->instance->bytes, frame->function, buffer);
}
