// SPDX-License-Identifier: Apache-2.0
//
// Mapping invocations where page tables of all levels are alike: every refusal.
#include "../kernel.h"

static struct message map_table(seL4_CPtr table, seL4_CPtr vspace, uint64_t address) {
    return invoke(table, TABLE_MAP, CAPS(vspace), WORDS(address, ATTRIBUTES));
}

/** Bits of the largest table's place that are missing, mapped one level after the other until none is. */
static void structures(seL4_CPtr vspace) {
    seL4_CPtr frame = object_new(FRAME_TYPE, 0), large = object_new(LARGE_FRAME_TYPE, 0), last = 0, upper = 0;
    seL4_CPtr raw = object_new(VSPACE_TYPE, 0), table = object_new(TABLE_TYPE, 0), copied = slot_new();
    const uint64_t address = 0x2000000000;
    log_message("vspace.table-short", invoke(table, TABLE_MAP, CAPS(vspace), WORDS(address)));
    log_message("vspace.table-no-cap", invoke(table, TABLE_MAP, NO_CAPS, WORDS(address, 0)));
    log_message("vspace.table-label", invoke(table, PAGE_MAP, CAPS(vspace), WORDS(address, 3, 0)));
    log_message("vspace.table-no-vspace", map_table(table, frame, address));
    log_message("vspace.table-no-asid", map_table(table, raw, address));
    log_message("vspace.table-high", map_table(table, vspace, WRONG_ADDRESS));
    log_message("vspace.table-unmapped", invoke(table, TABLE_UNMAP, NO_CAPS, NO_WORDS));
    struct message message;
    while ((message = map_only(vspace, frame, address, ALL_RIGHTS)).label == seL4_FailedLookup) {
        log_message("vspace.frame-no-table", message);
        upper = last;
        last = object_new(TABLE_TYPE, 0);
        log_message("vspace.table", map_table(last, vspace, address + 12345));
    }
    log_message("vspace.frame", message);
    log_message("vspace.table-again", map_table(last, vspace, address));
    log_message("vspace.table-occupied", map_table(table, vspace, address));
    log_message("vspace.large-over-table", map_only(vspace, large, address, ALL_RIGHTS));
    log_message("vspace.large", map_only(vspace, large, address + (1UL << 21), ALL_RIGHTS));
    log_message("vspace.table-over-large", map_table(table, vspace, address + (1UL << 21)));
    seL4_CPtr second = object_new(FRAME_TYPE, 0);
    log_message("vspace.frame-in-large", map_only(vspace, second, address + (1UL << 21) + PAGE, ALL_RIGHTS));
    log_message("vspace.copy-table", copy(copied, last, ALL_RIGHTS));
    log_message("vspace.table-unmap-copied", invoke(last, TABLE_UNMAP, NO_CAPS, NO_WORDS));
    delete (copied);
    log_message("vspace.table-unmap", invoke(last, TABLE_UNMAP, NO_CAPS, NO_WORDS));
    log_message("vspace.frame-table-gone", map_only(vspace, second, address, ALL_RIGHTS));
    log_message("vspace.table-map-again", map_table(last, vspace, address));
    if (upper) {
        log_message("vspace.upper-delete", delete (upper));
        log_message("vspace.frame-upper-gone", map_only(vspace, second, address, ALL_RIGHTS));
    }
}

static void frames(seL4_CPtr vspace) {
    seL4_CPtr frame = object_new(FRAME_TYPE, 0), large = object_new(LARGE_FRAME_TYPE, 0);
    seL4_CPtr other = vspace_new(), raw = object_new(VSPACE_TYPE, 0), read_only = slot_new();
    uint64_t address = 0x40000000;
    log_message("vspace.frame-label", invoke(frame, TABLE_MAP, NO_CAPS, NO_WORDS));
    log_message("vspace.frame-short", invoke(frame, PAGE_MAP, CAPS(vspace), WORDS(address, 3)));
    log_message("vspace.frame-no-cap", invoke(frame, PAGE_MAP, NO_CAPS, WORDS(address, 3, 0)));
    log_message("vspace.frame-no-vspace", map_only(frame, frame, address, ALL_RIGHTS));
    log_message("vspace.frame-no-asid", map_only(raw, frame, address, ALL_RIGHTS));
    log_message("vspace.frame-kernel", map_only(vspace, frame, 0xffffffff80000000, ALL_RIGHTS));
    log_message("vspace.frame-wrap", map_only(vspace, frame, ~0xfffUL, ALL_RIGHTS));
    log_message("vspace.frame-alignment", map_only(vspace, frame, address + 8, ALL_RIGHTS));
    log_message("vspace.large-alignment", map_only(vspace, large, address + PAGE, ALL_RIGHTS));
    log_message("vspace.frame-map", map_frame(vspace, frame, address, ALL_RIGHTS));
    log_message("vspace.frame-remap", map_only(vspace, frame, address, seL4_CanRead.words[0]));
    log_message("vspace.frame-elsewhere", map_only(vspace, frame, address + PAGE, ALL_RIGHTS));
    log_message("vspace.frame-other-vspace", map_only(other, frame, address, ALL_RIGHTS));
    log_message("vspace.frame-copy", copy(read_only, frame, seL4_CanRead.words[0]));
    log_message("vspace.copy-map", map_only(vspace, read_only, address + PAGE, ALL_RIGHTS));
    log_message("vspace.replace", map_only(vspace, object_new(FRAME_TYPE, 0), address, ALL_RIGHTS));
    log_message("vspace.unmap-replaced", unmap(frame));
    log_message("vspace.unmap", unmap(frame));
    log_message("vspace.map-after-unmap", map_only(vspace, frame, address + 2 * PAGE, ALL_RIGHTS));
    // The mapping of a deleted VSpace is gone, its capability still says mapped.
    seL4_CPtr left = object_new(FRAME_TYPE, 0);
    log_message("vspace.other-map", map_frame(other, left, address, ALL_RIGHTS));
    log_message("vspace.other-delete", delete (other));
    log_message("vspace.left-map", map_only(vspace, left, address, ALL_RIGHTS));
    log_message("vspace.left-unmap", unmap(left));
    log_message("vspace.left-map-again", map_only(vspace, left, address + 3 * PAGE, ALL_RIGHTS));
    LOG("vspace.address", physical_address(left) != 0, physical_address(left) & (PAGE - 1));
}

static struct message make_pool(seL4_CPtr untyped, seL4_CPtr root, uint64_t index, uint64_t depth) {
    return invoke(seL4_CapASIDControl, ASID_MAKE_POOL, CAPS(untyped, root), WORDS(index, depth));
}

static struct message assign(seL4_CPtr pool, seL4_CPtr vspace) {
    return invoke(pool, ASID_ASSIGN, CAPS(vspace), NO_WORDS);
}

static void pools(void) {
    seL4_CPtr pool = slot_new(), untyped = untyped_new(12), vspace = object_new(VSPACE_TYPE, 0);
    seL4_CPtr used = untyped_new(12), child = slot_new(), device = slot_new();
    retype(used, seL4_EndpointObject, 0, ROOT, 0, 0, child, 1);
    retype(device_untyped(), seL4_UntypedObject, 12, ROOT, 0, 0, device, 1);
    log_message("asid.label", invoke(seL4_CapASIDControl, ASID_ASSIGN, NO_CAPS, NO_WORDS));
    log_message("asid.short", invoke(seL4_CapASIDControl, ASID_MAKE_POOL, CAPS(untyped, ROOT), WORDS(pool)));
    log_message("asid.one-cap",
                invoke(seL4_CapASIDControl, ASID_MAKE_POOL, CAPS(untyped), WORDS(pool, DEPTH)));
    log_message("asid.no-untyped", make_pool(vspace, ROOT, pool, DEPTH));
    log_message("asid.untyped-size", make_pool(untyped_new(13), ROOT, pool, DEPTH));
    log_message("asid.untyped-used", make_pool(used, ROOT, pool, DEPTH));
    log_message("asid.untyped-device", make_pool(device, ROOT, pool, DEPTH));
    log_message("asid.no-root", make_pool(untyped, untyped, pool, DEPTH));
    log_message("asid.slot-full", make_pool(untyped, ROOT, untyped, DEPTH));
    log_message("asid.pool", make_pool(untyped, ROOT, pool, DEPTH));
    log_message("asid.untyped-now-full", retype(untyped, seL4_EndpointObject, 0, ROOT, 0, 0, slot_new(), 1));
    log_message("asid.pool-label", invoke(pool, ASID_MAKE_POOL, NO_CAPS, NO_WORDS));
    log_message("asid.pool-no-cap", invoke(pool, ASID_ASSIGN, NO_CAPS, NO_WORDS));
    log_message("asid.pool-no-vspace", assign(pool, untyped));
    log_message("asid.pool-assigned", assign(pool, seL4_CapInitThreadVSpace));
    log_message("asid.assign", assign(pool, vspace));
    log_message("asid.assign-again", assign(pool, vspace));
    log_message("asid.map", map_frame(vspace, object_new(FRAME_TYPE, 0), PAGE, ALL_RIGHTS));
    log_message("asid.pool-delete", delete (pool));
    log_message("asid.map-without-pool", map_only(vspace, object_new(FRAME_TYPE, 0), 2 * PAGE, ALL_RIGHTS));
    revoke(device_untyped());
}

void test_vspace(void) {
    seL4_CPtr vspace = vspace_new();
    structures(vspace);
    frames(vspace);
    pools();
}
