// SPDX-License-Identifier: Apache-2.0
//
// Capability addresses: a CSpace is a tree of CNodes, each of which matches its guard and then picks a slot.
#include "kernel.h"

static uint64_t low_bits(uint64_t value, uint64_t bits) {
    return bits >= 64 ? value : value & ((1UL << bits) - 1);
}

static struct resolution resolution_failed(struct lookup_failure failure) {
    kernel.lookup_failure = failure;
    return (struct resolution){LOOKUP_FAULT, NULL, 0};
}

void lookup_missing_capability(uint64_t bits_left) {
    kernel.lookup_failure = (struct lookup_failure){.type = seL4_MissingCapability, .bits_left = bits_left};
}

void lookup_invalid_root(void) {
    kernel.lookup_failure = (struct lookup_failure){.type = seL4_InvalidRoot};
}

/** Resolves the low `bits` bits of an address from a CNode on. It ends early at a slot that is no CNode. */
struct resolution cspace_resolve(struct capability node, uint64_t address, uint64_t bits) {
    if (node.type != CAP_CNODE)
        return resolution_failed((struct lookup_failure){.type = seL4_InvalidRoot});
    for (;;) {
        uint64_t guard_size = node.cnode.guard_size, level_bits = guard_size + node.cnode.radix;
        check(level_bits != 0);
        // The shift wraps to 0 for a guard of no bits in front of 64; its value is masked away then.
        uint64_t guard = low_bits(address >> ((bits - guard_size) & 63), guard_size);
        if (guard_size > bits || guard != node.cnode.guard)
            return resolution_failed((struct lookup_failure){seL4_GuardMismatch, .bits_left = bits,
                                                             .bits_found = guard_size,
                                                             .guard_found = node.cnode.guard});
        if (level_bits > bits)
            return resolution_failed(
                (struct lookup_failure){seL4_DepthMismatch, .bits_left = bits, .bits_found = level_bits});
        bits -= level_bits;
        struct slot *slot =
            (struct slot *)at(capability_address(node)) + low_bits(address >> bits, node.cnode.radix);
        if (bits == 0 || slot->cap.type != CAP_CNODE)
            return (struct resolution){DONE, slot, bits};
        node = slot->cap;
    }
}

/** The slot a thread means by an address; NULL with kernel.lookup_failure if it resolves to none. */
struct slot *cspace_lookup(struct thread *thread, uint64_t address) {
    return cspace_resolve(thread->slots[THREAD_SLOT_CSPACE].cap, address, seL4_WordBits).slot;
}

static enum outcome lookup_for_operation(bool is_source, struct capability root, uint64_t address,
                                         uint64_t depth, struct slot **slot) {
    if (root.type != CAP_CNODE) {
        lookup_invalid_root();
        return error_lookup(is_source);
    }
    if (depth < 1 || depth > seL4_WordBits)
        return error_range(1, seL4_WordBits);
    struct resolution resolution = cspace_resolve(root, address, depth);
    if (resolution.outcome != DONE)
        return error_lookup(is_source);
    if (resolution.bits_left != 0) {
        kernel.lookup_failure =
            (struct lookup_failure){seL4_DepthMismatch, .bits_left = resolution.bits_left, .bits_found = 0};
        return error_lookup(is_source);
    }
    *slot = resolution.slot;
    return DONE;
}

enum outcome cspace_lookup_target(struct capability root, uint64_t index, uint64_t depth,
                                  struct slot **slot) {
    return lookup_for_operation(false, root, index, depth, slot);
}

enum outcome cspace_lookup_source(struct capability root, uint64_t index, uint64_t depth,
                                  struct slot **slot) {
    return lookup_for_operation(true, root, index, depth, slot);
}
