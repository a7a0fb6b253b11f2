// SPDX-License-Identifier: Apache-2.0
//
// Interrupts where each source has a number: handler capabilities, and the serial line's.
#include "../script.h"

void uart_interrupt(bool raise); /* ARCHITECTURE/console.c */

static seL4_CPtr handler, notification;

static struct message get(seL4_CPtr slot, uint64_t irq, uint64_t edge) {
    return invoke(seL4_CapIRQControl, IRQ_GET_TRIGGER, CAPS(ROOT), WORDS(irq, edge, slot, DEPTH));
}

static struct message acknowledge(void) {
    return invoke(handler, IRQAckIRQ, NO_CAPS, NO_WORDS);
}

static void refusals(void) {
    seL4_CPtr second = slot_new(), no_send = slot_new();
    copy(no_send, notification, seL4_CanRead.words[0]);
    log_message("interrupt.label", invoke(seL4_CapIRQControl, IRQAckIRQ, NO_CAPS, NO_WORDS));
    log_message("interrupt.short",
                invoke(seL4_CapIRQControl, IRQ_GET_TRIGGER, CAPS(ROOT), WORDS(UART_INTERRUPT, 0, handler)));
    log_message("interrupt.no-cap", invoke(seL4_CapIRQControl, IRQ_GET_TRIGGER, NO_CAPS,
                                           WORDS(UART_INTERRUPT, 0, handler, DEPTH)));
    log_message("interrupt.no-root", invoke(seL4_CapIRQControl, IRQ_GET_TRIGGER, CAPS(notification),
                                            WORDS(UART_INTERRUPT, 0, handler, DEPTH)));
    log_message("interrupt.slot-full", get(notification, UART_INTERRUPT, 0));
    log_message("interrupt.number", get(handler, WRONG_INTERRUPT, 0));
    log_message("interrupt.get", get(handler, UART_INTERRUPT, 0));
    log_message("interrupt.get-again", get(second, UART_INTERRUPT, 0));
    log_message("interrupt.handler-label", invoke(handler, IRQIssueIRQHandler, NO_CAPS, NO_WORDS));
    log_message("interrupt.set-no-cap", invoke(handler, IRQSetIRQHandler, NO_CAPS, NO_WORDS));
    log_message("interrupt.set-no-notification", invoke(handler, IRQSetIRQHandler, CAPS(ROOT), NO_WORDS));
    log_message("interrupt.set-no-right", invoke(handler, IRQSetIRQHandler, CAPS(no_send), NO_WORDS));
    log_message("interrupt.set", invoke(handler, IRQSetIRQHandler, CAPS(minted(notification, 8)), NO_WORDS));
    log_message("interrupt.clear", invoke(handler, IRQClearIRQHandler, NO_CAPS, NO_WORDS));
    log_message("interrupt.delete", delete (handler));
    log_message("interrupt.get-freed", get(handler, UART_INTERRUPT, 0));
    delete (second);
}

/** A level: it comes, stays away until it is acknowledged, and comes again while its reason lasts. */
static void level(void) {
    invoke(handler, IRQSetIRQHandler, CAPS(minted(notification, 8)), NO_WORDS);
    acknowledge();
    receive(seL4_SysNBWait, notification, 0);
    uart_interrupt(true);
    LOG("interrupt.level", receive(seL4_SysWait, notification, 0).badge);
    LOG("interrupt.masked", receive(seL4_SysNBWait, notification, 0).badge);
    log_message("interrupt.acknowledge", acknowledge());
    uart_interrupt(true); // what was logged meanwhile may have ended it
    LOG("interrupt.level-again", receive(seL4_SysWait, notification, 0).badge);
    uart_interrupt(false);
    acknowledge();
    LOG("interrupt.gone", receive(seL4_SysNBWait, notification, 0).badge);
}

void test_interrupt(void) {
    notification = object_new(seL4_NotificationObject, 0);
    handler = slot_new();
    refusals();
    level();
    delete (handler);
}

void test_ioport(void) {}

/** Pseudo-random invocations are compared between the kernel and its model, which is there for x86_64 only.
 */
void test_random(void) {}
