// SPDX-License-Identifier: Apache-2.0
//
// What each world's module may import.
#ifndef SEALIFT_BOOT_IMPORTS_H
#define SEALIFT_BOOT_IMPORTS_H

#include "wasm/wasm.h"

extern const wasm_host_table manager_hosts;
extern const wasm_host_table unpacker_hosts;
extern const wasm_host_table sentry_hosts;

#endif
