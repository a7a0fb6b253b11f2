// SPDX-License-Identifier: Apache-2.0
//
// Untyped memory: retyping it into objects.
#include "kernel.h"

static bool is_frame(uint64_t type) {
    return type == seL4_X86_4K || type == seL4_X86_LargePageObject;
}

/** log2 of the bytes an object takes. */
unsigned object_size_bits(uint64_t type, uint64_t user_bits) {
    switch (type) {
    case seL4_UntypedObject:
    case seL4_SchedContextObject:
        return user_bits;
    case seL4_CapTableObject:
        return seL4_SlotBits + user_bits;
    case seL4_TCBObject:
        return seL4_TCBBits;
    case seL4_EndpointObject:
        return seL4_EndpointBits;
    case seL4_NotificationObject:
        return seL4_NotificationBits;
    case seL4_ReplyObject:
        return seL4_ReplyBits;
    case seL4_X86_LargePageObject:
        return seL4_LargePageBits;
    default:
        return seL4_PageBits;
    }
}

/** The capability to a new object in zeroed memory, with all rights. */
static struct capability create_object(uint64_t type, uint64_t address, uint64_t user_bits, bool is_device) {
    struct capability cap = capability_null();
    switch (type) {
    case seL4_UntypedObject:
        cap = capability_new(CAP_UNTYPED, address);
        cap.untyped.block_bits = user_bits;
        cap.untyped.is_device = is_device;
        return cap;
    case seL4_TCBObject:
        registers_initialise(at(address));
        return capability_new(CAP_THREAD, address);
    case seL4_EndpointObject:
        cap = capability_new(CAP_ENDPOINT, address);
        cap.endpoint.can_send = cap.endpoint.can_receive = 1;
        cap.endpoint.can_grant = cap.endpoint.can_grant_reply = 1;
        return cap;
    case seL4_NotificationObject:
        cap = capability_new(CAP_NOTIFICATION, address);
        cap.endpoint.can_send = cap.endpoint.can_receive = 1;
        return cap;
    case seL4_CapTableObject:
        cap = capability_new(CAP_CNODE, address);
        cap.cnode.radix = user_bits;
        return cap;
    case seL4_SchedContextObject:
        cap = capability_new(CAP_SCHED_CONTEXT, address);
        cap.sched_context.size_bits = user_bits;
        return cap;
    case seL4_ReplyObject:
        cap = capability_new(CAP_REPLY, address);
        cap.reply.can_grant = 1;
        return cap;
    case seL4_X86_4K:
    case seL4_X86_LargePageObject:
        cap = capability_new(CAP_FRAME, address);
        cap.frame.is_large = type == seL4_X86_LargePageObject;
        cap.frame.is_device = is_device;
        cap.frame.rights = RIGHTS_READ_WRITE;
        return cap;
    case seL4_X86_PageTableObject:
        return capability_new(CAP_PAGE_TABLE, address);
    case seL4_X86_PageDirectoryObject:
        return capability_new(CAP_PAGE_DIRECTORY, address);
    case seL4_X86_PDPTObject:
        return capability_new(CAP_PDPT, address);
    case seL4_X64_PML4Object:
        return capability_new(CAP_PML4, address);
    case seL4_X86_IOPageTableObject:
        return capability_new(CAP_IO_PAGE_TABLE, address);
    }
    check(!"an object type that was checked is known");
    return cap;
}

/** Makes an untyped that has no children empty again. What its objects held must not reach the next owner. */
static void reset(struct slot *slot) {
    struct capability *cap = &slot->cap;
    if (!cap->untyped.is_device && cap->untyped.free_offset)
        memory_clear(capability_address(*cap), cap->untyped.free_offset);
    cap->untyped.free_offset = 0;
}

static uint64_t align_up(uint64_t value, unsigned bits) {
    return (value + (1UL << bits) - 1) & ~((1UL << bits) - 1);
}

enum outcome untyped_decode(const struct invocation *invocation) {
    struct slot *slot = invocation->slot;
    struct capability cap = invocation->cap;
    if (invocation->label != UntypedRetype)
        return error_plain(seL4_IllegalOperation);
    if (invocation->length < 6 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t type = argument(invocation, 0), user_bits = argument(invocation, 1);
    uint64_t node_index = argument(invocation, 2), node_depth = argument(invocation, 3);
    uint64_t node_offset = argument(invocation, 4), count = argument(invocation, 5);

    if (type >= seL4_ObjectTypeCount)
        return error_argument(0);
    if (user_bits >= seL4_WordBits || object_size_bits(type, user_bits) > seL4_MaxUntypedBits)
        return error_range(0, seL4_MaxUntypedBits);
    unsigned size_bits = object_size_bits(type, user_bits);
    if ((type == seL4_CapTableObject && user_bits == 0) ||
        (type == seL4_UntypedObject && user_bits < seL4_MinUntypedBits) ||
        (type == seL4_SchedContextObject && user_bits < seL4_MinSchedContextBits))
        return error_argument(1);

    struct capability node = kernel.extra[0]->cap;
    if (node_depth != 0) {
        struct slot *node_slot;
        enum outcome outcome = cspace_lookup_target(node, node_index, node_depth, &node_slot);
        if (outcome != DONE)
            return outcome;
        node = node_slot->cap;
    }
    if (node.type != CAP_CNODE) {
        lookup_missing_capability(node_depth);
        return error_lookup(false);
    }
    uint64_t node_size = 1UL << node.cnode.radix;
    if (node_offset > node_size - 1)
        return error_range(0, node_size - 1);
    if (count < 1 || count > CONFIG_RETYPE_FAN_OUT_LIMIT)
        return error_range(1, CONFIG_RETYPE_FAN_OUT_LIMIT);
    if (count > node_size - node_offset)
        return error_range(1, node_size - node_offset);
    struct slot *destination = (struct slot *)at(capability_address(node)) + node_offset;
    for (uint64_t i = 0; i < count; i++) {
        enum outcome outcome = ensure_empty(&destination[i]);
        if (outcome != DONE)
            return outcome;
    }

    // An untyped without children may be used from its beginning again, whatever its objects took before.
    bool is_reset = ensure_no_children(slot) == DONE;
    uint64_t free_offset = is_reset ? 0 : cap.untyped.free_offset;
    uint64_t free_bytes = (1UL << cap.untyped.block_bits) - free_offset;
    if (free_bytes >> size_bits < count) {
        enum outcome outcome = error_plain(seL4_NotEnoughMemory);
        kernel.error.words[0] = free_bytes;
        return outcome;
    }
    bool is_device = cap.untyped.is_device;
    if (is_device && !is_frame(type) && type != seL4_UntypedObject)
        return error_argument(1);

    invocation_accepted();
    if (is_reset)
        reset(slot);
    uint64_t address = align_up(capability_address(cap) + free_offset, size_bits);
    slot->cap.untyped.free_offset = address + (count << size_bits) - capability_address(cap);
    for (uint64_t i = 0; i < count; i++)
        derivation_insert_new(slot, &destination[i],
                              create_object(type, address + (i << size_bits), user_bits, is_device));
    return DONE;
}
