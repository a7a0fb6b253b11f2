// SPDX-License-Identifier: Apache-2.0
//
// What the kinds of capabilities have in common: derivation, rights, badges, comparison, finalisation.
#include "kernel.h"

static bool is_paging_structure(enum capability_type type) {
    return type == CAP_PAGE_TABLE || type == CAP_PAGE_DIRECTORY || type == CAP_PDPT || type == CAP_PML4;
}

/** The capability that a copy of `cap`, which is (or is like the one) in `slot`, becomes. Null: not copyable.
 */
enum outcome capability_derive(struct slot *slot, struct capability cap, struct capability *derived) {
    *derived = capability_null();
    switch ((enum capability_type)cap.type) {
    case CAP_ZOMBIE:
    case CAP_IRQ_CONTROL:
    case CAP_IO_PORT_CONTROL:
        return DONE;
    case CAP_UNTYPED: {
        enum outcome outcome = ensure_no_children(slot);
        if (outcome == DONE)
            *derived = cap;
        return outcome;
    }
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_IO_PAGE_TABLE:
        if (!cap.table.is_mapped)
            return error_plain(seL4_IllegalOperation);
        *derived = cap;
        return DONE;
    case CAP_FRAME:
        // One capability is one mapping: the copy starts without.
        cap.frame.asid = NO_ASID;
        *derived = cap;
        return DONE;
    default:
        *derived = cap;
        return DONE;
    }
}

static enum frame_rights frame_rights_mask(enum frame_rights rights, uint64_t mask) {
    bool may_read = mask >> 1 & 1, may_write = mask & 1;
    if (!may_read || rights == RIGHTS_NONE)
        return RIGHTS_NONE;
    return rights == RIGHTS_READ_WRITE && may_write ? RIGHTS_READ_WRITE : RIGHTS_READ_ONLY;
}

/** @param rights a seL4_CapRights_t's word: grantReply, grant, read, write from bit 3 down. */
struct capability capability_mask_rights(uint64_t rights, struct capability cap) {
    switch ((enum capability_type)cap.type) {
    case CAP_ENDPOINT:
        cap.endpoint.can_grant &= rights >> 2;
        cap.endpoint.can_grant_reply &= rights >> 3;
        cap.endpoint.can_receive &= rights >> 1;
        cap.endpoint.can_send &= rights;
        return cap;
    case CAP_NOTIFICATION:
        cap.endpoint.can_receive &= rights >> 1;
        cap.endpoint.can_send &= rights;
        return cap;
    case CAP_REPLY:
        cap.reply.can_grant &= rights >> 2;
        return cap;
    case CAP_FRAME:
        cap.frame.rights = frame_rights_mask(cap.frame.rights, rights);
        return cap;
    default:
        return cap;
    }
}

/** Gives an endpoint or notification its badge, a CNode its guard. Null: the data is not allowed.
 *  @param preserve the original goes away, so a badge must not be set. */
struct capability capability_update_data(bool preserve, uint64_t data, struct capability cap) {
    switch ((enum capability_type)cap.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        if (preserve || cap.endpoint.badge != 0)
            return capability_null();
        cap.endpoint.badge = data;
        return cap;
    case CAP_CNODE: {
        unsigned guard_size = data & 0x3f;
        if (guard_size + cap.cnode.radix > seL4_WordBits)
            return capability_null();
        cap.cnode.guard_size = guard_size;
        cap.cnode.guard = data >> seL4_GuardSizeBits & ((1UL << guard_size) - 1);
        return cap;
    }
    default:
        return cap;
    }
}

bool capability_is_physical(struct capability cap) {
    switch ((enum capability_type)cap.type) {
    case CAP_NULL:
    case CAP_DOMAIN:
    case CAP_IRQ_CONTROL:
    case CAP_IRQ_HANDLER:
    case CAP_SCHED_CONTROL:
    case CAP_ASID_CONTROL:
    case CAP_IO_PORT_CONTROL:
    case CAP_IO_PORT:
        return false;
    default:
        return true;
    }
}

unsigned capability_size_bits(struct capability cap) {
    switch ((enum capability_type)cap.type) {
    case CAP_UNTYPED:
        return cap.untyped.block_bits;
    case CAP_ENDPOINT:
        return seL4_EndpointBits;
    case CAP_NOTIFICATION:
        return seL4_NotificationBits;
    case CAP_REPLY:
        return seL4_ReplyBits;
    case CAP_CNODE:
        return cap.cnode.radix + seL4_SlotBits;
    case CAP_THREAD:
        return seL4_TCBBits;
    case CAP_SCHED_CONTEXT:
        return cap.sched_context.size_bits;
    case CAP_ZOMBIE:
        return cap.zombie.is_thread ? seL4_TCBBits : cap.zombie.radix + seL4_SlotBits;
    case CAP_FRAME:
        return cap.frame.is_large ? seL4_LargePageBits : seL4_PageBits;
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_IO_PAGE_TABLE:
    case CAP_ASID_POOL:
        return seL4_PageTableBits;
    default:
        return 0;
    }
}

static bool contains(struct capability a, struct capability b) {
    uint64_t a_first = capability_address(a), a_last = a_first + (1UL << capability_size_bits(a)) - 1;
    uint64_t b_first = capability_address(b), b_last = b_first + (1UL << capability_size_bits(b)) - 1;
    return a_first <= b_first && b_last <= a_last && b_first <= b_last;
}

/** Whether `b` could have been made from `a`: same object, or a part of a's memory or ports. */
bool capability_same_region(struct capability a, struct capability b) {
    switch ((enum capability_type)a.type) {
    case CAP_NULL:
    case CAP_ZOMBIE:
        return false;
    case CAP_UNTYPED:
        return capability_is_physical(b) && contains(a, b);
    case CAP_FRAME:
        return b.type == CAP_FRAME && contains(a, b);
    case CAP_IRQ_CONTROL:
        return b.type == CAP_IRQ_CONTROL || b.type == CAP_IRQ_HANDLER;
    case CAP_IO_PORT_CONTROL:
        return b.type == CAP_IO_PORT_CONTROL || b.type == CAP_IO_PORT;
    default:
        break;
    }
    if (a.type != b.type)
        return false;
    switch ((enum capability_type)a.type) {
    case CAP_CNODE:
        return a.object == b.object && a.cnode.radix == b.cnode.radix;
    case CAP_SCHED_CONTEXT:
        return a.object == b.object && a.sched_context.size_bits == b.sched_context.size_bits;
    case CAP_IRQ_HANDLER:
        return a.irq_handler.irq == b.irq_handler.irq;
    case CAP_IO_PORT:
        return a.io_port.first == b.io_port.first && a.io_port.last == b.io_port.last;
    default:
        // Types without an object (control capabilities) all have address 0 and are the same.
        return a.object == b.object;
    }
}

/** Whether deleting one of two neighbours on the derivation list leaves the object in use. */
bool capability_same_object(struct capability a, struct capability b) {
    switch ((enum capability_type)a.type) {
    case CAP_UNTYPED:
    case CAP_IRQ_CONTROL:
        return false;
    case CAP_IO_PORT_CONTROL:
        return b.type == CAP_IO_PORT_CONTROL;
    case CAP_FRAME:
        return b.type == CAP_FRAME && a.object == b.object && a.frame.is_large == b.frame.is_large &&
               a.frame.is_device == b.frame.is_device;
    default:
        return capability_same_region(a, b);
    }
}

/** Whether a capability just derived is itself the root of what is derived from it in turn. */
bool capability_is_revocable(struct capability derived, struct capability source) {
    switch ((enum capability_type)derived.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return derived.endpoint.badge != source.endpoint.badge;
    case CAP_IRQ_HANDLER:
        return source.type == CAP_IRQ_CONTROL;
    case CAP_IO_PORT:
        return source.type == CAP_IO_PORT_CONTROL;
    case CAP_UNTYPED:
        return true;
    default:
        return false;
    }
}

bool capability_can_cancel_sends(struct capability cap) {
    return cap.type == CAP_ENDPOINT && cap.endpoint.can_send && cap.endpoint.can_receive &&
           cap.endpoint.can_grant && cap.endpoint.can_grant_reply;
}

static struct capability zombie_new(uint64_t address, bool is_thread, unsigned radix, uint64_t slots) {
    struct capability zombie = capability_new(CAP_ZOMBIE, address);
    zombie.zombie.is_thread = is_thread;
    zombie.zombie.radix = radix;
    zombie.zombie.slots_left = slots;
    return zombie;
}

/** Undoes what a capability that is going away has done, and, with the final one, what its object does.
 *  @param cleanup what capability_deleted() is to be given once the slot is empty
 *  @return what remains in the slot: null, or a zombie whose own slots must be emptied first. */
struct capability capability_finalise(struct capability cap, bool is_final, struct capability *cleanup) {
    *cleanup = capability_null();
    if (cap.type == CAP_ZOMBIE)
        return cap;
    if (cap.type == CAP_FRAME) {
        vspace_unmap_frame(cap);
        return capability_null();
    }
    if (!is_final)
        return capability_null();

    uint64_t address = capability_address(cap);
    switch ((enum capability_type)cap.type) {
    case CAP_ENDPOINT:
        endpoint_cancel_all(at(address));
        break;
    case CAP_NOTIFICATION:
        notification_finalise(at(address));
        break;
    case CAP_REPLY:
        reply_finalise(at(address));
        break;
    case CAP_CNODE:
        return zombie_new(address, false, cap.cnode.radix, 1UL << cap.cnode.radix);
    case CAP_THREAD:
        thread_finalise(at(address));
        return zombie_new(address, true, 0, THREAD_SLOT_COUNT);
    case CAP_SCHED_CONTEXT:
        sched_context_finalise(at(address));
        break;
    case CAP_IRQ_HANDLER:
        irq_deleting_handler(cap.irq_handler.irq);
        *cleanup = cap;
        break;
    case CAP_IO_PORT:
        *cleanup = cap;
        break;
    case CAP_PML4:
        if (cap.table.is_mapped)
            asid_delete(cap.table.asid, address);
        break;
    case CAP_ASID_POOL:
        asid_pool_delete(cap.asid_pool.asid_base, address);
        break;
    default:
        if (is_paging_structure(cap.type) && cap.table.is_mapped)
            vspace_unmap_structure(cap);
        break;
    }
    return capability_null();
}

/** The last part of a deletion, when the slot is empty. */
void capability_deleted(struct capability cleanup) {
    if (cleanup.type == CAP_IRQ_HANDLER)
        irq_deleted_handler(cleanup.irq_handler.irq);
    else if (cleanup.type == CAP_IO_PORT)
        io_ports_free(cleanup.io_port.first, cleanup.io_port.last);
}
