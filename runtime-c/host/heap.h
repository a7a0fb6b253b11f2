// SPDX-License-Identifier: Apache-2.0
//
// The module's own memory: the part of linear memory from LAYOUT_HEAP up, which is mapped frame by frame as
// it grows.
#ifndef SEALIFT_HOST_HEAP_H
#define SEALIFT_HOST_HEAP_H

#include "sel4/invoke.h"
#include "wasm/wasm.h"

#include <stdbool.h>
#include <stdint.h>

/// Where frames and page tables come from: makes `count` objects in consecutive slots from *first on. False
/// if there is no memory or no slot left; then nothing has been made.
typedef bool (*heap_take)(uint32_t object, uint32_t count, sel4_cptr *first);

/// Begins with a heap whose first bytes, up to the linear address `mapped_end`, are mapped already.
/// @param take NULL: the heap cannot grow until heap_set_source
void heap_begin(uint64_t mapped_end, heap_take take);

/// From now on frames are cleared when they are mapped: they may come from what the kernel takes for a
/// device's memory, which it does not clear.
void heap_clear_frames(void);

/// Lets the heap take its frames from an untyped and a range of empty slots of one second-level CNode.
void heap_set_source(sel4_cptr untyped, sel4_cptr first_slot, uint32_t slot_count);

/// Maps what the present source has slots left for, so that another one can replace it without loss.
void heap_use_up_source(void);

/// Replaces where frames come from; NULL stops growth.
void heap_set_take(heap_take take);

/// Maps frames so that the heap reaches at least to linear address `end`. False if memory or slots ran out:
/// then what was mapped stays, and a later call goes on from there.
bool heap_extend(uint64_t end);

/// The wasm_memory callback: pages below LAYOUT_HEAP are the window, which needs nothing.
bool heap_grow(wasm_memory *memory, uint32_t delta);

/// Slots of the present source that are still empty.
uint32_t heap_slots_left(void);

/// Frames mapped as heap so far.
uint32_t heap_frames(void);

#endif
