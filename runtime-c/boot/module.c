// SPDX-License-Identifier: Apache-2.0

#include "boot/module.h"

#include "host/heap.h"
#include "host/layout.h"
#include "host/runtime.h"

/// Calls of a backtrace that are shown: the innermost ones say most.
enum { SHOWN_FRAMES = 32 };

static void report_trap(const struct module *module, struct text *report) {
    const wasm_trap *trap = wasm_last_trap(runtime.instance);
    text_append(report, module->name);
    text_append(report, " trapped: ");
    text_append(report, trap->message);
    if (trap->code == WASM_TRAP_UNMAPPED_PAGE) {
        text_append(report, " at ");
        text_append_hexadecimal(report, trap->fault_offset);
    }
    text_append(report, "\n");
    wasm_backtrace backtrace = wasm_backtrace_begin(runtime.instance);
    wasm_frame frame;
    for (unsigned shown = 0; wasm_backtrace_next(&backtrace, &frame); shown++) {
        if (shown == SHOWN_FRAMES) {
            text_append(report, "  and so on\n");
            break;
        }
        text_append(report, "  at ");
        char buffer[WASM_NAME_SIZE];
        wasm_name name = wasm_frame_name(&frame, buffer);
        if (name.bytes) {
            text_append_bytes(report, name.bytes, name.length);
        } else {
            text_append(report, "function ");
            text_append_decimal(report, frame.function);
        }
        if (frame.code_offset != 0) {
            text_append(report, " +");
            text_append_decimal(report, frame.code_offset);
        }
        text_append(report, "\n");
    }
}

/// Calls an export without parameters and results.
static bool call(const struct module *module, const char *name, bool is_required, struct text *report) {
    uint32_t function;
    if (!wasm_find_export(module->image, module->bytes, name, WASM_FUNCTION, &function)) {
        return !is_required;
    }
    wasm_function_type type = wasm_function_type_at(module->image, function);
    if (type.parameter_count > 0 || type.result_count > 0) {
        text_append(report, module->name);
        text_append(report, ".wasm: ");
        text_append(report, name);
        text_append(report, " must have neither parameters nor results");
        return false;
    }
    uint64_t values[1];
    if (wasm_call(runtime.instance, function, values) != WASM_OK) {
        report_trap(module, report);
        return false;
    }
    return true;
}

bool module_run(const struct module *module, struct text *report) {
    runtime.memory = (wasm_memory){.base = (uint8_t *)LAYOUT_LINEAR, .grow = heap_grow};
    wasm_stack *stack = wasm_stack_create(module->stack);
    if (RUNTIME_COUNTS_INSTRUCTIONS) {
        wasm_set_fuel(stack, RUNTIME_FUEL);
    }
    wasm_instantiate_options options = {
        .image = module->image,
        .bytes = module->bytes,
        .hosts = module->hosts,
        .memory = &runtime.memory,
        .stack = stack,
        .storage = module->storage,
        .data_is_in_place = module->data_is_in_place,
    };
    wasm_error error;
    if (wasm_instantiate(&options, &runtime.instance, &error) != WASM_OK) {
        text_append(report, module->name);
        text_append(report, ".wasm cannot be instantiated: ");
        text_append(report, error.message);
        return false;
    }
    if (wasm_start(runtime.instance) != WASM_OK) {
        report_trap(module, report);
        return false;
    }
    return call(module, "_initialize", false, report) && call(module, "main", true, report);
}
