// SPDX-License-Identifier: Apache-2.0
//
// What exists at run time: instances, stacks, return records.
#ifndef SEALIFT_WASM_INSTANCE_H
#define SEALIFT_WASM_INSTANCE_H

#include "image.h"

/// What an imported function that is not in the host table is bound to: a host entry, or a function that the
/// other instance itself defines (chains of imports are followed when linking).
struct wasm_binding {
    const wasm_host_entry *host; // or NULL
    wasm_instance *instance;
    uint32_t function;
};

struct wasm_instance {
    const wasm_image *image;
    const uint8_t *bytes;
    const wasm_host_entry *hosts;
    const struct wasm_image_function *functions; // the image's
    wasm_memory *memory;
    wasm_stack *stack;
    void *context;
    struct wasm_binding *bindings; // of imported functions that are not bound to the host table
    uint64_t **imported_globals;
    wasm_table **tables;       // imported ones first
    uint8_t *dropped_elements; // one bit a segment
    uint8_t *dropped_data;
    bool data_is_in_place;           ///< from the start: nothing is copied
    _Alignas(16) uint64_t globals[]; // those the module defines
};

// A function reference: the instance's address in units of 16 bytes (user-space addresses have at most 48
// bits), then 20 bits for the function. Equal references are equal functions; 0 is null.
enum { WASM_REFERENCE_INDEX_BITS = 20, WASM_REFERENCE_ALIGNMENT_BITS = 4 };
_Static_assert(1 << WASM_REFERENCE_INDEX_BITS >= 1 << 18,
               "function indices must fit a reference: see limits.h");

static inline wasm_instance *wasm_reference_instance(uint64_t reference) {
    return (wasm_instance *)(uintptr_t)(reference >> WASM_REFERENCE_INDEX_BITS
                                                         << WASM_REFERENCE_ALIGNMENT_BITS);
}

static inline uint32_t wasm_reference_function(uint64_t reference) {
    return (uint32_t)(reference & ((1u << WASM_REFERENCE_INDEX_BITS) - 1));
}

/// Where a function returns to. Records grow down from the end of the stack's memory.
struct wasm_record {
    const uint16_t *return_code;
    uint64_t *return_frame;
    /// The running function's entry (struct wasm_entry). In the record below a wasm_leave_instance one: the
    /// instance to return to.
    const void *callee;
};

/// A call from outside: what to go back to when it ends. It lies above the call's first record.
struct wasm_activation {
    struct wasm_activation *previous;
    struct wasm_record *record; // state of the stack before the call
    const uint16_t *code;
    uint64_t *frame;
    wasm_instance *instance;
    void *guard;
    uint64_t *host_values;
    const struct wasm_image_type *type; // of the function called
    uint64_t *base;                     // its frame, where the results will be
    uint32_t host_results;
    wasm_status state; // WASM_OK while it runs, else WASM_SUSPENDED or WASM_INTERRUPTED
};

struct wasm_stack {
    // Invariant while code runs: `record` is the innermost record and `instance` the running instance. The
    // rest of the state is in wasm_execute's variables; it stores `code` and `frame` before it calls a host
    // function or returns.
    struct wasm_record *record;
    wasm_instance *instance;
    const uint16_t *code;
    uint64_t *frame;
    struct wasm_activation *activation; // innermost, or NULL
    void *guard;                        // where wasm_unwind goes; NULL while nothing runs
    uint64_t *host_values;              // of the host function that suspended,
    uint32_t host_results;              // and how many results it owes
    volatile uint32_t interrupt;
    uint32_t depth; // of activations
    uint64_t fuel;
    uint64_t *base; // the memory's first slot
    struct wasm_record *end;
    wasm_trap trap;
    // The frames as they were at the last trap; records stay in memory until the next call.
    wasm_instance *trap_instance;
    struct wasm_record *trap_record;
    const uint16_t *trap_code; // NULL: not known
};

/// Bytecode that the first record of a call, or of a call into another instance, returns to.
extern const uint16_t wasm_leave_code[1];
extern const uint16_t wasm_leave_instance_code[1];

/// Runs from stack->code on until the innermost activation ends or stops.
wasm_status wasm_execute(void *stack);

/// Drops activations that a host function left suspended above this one, when it returns.
void wasm_discard_activations(wasm_stack *stack, struct wasm_activation *keep);

/// memory.grow: the old size in pages, or UINT32_MAX.
uint32_t wasm_grow_memory(wasm_instance *instance, uint32_t delta);

/// Runs the table, element and memory.init operation at `code`, with its operands (and result) in `values`.
wasm_trap_code wasm_execute_bulk(wasm_instance *instance, const uint16_t *code, uint64_t *values);

/// table.init and memory.init, also for active segments.
wasm_trap_code wasm_initialize_table(wasm_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
                                     uint32_t from, uint32_t count);
wasm_trap_code wasm_initialize_memory(wasm_instance *instance, uint32_t segment, uint32_t to, uint32_t from,
                                      uint32_t count);
void wasm_drop_element(wasm_instance *instance, uint32_t segment);
void wasm_drop_data(wasm_instance *instance, uint32_t segment);

/// The specification suite's words for a trap.
const char *wasm_trap_message(wasm_trap_code code);

/// Calls function(argument) and returns its result. `*guard` is then where wasm_unwind can return to.
wasm_status wasm_guarded_call(void **guard, wasm_status (*function)(void *), void *argument);

/// Makes the wasm_guarded_call that set this guard return `status`, from anywhere below it.
_Noreturn void wasm_unwind(void *guard, wasm_status status);

#endif
