// SPDX-License-Identifier: Apache-2.0
//
// Changes WebAssembly modules so that most of them stay modules, and many stay valid.
#ifndef SEALIFT_TESTS_WASM_MUTATE_H
#define SEALIFT_TESTS_WASM_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Changes the module in data[0 .. size). The same seed makes the same change.
/// @param capacity  room in `data`
/// @param code_only leaves everything but function bodies as it is
/// @return the new size; 0 if nothing could be changed (the bytes are then as before)
size_t mutate_module(uint8_t *data, size_t size, size_t capacity, uint32_t seed, bool code_only);

#endif
