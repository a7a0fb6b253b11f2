// SPDX-License-Identifier: Apache-2.0
//
// The derivation list: inserting, moving and deleting capabilities.
#include "kernel.h"

static void link_neighbours(struct slot *slot) {
    if (slot->derivation.previous)
        derivation_set_next(slot->derivation.previous, slot);
    if (derivation_next(slot))
        derivation_next(slot)->derivation.previous = slot;
}

static void check_empty(const struct slot *slot) {
    check(slot->cap.type == CAP_NULL && !slot->derivation.previous && !derivation_next(slot));
}

/** An untyped capability and a copy of it must not both hand out the memory: the original becomes full. */
static void fill_copied_untyped(struct slot *source, struct capability copy) {
    struct capability *cap = &source->cap;
    if (cap->type == CAP_UNTYPED && copy.type == CAP_UNTYPED && cap->object == copy.object &&
        cap->untyped.block_bits == copy.untyped.block_bits)
        cap->untyped.free_offset = 1UL << cap->untyped.block_bits;
}

/** Puts a capability derived from `source`'s into an empty slot, directly behind its source on the list. */
void derivation_insert(struct capability cap, struct slot *source, struct slot *destination) {
    bool is_revocable = capability_is_revocable(cap, source->cap);
    check_empty(destination);
    fill_copied_untyped(source, cap);
    destination->cap = cap;
    destination->derivation.previous = source;
    destination->derivation.is_revocable = is_revocable;
    destination->derivation.is_first_badged = is_revocable;
    derivation_set_next(destination, derivation_next(source));
    link_neighbours(destination);
}

/** Puts the capability to a new object behind the untyped it is made from. */
void derivation_insert_new(struct slot *parent, struct slot *slot, struct capability cap) {
    slot->cap = cap;
    slot->derivation.previous = parent;
    slot->derivation.is_revocable = true;
    slot->derivation.is_first_badged = true;
    derivation_set_next(slot, derivation_next(parent));
    link_neighbours(slot);
}

/** Moves a slot's place on the list to another slot, with a capability that may have changed on the way. */
void derivation_move(struct capability cap, struct slot *source, struct slot *destination) {
    check_empty(destination);
    destination->cap = cap;
    destination->derivation = source->derivation;
    source->cap = capability_null();
    source->derivation = (struct derivation){0};
    link_neighbours(destination);
}

/** Exchanges two slots' places on the list; each gets the capability named for it. */
void derivation_swap(struct capability a_cap, struct slot *a, struct capability b_cap, struct slot *b) {
    struct derivation a_place = a->derivation;
    a->cap = b_cap;
    b->cap = a_cap;
    if (a_place.previous)
        derivation_set_next(a_place.previous, b);
    if (a_place.next)
        ((struct slot *)(uintptr_t)a_place.next)->derivation.previous = b;
    // b's place is read only now: when the two were neighbours it has just changed.
    struct derivation b_place = b->derivation;
    a->derivation = b_place;
    b->derivation = a_place;
    if (b_place.previous)
        derivation_set_next(b_place.previous, a);
    if (b_place.next)
        ((struct slot *)(uintptr_t)b_place.next)->derivation.previous = a;
}

/** Whether `b`, which is behind `a` on the list, is derived from it. */
bool derivation_is_parent(const struct slot *a, const struct slot *b) {
    if (!a->derivation.is_revocable || !capability_same_region(a->cap, b->cap))
        return false;
    if (a->cap.type == CAP_ENDPOINT || a->cap.type == CAP_NOTIFICATION) {
        uint64_t badge = a->cap.endpoint.badge;
        return badge == 0 || (badge == b->cap.endpoint.badge && !b->derivation.is_first_badged);
    }
    return true;
}

/** Whether no other capability names the object. All that do are neighbours. */
bool derivation_is_final(const struct slot *slot) {
    const struct slot *previous = slot->derivation.previous, *next = derivation_next(slot);
    if (previous && capability_same_object(previous->cap, slot->cap))
        return false;
    return !next || !capability_same_object(slot->cap, next->cap);
}

enum outcome ensure_no_children(const struct slot *slot) {
    const struct slot *next = derivation_next(slot);
    if (next && derivation_is_parent(slot, next))
        return error_plain(seL4_RevokeFirst);
    return DONE;
}

enum outcome ensure_empty(const struct slot *slot) {
    return slot->cap.type == CAP_NULL ? DONE : error_plain(seL4_DeleteFirst);
}

/** Whether deleting the slot's capability means emptying many slots. */
bool slot_is_long_running_delete(const struct slot *slot) {
    enum capability_type type = slot->cap.type;
    return (type == CAP_THREAD || type == CAP_ZOMBIE || type == CAP_CNODE) && derivation_is_final(slot);
}

static void empty(struct slot *slot, struct capability cleanup) {
    if (slot->cap.type == CAP_NULL)
        return;
    struct slot *previous = slot->derivation.previous, *next = derivation_next(slot);
    if (previous)
        derivation_set_next(previous, next);
    if (next) {
        next->derivation.previous = previous;
        next->derivation.is_first_badged |= slot->derivation.is_first_badged;
    }
    slot->cap = capability_null();
    slot->derivation = (struct derivation){0};
    capability_deleted(cleanup);
}

static struct slot *zombie_slots(struct capability zombie) {
    return at(capability_address(zombie));
}

static bool is_removable(struct capability cap, const struct slot *slot) {
    if (cap.type == CAP_NULL)
        return true;
    uint64_t left = cap.zombie.slots_left;
    return left == 0 || (left == 1 && zombie_slots(cap) == slot);
}

/** Empties the last slot of a zombie, or, where the zombie is not to be worked on here (`exposed` is false
 *  because this is itself the emptying of a slot), changes places with its first slot. */
static void zombie_reduce(struct slot *slot, bool exposed) {
    struct capability zombie = slot->cap;
    struct slot *slots = zombie_slots(zombie);
    check(zombie.type == CAP_ZOMBIE && zombie.zombie.slots_left > 0);
    if (!exposed) {
        check(slots != slot);
        if (slots != slot)
            derivation_swap(slots->cap, slots, zombie, slot);
        return;
    }
    struct slot *last = &slots[zombie.zombie.slots_left - 1];
    derivation_delete(last, false);
    if (slot->cap.type == CAP_NULL)
        return;
    check(slot->cap.type == CAP_ZOMBIE);
    if (zombie_slots(slot->cap) == slots && slot->cap.zombie.slots_left == zombie.zombie.slots_left)
        slot->cap.zombie.slots_left--;
    else
        check(zombie_slots(slot->cap) == slot);
}

/** @return whether the slot may be emptied now */
static bool finalise(struct slot *slot, bool exposed, struct capability *cleanup) {
    *cleanup = capability_null();
    while (slot->cap.type != CAP_NULL) {
        struct capability remainder = capability_finalise(slot->cap, derivation_is_final(slot), cleanup);
        if (is_removable(remainder, slot))
            return true;
        slot->cap = remainder;
        if (!exposed && zombie_slots(remainder) == slot)
            return false;
        zombie_reduce(slot, exposed);
    }
    *cleanup = capability_null();
    return true;
}

/** Deletes a slot's capability and, if it is the final one, its object.
 *  @param exposed the slot is one a user named, not one inside an object that is being taken apart */
void derivation_delete(struct slot *slot, bool exposed) {
    struct capability cleanup;
    bool success = finalise(slot, exposed, &cleanup);
    if (exposed || success)
        empty(slot, cleanup);
}

/** Deletes a capability of a kind whose deletion is a single step. */
void derivation_delete_one(struct slot *slot) {
    if (slot->cap.type == CAP_NULL)
        return;
    struct capability cleanup;
    struct capability remainder = capability_finalise(slot->cap, derivation_is_final(slot), &cleanup);
    check(remainder.type == CAP_NULL && cleanup.type == CAP_NULL);
    empty(slot, capability_null());
}

/** Deletes everything derived from a slot. seL4 can be preempted here; the model is not. */
void derivation_revoke(struct slot *slot) {
    for (struct slot *next = derivation_next(slot); next && derivation_is_parent(slot, next);
         next = derivation_next(slot))
        derivation_delete(next, true);
}
