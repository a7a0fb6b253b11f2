// SPDX-License-Identifier: Apache-2.0
//
// Interrupts on architectures whose controller has one number for each source. (A PC: x86_64/ports.h.)
#ifndef SEALIFT_SEL4_INTERRUPTS_H
#define SEALIFT_SEL4_INTERRUPTS_H

#include "sel4/invoke.h"

#include <stdbool.h>

/// Puts a handler of an interrupt into an empty slot of `root`.
/// @param irq  its number as the kernel counts: INTID on aarch64, number at the PLIC on riscv64
/// @param edge whether it is triggered by an edge rather than by a level
sel4_error sel4_irq_control_get_trigger(sel4_cptr control, uint64_t irq, bool edge, sel4_cptr root,
                                        uint64_t index, uint64_t depth);

#endif
