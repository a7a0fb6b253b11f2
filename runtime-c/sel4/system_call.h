// SPDX-License-Identifier: Apache-2.0
//
// The kernel's entry on the architecture at hand.
#ifndef SEALIFT_SEL4_SYSTEM_CALL_H
#define SEALIFT_SEL4_SYSTEM_CALL_H

#if defined(__x86_64__)
#include "sel4/x86_64/system_call.h"
#elif defined(__aarch64__)
#include "sel4/aarch64/system_call.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "sel4/riscv64/system_call.h"
#else
#error "runtime-c/sel4 has no system calls for this architecture"
#endif

#endif
