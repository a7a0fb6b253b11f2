// SPDX-License-Identifier: Apache-2.0
//
// I/O ports.
#include "../kernel.h"

static struct message issue(seL4_CPtr root, uint64_t first, uint64_t last, uint64_t slot, uint64_t depth) {
    return invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(root), WORDS(first, last, slot, depth));
}

void test_ioport(void) {
    seL4_CPtr port = slot_new(), second = slot_new(), clock = slot_new();
    log_message("ioport.label",
                invoke(seL4_CapIOPortControl, X86IOPortIn8, CAPS(ROOT), WORDS(0x80, 0x8f, port, DEPTH)));
    log_message("ioport.short",
                invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT), WORDS(0x80, 0x8f, port)));
    log_message("ioport.no-cap", invoke(seL4_CapIOPortControl, X86IOPortControlIssue, NO_CAPS,
                                        WORDS(0x80, 0x8f, port, DEPTH)));
    log_message("ioport.range", issue(ROOT, 0x81, 0x80, port, DEPTH));
    log_message("ioport.in-use", issue(ROOT, 0x3f0, 0x3f8, port, DEPTH));
    log_message("ioport.no-root", issue(port, 0x80, 0x8f, port, DEPTH));
    log_message("ioport.depth", issue(ROOT, 0x80, 0x8f, port, 65));
    log_message("ioport.slot-full", issue(ROOT, 0x80, 0x8f, ROOT, DEPTH));
    log_message("ioport.issue", issue(ROOT, 0x80, 0x8f, port, DEPTH));
    log_message("ioport.issue-again", issue(ROOT, 0x8f, 0x90, second, DEPTH));
    log_message("ioport.port-label", invoke(port, X86PageMap, NO_CAPS, WORDS(0x80)));
    log_message("ioport.in-short", invoke(port, X86IOPortIn8, NO_CAPS, NO_WORDS));
    log_message("ioport.out-short", invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x80)));
    log_message("ioport.below", invoke(port, X86IOPortIn8, NO_CAPS, WORDS(0x7f)));
    log_message("ioport.above", invoke(port, X86IOPortIn8, NO_CAPS, WORDS(0x90)));
    log_message("ioport.across", invoke(port, X86IOPortIn16, NO_CAPS, WORDS(0x8f)));
    log_message("ioport.across-32", invoke(port, X86IOPortIn32, NO_CAPS, WORDS(0x8d)));
    log_message("ioport.out", invoke(port, X86IOPortOut8, NO_CAPS, WORDS(0x80, 1)));
    log_message("ioport.out-across", invoke(port, X86IOPortOut32, NO_CAPS, WORDS(0x8d, 1)));
    log_message("ioport.copy", copy(second, port, ALL_RIGHTS));
    log_message("ioport.delete-original", delete (port));
    log_message("ioport.still-in-use", issue(ROOT, 0x80, 0x80, port, DEPTH));
    log_message("ioport.delete-copy", delete (second));
    log_message("ioport.free", issue(ROOT, 0x80, 0x80, port, DEPTH));
    log_message("ioport.revoke", revoke(port));
    delete (port);

    // The clock of the machine ticks in decimal digits.
    issue(ROOT, 0x70, 0x71, clock, DEPTH);
    invoke(clock, X86IOPortOut8, NO_CAPS, WORDS(0x70, 0x32));
    LOG("ioport.century", invoke(clock, X86IOPortIn8, NO_CAPS, WORDS(0x71)).words[0]);
    invoke(clock, X86IOPortOut8, NO_CAPS, WORDS(0x70, 0x0d));
    LOG("ioport.clock-valid", invoke(clock, X86IOPortIn8, NO_CAPS, WORDS(0x71)).words[0]);
    invoke(clock, X86IOPortOut8, NO_CAPS, WORDS(0x70, 0));
    uint64_t seconds = invoke(clock, X86IOPortIn8, NO_CAPS, WORDS(0x71)).words[0];
    LOG("ioport.seconds", (seconds & 15) < 10, seconds >> 4 < 6);
    delete (clock);
}
