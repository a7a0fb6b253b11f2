// SPDX-License-Identifier: Apache-2.0
//
// What the root task tells the runtime of every sentry: the first bytes of the region at LAYOUT_DOMAIN_IMAGE,
// which all sentries map read-only. The translated module follows. The unpacker has zeros there.
#ifndef SEALIFT_BOOT_DOMAIN_BOOT_H
#define SEALIFT_BOOT_DOMAIN_BOOT_H

#include <stdint.h>

#define DOMAIN_BOOT_MAGIC UINT64_C(0x32544f4f424e4d44) // "DMNBOOT2"

struct domain_boot {
    uint64_t magic;
    uint64_t counter_frequency; ///< as for clock_begin
    uint64_t clock_zero;
    uint64_t clock_epoch;
    uint64_t heap_pages;    ///< pages of heap that come when they are touched
    uint64_t instance_size; ///< bytes of storage for the instance
    uint64_t ticks;         ///< grows while sentries run, where programs may read no counter (clock.h)
    uint64_t data_pages;    ///< pages of the heap that begin with the module's data; 0: the sentry places it
};

_Static_assert(sizeof(struct domain_boot) % 16 == 0, "the image after it is 16-byte aligned");

#endif
