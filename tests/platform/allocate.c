// SPDX-License-Identifier: Apache-2.0
//
// Slots of the root CNode, and objects from the largest untyped.
#include "kernel.h"

static seL4_CPtr next_slot;
static seL4_CPtr memory;

void memory_set(void *destination, int value, uint64_t bytes) {
    for (uint64_t i = 0; i < bytes; i++)
        ((volatile unsigned char *)destination)[i] = value;
}

void memory_copy(void *destination, const void *source, uint64_t bytes) {
    for (uint64_t i = 0; i < bytes; i++)
        ((volatile unsigned char *)destination)[i] = ((const unsigned char *)source)[i];
}

void *memset(void *destination, int value, unsigned long bytes) {
    memory_set(destination, value, bytes);
    return destination;
}

void *memcpy(void *destination, const void *source, unsigned long bytes) {
    memory_copy(destination, source, bytes);
    return destination;
}

void allocate_initialise(void) {
    unsigned largest = 0;
    next_slot = boot_info->empty.start;
    for (uint64_t i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        const seL4_UntypedDesc *description = &boot_info->untypedList[i];
        if (description->isDevice || description->sizeBits <= largest)
            continue;
        largest = description->sizeBits;
        memory = boot_info->untyped.start + i;
    }
}

seL4_CPtr slots_new(unsigned count) {
    seL4_CPtr first = next_slot;
    next_slot += count;
    return first;
}

seL4_CPtr slot_new(void) {
    return slots_new(1);
}

struct message retype(seL4_CPtr untyped, uint64_t type, uint64_t bits, seL4_CPtr root, uint64_t index,
                      uint64_t depth, uint64_t offset, uint64_t count) {
    return invoke(untyped, UntypedRetype, CAPS(root), WORDS(type, bits, index, depth, offset, count));
}

void expect_success(const char *what, struct message message) {
    if (message.label == seL4_NoError)
        return;
    log_message(what, message);
    log_text("platform.abort", "a step that every test needs has failed");
    power_off();
}

seL4_CPtr object_new(uint64_t type, uint64_t size_bits) {
    seL4_CPtr slot = slot_new();
    expect_success("allocate.object", retype(memory, type, size_bits, ROOT, 0, 0, slot, 1));
    return slot;
}

seL4_CPtr untyped_new(unsigned bits) {
    return object_new(seL4_UntypedObject, bits);
}

/** Some device memory of at least a page. */
seL4_CPtr device_untyped(void) {
    for (uint64_t i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        const seL4_UntypedDesc *description = &boot_info->untypedList[i];
        if (description->isDevice && description->sizeBits >= seL4_LargePageBits)
            return boot_info->untyped.start + i;
    }
    return seL4_CapNull;
}

struct message copy(seL4_CPtr destination, seL4_CPtr source, uint64_t rights) {
    return invoke(ROOT, CNodeCopy, CAPS(ROOT), WORDS(destination, DEPTH, source, DEPTH, rights));
}

struct message mint(seL4_CPtr destination, seL4_CPtr source, uint64_t rights, uint64_t badge) {
    return invoke(ROOT, CNodeMint, CAPS(ROOT), WORDS(destination, DEPTH, source, DEPTH, rights, badge));
}

seL4_CPtr minted(seL4_CPtr source, uint64_t badge) {
    seL4_CPtr slot = slot_new();
    expect_success("allocate.mint", mint(slot, source, ALL_RIGHTS, badge));
    return slot;
}

struct message delete(seL4_CPtr slot) {
    return invoke(ROOT, CNodeDelete, NO_CAPS, WORDS(slot, DEPTH));
}
struct message revoke(seL4_CPtr slot) {
    return invoke(ROOT, CNodeRevoke, NO_CAPS, WORDS(slot, DEPTH));
}

uint64_t physical_address(seL4_CPtr frame) {
    return invoke(frame, PAGE_GET_ADDRESS, NO_CAPS, NO_WORDS).words[0];
}
