// SPDX-License-Identifier: Apache-2.0
//
// Deleting objects that hold capabilities themselves, also to themselves and to each other.
#include "kernel.h"

static struct message put(seL4_CPtr cnode, uint64_t index, uint64_t bits, seL4_CPtr source) {
    return invoke(cnode, CNodeCopy, CAPS(ROOT), WORDS(index, bits, source, DEPTH, ALL_RIGHTS));
}

static struct message move_into(seL4_CPtr cnode, uint64_t index, uint64_t bits, seL4_CPtr source) {
    return invoke(cnode, CNodeMove, CAPS(ROOT), WORDS(index, bits, source, DEPTH));
}

static bool is_free(seL4_CPtr untyped, seL4_CPtr slot) {
    struct message message = retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, slot, 4);
    bool result = message.label == seL4_NoError;
    if (result)
        revoke(untyped);
    return result;
}

void test_deletion(void) {
    seL4_CPtr untyped = untyped_new(14), slots = slots_new(8), endpoint = object_new(seL4_EndpointObject, 0);

    // A CNode that holds the last capability to itself is deleted with it.
    retype(untyped, seL4_CapTableObject, 3, ROOT, 0, 0, slots, 1);
    log_message("deletion.self", put(slots, 0, 3, slots));
    log_message("deletion.self-endpoint", put(slots, 5, 3, endpoint));
    log_message("deletion.self-delete", delete (slots));
    log_message("deletion.self-revoke", revoke(untyped));
    LOG("deletion.self-free", is_free(untyped, slots));

    // A chain: the CNode in slot 1 is only reachable through that in slot 0.
    retype(untyped, seL4_CapTableObject, 3, ROOT, 0, 0, slots, 3);
    log_message("deletion.chain", move_into(slots, 1, 3, slots + 1));
    log_message("deletion.chain-2", move_into(slots, 2, 3, slots + 2));
    log_message("deletion.chain-delete", delete (slots));
    LOG("deletion.chain-free", is_free(untyped, slots));

    // A cycle of two.
    retype(untyped, seL4_CapTableObject, 3, ROOT, 0, 0, slots, 2);
    put(slots, 0, 3, slots + 1);
    put(slots + 1, 0, 3, slots);
    log_message("deletion.cycle", delete (slots));
    log_message("deletion.cycle-2", delete (slots + 1));
    LOG("deletion.cycle-not-free", is_free(untyped, slots));
    log_message("deletion.cycle-revoke", revoke(untyped));
    LOG("deletion.cycle-free", is_free(untyped, slots));

    // A cycle in which each holds the other's only capability, taken apart by revoking.
    retype(untyped, seL4_CapTableObject, 3, ROOT, 0, 0, slots, 2);
    put(slots, 0, 3, slots + 1);
    put(slots, 1, 3, slots);
    log_message("deletion.move-away", delete (slots + 1));
    log_message("deletion.knot", revoke(untyped));
    LOG("deletion.knot-free", is_free(untyped, slots));

    // A thread whose CSpace holds the last capability to the thread.
    retype(untyped, seL4_CapTableObject, 3, ROOT, 0, 0, slots, 1);
    retype(untyped, seL4_TCBObject, 0, ROOT, 0, 0, slots + 1, 1);
    log_message("deletion.thread", invoke(slots + 1, TCBConfigure, CAPS(slots, seL4_CapInitThreadVSpace, 0),
                                          WORDS(seL4_CNode_CapData_new(0, 61).words[0], 0, 0)));
    log_message("deletion.thread-into-cspace", move_into(slots, 1, 3, slots + 1));
    log_message("deletion.cspace", delete (slots));
    LOG("deletion.thread-not-free", is_free(untyped, slots));
    log_message("deletion.thread-revoke", revoke(untyped));
    LOG("deletion.thread-free", is_free(untyped, slots));

    // Deleting the endpoint's last capability but one leaves it usable.
    put(ROOT, slots, DEPTH, endpoint);
    delete (slots);
    log_message("deletion.endpoint-left", mint(slots, endpoint, ALL_RIGHTS, 3));
    delete (slots);
}
