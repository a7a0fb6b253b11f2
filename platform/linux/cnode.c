// SPDX-License-Identifier: Apache-2.0
//
// CNodes: copying, moving, deleting and revoking capabilities.
#include "kernel.h"

/** What Copy, Mint, Move or Mutate puts into the destination. */
static enum outcome new_capability(const struct invocation *invocation, struct slot *source,
                                   struct capability *cap) {
    switch (invocation->label) {
    case CNodeCopy:
        if (invocation->length < 5)
            return error_plain(seL4_TruncatedMessage);
        return capability_derive(source, capability_mask_rights(argument(invocation, 4), source->cap), cap);
    case CNodeMint:
        if (invocation->length < 6)
            return error_plain(seL4_TruncatedMessage);
        return capability_derive(
            source,
            capability_update_data(false, argument(invocation, 5),
                                   capability_mask_rights(argument(invocation, 4), source->cap)),
            cap);
    case CNodeMove:
        *cap = source->cap;
        return DONE;
    default:
        if (invocation->length < 5)
            return error_plain(seL4_TruncatedMessage);
        *cap = capability_update_data(true, argument(invocation, 4), source->cap);
        return DONE;
    }
}

static enum outcome copy_or_move(const struct invocation *invocation, struct slot *destination) {
    if (invocation->length < 4 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t source_index = argument(invocation, 2), source_depth = argument(invocation, 3);
    enum outcome outcome = ensure_empty(destination);
    if (outcome != DONE)
        return outcome;
    struct slot *source;
    outcome = cspace_lookup_source(kernel.extra[0]->cap, source_index, source_depth, &source);
    if (outcome != DONE)
        return outcome;
    if (source->cap.type == CAP_NULL) {
        lookup_missing_capability(source_depth);
        return error_lookup(true);
    }
    struct capability cap;
    outcome = new_capability(invocation, source, &cap);
    if (outcome != DONE)
        return outcome;
    if (cap.type == CAP_NULL)
        return error_plain(seL4_IllegalOperation);
    invocation_accepted();
    if (invocation->label == CNodeMove || invocation->label == CNodeMutate)
        derivation_move(cap, source, destination);
    else
        derivation_insert(cap, source, destination);
    return DONE;
}

static enum outcome rotate(const struct invocation *invocation, struct slot *destination) {
    if (invocation->length < 8 || !kernel.extra[0] || !kernel.extra[1])
        return error_plain(seL4_TruncatedMessage);
    uint64_t pivot_data = argument(invocation, 2), pivot_index = argument(invocation, 3);
    uint64_t pivot_depth = argument(invocation, 4), source_data = argument(invocation, 5);
    uint64_t source_index = argument(invocation, 6), source_depth = argument(invocation, 7);
    struct slot *source, *pivot;
    enum outcome outcome = cspace_lookup_source(kernel.extra[1]->cap, source_index, source_depth, &source);
    if (outcome != DONE)
        return outcome;
    outcome = cspace_lookup_source(kernel.extra[0]->cap, pivot_index, pivot_depth, &pivot);
    if (outcome != DONE)
        return outcome;
    if (pivot == source || pivot == destination)
        return error_plain(seL4_IllegalOperation);
    if (source != destination) {
        outcome = ensure_empty(destination);
        if (outcome != DONE)
            return outcome;
    }
    if (source->cap.type == CAP_NULL) {
        lookup_missing_capability(source_depth);
        return error_lookup(true);
    }
    if (pivot->cap.type == CAP_NULL) {
        lookup_missing_capability(pivot_depth);
        return error_lookup(false);
    }
    struct capability source_cap = capability_update_data(true, source_data, source->cap);
    struct capability pivot_cap = capability_update_data(true, pivot_data, pivot->cap);
    if (source_cap.type == CAP_NULL || pivot_cap.type == CAP_NULL)
        return error_plain(seL4_IllegalOperation);
    invocation_accepted();
    if (source == destination) {
        derivation_swap(source_cap, source, pivot_cap, pivot);
    } else {
        derivation_move(pivot_cap, pivot, destination);
        derivation_move(source_cap, source, pivot);
    }
    return DONE;
}

enum outcome cnode_decode(const struct invocation *invocation) {
    uint64_t label = invocation->label;
    if (label < CNodeRevoke || label > CNodeRotate)
        return error_plain(seL4_IllegalOperation);
    if (invocation->length < 2)
        return error_plain(seL4_TruncatedMessage);
    struct slot *slot;
    enum outcome outcome =
        cspace_lookup_target(invocation->cap, argument(invocation, 0), argument(invocation, 1), &slot);
    if (outcome != DONE)
        return outcome;

    switch (label) {
    case CNodeRevoke:
        invocation_accepted();
        derivation_revoke(slot);
        return DONE;
    case CNodeDelete:
        invocation_accepted();
        derivation_delete(slot, true);
        return DONE;
    case CNodeCancelBadgedSends:
        if (!capability_can_cancel_sends(slot->cap))
            return error_plain(seL4_IllegalOperation);
        invocation_accepted();
        if (slot->cap.endpoint.badge)
            endpoint_cancel_badged_sends(at(capability_address(slot->cap)), slot->cap.endpoint.badge);
        return DONE;
    case CNodeRotate:
        return rotate(invocation, slot);
    default:
        return copy_or_move(invocation, slot);
    }
}
