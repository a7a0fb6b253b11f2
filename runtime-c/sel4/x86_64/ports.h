// SPDX-License-Identifier: Apache-2.0
//
// I/O ports and interrupt lines of a PC, by capability.
#ifndef SEALIFT_SEL4_X86_64_PORTS_H
#define SEALIFT_SEL4_X86_64_PORTS_H

#include "sel4/invoke.h"

/// Puts a capability for the ports first_port .. last_port into an empty slot of `root`.
sel4_error sel4_io_port_control_issue(sel4_cptr control, uint16_t first_port, uint16_t last_port,
                                      sel4_cptr root, uint64_t index, uint64_t depth);
sel4_error sel4_io_port_in8(sel4_cptr ports, uint16_t port, uint8_t *value);
sel4_error sel4_io_port_out8(sel4_cptr ports, uint16_t port, uint8_t value);
sel4_error sel4_io_port_out16(sel4_cptr ports, uint16_t port, uint16_t value);

/// Puts a handler for an edge-triggered, active-high line of the first I/O APIC into an empty slot of `root`.
/// @param vector the interrupt vector to use, from 0; each handler needs its own
sel4_error sel4_irq_control_get_io_apic(sel4_cptr control, sel4_cptr root, uint64_t index, uint64_t depth,
                                        uint32_t pin, uint32_t vector);

#endif
