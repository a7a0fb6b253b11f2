// SPDX-License-Identifier: Apache-2.0
//
// Programs that end in other ways than the tests, or that read the serial port.
#include "../kernel.h"

#define SERIAL 0x3f8
#define SERIAL_PIN 4
#define DEBUG_EXIT 0xf4
#define END_OF_TRANSMISSION 4

/** Waits for a signal nobody can send. */
void end_stopped(void) {
    receive(seL4_SysWait, object_new(seL4_NotificationObject, 0), 0);
}

void end_debug_exit(void) {
    seL4_CPtr port = slot_new();
    invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT),
           WORDS(DEBUG_EXIT, DEBUG_EXIT, port, DEPTH));
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(DEBUG_EXIT, 5));
}

/** Sends back what arrives, driven by interrupts, until an end of transmission. */
void end_echo(void) {
    seL4_CPtr port = log_port(), handler = slot_new(), notification = object_new(seL4_NotificationObject, 0);
    invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT),
           WORDS(handler, DEPTH, 0, SERIAL_PIN, 0, 0, 4));
    invoke(handler, IRQSetIRQHandler, CAPS(notification), NO_WORDS);
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + 2, 0xc7)); // FIFO, interrupt at 14 bytes
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + 4, 0x0b)); // interrupts connected
    invoke(port, X86IOPortOut8, NO_CAPS, WORDS(SERIAL + 1, 1));
    for (;;) {
        invoke(handler, IRQAckIRQ, NO_CAPS, NO_WORDS);
        while (invoke(port, X86IOPortIn8, NO_CAPS, WORDS(SERIAL + 5)).words[0] & 1) {
            char character = invoke(port, X86IOPortIn8, NO_CAPS, WORDS(SERIAL)).words[0];
            log_character(character);
            if (character == END_OF_TRANSMISSION)
                power_off();
        }
        receive(seL4_SysWait, notification, 0);
    }
}

extern unsigned char domain_touch[], domain_sum[];

static struct message run_over(const struct thread *thread, const unsigned char *code, uint64_t address,
                               uint64_t pages) {
    seL4_UserContext context = {
        .CONTEXT_IP = IN_DOMAIN(code), .CONTEXT_FIRST = address, .CONTEXT_SECOND = pages};
    expect_success("many.start", write_registers(thread->tcb, true, &context));
    return thread_wait_fault(thread);
}

/** More pages than a host process may have mappings, none of which continues its neighbour in memory: all are
 *  the same frame. Their capabilities are mapped in the root CNode and then moved out of it. */
void end_many_pages(void) {
    enum { PAGES = 70000, CNODE_BITS = 17 };
    const uint64_t arena = 0x40000000;
    seL4_CPtr vspace, frame = object_new(seL4_X86_4K, 0), copied = slot_new();
    seL4_CPtr store = object_new(seL4_CapTableObject, CNODE_BITS);
    struct thread thread = domain_new(IN_DOMAIN(domain_touch), seL4_MaxPrio, &vspace);
    for (uint64_t i = 0; i < PAGES; i++) {
        expect_success("many.copy", copy(copied, frame, ALL_RIGHTS));
        expect_success("many.map", map_frame(vspace, copied, arena + i * PAGE, ALL_RIGHTS));
        expect_success("many.move",
                       invoke(store, CNodeMove, CAPS(ROOT), WORDS(i, CNODE_BITS, copied, DEPTH)));
    }
    LOG("many.touch", run_over(&thread, domain_touch, arena, PAGES).label);
    // Every page is the one frame, whose first word is now 1.
    struct message sum = run_over(&thread, domain_sum, arena, PAGES);
    LOG("many.sum", sum.label, sum.words[seL4_UnknownSyscall_RAX]);
    expect_success("many.delete", delete (store));
    LOG("many.gone", run_over(&thread, domain_sum, arena, PAGES).label);
    power_off();
}
