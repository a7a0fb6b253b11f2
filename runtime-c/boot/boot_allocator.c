// SPDX-License-Identifier: Apache-2.0

#include "boot/boot_allocator.h"

#include "host/runtime.h"
#include "sel4/invocations.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

#include <string.h>

static struct {
    const seL4_BootInfo *info;
    sel4_cptr next_slot;
    uint32_t frames;
    bool is_open;
    uint32_t low_untyped; // index of the boot information; of use while there are pages
    uint32_t low_pages;
    uint64_t used[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS]; // bytes, by index of the boot information
} allocator ROOT_ONLY;

void boot_allocator_begin(const seL4_BootInfo *info) {
    allocator.info = info;
    allocator.next_slot = info->empty.start;
    allocator.is_open = true;
}

sel4_cptr boot_allocator_take_slot(void) {
    return allocator.next_slot < allocator.info->empty.end ? allocator.next_slot++ : 0;
}

void boot_allocator_close(void) {
    allocator.is_open = false;
}

static uint64_t untyped_count(void) {
    return allocator.info->untyped.end - allocator.info->untyped.start;
}

/// Where the next object of this size would begin in an untyped: the kernel aligns objects to their size.
static uint64_t next_offset(uint64_t untyped, uint32_t bits) {
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    return (allocator.used[untyped] + mask) & ~mask;
}

/// How many objects of this size an untyped still has room for.
static uint64_t room(uint64_t untyped, uint32_t bits) {
    const seL4_UntypedDesc *description = &allocator.info->untypedList[untyped];
    uint64_t size = UINT64_C(1) << description->sizeBits;
    uint64_t offset = next_offset(untyped, bits);
    return description->isDevice || offset >= size ? 0 : (size - offset) >> bits;
}

/// The smallest untyped with room for one object; untyped_count() if there is none.
static uint64_t smallest_with_room(uint32_t bits) {
    uint64_t best = untyped_count();
    for (uint64_t i = 0; i < untyped_count(); i++) {
        bool smaller = best == untyped_count() ||
                       allocator.info->untypedList[i].sizeBits < allocator.info->untypedList[best].sizeBits;
        if (smaller && room(i, bits) > 0) {
            best = i;
        }
    }
    return best;
}

/// The device untyped that an address lies in and whose objects have not gone beyond it; untyped_count() if
/// there is none.
static uint64_t device_untyped_at(uint64_t physical) {
    for (uint64_t i = 0; i < untyped_count(); i++) {
        const seL4_UntypedDesc *description = &allocator.info->untypedList[i];
        if (description->isDevice && physical >= description->paddr + allocator.used[i] &&
            physical - description->paddr < UINT64_C(1) << description->sizeBits) {
            return i;
        }
    }
    return untyped_count();
}

/// Lets the next object of an untyped begin at a physical address. An untyped gives out its memory from the
/// start on: what lies before goes into untypeds of its own, the largest ones that their place allows.
static bool advance_to(uint64_t index, uint64_t physical) {
    sel4_cptr untyped = allocator.info->untyped.start + index;
    uint64_t target = physical - allocator.info->untypedList[index].paddr;
    while (allocator.used[index] < target) {
        uint32_t bits = 63 - (uint32_t)__builtin_clzll(target - allocator.used[index]);
        while ((allocator.used[index] & ((UINT64_C(1) << bits) - 1)) != 0) {
            bits--;
        }
        sel4_cptr slot = boot_allocator_take_slot();
        if (slot == 0 || sel4_untyped_retype(untyped, SEL4_OBJECT_UNTYPED, bits, seL4_CapInitThreadCNode, 0,
                                             0, slot, 1) != seL4_NoError) {
            return false;
        }
        allocator.used[index] += UINT64_C(1) << bits;
    }
    return true;
}

uint32_t boot_allocator_use_low_memory(struct boot_range range) {
    uint64_t index = range.pages == 0 ? untyped_count() : device_untyped_at(range.vaddr);
    if (index == untyped_count() || !advance_to(index, range.vaddr)) {
        return 0;
    }
    const seL4_UntypedDesc *description = &allocator.info->untypedList[index];
    uint64_t end = range.vaddr + range.pages * SEL4_PAGE_SIZE;
    uint64_t untyped_end = description->paddr + (UINT64_C(1) << description->sizeBits);
    allocator.low_untyped = (uint32_t)index;
    allocator.low_pages =
        (uint32_t)(((untyped_end < end ? untyped_end : end) - range.vaddr) / SEL4_PAGE_SIZE);
    return allocator.low_pages;
}

bool boot_allocator_take(uint32_t object, uint32_t count, sel4_cptr *first) {
    if (!allocator.is_open || count > allocator.info->empty.end - allocator.next_slot) {
        return false;
    }
    uint32_t bits = sel4_object_bits(object);
    *first = allocator.next_slot;
    for (uint32_t made = 0; made < count;) {
        bool is_low = object == SEL4_OBJECT_SMALL_FRAME && allocator.low_pages > 0;
        uint64_t untyped = is_low ? allocator.low_untyped : smallest_with_room(bits);
        if (untyped == untyped_count()) {
            return false;
        }
        uint64_t batch = is_low ? allocator.low_pages : room(untyped, bits);
        if (batch > count - made) {
            batch = count - made;
        }
        if (batch > seL4_UntypedRetypeMaxObjects) {
            batch = seL4_UntypedRetypeMaxObjects;
        }
        uint64_t size_bits = object == SEL4_OBJECT_SCHED_CONTEXT ? bits : 0;
        if (sel4_untyped_retype(allocator.info->untyped.start + untyped, object, size_bits,
                                seL4_CapInitThreadCNode, 0, 0, allocator.next_slot, batch) != seL4_NoError) {
            return false;
        }
        allocator.used[untyped] = next_offset(untyped, bits) + (batch << bits);
        allocator.low_pages -= is_low ? (uint32_t)batch : 0;
        allocator.next_slot += batch;
        made += (uint32_t)batch;
    }
    if (object == SEL4_OBJECT_SMALL_FRAME) {
        allocator.frames += count;
    }
    return true;
}

/// After a mapping failed: maps the page table that was missing. False if it failed for another reason.
static bool map_missing_table(uint64_t vaddr) {
    uint32_t level = sel4_missing_table_level();
    sel4_cptr table;
    return level != 0 && boot_allocator_take(SEL4_OBJECT_PAGE_TABLE_1 + level - 1, 1, &table) &&
           sel4_page_table_map(table, level, seL4_CapInitThreadVSpace, vaddr) == seL4_NoError;
}

bool boot_allocator_map_frames(sel4_cptr first, uint64_t vaddr, uint32_t pages, uint64_t rights) {
    for (uint32_t page = 0; page < pages;) {
        uint64_t at = vaddr + (uint64_t)page * SEL4_PAGE_SIZE;
        if (sel4_page_map(first + page, seL4_CapInitThreadVSpace, at, rights, false) == seL4_NoError) {
            page++;
        } else if (!map_missing_table(at)) {
            return false;
        }
    }
    return true;
}

bool boot_allocator_map(uint64_t vaddr, uint32_t pages, sel4_cptr *first) {
    sel4_cptr frames;
    if (!boot_allocator_take(SEL4_OBJECT_SMALL_FRAME, pages, &frames)) {
        return false;
    }
    if (first) {
        *first = frames;
    }
    if (!boot_allocator_map_frames(frames, vaddr, pages, SEL4_RIGHT_READ | SEL4_RIGHT_WRITE)) {
        return false;
    }
    // The kernel clears what it makes of memory, but not of what it takes for a device's.
    memset((void *)vaddr, 0, (size_t)pages * SEL4_PAGE_SIZE);
    return true;
}

#if defined(__x86_64__)

bool boot_allocator_map_device(uint64_t physical, uint64_t vaddr) {
    (void)physical;
    (void)vaddr;
    return false;
}

#else

bool boot_allocator_map_device(uint64_t physical, uint64_t vaddr) {
    uint64_t index = device_untyped_at(physical);
    if (index == untyped_count()) {
        return false;
    }
    sel4_cptr untyped = allocator.info->untyped.start + index;
    if (!advance_to(index, physical)) {
        return false;
    }
    sel4_cptr frame = boot_allocator_take_slot();
    if (frame == 0 || sel4_untyped_retype(untyped, SEL4_OBJECT_SMALL_FRAME, 0, seL4_CapInitThreadCNode, 0, 0,
                                          frame, 1) != seL4_NoError) {
        return false;
    }
    allocator.used[index] += SEL4_PAGE_SIZE;
    while (sel4_page_map_device(frame, seL4_CapInitThreadVSpace, vaddr) != seL4_NoError) {
        if (!map_missing_table(vaddr)) {
            return false;
        }
    }
    return true;
}

#endif

uint32_t boot_allocator_low_untyped(void) {
    return allocator.low_untyped;
}

uint32_t boot_allocator_low_pages(void) {
    return allocator.low_pages;
}

uint64_t boot_allocator_used(uint32_t untyped) {
    return allocator.used[untyped];
}

sel4_cptr boot_allocator_next_slot(void) {
    return allocator.next_slot;
}

uint32_t boot_allocator_frames(void) {
    return allocator.frames;
}
