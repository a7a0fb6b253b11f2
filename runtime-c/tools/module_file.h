// SPDX-License-Identifier: Apache-2.0
//
// What the tools have in common: files, failures, and loading a module of any size.
#ifndef SEALIFT_TOOLS_MODULE_FILE_H
#define SEALIFT_TOOLS_MODULE_FILE_H

#include "wasm/wasm.h"

#include <stdio.h>

enum {
    EXIT_MODULE = 1, ///< the module is at fault
    EXIT_USE = 2,    ///< how the program was called, a file, or the machine
};

/// Ends the program: "what: why" on standard error.
_Noreturn void fail(int code, const char *what, const char *why);

/// All bytes of a file, or the end of the program. The caller owns them.
uint8_t *read_file(const char *path, size_t *length);

/// Writes a file, or ends the program.
void write_file(const char *path, const void *bytes, size_t length);

/// Writes a name of a module. What would move a terminal's cursor, or worse, is shown as a question mark.
void write_name(FILE *file, wasm_name name);

/// Validates and translates a module, with as much memory as that takes.
/// @param options its regions are not looked at
/// @param error receives the reason for a failure
/// @return the image, in memory that the caller owns and may write to; NULL on failure
wasm_image *load_module(const uint8_t *bytes, size_t length, wasm_load_options options, wasm_error *error);

#endif
