// SPDX-License-Identifier: Apache-2.0
//
// Stacks, and calls from outside: beginning, suspending, resuming and ending them.
#include "instance.h"
#include "limits.h"

_Static_assert(sizeof(struct wasm_stack) + sizeof(struct wasm_activation) + 8 * sizeof(struct wasm_record) <
                   WASM_MINIMUM_STACK_SIZE,
               "the smallest stack must be able to run something");

wasm_stack *wasm_stack_create(wasm_region region) {
    if (region.size < WASM_MINIMUM_STACK_SIZE)
        return NULL;
    wasm_stack *stack = region.base;
    uintptr_t end = ((uintptr_t)region.base + region.size) & ~(uintptr_t)15;
    *stack = (struct wasm_stack){
        .record = (struct wasm_record *)end,
        .end = (struct wasm_record *)end,
        .base = (uint64_t *)(stack + 1),
        .fuel = UINT64_MAX,
    };
    stack->frame = stack->base;
    return stack;
}

void wasm_interrupt(wasm_stack *stack) {
    stack->interrupt = 1;
}

void wasm_set_fuel(wasm_stack *stack, uint64_t fuel) {
    stack->fuel = fuel;
}

uint64_t wasm_fuel(const wasm_stack *stack) {
    return stack->fuel;
}

/// First slot above the innermost frame, which is a host function's caller or suspended.
static uint64_t *free_slots(const wasm_stack *stack) {
    if (stack->activation == NULL)
        return stack->base;
    const struct wasm_entry *entry = stack->record->callee;
    return stack->frame + entry->frame_slots;
}

static wasm_status trap(wasm_stack *stack, wasm_trap_code code) {
    stack->trap.code = code;
    stack->trap.message = wasm_trap_message(code);
    return WASM_TRAPPED;
}

/// Ends the innermost activation, whatever runs above it.
static void pop_activation(wasm_stack *stack) {
    struct wasm_activation *activation = stack->activation;
    stack->record = activation->record;
    stack->code = activation->code;
    stack->frame = activation->frame;
    stack->instance = activation->instance;
    stack->host_values = activation->host_values;
    stack->host_results = activation->host_results;
    stack->activation = activation->previous;
    stack->depth--;
}

void wasm_discard_activations(wasm_stack *stack, struct wasm_activation *keep) {
    while (stack->activation != keep)
        pop_activation(stack);
}

/// Runs until the innermost activation ends or stops.
static wasm_status run(wasm_stack *stack, uint64_t *values) {
    struct wasm_activation *activation = stack->activation;
    activation->state = WASM_OK;
    activation->guard = stack->guard;
    wasm_status status = wasm_guarded_call(&stack->guard, wasm_execute, stack);
    stack->guard = activation->guard;
    // A fault may have unwound out of a host function that had called in again: those calls are gone.
    wasm_discard_activations(stack, activation);
    switch (status) {
    case WASM_SUSPENDED:
    case WASM_INTERRUPTED:
        activation->state = status;
        return status;
    case WASM_OK:
        if (activation->type->result_count != 0)
            __builtin_memcpy(values, activation->base, activation->type->result_count * sizeof(uint64_t));
        break;
    case WASM_TRAPPED:
        stack->trap_instance = stack->instance;
        stack->trap_record = stack->record;
        stack->trap_code = stack->code;
        break;
    default:
        break;
    }
    pop_activation(stack);
    return status;
}

wasm_status wasm_call(wasm_instance *instance, uint32_t function, uint64_t *values) {
    wasm_stack *stack = instance->stack;
    const wasm_host_entry *host = NULL;
    if (function < instance->image->imported_functions) {
        const struct wasm_image_function *record = &instance->functions[function];
        if (record->code != WASM_NONE) {
            host = &instance->hosts[record->code];
        } else {
            const struct wasm_binding *binding = &instance->bindings[record->body];
            host = binding->host;
            if (host == NULL) {
                function = binding->function;
                instance = binding->instance;
            }
        }
    }
    if (host != NULL) {
        wasm_status status = host->function(instance, values);
        if (status == WASM_SUSPENDED) // there is no frame to come back to
            return wasm_host_trap(instance, "a host function called from outside cannot suspend");
        return status;
    }

    const struct wasm_image_type *type = wasm_type_of(instance->image, function);
    const struct wasm_entry *entry = wasm_image_at(instance->image, instance->functions[function].code);
    uint64_t *frame = free_slots(stack);
    struct wasm_activation *activation = (struct wasm_activation *)stack->record - 1;
    struct wasm_record *record = (struct wasm_record *)activation - 1;
    if (stack->depth >= WASM_MAXIMUM_NESTED_CALLS ||
        (uintptr_t)(frame + entry->frame_slots) > (uintptr_t)record) {
        stack->trap_instance = stack->instance;
        stack->trap_record = stack->record;
        stack->trap_code = stack->code;
        return trap(stack, WASM_TRAP_CALL_STACK_EXHAUSTED);
    }
    *activation = (struct wasm_activation){
        .previous = stack->activation,
        .record = stack->record,
        .code = stack->code,
        .frame = stack->frame,
        .instance = stack->instance,
        .host_values = stack->host_values,
        .host_results = stack->host_results,
        .type = type,
        .base = frame,
    };
    *record = (struct wasm_record){.return_code = wasm_leave_code, .return_frame = frame, .callee = entry};
    stack->activation = activation;
    stack->depth++;
    stack->record = record;
    stack->instance = instance;
    stack->frame = frame;
    stack->code = (const uint16_t *)(entry + 1);
    if (type->parameter_count != 0)
        __builtin_memcpy(frame, values, type->parameter_count * sizeof(uint64_t));
    if (entry->zero_count != 0)
        __builtin_memset(frame + entry->zero_first, 0, entry->zero_count * sizeof(uint64_t));
    return run(stack, values);
}

wasm_status wasm_resume(wasm_instance *instance, uint64_t *values) {
    wasm_stack *stack = instance->stack;
    if (stack->activation == NULL || stack->activation->state == WASM_OK)
        return wasm_host_trap(instance, "nothing to resume: no call on this stack is suspended");
    if (stack->activation->state == WASM_SUSPENDED && stack->host_results != 0)
        __builtin_memcpy(stack->host_values, values, stack->host_results * sizeof(uint64_t));
    return run(stack, values);
}

bool wasm_abandon(wasm_instance *instance) {
    wasm_stack *stack = instance->stack;
    if (stack->activation == NULL || stack->activation->state == WASM_OK)
        return false;
    pop_activation(stack);
    return true;
}
