// SPDX-License-Identifier: Apache-2.0
//
// Address space identifiers. A VSpace needs one before anything can be mapped into it or run in it; here it
// also names the stub process that runs the VSpace's threads.
#include "kernel.h"
#include "stub.h"

#define POOL_SIZE (1UL << seL4_ASIDPoolIndexBits)

static struct asid_pool *pool_of(uint64_t asid) {
    uint64_t address = kernel.asid_table[asid >> seL4_ASIDPoolIndexBits];
    return address ? at(address) : NULL;
}

/** NULL, with kernel.lookup_failure, if nothing has this ASID. */
struct paging_structure *vspace_for_asid(uint64_t asid) {
    struct asid_pool *pool = pool_of(asid);
    uint64_t root = pool && asid != NO_ASID ? pool->roots[asid % POOL_SIZE] : 0;
    if (root)
        return at(root);
    lookup_invalid_root();
    return NULL;
}

void asid_delete(uint64_t asid, uint64_t root) {
    struct asid_pool *pool = pool_of(asid);
    if (!pool || pool->roots[asid % POOL_SIZE] != root)
        return;
    pool->roots[asid % POOL_SIZE] = 0;
    stub_destroy(asid);
}

void asid_pool_delete(uint64_t asid_base, uint64_t address) {
    uint64_t index = asid_base >> seL4_ASIDPoolIndexBits;
    if (kernel.asid_table[index] != address)
        return;
    for (uint64_t i = 0; i < POOL_SIZE; i++)
        stub_destroy(asid_base + i);
    kernel.asid_table[index] = 0;
}

uint64_t thread_asid(const struct thread *thread) {
    struct capability cap = thread->slots[THREAD_SLOT_VSPACE].cap;
    if (!capability_is_valid_vspace(cap) || vspace_for_asid(cap.table.asid) != at(capability_address(cap)))
        return NO_ASID;
    return cap.table.asid;
}

enum outcome asid_control_decode(const struct invocation *invocation) {
    if (invocation->label != X86ASIDControlMakePool)
        return error_plain(seL4_IllegalOperation);
    if (invocation->length < 2 || !kernel.extra[0] || !kernel.extra[1])
        return error_plain(seL4_TruncatedMessage);
    uint64_t index = argument(invocation, 0), depth = argument(invocation, 1);
    struct slot *untyped_slot = kernel.extra[0], *destination;
    struct capability untyped = untyped_slot->cap;
    unsigned pool = 0;
    while (pool < ASID_POOL_COUNT && kernel.asid_table[pool])
        pool++;
    if (pool == ASID_POOL_COUNT)
        return error_plain(seL4_DeleteFirst);
    if (untyped.type != CAP_UNTYPED || untyped.untyped.block_bits != seL4_ASIDPoolBits ||
        untyped.untyped.is_device)
        return error_capability(1);
    enum outcome outcome = ensure_no_children(untyped_slot);
    if (outcome == DONE)
        outcome = cspace_lookup_target(kernel.extra[1]->cap, index, depth, &destination);
    if (outcome == DONE)
        outcome = ensure_empty(destination);
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    uint64_t address = capability_address(untyped);
    untyped_slot->cap.untyped.free_offset = 1UL << seL4_ASIDPoolBits;
    memory_clear(address, 1UL << seL4_ASIDPoolBits);
    struct capability cap = capability_new(CAP_ASID_POOL, address);
    cap.asid_pool.asid_base = (uint64_t)pool << seL4_ASIDPoolIndexBits;
    derivation_insert(cap, untyped_slot, destination);
    kernel.asid_table[pool] = address;
    return DONE;
}

enum outcome asid_pool_decode(const struct invocation *invocation) {
    if (invocation->label != X86ASIDPoolAssign)
        return error_plain(seL4_IllegalOperation);
    if (!kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    struct slot *vspace_slot = kernel.extra[0];
    if (!capability_is_vspace_root(vspace_slot->cap) || vspace_slot->cap.table.asid != NO_ASID)
        return error_capability(1);
    uint64_t base = invocation->cap.asid_pool.asid_base;
    struct asid_pool *pool = pool_of(base);
    if (!pool) {
        lookup_invalid_root();
        return error_lookup(false);
    }
    if (pool != at(capability_address(invocation->cap)))
        return error_capability(0);
    uint64_t index = base == 0 ? 1 : 0; // ASID 0 means "none"
    while (index < POOL_SIZE && pool->roots[index])
        index++;
    if (index == POOL_SIZE)
        return error_plain(seL4_DeleteFirst);
    invocation_accepted();
    pool->roots[index] = capability_address(vspace_slot->cap);
    vspace_slot->cap.table.asid = base + index;
    vspace_slot->cap.table.is_mapped = 1;
    return DONE;
}
