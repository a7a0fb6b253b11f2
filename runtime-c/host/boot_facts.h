// SPDX-License-Identifier: Apache-2.0
//
// What the root task's boot found out and decided, for boot.value (boot_keys.h).
#ifndef SEALIFT_HOST_BOOT_FACTS_H
#define SEALIFT_HOST_BOOT_FACTS_H

#include "sel4/invoke.h"

#include <stdbool.h>
#include <stdint.h>

/// Pages at an address: of fresh memory that a sentry needs at a fixed place, or physical ones.
struct boot_range {
    uint64_t vaddr;
    uint64_t pages;
};

enum { BOOT_PRIVATE_RANGES = 2 };

struct boot_facts {
    const seL4_BootInfo *info;
    uint64_t counter_frequency;
    uint64_t kernel_overhead;
    uint64_t machine_memory;
    uint64_t root_frames_by_kernel; ///< frames that the kernel gave the root task at start
    uint64_t root_heap_pages;       ///< initial ones
    uint64_t low_pages;             ///< of RAM below 1 MiB that is used
    sel4_cptr domain_boot_slot;
    uint64_t sentry_heap_pages;
    uint64_t sentry_data_pages;
    sel4_cptr sentry_data_first_slot;
    struct boot_range private_ranges[BOOT_PRIVATE_RANGES];
    const uint8_t *bundle;
    uint64_t bundle_size;
};

extern struct boot_facts boot_facts;

/// The value of a key; 0 for an index beyond the end. False if there is no such key.
bool boot_value(uint32_t key, uint32_t index, uint64_t *value);

#endif
