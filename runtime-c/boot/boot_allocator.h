// SPDX-License-Identifier: Apache-2.0
//
// The little memory that the root task needs before its manager takes over. It comes from the smallest
// untypeds that suffice, so that large ones stay whole, and what was used is recorded for the manager
// exactly.
#ifndef SEALIFT_BOOT_BOOT_ALLOCATOR_H
#define SEALIFT_BOOT_BOOT_ALLOCATOR_H

#include "host/boot_facts.h"
#include "sel4/invoke.h"

#include <stdbool.h>
#include <stdint.h>

/// Begins with the untypeds and the empty slots of the boot information.
void boot_allocator_begin(const seL4_BootInfo *info);

/// RAM that the kernel takes for a device's: frames are made of it first.
/// @param range physical addresses
/// @return pages of it that can be used
uint32_t boot_allocator_use_low_memory(struct boot_range range);

/// The index of the boot information of the untyped that this memory is in, and the pages that are left.
uint32_t boot_allocator_low_untyped(void);
uint32_t boot_allocator_low_pages(void);

/// The next empty slot; 0 if there is none.
sel4_cptr boot_allocator_take_slot(void);

/// Makes `count` objects of a type with a fixed size (or a scheduling context of the smallest size) in
/// consecutive slots. False when memory or slots run out, or after boot_allocator_close.
bool boot_allocator_take(uint32_t object, uint32_t count, sel4_cptr *first);

/// Maps fresh frames, which hold zeros, in the root task, with the page tables they need.
/// @param first receives the first frame's slot; the others follow in order. May be NULL.
bool boot_allocator_map(uint64_t vaddr, uint32_t pages, sel4_cptr *first);

/// Maps frames in consecutive slots, from `first` on, that are mapped nowhere; likewise.
/// @param rights SEL4_RIGHT_READ, SEL4_RIGHT_WRITE
bool boot_allocator_map_frames(sel4_cptr first, uint64_t vaddr, uint32_t pages, uint64_t rights);

/// Maps the page of device registers at a physical address, uncached; false if no untyped of a device begins
/// before it and reaches to it, or an earlier call went beyond it. (On x86_64 devices are behind ports:
/// false.)
bool boot_allocator_map_device(uint64_t physical, uint64_t vaddr);

/// Ends allocation: from now on everything not used is the manager's.
void boot_allocator_close(void);

/// Bytes taken from the start of the untyped with this index of the boot information, padding included.
uint64_t boot_allocator_used(uint32_t untyped);

/// The first slot that is still empty.
sel4_cptr boot_allocator_next_slot(void);

/// Small frames made so far.
uint32_t boot_allocator_frames(void);

#endif
