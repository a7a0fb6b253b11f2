// SPDX-License-Identifier: Apache-2.0
//
// VSpaces: the four levels of paging structures and the frames at their leaves. A mapping only changes the
// structures; the stub process that runs the VSpace follows lazily, as a processor's translation buffer does.
#include "kernel.h"
#include "stub.h"

/** log2 of what an entry of each level covers. */
enum { BITS_PT = 12, BITS_PD = 21, BITS_PDPT = 30, BITS_PML4 = 39 };

static uint64_t *entry_in(struct paging_structure *structure, uint64_t address, unsigned bits) {
    return &structure->entries[address >> bits & (ENTRIES_PER_TABLE - 1)];
}

static bool is_structure(uint64_t entry) {
    return (entry & (ENTRY_PRESENT | ENTRY_LARGE)) == ENTRY_PRESENT;
}

/** The entry, covering 2^bits bytes, for an address. NULL, with kernel.lookup_failure naming the level, if a
 *  structure above it is missing. */
static uint64_t *lookup(struct paging_structure *root, uint64_t address, unsigned bits) {
    struct paging_structure *structure = root;
    for (unsigned level = BITS_PML4; level > bits; level -= seL4_PageTableIndexBits) {
        uint64_t entry = *entry_in(structure, address, level);
        if (!is_structure(entry)) {
            lookup_missing_capability(level);
            return NULL;
        }
        structure = at(entry & ENTRY_ADDRESS);
    }
    return entry_in(structure, address, bits);
}

uint64_t *vspace_leaf(struct paging_structure *root, uint64_t address, unsigned *bits) {
    struct paging_structure *structure = root;
    for (unsigned level = BITS_PML4;; level -= seL4_PageTableIndexBits) {
        uint64_t *entry = entry_in(structure, address, level);
        *bits = level;
        if (level == BITS_PT || *entry & ENTRY_LARGE)
            return entry;
        if (!is_structure(*entry))
            return NULL;
        structure = at(*entry & ENTRY_ADDRESS);
    }
}

bool capability_is_vspace_root(struct capability cap) {
    return cap.type == CAP_PML4;
}

bool capability_is_valid_vspace(struct capability cap) {
    return capability_is_vspace_root(cap) && cap.table.is_mapped;
}

enum outcome vspace_check_asid(struct capability vspace) {
    struct paging_structure *root = vspace_for_asid(vspace.table.asid);
    if (!root)
        return error_lookup(false);
    return root == at(capability_address(vspace)) ? DONE : error_capability(1);
}

/** A frame that can hold an IPC buffer at an address of this alignment. */
enum outcome ipc_buffer_check(uint64_t address, struct capability cap) {
    if (cap.type != CAP_FRAME || cap.frame.is_device)
        return error_plain(seL4_IllegalOperation);
    if (address & ((1UL << seL4_IPCBufferSizeBits) - 1))
        return error_plain(seL4_AlignmentError);
    return DONE;
}

/** Changes a leaf entry and tells the stub, if it may know the old one. */
static void set_leaf(uint64_t asid, uint64_t address, unsigned bits, uint64_t *entry, uint64_t value) {
    bool was_resident = *entry & ENTRY_RESIDENT;
    *entry = value;
    if (value & ENTRY_USER && stub_prefill(asid, address, bits, value))
        *entry |= ENTRY_RESIDENT;
    else if (was_resident)
        stub_invalidate(asid, address, 1UL << bits);
}

void vspace_unmap_frame(struct capability cap) {
    uint64_t asid = cap.frame.asid, address = cap.frame.mapped_address;
    struct paging_structure *root = asid == NO_ASID ? NULL : vspace_for_asid(asid);
    unsigned bits = capability_size_bits(cap);
    uint64_t *entry = root ? lookup(root, address, bits) : NULL;
    uint64_t kind = ENTRY_PRESENT | (cap.frame.is_large ? ENTRY_LARGE : 0);
    if (!entry || (*entry & (ENTRY_PRESENT | (cap.frame.is_large ? ENTRY_LARGE : 0))) != kind ||
        (*entry & ENTRY_ADDRESS) != capability_address(cap))
        return;
    set_leaf(asid, address, bits, entry, 0);
}

static uint64_t leaf_value(struct capability cap, enum frame_rights rights) {
    uint64_t value = capability_address(cap) | ENTRY_PRESENT | (cap.frame.is_large ? ENTRY_LARGE : 0);
    if (rights != RIGHTS_READ_ONLY)
        value |= ENTRY_WRITABLE;
    if (rights != RIGHTS_NONE)
        value |= ENTRY_USER;
    return value;
}

static enum outcome frame_map(const struct invocation *invocation) {
    struct capability cap = invocation->cap;
    if (invocation->length < 3 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint64_t address = argument(invocation, 0), rights_mask = argument(invocation, 1);
    struct capability vspace = kernel.extra[0]->cap;
    unsigned bits = capability_size_bits(cap);
    if (!capability_is_valid_vspace(vspace))
        return error_capability(1);
    uint64_t asid = vspace.table.asid;
    if (cap.frame.asid != NO_ASID) {
        if (cap.frame.asid != asid)
            return error_capability(1);
        if (cap.frame.mapped_address != address)
            return error_argument(0);
    } else if (address > seL4_UserTop || address + (1UL << bits) > seL4_UserTop) {
        return error_argument(0);
    }
    enum outcome outcome = vspace_check_asid(vspace);
    if (outcome != DONE)
        return outcome;
    if (address & ((1UL << bits) - 1))
        return error_plain(seL4_AlignmentError);
    uint64_t *entry = lookup(at(capability_address(vspace)), address, bits);
    if (!entry)
        return error_lookup(false);
    if (cap.frame.is_large && is_structure(*entry))
        return error_plain(seL4_DeleteFirst);
    enum frame_rights rights = capability_mask_rights(rights_mask, cap).frame.rights;
    invocation_accepted();
    invocation->slot->cap.frame.asid = asid;
    invocation->slot->cap.frame.mapped_address = address;
    set_leaf(asid, address, bits, entry, leaf_value(cap, rights));
    return DONE;
}

enum outcome frame_decode(const struct invocation *invocation) {
    switch (invocation->label) {
    case X86PageMap:
        return frame_map(invocation);
    case X86PageUnmap:
        invocation_accepted();
        vspace_unmap_frame(invocation->cap);
        invocation->slot->cap.frame.asid = NO_ASID;
        invocation->slot->cap.frame.mapped_address = 0;
        return DONE;
    case X86PageMapIO:
        return frame_map_io_decode(invocation);
    case X86PageGetAddress:
        invocation_accepted();
        invocation_reply_word(invocation, capability_address(invocation->cap));
        return DONE;
    default:
        return error_plain(seL4_IllegalOperation);
    }
}

/** What differs between a page table, a page directory and a PDPT. */
struct structure_kind {
    uint64_t map_label;
    uint64_t unmap_label;
    unsigned bits; /* log2 of what the structure, an entry of the level above, covers */
};

static struct structure_kind kind_of(struct capability cap) {
    switch ((enum capability_type)cap.type) {
    case CAP_PAGE_TABLE:
        return (struct structure_kind){X86PageTableMap, X86PageTableUnmap, BITS_PD};
    case CAP_PAGE_DIRECTORY:
        return (struct structure_kind){X86PageDirectoryMap, X86PageDirectoryUnmap, BITS_PDPT};
    default:
        return (struct structure_kind){X86PDPTMap, X86PDPTUnmap, BITS_PML4};
    }
}

/** Takes a structure out of the level above, if it still is there. */
void vspace_unmap_structure(struct capability cap) {
    uint64_t asid = cap.table.asid, address = cap.table.mapped_address;
    unsigned bits = kind_of(cap).bits;
    struct paging_structure *root = vspace_for_asid(asid);
    uint64_t *entry = root ? lookup(root, address, bits) : NULL;
    if (!entry || !is_structure(*entry) || (*entry & ENTRY_ADDRESS) != capability_address(cap))
        return;
    *entry = 0;
    stub_invalidate(asid, address, 1UL << bits);
}

enum outcome paging_structure_decode(const struct invocation *invocation) {
    struct capability cap = invocation->cap;
    struct structure_kind kind = kind_of(cap);
    if (invocation->label == kind.unmap_label) {
        if (!derivation_is_final(invocation->slot))
            return error_plain(seL4_RevokeFirst);
        invocation_accepted();
        if (cap.table.is_mapped) {
            vspace_unmap_structure(cap);
            memory_clear(capability_address(cap), sizeof(struct paging_structure));
        }
        invocation->slot->cap.table.is_mapped = 0;
        return DONE;
    }
    if (invocation->label != kind.map_label)
        return error_plain(seL4_IllegalOperation);
    if (invocation->length < 2 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    if (cap.table.is_mapped)
        return error_capability(0);
    uint64_t address = argument(invocation, 0) & ~((1UL << kind.bits) - 1);
    struct capability vspace = kernel.extra[0]->cap;
    if (!capability_is_valid_vspace(vspace))
        return error_capability(1);
    if (address > seL4_UserTop)
        return error_argument(0);
    enum outcome outcome = vspace_check_asid(vspace);
    if (outcome != DONE)
        return outcome;
    uint64_t *entry = lookup(at(capability_address(vspace)), address, kind.bits);
    if (!entry)
        return error_lookup(false);
    if (*entry & ENTRY_PRESENT)
        return error_plain(seL4_DeleteFirst);
    invocation_accepted();
    invocation->slot->cap.table.is_mapped = 1;
    invocation->slot->cap.table.asid = vspace.table.asid;
    invocation->slot->cap.table.mapped_address = address;
    *entry = capability_address(cap) | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_USER;
    return DONE;
}
