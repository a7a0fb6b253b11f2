// SPDX-License-Identifier: Apache-2.0
//
// What a PC's devices have in common: capabilities, interrupt lines, the switch.

#include "host/machine.h"

#include "host/pc/ports.h"
#include "host/pc/serial.h"
#include "host/runtime.h"
#include "sel4/invocations.h"
#include "sel4/ipc.h"
#include "sel4/x86_64/ports.h"

/// Pins of the first I/O APIC. The interval timer's ISA line 0 arrives at pin 2 on every PC with an I/O APIC.
static const uint32_t pins[MACHINE_INTERRUPTS] = {[MACHINE_CONSOLE] = 4, [MACHINE_TIMER] = 2};

static sel4_cptr handlers[MACHINE_INTERRUPTS] ROOT_ONLY;

const char *machine_begin_console(const struct machine_boot *boot) {
    // Power first: a failure of the rest can then still switch the machine off. A machine that has no such
    // port loses nothing by it.
    pc_ports_issue(PC_POWER, boot);
    pc_ports_issue(PC_DEBUG_EXIT, boot);
    if (pc_ports_issue(PC_SERIAL, boot) != seL4_NoError) {
        return "the serial line's ports";
    }
    serial_begin();
    return NULL;
}

const char *machine_begin_devices(const struct machine_boot *boot) {
    if (pc_ports_issue(PC_TIMER, boot) != seL4_NoError) {
        return "the interval timer's ports";
    }
    if (pc_ports_issue(PC_CLOCK, boot) != seL4_NoError) {
        return "the real-time clock's ports";
    }
    // The firmware may have left the timer running, and an interrupt that nobody waits for stays masked.
    machine_timer_disarm();
    for (uint32_t source = 0; source < MACHINE_INTERRUPTS; source++) {
        handlers[source] = boot->take_slot();
        if (sel4_irq_control_get_io_apic(boot->irq_control, boot->cnode, handlers[source], seL4_WordBits,
                                         pins[source], source) != seL4_NoError) {
            return source == MACHINE_TIMER ? "the timer's interrupt" : "the serial line's interrupt";
        }
    }
    return NULL;
}

sel4_error machine_interrupt_bind(enum machine_interrupt source, sel4_cptr notification) {
    sel4_error error = sel4_irq_handler_set_notification(handlers[source], notification);
    if (error != seL4_NoError) {
        return error;
    }
    // One that came before anybody waited for it has masked its line.
    error = sel4_irq_handler_acknowledge(handlers[source]);
    if (source == MACHINE_CONSOLE) {
        serial_enable_interrupt();
    }
    return error;
}

void machine_interrupt_acknowledge(enum machine_interrupt source) {
    sel4_irq_handler_acknowledge(handlers[source]);
}

_Noreturn void machine_power_off(void) {
    enum {
        PM1A_CONTROL = 0x604,
        SLEEP_ENABLE = 0x2000, // with sleep type 0, which is S5 (off) on QEMU's machines
        DEBUG_EXIT = 0xf4,
    };
    pc_out16(PC_POWER, PM1A_CONTROL, SLEEP_ENABLE);
    pc_out8(PC_DEBUG_EXIT, DEBUG_EXIT, 0);
    for (;;) {
        // Still on: the machine has neither switch. Stop, so that at least nothing runs any more.
        sel4_tcb_suspend(seL4_CapInitThreadTCB);
        sel4_yield();
    }
}
