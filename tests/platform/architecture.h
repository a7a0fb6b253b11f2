// SPDX-License-Identifier: Apache-2.0
//
// The names under which the tests know what differs between architectures.
#pragma once

#if defined(__x86_64__)
#include "x86_64/architecture.h"
#elif defined(__aarch64__)
#include "aarch64/architecture.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "riscv64/architecture.h"
#endif
