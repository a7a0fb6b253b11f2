// SPDX-License-Identifier: Apache-2.0
//
// CSpaces of several levels: how addresses resolve, and what a failed lookup reports.
#include "kernel.h"

#define OUTER_BITS 8
#define INNER_BITS 4

/** A CSpace with an outer CNode (guard 0 of 48 bits), in whose slot 3 is an inner one with guard 5 of 4 bits.
 */
static seL4_CPtr outer, inner;

static struct message delete_at(seL4_CPtr root, uint64_t address, uint64_t depth) {
    return invoke(root, CNodeDelete, NO_CAPS, WORDS(address, depth));
}

void test_lookup(void) {
    seL4_CPtr endpoint = object_new(seL4_EndpointObject, 0),
              outer_raw = object_new(seL4_CapTableObject, OUTER_BITS);
    seL4_CPtr root = slot_new();
    inner = object_new(seL4_CapTableObject, INNER_BITS);
    outer = slot_new();
    log_message("lookup.outer", mint(outer, outer_raw, ALL_RIGHTS, seL4_CNode_CapData_new(0, 48).words[0]));
    log_message("lookup.inner",
                invoke(outer, CNodeMint, CAPS(ROOT),
                       WORDS(3, 56, inner, DEPTH, ALL_RIGHTS, seL4_CNode_CapData_new(5, 4).words[0])));
    // Address: 48 zero bits, outer index 3, guard 5, inner index 9.
    uint64_t address = 3UL << 8 | 5 << 4 | 9;
    log_message("lookup.insert",
                invoke(outer, CNodeCopy, CAPS(ROOT), WORDS(address, DEPTH, endpoint, DEPTH, ALL_RIGHTS)));
    log_message("lookup.occupied",
                invoke(outer, CNodeCopy, CAPS(ROOT), WORDS(address, DEPTH, endpoint, DEPTH, ALL_RIGHTS)));
    log_message("lookup.outer-slot", delete_at(outer, 4, 56));
    log_message("lookup.inner-guard", delete_at(outer, 3UL << 8 | 6 << 4 | 9, DEPTH));
    log_message("lookup.outer-guard", delete_at(outer, address | 1UL << 20, DEPTH));
    log_message("lookup.too-shallow", delete_at(outer, 3, 40));
    log_message("lookup.inside-level", delete_at(outer, 3, 50));
    log_message("lookup.guard-only", delete_at(outer, 3UL << 4 | 5, 60));
    log_message("lookup.inner-guard-part", delete_at(outer, 3UL << 2 | 1, 58));
    log_message("lookup.empty-outer-slot", delete_at(outer, 7UL << 8, DEPTH));
    log_message("lookup.beyond", invoke(outer, CNodeCopy, CAPS(outer), WORDS(9, 56, 2, 64, ALL_RIGHTS)));
    log_message("lookup.source-beyond", copy(root, address, ALL_RIGHTS));
    log_message("lookup.delete", delete_at(outer, address, DEPTH));
    log_message("lookup.deleted",
                invoke(outer, CNodeCopy, CAPS(outer), WORDS(9, 56, address, 64, ALL_RIGHTS)));
    // An invocation through an address with surplus bits ends at the first slot that is no CNode.
    copy(root, endpoint, ALL_RIGHTS);
    log_message("lookup.retype-depth", retype(untyped_new(12), seL4_EndpointObject, 0, outer, 3, 56, 2, 1));
    log_message("lookup.retype-inner", delete_at(inner, 2, INNER_BITS));
    revoke(outer_raw);
}
