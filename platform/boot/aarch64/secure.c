// SPDX-License-Identifier: Apache-2.0
//
// What can be done only in secure state, at EL3, when no firmware ran before: the kernel runs in non-secure
// state and would get no interrupts and no counter. Interrupt controller: Arm Generic Interrupt Controller,
// version 2, chapter 4.

#include "../loader.h"

#define DISTRIBUTOR_TYPE 0x004
#define DISTRIBUTOR_TYPE_LINES 31 // ITLinesNumber: registers of 32 interrupts, less one
#define DISTRIBUTOR_GROUPS 0x080
#define CPU_INTERFACE_PRIORITY_MASK 0x004
/** The lowest priority that non-secure code can name; a smaller mask would hide all its interrupts. */
#define PRIORITY_MASK_NON_SECURE 0xf0

static volatile uint32_t *device_register(uint64_t address) {
    return (volatile uint32_t *)address;
}

/** Called by start.S at EL3, MMU off. */
void secure_setup(void) {
    const struct sealift_loader *image = &sealift_loader;
    if (image->counter_frequency != 0) {
        __asm__ volatile("msr cntfrq_el0, %0" : : "r"(image->counter_frequency));
    }
    if (image->interrupt_distributor == 0) {
        return;
    }
    const uint32_t last =
        *device_register(image->interrupt_distributor + DISTRIBUTOR_TYPE) & DISTRIBUTOR_TYPE_LINES;
    for (uint32_t index = 0; index <= last; index++) {
        *device_register(image->interrupt_distributor + DISTRIBUTOR_GROUPS + index * sizeof(uint32_t)) =
            UINT32_MAX;
    }
    *device_register(image->interrupt_cpu_interface + CPU_INTERFACE_PRIORITY_MASK) = PRIORITY_MASK_NON_SECURE;
}
