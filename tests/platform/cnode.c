// SPDX-License-Identifier: Apache-2.0
//
// CNode invocations: every refusal, and what they do to capabilities and to what is derived from them.
#include "kernel.h"

static seL4_CPtr endpoint, slot, slot_2, slot_3, empty;

static struct message move(seL4_CPtr destination, seL4_CPtr source) {
    return invoke(ROOT, CNodeMove, CAPS(ROOT), WORDS(destination, DEPTH, source, DEPTH));
}

static struct message mutate(seL4_CPtr destination, seL4_CPtr source, uint64_t data) {
    return invoke(ROOT, CNodeMutate, CAPS(ROOT), WORDS(destination, DEPTH, source, DEPTH, data));
}

static struct message rotate(seL4_CPtr destination, uint64_t pivot_data, seL4_CPtr pivot,
                             uint64_t source_data, seL4_CPtr source) {
    return invoke(ROOT, CNodeRotate, CAPS(ROOT, ROOT),
                  WORDS(destination, DEPTH, pivot_data, pivot, DEPTH, source_data, source, DEPTH));
}

static struct message cancel(seL4_CPtr target) {
    return invoke(ROOT, CNodeCancelBadgedSends, NO_CAPS, WORDS(target, DEPTH));
}

/** Whether a slot has a capability: copying null is refused. */
static bool is_full(seL4_CPtr target) {
    struct message message = copy(empty, target, ALL_RIGHTS);
    delete (empty);
    return message.label != seL4_FailedLookup;
}

static void refusals(void) {
    log_message("cnode.label", invoke(ROOT, UntypedRetype, NO_CAPS, WORDS(slot, DEPTH)));
    log_message("cnode.short", invoke(ROOT, CNodeDelete, NO_CAPS, WORDS(slot)));
    log_message("cnode.depth-0", invoke(ROOT, CNodeDelete, NO_CAPS, WORDS(slot, 0)));
    log_message("cnode.depth-65", invoke(ROOT, CNodeDelete, NO_CAPS, WORDS(slot, 65)));
    log_message("cnode.depth-11", invoke(ROOT, CNodeDelete, NO_CAPS, WORDS(slot, 11)));
    log_message("cnode.guard", invoke(ROOT, CNodeDelete, NO_CAPS, WORDS(slot | 1UL << 40, DEPTH)));
    log_message("cnode.copy-short", invoke(ROOT, CNodeCopy, CAPS(ROOT), WORDS(slot, DEPTH, endpoint)));
    log_message("cnode.copy-no-cap",
                invoke(ROOT, CNodeCopy, NO_CAPS, WORDS(slot, DEPTH, endpoint, DEPTH, ALL_RIGHTS)));
    log_message("cnode.copy-no-rights",
                invoke(ROOT, CNodeCopy, CAPS(ROOT), WORDS(slot, DEPTH, endpoint, DEPTH)));
    log_message("cnode.mint-no-badge",
                invoke(ROOT, CNodeMint, CAPS(ROOT), WORDS(slot, DEPTH, endpoint, DEPTH, ALL_RIGHTS)));
    log_message("cnode.mutate-no-data",
                invoke(ROOT, CNodeMutate, CAPS(ROOT), WORDS(slot, DEPTH, endpoint, DEPTH)));
    log_message("cnode.destination-full", copy(endpoint, endpoint, ALL_RIGHTS));
    log_message("cnode.source-empty", copy(slot, empty, ALL_RIGHTS));
    log_message("cnode.source-no-cnode",
                invoke(ROOT, CNodeCopy, CAPS(endpoint), WORDS(slot, DEPTH, endpoint, DEPTH, ALL_RIGHTS)));
    log_message("cnode.source-depth-0",
                invoke(ROOT, CNodeCopy, CAPS(ROOT), WORDS(slot, DEPTH, endpoint, 0, ALL_RIGHTS)));
    log_message("cnode.source-depth-11",
                invoke(ROOT, CNodeCopy, CAPS(ROOT), WORDS(slot, DEPTH, endpoint, 11, ALL_RIGHTS)));
    log_message("cnode.source-guard", copy(slot, endpoint | 1UL << 63, ALL_RIGHTS));
    log_message("cnode.move-empty", move(slot, empty));
    log_message("cnode.mutate-endpoint", mutate(slot, endpoint, 0));
    log_message("cnode.copy-irq-control", copy(slot, seL4_CapIRQControl, ALL_RIGHTS));
#ifdef HAS_PORTS
    log_message("cnode.copy-port-control", copy(slot, seL4_CapIOPortControl, ALL_RIGHTS));
#endif
    log_message("cnode.copy-unmapped-table", copy(slot, object_new(TABLE_TYPE, 0), ALL_RIGHTS));
    log_message("cnode.copy-unmapped-pml4", copy(slot, object_new(VSPACE_TYPE, 0), ALL_RIGHTS));
    log_message("cnode.cancel-empty", cancel(empty));
    log_message("cnode.cancel-cnode", cancel(ROOT));
    log_message("cnode.delete-empty", delete (empty));
    log_message("cnode.revoke-empty", revoke(empty));
}

static void badges(void) {
    log_message("cnode.mint", mint(slot, endpoint, ALL_RIGHTS, 7));
    log_message("cnode.mint-again", mint(slot_2, slot, ALL_RIGHTS, 8));
    log_message("cnode.mint-badged-0", mint(slot_2, slot, ALL_RIGHTS, 0));
    log_message("cnode.copy-badged", copy(slot_2, slot, ALL_RIGHTS));
    log_message("cnode.cancel-rights", cancel(slot_2));
    log_message("cnode.revoke-badged", revoke(slot));
    LOG("cnode.badged-copy-gone", is_full(slot), is_full(slot_2));
    // Two badges of one endpoint: revoking one leaves the other.
    mint(slot_2, endpoint, ALL_RIGHTS, 9);
    copy(slot_3, slot_2, ALL_RIGHTS);
    revoke(slot);
    LOG("cnode.other-badge-stays", is_full(slot), is_full(slot_2), is_full(slot_3));
    revoke(slot_2);
    LOG("cnode.own-copy-gone", is_full(slot), is_full(slot_2), is_full(slot_3));
    revoke(endpoint);
    LOG("cnode.revoke-original", is_full(endpoint), is_full(slot), is_full(slot_2));
    // A copy of the unbadged capability is a sibling that cannot revoke.
    copy(slot, endpoint, ALL_RIGHTS);
    mint(slot_2, slot, ALL_RIGHTS, 5);
    revoke(slot);
    LOG("cnode.copy-cannot-revoke", is_full(endpoint), is_full(slot), is_full(slot_2));
    revoke(endpoint);
    LOG("cnode.original-revokes-all", is_full(endpoint), is_full(slot), is_full(slot_2));
}

static void rights(void) {
    log_message("cnode.no-write", copy(slot, endpoint, seL4_NoWrite.words[0]));
    log_message("cnode.send-refused", invoke(slot, 0, NO_CAPS, NO_WORDS));
    log_message("cnode.cancel-reduced", cancel(slot));
    log_message("cnode.rights-stay-away", copy(slot_2, slot, ALL_RIGHTS));
    log_message("cnode.send-still-refused", invoke(slot_2, 0, NO_CAPS, NO_WORDS));
    revoke(endpoint);
}

static void moving(void) {
    mint(slot, endpoint, ALL_RIGHTS, 7);
    copy(slot_2, slot, ALL_RIGHTS);
    log_message("cnode.move", move(slot_3, slot));
    LOG("cnode.moved", is_full(slot), is_full(slot_3));
    revoke(slot_3);
    LOG("cnode.moved-still-parent", is_full(slot_2));
    log_message("cnode.move-full", move(slot_3, endpoint));
    log_message("cnode.rotate-same", rotate(slot_3, 0, slot_3, 0, slot_3));
    log_message("cnode.rotate-endpoint", rotate(slot, 0, slot_3, 0, endpoint));
    revoke(endpoint);

    // Rotation works on capabilities without badges, such as those of threads.
    seL4_CPtr a = object_new(seL4_TCBObject, 0), b = object_new(seL4_ReplyObject, 0);
    log_message("cnode.rotate-short", invoke(ROOT, CNodeRotate, CAPS(ROOT, ROOT), WORDS(slot, DEPTH, 0)));
    log_message("cnode.rotate-one-cap",
                invoke(ROOT, CNodeRotate, CAPS(ROOT), WORDS(slot, DEPTH, 0, b, DEPTH, 0, a, DEPTH)));
    log_message("cnode.rotate-source-empty", rotate(slot, 0, b, 0, empty));
    log_message("cnode.rotate-pivot-empty", rotate(slot, 0, empty, 0, a));
    log_message("cnode.rotate-destination-full", rotate(endpoint, 0, b, 0, a));
    log_message("cnode.rotate-pivot-is-source", rotate(slot, 0, a, 0, a));
    log_message("cnode.rotate", rotate(slot, 0, b, 0, a));
    LOG("cnode.rotated", is_full(a), is_full(b), is_full(slot));
    log_message("cnode.rotated-pivot", invoke(b, TCBUnbindNotification, NO_CAPS, NO_WORDS));
    log_message("cnode.swap", rotate(slot, 0, b, 0, slot));
    log_message("cnode.swapped", invoke(slot, TCBUnbindNotification, NO_CAPS, NO_WORDS));
    log_message("cnode.mutate-thread", mutate(a, slot, 0x1234));
    delete (a);
    delete (b);
}

static void guards(void) {
    seL4_CPtr cnode = object_new(seL4_CapTableObject, 4);
    log_message("cnode.guard-too-large", mint(slot, cnode, ALL_RIGHTS, 61));
    log_message("cnode.guard-fits", mint(slot, cnode, ALL_RIGHTS, seL4_CNode_CapData_new(0, 60).words[0]));
    log_message("cnode.mutate-guard", mutate(slot_2, slot, seL4_CNode_CapData_new(3, 2).words[0]));
    // 12 bits of the root CNode, 2 bits of guard (3), 4 bits of the CNode: depth 18 behind the root's guard.
    seL4_CPtr inner = (slot_2 << 6 | 3 << 4 | 5);
    log_message("cnode.two-levels",
                invoke(ROOT, CNodeCopy, CAPS(ROOT), WORDS(inner, 70, endpoint, DEPTH, ALL_RIGHTS)));
    revoke(cnode);
    delete (slot);
    delete (slot_2);
    delete (cnode);
}

void test_cnode(void) {
    endpoint = object_new(seL4_EndpointObject, 0);
    slot = slot_new();
    slot_2 = slot_new();
    slot_3 = slot_new();
    empty = slot_new();
    refusals();
    badges();
    rights();
    moving();
    guards();
}
