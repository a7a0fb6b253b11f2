// SPDX-License-Identifier: Apache-2.0

#include "sel4/objects.h"

#include "sel4/sel4_headers.h"

_Static_assert(SEL4_PAGE_BITS == seL4_PageBits, "page size");

// Page tables of all levels are one type; the kernel puts one where the walk to its address ends.
static const struct {
    uint64_t type;
    uint32_t bits;
} objects[SEL4_OBJECT_COUNT] = {
    [SEL4_OBJECT_UNTYPED] = {seL4_UntypedObject, seL4_MinUntypedBits},
    [SEL4_OBJECT_TCB] = {seL4_TCBObject, seL4_TCBBits},
    [SEL4_OBJECT_ENDPOINT] = {seL4_EndpointObject, seL4_EndpointBits},
    [SEL4_OBJECT_NOTIFICATION] = {seL4_NotificationObject, seL4_NotificationBits},
    [SEL4_OBJECT_CNODE] = {seL4_CapTableObject, seL4_SlotBits},
    [SEL4_OBJECT_SCHED_CONTEXT] = {seL4_SchedContextObject, seL4_MinSchedContextBits},
    [SEL4_OBJECT_REPLY] = {seL4_ReplyObject, seL4_ReplyBits},
    [SEL4_OBJECT_SMALL_FRAME] = {seL4_ARM_SmallPageObject, seL4_PageBits},
    [SEL4_OBJECT_LARGE_FRAME] = {seL4_ARM_LargePageObject, seL4_LargePageBits},
    [SEL4_OBJECT_PAGE_TABLE_1] = {seL4_ARM_PageTableObject, seL4_PageTableBits},
    [SEL4_OBJECT_PAGE_TABLE_2] = {seL4_ARM_PageTableObject, seL4_PageTableBits},
    [SEL4_OBJECT_PAGE_TABLE_3] = {seL4_ARM_PageTableObject, seL4_PageTableBits},
    [SEL4_OBJECT_VSPACE] = {seL4_ARM_VSpaceObject, seL4_VSpaceBits},
};

bool sel4_object_type(uint32_t object, uint64_t *type) {
    if (object >= SEL4_OBJECT_COUNT) {
        return false;
    }
    *type = objects[object].type;
    return true;
}

uint32_t sel4_object_bits(uint32_t object) {
    return object < SEL4_OBJECT_COUNT ? objects[object].bits : 0;
}

uint32_t sel4_level_of_lookup_failure(uint64_t bits) {
    // Each level resolves as many bits as an entry of a table is selected by.
    if (bits <= SEL4_PAGE_BITS || (bits - SEL4_PAGE_BITS) % seL4_PageTableIndexBits != 0) {
        return 0;
    }
    uint64_t level = (bits - SEL4_PAGE_BITS) / seL4_PageTableIndexBits;
    return level <= SEL4_TABLE_LEVELS ? (uint32_t)level : 0;
}
