// SPDX-License-Identifier: Apache-2.0
//
// The machine's devices, as the root task needs them: a serial line, a timer, a wall clock, and the switch.
// One folder per kind of machine implements this: host/pc for the PC that x86_64 kernels run on, host/board
// for boards with devices in memory.
#ifndef SEALIFT_HOST_MACHINE_H
#define SEALIFT_HOST_MACHINE_H

#include "sel4/invoke.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_interrupt {
    MACHINE_CONSOLE = 0, ///< the serial line has input
    MACHINE_TIMER = 1,
    MACHINE_INTERRUPTS = 2,
};

/// What the root task lends the machine while it boots.
struct machine_boot {
    sel4_cptr cnode; ///< initial CNode; slots are resolved in it with seL4_WordBits
    uint64_t cnode_bits;
    sel4_cptr vspace;
    sel4_cptr tcb; ///< authority for priorities
    sel4_cptr irq_control;
    sel4_cptr port_control; ///< IOPortControl on a PC
    sel4_cptr sched_control;

    /// The next empty slot of the initial CNode; 0 if there is none.
    sel4_cptr (*take_slot)(void);

    /// Makes objects in consecutive slots; false if memory or slots ran out.
    bool (*take_object)(uint32_t object, uint32_t count, sel4_cptr *first);

    /// Maps the 4 KiB of device registers at a physical address, uncached, readable and writable, at a
    /// virtual address (layout.h, LAYOUT_DEVICES). Devices in one untyped must come in ascending order: the
    /// kernel makes objects from an untyped forwards only.
    bool (*map_device)(uint64_t physical, uint64_t vaddr);
};

/// Makes the capabilities for the serial line and sets it up, so that all that follows can report failures.
/// @return NULL, or what could not be had
const char *machine_begin_console(const struct machine_boot *boot);

/// Makes the interrupt handlers and the other devices' capabilities.
/// @return NULL, or what could not be had
const char *machine_begin_devices(const struct machine_boot *boot);

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
