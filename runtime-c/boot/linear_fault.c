// SPDX-License-Identifier: Apache-2.0
//
// A page fault on linear memory, back on the thread that caused it (fault_entry in start.S).

#include "host/layout.h"
#include "host/runtime.h"
#include "host/text.h"

_Noreturn void linear_memory_fault(uintptr_t address);

_Noreturn void linear_memory_fault(uintptr_t address) {
    if (runtime.instance) {
        wasm_trap_on_fault(runtime.instance, address);
    }
    // Not the module's doing: the runtime itself touched linear memory outside a call.
    char buffer[96];
    struct text text = text_begin(buffer, sizeof buffer);
    text_append(&text, "the runtime touched unmapped linear memory at ");
    text_append_hexadecimal(&text, address - LAYOUT_LINEAR);
    runtime.fail(buffer);
    __builtin_unreachable();
}
