// SPDX-License-Identifier: Apache-2.0
//
// What the root task tells the runtime of every sentry: the page at LAYOUT_DOMAIN_BOOT, which all sentries
// map read-only. The unpacker has zeros there.
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

#endif
