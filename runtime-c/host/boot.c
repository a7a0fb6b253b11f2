// SPDX-License-Identifier: Apache-2.0
//
// Interface boot of wit/sealift.wit: the machine. Only the root task has it.

#include "host/boot_facts.h"
#include "host/clock.h"
#include "host/generated/imports.h"
#include "host/machine.h"
#include "host/runtime.h"
#include "host/text.h"

#include <string.h>

wasm_status host_boot_value(wasm_instance *instance, uint64_t *values) {
    uint64_t value;
    if (boot_value((uint32_t)values[0], (uint32_t)values[1], &value)) {
        values[0] = value;
        return WASM_OK;
    }
    char buffer[64];
    struct text text = text_begin(buffer, sizeof buffer);
    text_append(&text, "boot.value: there is no key ");
    text_append_decimal(&text, values[0]);
    return host_trap(instance, buffer);
}

wasm_status host_boot_bundle_size(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = boot_facts.bundle_size;
    return WASM_OK;
}

wasm_status host_boot_bundle_read(wasm_instance *instance, uint64_t *values) {
    uint64_t offset = values[0];
    uint64_t length = values[2];
    if (offset > boot_facts.bundle_size || length > boot_facts.bundle_size - offset) {
        char buffer[128];
        struct text text = text_begin(buffer, sizeof buffer);
        text_append(&text, "boot.bundle-read: ");
        text_append_decimal(&text, length);
        text_append(&text, " bytes at ");
        text_append_decimal(&text, offset);
        text_append(&text, " are not inside the bundle of ");
        text_append_decimal(&text, boot_facts.bundle_size);
        text_append(&text, " bytes");
        return host_trap(instance, buffer);
    }
    void *to = host_range(instance, "boot.bundle-read", "to", values[1], length, 1);
    if (!to) {
        return WASM_TRAPPED;
    }
    memcpy(to, boot_facts.bundle + offset, length);
    return WASM_OK;
}

wasm_status host_boot_console_write(wasm_instance *instance, uint64_t *values) {
    const void *data = host_range(instance, "boot.console-write", "data", values[0], values[1], 1);
    if (!data) {
        return WASM_TRAPPED;
    }
    machine_console_write(data, values[1]);
    return WASM_OK;
}

wasm_status host_boot_console_read(wasm_instance *instance, uint64_t *values) {
    void *to = host_range(instance, "boot.console-read", "to", values[0], values[1], 1);
    if (!to) {
        return WASM_TRAPPED;
    }
    values[0] = machine_console_read(to, values[1]);
    return WASM_OK;
}

wasm_status host_boot_interrupt_bind(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = values[0] < MACHINE_INTERRUPTS
                    ? machine_interrupt_bind((enum machine_interrupt)values[0], values[1])
                    : seL4_InvalidArgument;
    return WASM_OK;
}

wasm_status host_boot_interrupt_acknowledge(wasm_instance *instance, uint64_t *values) {
    if (values[0] >= MACHINE_INTERRUPTS) {
        return host_trap(instance, "boot.interrupt-acknowledge: there is no such interrupt source");
    }
    machine_interrupt_acknowledge((enum machine_interrupt)values[0]);
    return WASM_OK;
}

wasm_status host_boot_timer_arm(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    uint64_t deadline = values[0];
    if (deadline == UINT64_MAX) {
        machine_timer_disarm();
    } else {
        uint64_t now = clock_now();
        machine_timer_arm(deadline > now ? deadline - now : 0);
    }
    return WASM_OK;
}

wasm_status host_boot_power_off(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    machine_power_off();
}
