// SPDX-License-Identifier: Apache-2.0
//
// Capabilities, the slots that hold them, and the derivation list that orders all slots.
//
// A capability is two words. The first has its type, sixteen bits of the type's own, and the physical address
// of its object in units of 16 bytes (the smallest object). The second word is the type's own.
//
// Every slot that is not empty is on one list, the derivation list: a depth-first walk of the tree "derived
// from". What is derived from a slot follows it directly, as long as derivation_is_parent() holds.
#pragma once

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum capability_type {
    CAP_NULL,
    CAP_UNTYPED,
    CAP_ENDPOINT,
    CAP_NOTIFICATION,
    CAP_REPLY,
    CAP_CNODE,
    CAP_THREAD,
    CAP_SCHED_CONTEXT,
    CAP_SCHED_CONTROL,
    CAP_IRQ_CONTROL,
    CAP_IRQ_HANDLER,
    CAP_DOMAIN,
    CAP_ZOMBIE,
    CAP_FRAME,
    CAP_PAGE_TABLE,
    CAP_PAGE_DIRECTORY,
    CAP_PDPT,
    CAP_PML4,
    CAP_ASID_CONTROL,
    CAP_ASID_POOL,
    CAP_IO_PORT_CONTROL,
    CAP_IO_PORT,
    CAP_IO_PAGE_TABLE,
};

/** What a frame capability lets a mapping do. A mapping without rights is present, but for the kernel only.
 */
enum frame_rights { RIGHTS_NONE, RIGHTS_READ_ONLY, RIGHTS_READ_WRITE };

struct capability {
    union {
        struct {
            uint64_t type : 5;
            uint64_t : 16;
            uint64_t object : 43; /* physical address / 16 */
            uint64_t detail;
        };
        struct {
            uint64_t : 5;
            uint64_t can_send : 1;
            uint64_t can_receive : 1;
            uint64_t can_grant : 1;
            uint64_t can_grant_reply : 1;
            uint64_t : 55;
            uint64_t badge;
        } endpoint; /* a notification capability uses can_send, can_receive and badge */
        struct {
            uint64_t : 5;
            uint64_t can_grant : 1;
        } reply;
        struct {
            uint64_t : 5;
            uint64_t radix : 6;
            uint64_t guard_size : 6;
            uint64_t : 47;
            uint64_t guard;
        } cnode;
        struct {
            uint64_t : 5;
            uint64_t block_bits : 6;
            uint64_t is_device : 1;
            uint64_t : 52;
            uint64_t free_offset; /* bytes of the block that are, or may have been, given to objects */
        } untyped;
        struct {
            uint64_t : 5;
            uint64_t size_bits : 6;
        } sched_context;
        struct {
            uint64_t : 5;
            uint64_t is_large : 1;
            uint64_t is_device : 1;
            uint64_t rights : 2; /* enum frame_rights */
            uint64_t : 55;
            uint64_t asid : 12; /* 0: not mapped */
            uint64_t mapped_address : 48;
        } frame;
        struct {
            uint64_t : 5;
            uint64_t is_mapped : 1;
            uint64_t : 58;
            uint64_t asid : 12;
            uint64_t mapped_address : 48;
        } table; /* every level of paging structure; a PML4 has no mapped address */
        struct {
            uint64_t : 64;
            uint64_t asid_base;
        } asid_pool;
        struct {
            uint64_t : 64;
            uint64_t irq;
        } irq_handler;
        struct {
            uint64_t : 64;
            uint64_t first : 16;
            uint64_t last : 16;
        } io_port;
        struct {
            uint64_t : 5;
            uint64_t is_thread : 1; /* else the remains of a CNode of 2^radix slots */
            uint64_t radix : 6;
            uint64_t : 52;
            uint64_t slots_left;
        } zombie;
    };
};

/** A slot's place on the derivation list. */
struct derivation {
    struct slot *previous;
    uint64_t next : 48;        /* struct slot *; user addresses fit in 47 bits */
    uint64_t is_revocable : 1; /* may have slots derived from it */
    uint64_t is_first_badged : 1;
};

struct slot {
    struct capability cap;
    struct derivation derivation;
};

_Static_assert(sizeof(struct capability) == 16, "a capability is two words");
_Static_assert(sizeof(struct slot) == 1 << seL4_SlotBits, "a slot has the size seL4 gives it");

static inline uint64_t capability_address(struct capability cap) {
    return (uint64_t)cap.object << 4;
}

static inline struct capability capability_null(void) {
    return (struct capability){0};
}

/** A capability of a type to the object at a physical address, with every other field zero. */
static inline struct capability capability_new(enum capability_type type, uint64_t address) {
    struct capability cap = {0};
    cap.type = type;
    cap.object = address >> 4;
    return cap;
}

static inline struct slot *derivation_next(const struct slot *slot) {
    return (struct slot *)(uintptr_t)slot->derivation.next;
}

static inline void derivation_set_next(struct slot *slot, const struct slot *next) {
    slot->derivation.next = (uint64_t)(uintptr_t)next;
}
