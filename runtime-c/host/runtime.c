// SPDX-License-Identifier: Apache-2.0

#include "host/runtime.h"

#include "host/text.h"

struct runtime runtime;

/// The message of the last trap: it must outlive the host function (wasm_host_trap).
static char trap_message[512];

wasm_status host_trap(wasm_instance *instance, const char *message) {
    struct text text = text_begin(trap_message, sizeof trap_message);
    text_append(&text, message);
    return wasm_host_trap(instance, trap_message);
}

void *host_range(wasm_instance *instance, const char *function, const char *argument, uint64_t address,
                 uint64_t length, uint32_t alignment) {
    const wasm_memory *memory = wasm_instance_memory(instance);
    uint64_t size = memory ? (uint64_t)memory->pages * WASM_PAGE_SIZE : 0;
    bool inside = address <= size && length <= size - address;
    if (inside && address % alignment == 0) {
        return memory->base + address;
    }
    struct text text = text_begin(trap_message, sizeof trap_message);
    text_append(&text, function);
    text_append(&text, ": ");
    text_append(&text, argument);
    text_append(&text, " at ");
    text_append_hexadecimal(&text, address);
    if (inside) {
        text_append(&text, " is not aligned to ");
        text_append_decimal(&text, alignment);
        text_append(&text, " bytes");
    } else {
        text_append(&text, ", ");
        text_append_decimal(&text, length);
        text_append(&text, " bytes, is not inside the memory of ");
        text_append_hexadecimal(&text, size);
        text_append(&text, " bytes");
    }
    wasm_host_trap(instance, trap_message);
    return NULL;
}
