// SPDX-License-Identifier: Apache-2.0
//
// Sealift's own numbers for object types and page-table levels (wit/sealift.wit, interface kernel), and their
// translation to those of the kernel at hand, which depend on its configuration. Rights need none: the bits
// are seL4's.
#ifndef SEALIFT_SEL4_OBJECTS_H
#define SEALIFT_SEL4_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

enum sel4_object {
    SEL4_OBJECT_UNTYPED = 0,
    SEL4_OBJECT_TCB = 1,
    SEL4_OBJECT_ENDPOINT = 2,
    SEL4_OBJECT_NOTIFICATION = 3,
    SEL4_OBJECT_CNODE = 4,
    SEL4_OBJECT_SCHED_CONTEXT = 5,
    SEL4_OBJECT_REPLY = 6,
    SEL4_OBJECT_SMALL_FRAME = 7,
    SEL4_OBJECT_LARGE_FRAME = 8,
    SEL4_OBJECT_PAGE_TABLE_1 = 9,  ///< maps small frames
    SEL4_OBJECT_PAGE_TABLE_2 = 10, ///< maps level 1 tables and large frames
    SEL4_OBJECT_PAGE_TABLE_3 = 11, ///< maps level 2 tables
    SEL4_OBJECT_VSPACE = 12,       ///< the root: maps level 3 tables
    SEL4_OBJECT_COUNT = 13,
};

enum {
    SEL4_TABLE_LEVELS = 3, ///< levels of page tables below the root
    SEL4_PAGE_BITS = 12,
    SEL4_PAGE_SIZE = 1 << SEL4_PAGE_BITS,

    SEL4_RIGHT_WRITE = 1,
    SEL4_RIGHT_READ = 2,
    SEL4_RIGHT_GRANT = 4,
    SEL4_RIGHT_GRANT_REPLY = 8,
    SEL4_ALL_RIGHTS = 15,
};

/// The kernel's type of an object type; false if `object` is no object type.
bool sel4_object_type(uint32_t object, uint64_t *type);

/// log2 of the size in bytes of an object; for a CNode of one slot; for an untyped of the smallest one. 0 if
/// `object` is no object type.
uint32_t sel4_object_bits(uint32_t object);

/// The level of the page table whose absence the kernel reports as `bits` unresolved address bits; 0 if it is
/// none.
uint32_t sel4_level_of_lookup_failure(uint64_t bits);

#endif
