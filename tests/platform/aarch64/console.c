// SPDX-License-Identifier: Apache-2.0
//
// The serial line: ARM's PL011 (DDI 0183).
#include "../kernel.h"

#define UART_PAGE 0x70000000UL

static seL4_CPtr uart_untyped(uint64_t *before) {
    for (uint64_t i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        if (untyped->isDevice && untyped->paddr <= UART_ADDRESS &&
            UART_ADDRESS - untyped->paddr < 1UL << untyped->sizeBits) {
            *before = UART_ADDRESS - untyped->paddr;
            return boot_info->untyped.start + i;
        }
    }
    return seL4_CapNull;
}

/** The device's page; what lies before it in its untyped is skipped, in untypeds as large as their place
 * allows. */
void log_initialise(void) {
    uint64_t before, done = 0;
    seL4_CPtr untyped = uart_untyped(&before), frame;
    while (done < before) {
        unsigned bits = 63 - __builtin_clzl(before - done);
        while (done & ((1UL << bits) - 1))
            bits--;
        retype(untyped, seL4_UntypedObject, bits, ROOT, 0, 0, slot_new(), 1);
        done += 1UL << bits;
    }
    frame = slot_new();
    retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, frame, 1);
    // Device memory: no caching, and nothing to execute.
    while (invoke(frame, PAGE_MAP, CAPS(seL4_CapInitThreadVSpace),
                  WORDS(UART_PAGE, ALL_RIGHTS, seL4_ARM_ExecuteNever))
               .label == seL4_FailedLookup)
        invoke(object_new(TABLE_TYPE, 0), TABLE_MAP, CAPS(seL4_CapInitThreadVSpace),
               WORDS(UART_PAGE, ATTRIBUTES));
}

static volatile uint32_t *uart_register(unsigned offset) {
    return (volatile uint32_t *)(UART_PAGE + offset);
}

void log_character(char character) {
    while (*uart_register(0x18) & 1 << 5) // UARTFR, transmit FIFO full
        ;
    *uart_register(0) = (uint8_t)character;
}

/** There is no switch: whoever reads the log ends the machine. */
void power_off(void) {
    log_character('\n');
    for (;;)
        invoke(seL4_CapInitThreadTCB, TCBSuspend, NO_CAPS, NO_WORDS);
}

/** Makes the line raise its interrupt, or not. */
void uart_interrupt(bool raise) {
    const unsigned mask = 0x38, clear = 0x44, transmit = 1 << 5; // UARTIMSC, UARTICR
    *uart_register(mask) = raise ? transmit : 0;
    if (raise)
        log_character('\n'); // whose end is the reason
    else
        *uart_register(clear) = transmit;
}
