// SPDX-License-Identifier: Apache-2.0
//
// The little memory that the root task needs before its manager takes over. It comes from the smallest
// untypeds that suffice, so that large ones stay whole, and what was used is recorded for the manager
// exactly.
#ifndef SEALIFT_BOOT_BOOT_ALLOCATOR_H
#define SEALIFT_BOOT_BOOT_ALLOCATOR_H

#include "sel4/invoke.h"

#include <stdbool.h>
#include <stdint.h>

enum { BOOT_GIVEN_RANGES = 16 };

/// Frames in consecutive slots.
struct boot_frames {
    sel4_cptr first;
    uint32_t count;
};

/// Begins with the untypeds and the empty slots of the boot information.
void boot_allocator_begin(const seL4_BootInfo *info);

/// The next empty slot; 0 if there is none.
sel4_cptr boot_allocator_take_slot(void);

/// Makes `count` objects of a type with a fixed size (or a scheduling context of the smallest size) in
/// consecutive slots. False when memory or slots run out, or after boot_allocator_close.
bool boot_allocator_take(uint32_t object, uint32_t count, sel4_cptr *first);

/// Maps frames of zeros in the root task, with the page tables they need: first those that were given, then
/// fresh ones.
/// @param first receives the first frame's slot; the others follow in order. May be NULL.
bool boot_allocator_map(uint64_t vaddr, uint32_t pages, sel4_cptr *first);

/// Hands over frames in consecutive slots that are mapped nowhere and hold what they held: for the maps to
/// come, and for the manager. False when BOOT_GIVEN_RANGES such ranges are there already.
bool boot_allocator_give(sel4_cptr first, uint32_t count);

/// What is left of the frames that were handed over, by range; a count of 0 for none.
struct boot_frames boot_allocator_given(uint32_t range);

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
