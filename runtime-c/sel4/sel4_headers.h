// SPDX-License-Identifier: Apache-2.0
//
// The headers of the kernel at hand: constants and structures only. Which folder they come from decides what
// the runtime runs on. Options that the runtime depends on are checked here, by name.
#ifndef SEALIFT_SEL4_HEADERS_H
#define SEALIFT_SEL4_HEADERS_H

#include <autoconf.h>
#include <sel4/sel4.h>

#include <sel4/arch/mapping.h>
#if defined(__riscv)
#include <sel4/sel4_arch/mapping.h> // not reached through the line above there
#endif

#ifndef CONFIG_KERNEL_MCS
#error "this kernel was configured without KernelIsMCS (CONFIG_KERNEL_MCS): Sealift needs scheduling contexts"
#endif

#endif
