// SPDX-License-Identifier: Apache-2.0
//
// Mapping invocations: every refusal.
#include "../kernel.h"

static struct message map_structure(seL4_CPtr structure, uint64_t label, seL4_CPtr vspace, uint64_t address) {
    return invoke(structure, label, CAPS(vspace), WORDS(address, seL4_X86_Default_VMAttributes));
}

static void structures(seL4_CPtr vspace) {
    seL4_CPtr pdpt = object_new(seL4_X86_PDPTObject, 0), pd = object_new(seL4_X86_PageDirectoryObject, 0);
    seL4_CPtr pt = object_new(seL4_X86_PageTableObject, 0), frame = object_new(seL4_X86_4K, 0);
    seL4_CPtr raw = object_new(seL4_X64_PML4Object, 0), second = object_new(seL4_X86_PageTableObject, 0);
    seL4_CPtr large = object_new(seL4_X86_LargePageObject, 0), copied = slot_new();
    uint64_t address = 0x8000000000;
    log_message("vspace.pml4-label", invoke(vspace, X86PageMap, NO_CAPS, NO_WORDS));
    log_message("vspace.frame-no-pdpt", map_only(vspace, frame, address, ALL_RIGHTS));
    log_message("vspace.pt-no-pdpt", map_structure(pt, X86PageTableMap, vspace, address));
    log_message("vspace.pd-no-pdpt", map_structure(pd, X86PageDirectoryMap, vspace, address));
    log_message("vspace.pdpt-short", invoke(pdpt, X86PDPTMap, CAPS(vspace), WORDS(address)));
    log_message("vspace.pdpt-no-cap", invoke(pdpt, X86PDPTMap, NO_CAPS, WORDS(address, 0)));
    log_message("vspace.pdpt-label", map_structure(pdpt, X86PageTableMap, vspace, address));
    log_message("vspace.pdpt-no-vspace", map_structure(pdpt, X86PDPTMap, frame, address));
    log_message("vspace.pdpt-no-asid", map_structure(pdpt, X86PDPTMap, raw, address));
    log_message("vspace.pdpt-high", map_structure(pdpt, X86PDPTMap, vspace, 0x800000000000));
    log_message("vspace.pdpt", map_structure(pdpt, X86PDPTMap, vspace, address + 12345));
    log_message("vspace.pdpt-again", map_structure(pdpt, X86PDPTMap, vspace, address));
    log_message("vspace.pdpt-occupied",
                map_structure(object_new(seL4_X86_PDPTObject, 0), X86PDPTMap, vspace, address));
    log_message("vspace.frame-no-pd", map_only(vspace, frame, address, ALL_RIGHTS));
    log_message("vspace.large-no-pd", map_only(vspace, large, address, ALL_RIGHTS));
    log_message("vspace.pd", map_structure(pd, X86PageDirectoryMap, vspace, address));
    log_message("vspace.pd-occupied", map_structure(object_new(seL4_X86_PageDirectoryObject, 0),
                                                    X86PageDirectoryMap, vspace, address));
    log_message("vspace.frame-no-pt", map_only(vspace, frame, address, ALL_RIGHTS));
    log_message("vspace.pt", map_structure(pt, X86PageTableMap, vspace, address));
    log_message("vspace.pt-occupied", map_structure(second, X86PageTableMap, vspace, address));
    log_message("vspace.large-over-pt", map_only(vspace, large, address, ALL_RIGHTS));
    log_message("vspace.large", map_only(vspace, large, address + (1UL << 21), ALL_RIGHTS));
    log_message("vspace.pt-over-large",
                map_structure(second, X86PageTableMap, vspace, address + (1UL << 21)));
    log_message("vspace.frame-in-large", map_only(vspace, frame, address + (1UL << 21) + PAGE, ALL_RIGHTS));
    log_message("vspace.copy-pt", copy(copied, pt, ALL_RIGHTS));
    log_message("vspace.pt-unmap-copied", invoke(pt, X86PageTableUnmap, NO_CAPS, NO_WORDS));
    delete (copied);
    log_message("vspace.pt-unmap", invoke(pt, X86PageTableUnmap, NO_CAPS, NO_WORDS));
    log_message("vspace.pt-unmap-again", invoke(pt, X86PageTableUnmap, NO_CAPS, NO_WORDS));
    log_message("vspace.frame-pt-gone", map_only(vspace, frame, address, ALL_RIGHTS));
    log_message("vspace.pt-map-again", map_structure(pt, X86PageTableMap, vspace, address));
    log_message("vspace.pd-delete", delete (pd));
    log_message("vspace.frame-pd-gone", map_only(vspace, frame, address, ALL_RIGHTS));
    log_message("vspace.pdpt-unmap", invoke(pdpt, X86PDPTUnmap, NO_CAPS, NO_WORDS));
    log_message("vspace.frame-pdpt-gone", map_only(vspace, frame, address, ALL_RIGHTS));
}

static void frames(seL4_CPtr vspace) {
    seL4_CPtr frame = object_new(seL4_X86_4K, 0), large = object_new(seL4_X86_LargePageObject, 0);
    seL4_CPtr other = vspace_new(), raw = object_new(seL4_X64_PML4Object, 0), read_only = slot_new();
    uint64_t address = 0x40000000;
    log_message("vspace.frame-label", invoke(frame, X86PageTableMap, NO_CAPS, NO_WORDS));
    log_message("vspace.frame-short", invoke(frame, X86PageMap, CAPS(vspace), WORDS(address, 3)));
    log_message("vspace.frame-no-cap", invoke(frame, X86PageMap, NO_CAPS, WORDS(address, 3, 0)));
    log_message("vspace.frame-no-vspace", map_only(frame, frame, address, ALL_RIGHTS));
    log_message("vspace.frame-no-asid", map_only(raw, frame, address, ALL_RIGHTS));
    log_message("vspace.frame-high", map_only(vspace, frame, 0x7ffffffff000, ALL_RIGHTS));
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
    log_message("vspace.replace", map_only(vspace, object_new(seL4_X86_4K, 0), address, ALL_RIGHTS));
    log_message("vspace.unmap-replaced", unmap(frame));
    log_message("vspace.unmap", unmap(frame));
    log_message("vspace.map-after-unmap", map_only(vspace, frame, address + 2 * PAGE, ALL_RIGHTS));
    log_message("vspace.map-io", invoke(frame, X86PageMapIO, CAPS(vspace), WORDS(3, 0)));
    log_message("vspace.map-io-short", invoke(frame, X86PageMapIO, CAPS(vspace), WORDS(3)));
    // The mapping of a deleted VSpace is gone, its capability still says mapped.
    seL4_CPtr left = object_new(seL4_X86_4K, 0);
    log_message("vspace.other-map", map_frame(other, left, address, ALL_RIGHTS));
    log_message("vspace.other-delete", delete (other));
    log_message("vspace.left-map", map_only(vspace, left, address, ALL_RIGHTS));
    log_message("vspace.left-unmap", unmap(left));
    log_message("vspace.left-map-again", map_only(vspace, left, address + 3 * PAGE, ALL_RIGHTS));
    LOG("vspace.address", physical_address(left) != 0, physical_address(left) & (PAGE - 1));
}

static struct message make_pool(seL4_CPtr untyped, seL4_CPtr root, uint64_t index, uint64_t depth) {
    return invoke(seL4_CapASIDControl, X86ASIDControlMakePool, CAPS(untyped, root), WORDS(index, depth));
}

static struct message assign(seL4_CPtr pool, seL4_CPtr vspace) {
    return invoke(pool, X86ASIDPoolAssign, CAPS(vspace), NO_WORDS);
}

static void pools(void) {
    seL4_CPtr pool = slot_new(), untyped = untyped_new(12), vspace = object_new(seL4_X64_PML4Object, 0);
    seL4_CPtr used = untyped_new(12), child = slot_new(), device = slot_new();
    retype(used, seL4_EndpointObject, 0, ROOT, 0, 0, child, 1);
    retype(device_untyped(), seL4_UntypedObject, 12, ROOT, 0, 0, device, 1);
    log_message("asid.label", invoke(seL4_CapASIDControl, X86ASIDPoolAssign, NO_CAPS, NO_WORDS));
    log_message("asid.short",
                invoke(seL4_CapASIDControl, X86ASIDControlMakePool, CAPS(untyped, ROOT), WORDS(pool)));
    log_message("asid.one-cap",
                invoke(seL4_CapASIDControl, X86ASIDControlMakePool, CAPS(untyped), WORDS(pool, DEPTH)));
    log_message("asid.no-untyped", make_pool(vspace, ROOT, pool, DEPTH));
    log_message("asid.untyped-size", make_pool(untyped_new(13), ROOT, pool, DEPTH));
    log_message("asid.untyped-used", make_pool(used, ROOT, pool, DEPTH));
    log_message("asid.untyped-device", make_pool(device, ROOT, pool, DEPTH));
    log_message("asid.no-root", make_pool(untyped, untyped, pool, DEPTH));
    log_message("asid.slot-full", make_pool(untyped, ROOT, untyped, DEPTH));
    log_message("asid.pool", make_pool(untyped, ROOT, pool, DEPTH));
    log_message("asid.untyped-now-full", retype(untyped, seL4_EndpointObject, 0, ROOT, 0, 0, slot_new(), 1));
    log_message("asid.pool-label", invoke(pool, X86ASIDControlMakePool, NO_CAPS, NO_WORDS));
    log_message("asid.pool-no-cap", invoke(pool, X86ASIDPoolAssign, NO_CAPS, NO_WORDS));
    log_message("asid.pool-no-vspace", assign(pool, untyped));
    log_message("asid.pool-assigned", assign(pool, seL4_CapInitThreadVSpace));
    log_message("asid.assign", assign(pool, vspace));
    log_message("asid.assign-again", assign(pool, vspace));
    log_message("asid.map", map_frame(vspace, object_new(seL4_X86_4K, 0), PAGE, ALL_RIGHTS));
    log_message("asid.pool-delete", delete (pool));
    log_message("asid.map-without-pool", map_only(vspace, object_new(seL4_X86_4K, 0), 2 * PAGE, ALL_RIGHTS));
    log_message("asid.pt-without-pool", invoke(object_new(seL4_X86_PageTableObject, 0), X86PageTableMap,
                                               CAPS(vspace), WORDS(PAGE << 20, 0)));
    // All pools there are.
    unsigned made = 0;
    struct message message;
    seL4_CPtr slots = slots_new(10);
    while ((message = make_pool(untyped_new(12), ROOT, slots + made, DEPTH)).label == seL4_NoError)
        made++;
    LOG("asid.pools", made, message.label);
    while (made > 0)
        delete (slots + --made);
    log_message("io.page-table-map",
                invoke(object_new(seL4_X86_IOPageTableObject, 0), X86IOPageTableMap, CAPS(vspace), WORDS(0)));
    log_message("io.page-table-label",
                invoke(object_new(seL4_X86_IOPageTableObject, 0), X86PageMap, CAPS(vspace), WORDS(0)));
    revoke(device_untyped());
}

void test_vspace(void) {
    seL4_CPtr vspace = vspace_new();
    structures(vspace);
    frames(vspace);
    pools();
}
