// SPDX-License-Identifier: Apache-2.0
//
// Interface report of wit/sealift.wit.

#include "host/generated/imports.h"
#include "host/runtime.h"
#include "host/text.h"

enum {
    /// UTF-16 code units of an abort message, and of a file name, that are shown.
    SHOWN_UNITS = 300,
};

/// Appends a string of the module's memory. False after a trap.
static bool append_string(wasm_instance *instance, struct text *text, const char *argument, uint64_t address,
                          uint64_t units) {
    const uint16_t *string = host_range(instance, "report.abort", argument, address, units * 2, 2);
    if (!string) {
        return false;
    }
    text_append_utf16(text, string, units < SHOWN_UNITS ? units : SHOWN_UNITS);
    return true;
}

wasm_status host_report_abort(wasm_instance *instance, uint64_t *values) {
    char buffer[448];
    struct text text = text_begin(buffer, sizeof buffer);
    if (!append_string(instance, &text, "message", values[0], values[1])) {
        return WASM_TRAPPED;
    }
    if (text.length == 0) {
        text_append(&text, "abort");
    }
    if (values[3] > 0) {
        text_append(&text, " (");
        if (!append_string(instance, &text, "file", values[2], values[3])) {
            return WASM_TRAPPED;
        }
        text_append(&text, ":");
        text_append_decimal(&text, values[4]);
        text_append(&text, ":");
        text_append_decimal(&text, values[5]);
        text_append(&text, ")");
    }
    return host_trap(instance, buffer);
}

wasm_status host_report_instructions(wasm_instance *instance, uint64_t *values) {
    values[0] = RUNTIME_COUNTS_INSTRUCTIONS ? RUNTIME_FUEL - wasm_fuel(wasm_instance_stack(instance)) : 0;
    return WASM_OK;
}
