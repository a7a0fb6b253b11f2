// SPDX-License-Identifier: Apache-2.0

#include "host/heap.h"

#include "host/layout.h"
#include "host/runtime.h"
#include "sel4/invocations.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

#include <string.h>

enum {
    /// Frames taken at once. A Wasm page is 16 frames; the kernel makes up to 256 objects in one invocation.
    FRAMES_AT_ONCE = 16,
};

/// All of the heap's state. Frames in slots pending_first .. are made but not mapped: the growth that wanted
/// them ended early, for lack of a page table.
static struct {
    heap_take take;
    bool clears_frames;
    uint64_t mapped_end; ///< linear address
    sel4_cptr pending_first;
    uint32_t pending_count;

    sel4_cptr source_untyped;
    sel4_cptr source_next;
    sel4_cptr source_end;
} heap;

void heap_begin(uint64_t mapped_end, heap_take take) {
    heap.mapped_end = mapped_end;
    heap.take = take;
}

void heap_clear_frames(void) {
    heap.clears_frames = true;
}

void heap_set_take(heap_take take) {
    heap.take = take;
}

static bool take_from_source(uint32_t object, uint32_t count, sel4_cptr *first) {
    if (count > heap.source_end - heap.source_next) {
        return false;
    }
    const struct runtime_capabilities *own = &runtime.capabilities;
    // The second-level CNode is what the upper bits of the slot's pointer resolve to.
    uint64_t node_index = own->single_level ? 0 : heap.source_next >> own->slot_bits;
    uint64_t node_depth = own->single_level ? 0 : seL4_WordBits - own->slot_bits;
    uint64_t offset = heap.source_next & ((UINT64_C(1) << own->slot_bits) - 1);
    if (sel4_untyped_retype(heap.source_untyped, object, 0, own->cnode, node_index, node_depth, offset,
                            count) != seL4_NoError) {
        return false;
    }
    *first = heap.source_next;
    heap.source_next += count;
    return true;
}

void heap_set_source(sel4_cptr untyped, sel4_cptr first_slot, uint32_t slot_count) {
    heap.source_untyped = untyped;
    heap.source_next = first_slot;
    heap.source_end = first_slot + slot_count;
    heap.take = take_from_source;
}

void heap_use_up_source(void) {
    // Where a table takes a slot, the last growth has one too few: so until nothing changes.
    uint64_t before;
    do {
        before = heap.mapped_end;
        heap_extend(before + (uint64_t)heap_slots_left() * SEL4_PAGE_SIZE);
    } while (heap.mapped_end != before);
}

/// Maps a frame, with the page tables that are missing on the way.
static bool map_frame(sel4_cptr frame, uint64_t vaddr) {
    for (;;) {
        if (sel4_page_map(frame, runtime.capabilities.vspace, vaddr, SEL4_RIGHT_READ | SEL4_RIGHT_WRITE,
                          false) == seL4_NoError) {
            return true;
        }
        // Tables can be missing at more than one level: the kernel names the highest one each time.
        uint32_t level = sel4_missing_table_level();
        sel4_cptr table;
        if (level == 0 || !heap.take(SEL4_OBJECT_PAGE_TABLE_1 + level - 1, 1, &table) ||
            sel4_page_table_map(table, level, runtime.capabilities.vspace, vaddr) != seL4_NoError) {
            return false;
        }
    }
}

/// Slots up to the end of the second-level CNode that the next one is in: one invocation fills slots of one
/// CNode.
static uint32_t slots_left_in_node(void) {
    uint64_t size = UINT64_C(1) << runtime.capabilities.slot_bits;
    return (uint32_t)(size - (heap.source_next & (size - 1)));
}

bool heap_extend(uint64_t end) {
    while (heap.mapped_end < end) {
        if (!heap.take) {
            return false;
        }
        if (heap.pending_count == 0) {
            uint64_t missing = (end - heap.mapped_end + SEL4_PAGE_SIZE - 1) / SEL4_PAGE_SIZE;
            uint32_t count = missing < FRAMES_AT_ONCE ? (uint32_t)missing : FRAMES_AT_ONCE;
            if (heap.take == take_from_source && count > slots_left_in_node()) {
                count = slots_left_in_node();
            }
            if (!heap.take(SEL4_OBJECT_SMALL_FRAME, count, &heap.pending_first)) {
                return false;
            }
            heap.pending_count = count;
        }
        if (!map_frame(heap.pending_first, LAYOUT_LINEAR + heap.mapped_end)) {
            return false;
        }
        if (heap.clears_frames) {
            memset((char *)LAYOUT_LINEAR + heap.mapped_end, 0, SEL4_PAGE_SIZE);
        }
        heap.pending_first++;
        heap.pending_count--;
        heap.mapped_end += SEL4_PAGE_SIZE;
    }
    return true;
}

bool heap_grow(wasm_memory *memory, uint32_t delta) {
    return heap_extend(((uint64_t)memory->pages + delta) * WASM_PAGE_SIZE);
}

uint32_t heap_slots_left(void) {
    return (uint32_t)(heap.source_end - heap.source_next);
}

uint32_t heap_frames(void) {
    return (uint32_t)((heap.mapped_end - LAYOUT_HEAP) / SEL4_PAGE_SIZE);
}
