// SPDX-License-Identifier: Apache-2.0
//
// What both libFuzzer targets share (target.c).
#ifndef SEALIFT_TESTS_WASM_TARGET_H
#define SEALIFT_TESTS_WASM_TARGET_H

#include "wasm/wasm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// Reports a finding that is no crash, and ends the process so that libFuzzer keeps the input.
_Noreturn void abort_fuzzing(const char *finding);

/// Counts inputs, and those of them that loaded; the counts are printed at the end.
void count_load(bool loaded);

static inline bool wasm_type_is_reference(uint8_t type) {
    return type == WASM_FUNCREF || type == WASM_EXTERNREF;
}

#endif
