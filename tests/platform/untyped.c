// SPDX-License-Identifier: Apache-2.0
//
// Untyped memory: every refusal, how memory is laid out, and when it can be used again.
#include "kernel.h"

/** Slots for the objects of a test, emptied by revoking its untyped. */
#define SLOTS 8
static seL4_CPtr slots;

static void refusals(void) {
    seL4_CPtr untyped = untyped_new(16), small = untyped_new(12), cnode = object_new(seL4_CapTableObject, 4);
    seL4_CPtr slot = slots;
    uint64_t type = seL4_EndpointObject;
    log_message("untyped.label", invoke(untyped, TCBSuspend, NO_CAPS, NO_WORDS));
    log_message("untyped.no-cap", invoke(untyped, UntypedRetype, NO_CAPS, WORDS(type, 0, 0, 0, slot, 1)));
    log_message("untyped.short", invoke(untyped, UntypedRetype, CAPS(ROOT), WORDS(type, 0, 0, 0, slot)));
    log_message("untyped.type", retype(untyped, seL4_ObjectTypeCount, 0, ROOT, 0, 0, slot, 1));
    log_message("untyped.type-large", retype(untyped, ~0UL, 0, ROOT, 0, 0, slot, 1));
    log_message("untyped.size-64", retype(untyped, seL4_UntypedObject, 64, ROOT, 0, 0, slot, 1));
    log_message("untyped.size-48", retype(untyped, seL4_UntypedObject, 48, ROOT, 0, 0, slot, 1));
    log_message("untyped.size-large", retype(untyped, seL4_CapTableObject, ~0UL, ROOT, 0, 0, slot, 1));
    log_message("untyped.endpoint-size-64", retype(untyped, type, 64, ROOT, 0, 0, slot, 1));
    log_message("untyped.cnode-0", retype(untyped, seL4_CapTableObject, 0, ROOT, 0, 0, slot, 1));
    log_message("untyped.untyped-3", retype(untyped, seL4_UntypedObject, 3, ROOT, 0, 0, slot, 1));
    log_message("untyped.schedcontext-6", retype(untyped, seL4_SchedContextObject, 6, ROOT, 0, 0, slot, 1));
    log_message("untyped.root-no-cnode", retype(untyped, type, 0, untyped, 0, 0, 0, 1));
    log_message("untyped.node-no-root", retype(untyped, type, 0, untyped, 0, 64, 0, 1));
    log_message("untyped.node-depth-65", retype(untyped, type, 0, ROOT, 0, 65, 0, 1));
    log_message("untyped.node-no-cnode", retype(untyped, type, 0, ROOT, untyped, DEPTH, 0, 1));
    log_message("untyped.node-empty", retype(untyped, type, 0, ROOT, slot, DEPTH, 0, 1));
    log_message("untyped.node-shallow", retype(untyped, type, 0, ROOT, 1, 8, 0, 1));
    log_message("untyped.offset", retype(untyped, type, 0, ROOT, cnode, DEPTH, 16, 1));
    log_message("untyped.count-0", retype(untyped, type, 0, ROOT, cnode, DEPTH, 0, 0));
    log_message("untyped.count-257", retype(untyped, type, 0, ROOT, 0, 0, slot, 257));
    log_message("untyped.window", retype(untyped, type, 0, ROOT, cnode, DEPTH, 8, 9));
    log_message("untyped.occupied", retype(untyped, type, 0, ROOT, 0, 0, untyped, 1));
    log_message("untyped.memory", retype(small, FRAME_TYPE, 0, ROOT, cnode, DEPTH, 0, 2));
    log_message("untyped.large-page", retype(small, LARGE_FRAME_TYPE, 0, ROOT, cnode, DEPTH, 0, 1));
    log_message("untyped.fit", retype(small, FRAME_TYPE, 0, ROOT, cnode, DEPTH, 0, 1));
    log_message("untyped.full", retype(small, type, 0, ROOT, cnode, DEPTH, 1, 1));
    log_message("untyped.copy-with-children", copy(slot, small, ALL_RIGHTS));
    log_message("untyped.device-object", retype(device_untyped(), type, 0, ROOT, 0, 0, slot, 1));
    log_message("untyped.device-frame", retype(device_untyped(), FRAME_TYPE, 0, ROOT, 0, 0, slot, 1));
    log_message("untyped.device-untyped",
                retype(device_untyped(), seL4_UntypedObject, 12, ROOT, 0, 0, slot + 1, 1));
    revoke(device_untyped());
    revoke(untyped);
}

/** Sizes of objects, seen in how many fit. */
static void sizes(void) {
    static const struct {
        const char *name;
        uint64_t type, bits, fit;
    } kinds[] = {
        {"untyped.size-tcb", seL4_TCBObject, 0, 8},
        {"untyped.size-endpoint", seL4_EndpointObject, 0, 256},
        {"untyped.size-notification", seL4_NotificationObject, 0, 256},
        {"untyped.size-reply", seL4_ReplyObject, 0, 256},
        {"untyped.size-schedcontext", seL4_SchedContextObject, 8, 64},
        {"untyped.size-cnode", seL4_CapTableObject, 4, 32},
        {"untyped.size-page", FRAME_TYPE, 0, 4},
        {"untyped.size-pml4", VSPACE_TYPE, 0, 4},
    };
    seL4_CPtr untyped = untyped_new(14), cnode = object_new(seL4_CapTableObject, 9);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct message first =
            retype(untyped, kinds[i].type, kinds[i].bits, ROOT, cnode, DEPTH, 0, kinds[i].fit);
        struct message second =
            retype(untyped, kinds[i].type, kinds[i].bits, ROOT, cnode, DEPTH, kinds[i].fit, 256);
        LOG(kinds[i].name, first.label, second.label, second.words[0]);
        revoke(untyped);
    }
}

static void layout(void) {
    seL4_CPtr untyped = untyped_new(16);
    expect_success("untyped.first", retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots, 1));
    uint64_t base = physical_address(slots);
    retype(untyped, seL4_EndpointObject, 0, ROOT, 0, 0, slots + 1, 1);
    retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots + 2, 2);
    LOG("untyped.aligned", physical_address(slots + 2) - base, physical_address(slots + 3) - base);
    struct message full = retype(untyped, seL4_UntypedObject, 16, ROOT, 0, 0, slots + 4, 1);
    log_message("untyped.left", full);
    // With the endpoint's page lost, 12 pages are left.
    log_message("untyped.too-many", retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots + 4, 13));
    delete (slots);
    delete (slots + 2);
    retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots, 1);
    LOG("untyped.not-reused", physical_address(slots) - base);
    revoke(untyped);
    retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots, 1);
    LOG("untyped.reused", physical_address(slots) - base);
    delete (slots);
    retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots, 1);
    LOG("untyped.reused-without-revoke", physical_address(slots) - base);
    revoke(untyped);
}

/** A frame's contents must not reach its memory's next owner. */
static void zeroing(void) {
    seL4_CPtr untyped = untyped_new(18);
    volatile uint64_t *page = (volatile uint64_t *)0x20000000;
    uint64_t found = 0;
    for (unsigned round = 0; round < 2; round++) {
        retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slots, 4);
        for (unsigned i = 0; i < 4; i++) {
            map_frame(seL4_CapInitThreadVSpace, slots + i, (uint64_t)page + i * PAGE, ALL_RIGHTS);
            for (unsigned word = 0; word < PAGE / 8; word += 61) {
                found |= page[i * PAGE / 8 + word];
                page[i * PAGE / 8 + word] = 0x1234;
            }
        }
        revoke(untyped);
    }
    LOG("untyped.zeroed", found);
}

static void copies(void) {
    seL4_CPtr untyped = untyped_new(13);
    log_message("untyped.copy", copy(slots, untyped, ALL_RIGHTS));
    log_message("untyped.original-full", retype(untyped, seL4_EndpointObject, 0, ROOT, 0, 0, slots + 1, 1));
    log_message("untyped.copy-usable", retype(slots, seL4_EndpointObject, 0, ROOT, 0, 0, slots + 1, 1));
    log_message("untyped.revoke", revoke(untyped));
    log_message("untyped.copy-revoked", invoke(slots, 0, NO_CAPS, NO_WORDS));
    log_message("untyped.child-revoked", invoke(slots + 1, 0, NO_CAPS, NO_WORDS));
    log_message("untyped.nested", retype(untyped, seL4_UntypedObject, 12, ROOT, 0, 0, slots, 2));
    log_message("untyped.nested-child", retype(slots + 1, seL4_TCBObject, 0, ROOT, 0, 0, slots + 2, 2));
    log_message("untyped.revoke-nested", revoke(slots + 1));
    log_message("untyped.sibling-stays", retype(slots, seL4_TCBObject, 0, ROOT, 0, 0, slots + 2, 2));
    log_message("untyped.revoke-all", revoke(untyped));
    log_message("untyped.all-gone", invoke(slots + 3, 0, NO_CAPS, NO_WORDS));
}

void test_untyped(void) {
    slots = slots_new(SLOTS);
    refusals();
    sizes();
    layout();
    zeroing();
    copies();
}
