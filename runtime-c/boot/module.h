// SPDX-License-Identifier: Apache-2.0
//
// Running a domain's module: the same for the root task's manager and for a sentry.
#ifndef SEALIFT_BOOT_MODULE_H
#define SEALIFT_BOOT_MODULE_H

#include "host/text.h"
#include "wasm/wasm.h"

#include <stdbool.h>

struct module {
    const char *name;     ///< "manager", "sentry" or "unpacker"
    const uint8_t *bytes; ///< what the program has of the module (wasm_strip)
    const wasm_image *image;
    wasm_host_table hosts;
    wasm_region stack;     ///< for its calls
    wasm_region storage;   ///< for the instance
    bool data_is_in_place; ///< its memory has its data segments from the start
};

/// Instantiates the module in `runtime`, runs its start function, `_initialize` if it exports one, and
/// `main`.
/// @param report receives, when the result is false, what went wrong: one line, for a trap followed by the
/// backtrace
/// @return true if main returned
bool module_run(const struct module *module, struct text *report);

#endif
