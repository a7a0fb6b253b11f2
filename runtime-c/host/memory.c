// SPDX-License-Identifier: Apache-2.0
//
// Interface memory of wit/sealift.wit: the caller's own linear memory.

#include "host/generated/imports.h"
#include "host/heap.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "host/text.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

/// Checks that a page can be mapped at a linear address: in the window only, so that no frame ever replaces
/// the module's own memory, and at a page boundary.
static bool check_window(wasm_instance *instance, const char *function, uint64_t at) {
    if (at >= LAYOUT_HEAP) {
        char buffer[96];
        struct text text = text_begin(buffer, sizeof buffer);
        text_append(&text, function);
        text_append(&text, ": address ");
        text_append_hexadecimal(&text, at);
        text_append(&text, " is not in the window (below 2 GiB)");
        host_trap(instance, buffer);
        return false;
    }
    return host_range(instance, function, "address", at, SEL4_PAGE_SIZE, SEL4_PAGE_SIZE) != NULL;
}

wasm_status host_memory_window_map(wasm_instance *instance, uint64_t *values) {
    if (!check_window(instance, "memory.window-map", values[1])) {
        return WASM_TRAPPED;
    }
    uint64_t rights = values[2] != 0 ? SEL4_RIGHT_READ | SEL4_RIGHT_WRITE : SEL4_RIGHT_READ;
    values[0] =
        sel4_page_map(values[0], runtime.capabilities.vspace, LAYOUT_LINEAR + values[1], rights, false);
    return WASM_OK;
}

wasm_status host_memory_window_table_map(wasm_instance *instance, uint64_t *values) {
    if (!check_window(instance, "memory.window-table-map", values[2])) {
        return WASM_TRAPPED;
    }
    values[0] = sel4_page_table_map(values[0], (uint32_t)values[1], runtime.capabilities.vspace,
                                    LAYOUT_LINEAR + values[2]);
    return WASM_OK;
}

wasm_status host_memory_heap_source(wasm_instance *instance, uint64_t *values) {
    uint64_t first = values[1];
    uint64_t count = values[2];
    uint32_t bits = runtime.capabilities.slot_bits;
    if (count > 0 && runtime.capabilities.single_level && (first + count - 1) >> bits != 0) {
        return host_trap(instance, "memory.heap-source: the slots are not all in the CNode");
    }
    if (runtime.capabilities.single_level) {
        // The manager made the source for the heap alone. (A sentry takes back what is left of its own.)
        heap_use_up_source();
    }
    heap_set_source(values[0], first, (uint32_t)count);
    return WASM_OK;
}

wasm_status host_memory_heap_slots_left(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = heap_slots_left();
    return WASM_OK;
}

wasm_status host_memory_heap_frames(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = heap_frames();
    return WASM_OK;
}
