// SPDX-License-Identifier: Apache-2.0
//
// Reading what the kernel tells the root task at start (seL4 reference manual, section 9).
#ifndef SEALIFT_BOOT_BOOT_INFORMATION_H
#define SEALIFT_BOOT_BOOT_INFORMATION_H

#include "host/boot_facts.h"
#include "sel4/sel4_headers.h"

#include <stdint.h>

/// Frequency in Hz of what clock_counter reads; 0 if neither kernel nor processor tell.
uint64_t boot_information_counter_frequency(const seL4_BootInfo *info);

/// Bytes of RAM that the kernel uses: on a PC what firmware found from 1 MiB up, else what the kernel was
/// built for. 0 if that is not known.
uint64_t boot_information_ram(const seL4_BootInfo *info);

/// Physical addresses of RAM below 1 MiB that firmware says is free, on a PC; else no pages. The kernel uses
/// none of it, and gives it out as if it were a device's.
struct boot_range boot_information_low_memory(const seL4_BootInfo *info);

/// Bytes of the untypeds that are RAM.
uint64_t boot_information_untyped_ram(const seL4_BootInfo *info);

/// Frames that hold the root task's image, boot information and IPC buffer.
uint64_t boot_information_root_frames(const seL4_BootInfo *info);

#endif
