// SPDX-License-Identifier: Apache-2.0
//
// What boards have in common: pages of device registers, interrupts, the end.

#include "board.h"

#include "host/board/registers.h"
#include "host/board/timer.h"
#include "host/board/timer_thread.h"
#include "host/board/uart.h"
#include "host/machine.h"
#include "host/runtime.h"
#include "sel4/interrupts.h"
#include "sel4/invocations.h"
#include "sel4/ipc.h"

static sel4_cptr handlers[MACHINE_INTERRUPTS] ROOT_ONLY;

/// A device's place; physical 0: the board has none.
struct device {
    enum device_page page;
    uint64_t physical;
    const char *name;
};

static const struct device devices[DEVICE_PAGES] = {
    {DEVICE_UART, SEALIFT_BOARD_UART_ADDRESS, "the serial line's registers"},
    {DEVICE_CLOCK, SEALIFT_BOARD_CLOCK_ADDRESS, "the real-time clock's registers"},
#ifdef SEALIFT_BOARD_TIMER_GOLDFISH
    {DEVICE_TIMER, 0, ""}, // the same device as the clock
#else
    {DEVICE_TIMER, SEALIFT_BOARD_TIMER_ADDRESS, "the timer's registers"},
#endif
    {DEVICE_POWER, SEALIFT_BOARD_POWER_ADDRESS, "the power switch"},
};

const char *machine_begin_console(const struct machine_boot *boot) {
    // All devices at once, from the lowest address to the highest (machine.h, map_device). The few pages cost
    // no more when one of them then turns out to be missing.
    const char *missing = NULL;
    uint64_t last = 0;
    for (unsigned done = 0; done < DEVICE_PAGES; done++) {
        const struct device *next = NULL;
        for (unsigned i = 0; i < DEVICE_PAGES; i++) {
            if (devices[i].physical > last && (!next || devices[i].physical < next->physical)) {
                next = &devices[i];
            }
        }
        if (!next) {
            break;
        }
        if (!boot->map_device(next->physical & ~UINT64_C(0xfff), LAYOUT_DEVICES + next->page * 0x1000)) {
            missing = next->name;
            if (next->page == DEVICE_UART) {
                return missing; // nobody can be told
            }
        }
        last = next->physical;
    }
    uart_begin();
    return missing;
}

/// Makes the handler of an interrupt; NULL, or what could not be had.
static const char *take_interrupt(const struct machine_boot *boot, enum machine_interrupt source,
                                  uint64_t number, bool is_level, const char *name) {
    handlers[source] = boot->take_slot();
    sel4_error error = sel4_irq_control_get_trigger(boot->irq_control, number, !is_level, boot->cnode,
                                                    handlers[source], seL4_WordBits);
    return error == seL4_NoError ? NULL : name;
}

const char *machine_begin_devices(const struct machine_boot *boot) {
    const char *missing = take_interrupt(boot, MACHINE_CONSOLE, SEALIFT_BOARD_UART_INTERRUPT,
                                         SEALIFT_BOARD_UART_LEVEL != 0, "the serial line's interrupt");
    if (missing) {
        return missing;
    }
#ifdef SEALIFT_BOARD_TIMER_TICK
    return timer_thread_begin(boot);
#else
    machine_timer_disarm();
    return take_interrupt(boot, MACHINE_TIMER, SEALIFT_BOARD_TIMER_INTERRUPT, SEALIFT_BOARD_TIMER_LEVEL != 0,
                          "the timer's interrupt");
#endif
}

sel4_error machine_interrupt_bind(enum machine_interrupt source, sel4_cptr notification) {
#ifdef SEALIFT_BOARD_TIMER_TICK
    if (source == MACHINE_TIMER) {
        return timer_thread_bind(notification);
    }
#endif
    sel4_error error = sel4_irq_handler_set_notification(handlers[source], notification);
    if (error != seL4_NoError) {
        return error;
    }
    // One that came before anybody waited for it has masked its line.
    error = sel4_irq_handler_acknowledge(handlers[source]);
    if (source == MACHINE_CONSOLE) {
        uart_enable_interrupt();
    }
#ifndef SEALIFT_BOARD_TIMER_TICK
    if (source == MACHINE_TIMER) {
        timer_enable_interrupt();
    }
#endif
    return error;
}

void machine_interrupt_acknowledge(enum machine_interrupt source) {
    // The device's line is low before the kernel listens to it again, unless something has happened
    // meanwhile.
    if (source == MACHINE_CONSOLE) {
        uart_clear_interrupt();
    }
#ifdef SEALIFT_BOARD_TIMER_TICK
    if (source == MACHINE_TIMER) {
        return;
    }
#else
    if (source == MACHINE_TIMER) {
        timer_clear_interrupt();
    }
#endif
    sel4_irq_handler_acknowledge(handlers[source]);
}

_Noreturn void machine_power_off(void) {
    // Frame OFF of the control channel: whoever watches the line may end a machine without a switch.
    static const uint8_t off[] = {0xa5, 0x0a, 0, 0, 0, 0};
    machine_console_write(off, sizeof off);
#ifdef SEALIFT_BOARD_POWER_SIFIVE_TEST
    enum { PASS = 0x5555 };
    device_write32(device_address(DEVICE_POWER, SEALIFT_BOARD_POWER_ADDRESS), PASS);
#endif
    for (;;) {
        sel4_tcb_suspend(seL4_CapInitThreadTCB);
        sel4_yield();
    }
}
