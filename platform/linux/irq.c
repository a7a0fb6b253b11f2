// SPDX-License-Identifier: Apache-2.0
//
// Interrupts: handler capabilities, and the delivery of interrupts to notifications.
#include "clock.h"
#include "devices/devices.h"
#include "kernel.h"

/** Bounds of a PCI address in a request for a message-signalled interrupt. */
enum { PCI_BUS_LAST = 255, PCI_DEVICE_LAST = 31, PCI_FUNCTION_LAST = 7 };

void irq_initialise(void) {
    kernel.irq_state[IRQ_IOMMU] = IRQ_RESERVED;
    kernel.irq_state[IRQ_TIMER] = IRQ_RESERVED;
}

static enum outcome check_ioapic(uint64_t ioapic, uint64_t pin, uint64_t level, uint64_t polarity) {
    if (ioapic >= CONFIG_MAX_NUM_IOAPIC)
        return error_range(0, CONFIG_MAX_NUM_IOAPIC - 1);
    if (pin >= IOAPIC_PIN_COUNT)
        return error_range(0, IOAPIC_PIN_COUNT - 1);
    if (level > 1 || polarity > 1)
        return error_range(0, 1);
    return DONE;
}

static enum outcome check_message(uint64_t bus, uint64_t device, uint64_t function) {
    if (bus > PCI_BUS_LAST)
        return error_range(0, PCI_BUS_LAST);
    if (device > PCI_DEVICE_LAST)
        return error_range(0, PCI_DEVICE_LAST);
    if (function > PCI_FUNCTION_LAST)
        return error_range(0, PCI_FUNCTION_LAST);
    return DONE;
}

enum outcome irq_control_decode(const struct invocation *invocation) {
    uint64_t label = invocation->label;
    if (label == IRQIssueIRQHandler) {
        // The legacy form exists only for kernels that use the legacy controller.
        if (invocation->length < 3 || !kernel.extra[0])
            return error_plain(seL4_TruncatedMessage);
        return error_plain(seL4_IllegalOperation);
    }
    if (label != X86IRQIssueIRQHandlerIOAPIC && label != X86IRQIssueIRQHandlerMSI)
        return error_plain(seL4_IllegalOperation);
    if (invocation->length < 7 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t index = argument(invocation, 0), depth = argument(invocation, 1);
    uint64_t irq = argument(invocation, 6);
    if (irq > IRQ_USER_LAST - IRQ_USER_FIRST)
        return error_range(0, IRQ_USER_LAST - IRQ_USER_FIRST);
    irq += IRQ_USER_FIRST;
    if (kernel.irq_state[irq] != IRQ_INACTIVE)
        return error_plain(seL4_RevokeFirst);
    struct slot *destination;
    enum outcome outcome = cspace_lookup_target(kernel.extra[0]->cap, index, depth, &destination);
    if (outcome == DONE)
        outcome = ensure_empty(destination);
    if (outcome != DONE)
        return outcome;
    uint64_t a = argument(invocation, 2), b = argument(invocation, 3), c = argument(invocation, 4);
    uint64_t d = argument(invocation, 5);
    bool is_ioapic = label == X86IRQIssueIRQHandlerIOAPIC;
    outcome = is_ioapic ? check_ioapic(a, b, c, d) : check_message(a, b, c);
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    if (is_ioapic)
        ioapic_map(b, irq, c);
    kernel.irq_state[irq] = IRQ_SIGNAL;
    ioapic_set_mask(irq, false);
    struct capability cap = capability_new(CAP_IRQ_HANDLER, 0);
    cap.irq_handler.irq = irq;
    derivation_insert(cap, invocation->slot, destination);
    return DONE;
}

enum outcome irq_handler_decode(const struct invocation *invocation) {
    uint64_t irq = invocation->cap.irq_handler.irq;
    switch (invocation->label) {
    case IRQAckIRQ:
        invocation_accepted();
        ioapic_set_mask(irq, false);
        return DONE;
    case IRQSetIRQHandler: {
        if (!kernel.extra[0])
            return error_plain(seL4_TruncatedMessage);
        struct slot *slot = kernel.extra[0];
        struct capability cap = slot->cap;
        if (cap.type != CAP_NOTIFICATION || !cap.endpoint.can_send)
            return error_capability(0);
        invocation_accepted();
        derivation_delete_one(&kernel.irq_slots[irq]);
        derivation_insert(cap, slot, &kernel.irq_slots[irq]);
        return DONE;
    }
    case IRQClearIRQHandler:
        invocation_accepted();
        derivation_delete_one(&kernel.irq_slots[irq]);
        return DONE;
    default:
        return error_plain(seL4_IllegalOperation);
    }
}

void irq_deleting_handler(uint64_t irq) {
    derivation_delete_one(&kernel.irq_slots[irq]);
}

void irq_deleted_handler(uint64_t irq) {
    kernel.irq_state[irq] = IRQ_INACTIVE;
    ioapic_set_mask(irq, true);
}

/** Signals the notification of an interrupt, and masks it until it is acknowledged. */
void irq_deliver(unsigned irq) {
    if (irq == IRQ_TIMER) {
        kernel.reprogram = true;
        return;
    }
    ioapic_set_mask(irq, true);
    struct capability cap = kernel.irq_slots[irq].cap;
    if (kernel.irq_state[irq] == IRQ_SIGNAL && cap.type == CAP_NOTIFICATION && cap.endpoint.can_send)
        notification_signal(at(capability_address(cap)), cap.endpoint.badge);
}
