// SPDX-License-Identifier: Apache-2.0
//
// The I/O APIC: which pin is which interrupt, masks, and pending interrupts. Level-triggered pins are pending
// while their line is high; edge-triggered ones remember a rising edge, unless they are masked then.
#include "../kernel.h"
#include "devices.h"

struct pin {
    unsigned irq; /* 0: not mapped */
    bool is_level;
    bool is_masked;
    bool is_high;
    bool has_edge;
};

static struct pin pins[IOAPIC_PIN_COUNT];

void ioapic_map(unsigned pin, unsigned irq, bool is_level) {
    bool is_high = pins[pin].is_high;
    pins[pin] = (struct pin){.irq = irq, .is_level = is_level, .is_masked = true, .is_high = is_high};
}

void ioapic_set_mask(unsigned irq, bool is_masked) {
    for (unsigned i = 0; i < IOAPIC_PIN_COUNT; i++)
        if (pins[i].irq == irq)
            pins[i].is_masked = is_masked;
}

void ioapic_set_line(unsigned pin, bool is_high) {
    struct pin *entry = &pins[pin];
    if (is_high && !entry->is_high && !entry->is_masked)
        entry->has_edge = true;
    entry->is_high = is_high;
}

static bool is_pending(const struct pin *pin) {
    return pin->irq && !pin->is_masked && (pin->is_level ? pin->is_high : pin->has_edge);
}

int ioapic_take(void) {
    struct pin *best = NULL;
    for (unsigned i = 0; i < IOAPIC_PIN_COUNT; i++)
        if (is_pending(&pins[i]) && (!best || pins[i].irq > best->irq))
            best = &pins[i];
    if (!best)
        return -1;
    best->has_edge = false;
    return best->irq;
}

bool ioapic_is_listening(unsigned pin) {
    unsigned irq = pins[pin].irq;
    return irq && !pins[pin].is_masked && kernel.irq_slots[irq].cap.type == CAP_NOTIFICATION;
}
