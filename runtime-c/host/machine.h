// SPDX-License-Identifier: Apache-2.0
//
// The machine's devices, as the root task needs them: a serial line, a timer, a wall clock, and the switch.
// One folder per kind of machine implements this (host/pc: the PC that x86_64 kernels run on).
#ifndef SEALIFT_HOST_MACHINE_H
#define SEALIFT_HOST_MACHINE_H

#include "sel4/invoke.h"

#include <stddef.h>
#include <stdint.h>

enum machine_interrupt {
    MACHINE_CONSOLE = 0, ///< the serial line has input
    MACHINE_TIMER = 1,
    MACHINE_INTERRUPTS = 2,
};

/// Makes the capabilities for the devices and sets the serial line up. Only the capabilities that the kernel
/// gave the root task are used, so this can run before there is any memory.
/// @param control the kernel's capability that makes capabilities for device registers (on a PC:
/// IOPortControl)
/// @param slots   the first of the empty slots of the root CNode; advanced by those that are used
/// @return NULL, or what could not be had
const char *machine_begin_console(sel4_cptr control, sel4_cptr cnode, sel4_cptr *slots);

/// Makes the interrupt handlers and the other devices' capabilities.
const char *machine_begin_devices(sel4_cptr control, sel4_cptr irq_control, sel4_cptr cnode,
                                  sel4_cptr *slots);

/// Writes to the serial line and waits until the line has taken it all.
void machine_console_write(const void *bytes, size_t size);

/// Reads what has arrived, without waiting.
/// @return bytes read
size_t machine_console_read(void *bytes, size_t capacity);

/// Lets an interrupt signal a notification.
sel4_error machine_interrupt_bind(enum machine_interrupt source, sel4_cptr notification);

/// Lets the next interrupt of this source come. Interrupts are edges: acknowledge first, then serve the
/// device.
void machine_interrupt_acknowledge(enum machine_interrupt source);

/// Raises the timer's interrupt once, after at most this many nanoseconds: earlier when that is beyond the
/// timer's range.
void machine_timer_arm(uint64_t nanoseconds);
void machine_timer_disarm(void);

/// Nanoseconds since 1970-01-01 UTC (a whole number of seconds) from the machine's wall clock, or 0 if it
/// tells none.
uint64_t machine_realtime(void);

/// Switches the machine off.
_Noreturn void machine_power_off(void);

#endif
