// SPDX-License-Identifier: Apache-2.0
//
// Interrupts: handler capabilities, the interval timer, the serial port.
#include "../script.h"

#define TIMER_PIN 2
#define SERIAL_PIN 4
#define SERIAL 0x3f8

static seL4_CPtr handler, notification, timer_port;

/** A one-shot that is never loaded. The firmware leaves the timer running, and the kernel reports on the
 * serial port every interrupt that nobody has asked for. */
static void stop_timer(void) {
    invoke(timer_port, X86IOPortOut8, NO_CAPS, WORDS(0x43, 0x30));
}

static struct message get(seL4_CPtr slot, uint64_t ioapic, uint64_t pin, uint64_t level, uint64_t polarity,
                          uint64_t vector) {
    return invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT),
                  WORDS(slot, DEPTH, ioapic, pin, level, polarity, vector));
}

static struct message acknowledge(void) {
    return invoke(handler, IRQAckIRQ, NO_CAPS, NO_WORDS);
}

static void refusals(void) {
    seL4_CPtr second = slot_new(), no_send = slot_new();
    copy(no_send, notification, seL4_CanRead.words[0]);
    log_message("interrupt.label", invoke(seL4_CapIRQControl, IRQAckIRQ, NO_CAPS, NO_WORDS));
    log_message("interrupt.legacy-short",
                invoke(seL4_CapIRQControl, IRQIssueIRQHandler, CAPS(ROOT), WORDS(1, 2)));
    log_message("interrupt.legacy",
                invoke(seL4_CapIRQControl, IRQIssueIRQHandler, CAPS(ROOT), WORDS(1, handler, DEPTH)));
    log_message("interrupt.short", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT),
                                          WORDS(handler, DEPTH, 0, 2, 0, 0)));
    log_message("interrupt.no-cap", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, NO_CAPS,
                                           WORDS(handler, DEPTH, 0, 2, 0, 0, 0)));
    log_message("interrupt.vector", get(handler, 0, TIMER_PIN, 0, 0, 108));
    log_message("interrupt.no-root", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC,
                                            CAPS(notification), WORDS(handler, DEPTH, 0, 2, 0, 0, 0)));
    log_message("interrupt.slot-full", get(notification, 0, TIMER_PIN, 0, 0, 0));
    log_message("interrupt.ioapic", get(handler, 1, TIMER_PIN, 0, 0, 0));
    log_message("interrupt.pin", get(handler, 0, 24, 0, 0, 0));
    log_message("interrupt.level", get(handler, 0, TIMER_PIN, 2, 0, 0));
    log_message("interrupt.polarity", get(handler, 0, TIMER_PIN, 0, 2, 0));
    log_message("interrupt.get", get(handler, 0, TIMER_PIN, 0, 0, 107));
    log_message("interrupt.get-again", get(second, 0, TIMER_PIN, 0, 0, 107));
    log_message("interrupt.message-bus", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerMSI, CAPS(ROOT),
                                                WORDS(second, DEPTH, 256, 0, 0, 0, 5)));
    log_message("interrupt.message-device", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerMSI, CAPS(ROOT),
                                                   WORDS(second, DEPTH, 0, 32, 0, 0, 5)));
    log_message("interrupt.message-function", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerMSI, CAPS(ROOT),
                                                     WORDS(second, DEPTH, 0, 0, 8, 0, 5)));
    log_message("interrupt.message", invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerMSI, CAPS(ROOT),
                                            WORDS(second, DEPTH, 0, 0, 0, 0, 5)));
    log_message("interrupt.handler-label", invoke(handler, IRQIssueIRQHandler, NO_CAPS, NO_WORDS));
    log_message("interrupt.set-no-cap", invoke(handler, IRQSetIRQHandler, NO_CAPS, NO_WORDS));
    log_message("interrupt.set-no-notification", invoke(handler, IRQSetIRQHandler, CAPS(ROOT), NO_WORDS));
    log_message("interrupt.set-no-right", invoke(handler, IRQSetIRQHandler, CAPS(no_send), NO_WORDS));
    log_message("interrupt.set", invoke(handler, IRQSetIRQHandler, CAPS(minted(notification, 8)), NO_WORDS));
    log_message("interrupt.clear", invoke(handler, IRQClearIRQHandler, NO_CAPS, NO_WORDS));
    log_message("interrupt.delete", delete (handler));
    log_message("interrupt.get-freed", get(handler, 0, TIMER_PIN, 0, 0, 107));
    delete (second);
}

static void timer(void) {
    seL4_CPtr port = timer_port;
    invoke(handler, IRQSetIRQHandler, CAPS(minted(notification, 8)), NO_WORDS);
    acknowledge();
    receive(seL4_SysNBWait, notification, 0);
    // Channel 0, mode 0: one interrupt after about 10 ms.
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x43, 0x30));
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x40, 11932 & 0xff));
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x40, 11932 >> 8));
    LOG("interrupt.one-shot", receive(seL4_SysWait, notification, 0).badge);
    log_message("interrupt.acknowledge", acknowledge());
    LOG("interrupt.no-second", receive(seL4_SysNBWait, notification, 0).badge);
    // Mode 2: an interrupt every 5 ms.
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x43, 0x34));
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x40, 5966 & 0xff));
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x40, 5966 >> 8));
    uint64_t badges = 0;
    for (unsigned i = 0; i < 5; i++) {
        badges += receive(seL4_SysWait, notification, 0).badge;
        acknowledge();
    }
    LOG("interrupt.periodic", badges);
    // Delivered to a thread that waits for messages, through its bound notification.
    seL4_CPtr endpoint = object_new(seL4_EndpointObject, 0), reply = object_new(seL4_ReplyObject, 0);
    invoke(seL4_CapInitThreadTCB, TCBBindNotification, CAPS(notification), NO_WORDS);
    LOG("interrupt.bound", receive(seL4_SysRecv, endpoint, reply).badge);
    invoke(seL4_CapInitThreadTCB, TCBUnbindNotification, NO_CAPS, NO_WORDS);
    stop_timer();
    delete (handler);
    receive(seL4_SysNBWait, notification, 0); // a last interrupt that came before that
}

static uint64_t serial_in(seL4_CPtr port, unsigned reg) {
    return invoke(port, X86IOPortIn8, NO_CAPS, WORDS(SERIAL + reg)).words[0];
}

static void serial_out(seL4_CPtr port, unsigned reg, uint64_t value) {
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + reg, value));
}

/** In loopback, so that nothing of it is seen on the line. */
static void serial(seL4_CPtr port) {
    uint64_t seen[8];
    log_message("interrupt.serial-get", get(handler, 0, SERIAL_PIN, 0, 0, 20));
    invoke(handler, IRQSetIRQHandler, CAPS(minted(notification, 0x10)), NO_WORDS);
    serial_out(port, 7, 0x5a);
    seen[0] = serial_in(port, 7);
    serial_out(port, 2, 0x07); // FIFO on and empty
    serial_out(port, 4, 0x18); // loopback, interrupts connected
    serial_out(port, 1, 0x01); // interrupt on receipt
    serial_out(port, 0, 'x');
    seen[1] = receive(seL4_SysWait, notification, 0).badge;
    // A byte that is read late is reported as a timeout (0xcc): the bit for that is left out.
    seen[2] = serial_in(port, 2) & 0xc7;
    seen[3] = serial_in(port, 5) & 1;
    seen[4] = serial_in(port, 0);
    seen[5] = serial_in(port, 5) & 1;
    acknowledge();
    serial_out(port, 1, 0x02); // interrupt when the transmitter is empty
    seen[6] = receive(seL4_SysWait, notification, 0).badge;
    seen[7] = serial_in(port, 2) & 0xc7;
    serial_out(port, 1, 0);
    serial_out(port, 4, 0);
    log_words("interrupt.serial", 8, seen);
    delete (handler);
}

void test_interrupt(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    handler = slot_new();
    notification = object_new(seL4_NotificationObject, 0);
    timer_port = slot_new();
    invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT), WORDS(0x40, 0x43, timer_port, DEPTH));
    stop_timer();
    refusals();
    timer();
    serial(log_port());
}
