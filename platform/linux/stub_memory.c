// SPDX-License-Identifier: Apache-2.0
//
// What a stub has mapped. It follows the VSpace's paging structures as a translation buffer does: a page is
// filled in when it is first touched, or ahead of that; what changes in the structures is dropped before the
// stub runs again.
#include "kernel.h"
#include "stub.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE_BYTES (1UL << seL4_PageBits)

/** So many pages are entered into the page table at once; of larger ranges most may never be touched. */
#define POPULATE_MAXIMUM (16 * PAGE_BYTES)

static bool is_mapping(const struct mapping_change *change) {
    return change->kind == CHANGE_MAP_READ_ONLY || change->kind == CHANGE_MAP_READ_WRITE;
}

/** Joins a change to the one before it, if the two are one range. */
static bool merge(struct mapping_change *last, const struct mapping_change *change) {
    if (last->kind != change->kind || change->kind == CHANGE_MAP_VOID)
        return false;
    if (last->address + last->bytes == change->address &&
        (!is_mapping(change) || last->offset + last->bytes == change->offset)) {
        last->bytes += change->bytes;
        return true;
    }
    if (change->address + change->bytes == last->address &&
        (!is_mapping(change) || change->offset + change->bytes == last->offset)) {
        last->address = change->address;
        last->offset = change->offset;
        last->bytes += change->bytes;
        return true;
    }
    return false;
}

void changes_add(struct mapping_changes *changes, struct mapping_change change) {
    if (changes->count > 0 && merge(&changes->list[changes->count - 1], &change))
        return;
    if (changes->count == CHANGES_MAXIMUM) {
        changes->must_flush = true;
        changes->count = 0;
    }
    if (changes->must_flush && changes->count == 0 && change.kind == CHANGE_UNMAP)
        return;
    changes->list[changes->count++] = change;
}

static struct stub_call call_for(const struct mapping_change *change) {
    struct stub_call call = {.address = change->address, .length = change->bytes};
    if (change->kind == CHANGE_UNMAP) {
        call.number = SYS_munmap;
        return call;
    }
    call.number = SYS_mmap;
    call.offset = change->offset;
    call.protection = PROT_READ | PROT_EXEC | (change->kind == CHANGE_MAP_READ_ONLY ? 0 : PROT_WRITE);
    call.flags = MAP_FIXED | (change->kind == CHANGE_MAP_VOID ? MAP_PRIVATE : MAP_SHARED);
    if (change->bytes <= POPULATE_MAXIMUM)
        call.flags |= MAP_POPULATE;
    return call;
}

unsigned changes_take(struct mapping_changes *changes, struct stub_call *calls, unsigned maximum) {
    unsigned count = 0;
    if (changes->must_flush)
        calls[count++] = (struct stub_call){.number = SYS_munmap, .address = 0, .length = STUB_AREA};
    for (unsigned i = 0; i < changes->count; i++) {
        check(count < maximum);
        calls[count++] = call_for(&changes->list[i]);
    }
    changes->count = 0;
    changes->must_flush = false;
    return count;
}

void stub_invalidate(uint64_t asid, uint64_t address, uint64_t bytes) {
    struct mapping_changes *changes = stub_changes(asid);
    if (!changes || address >= STUB_AREA)
        return;
    if (bytes > STUB_AREA - address)
        bytes = STUB_AREA - address;
    changes_add(changes, (struct mapping_change){.address = address, .bytes = bytes, .kind = CHANGE_UNMAP});
}

static int kind_of(uint64_t entry) {
    return entry & ENTRY_WRITABLE ? CHANGE_MAP_READ_WRITE : CHANGE_MAP_READ_ONLY;
}

bool stub_prefill(uint64_t asid, uint64_t address, unsigned bits, uint64_t entry) {
    struct mapping_changes *changes = stub_changes(asid);
    uint64_t offset = entry & ENTRY_ADDRESS, bytes = 1UL << bits;
    // Half of the room is kept for what must be dropped.
    if (!changes || changes->count > CHANGES_MAXIMUM / 2 || !memory_is_ram(offset) ||
        address + bytes > STUB_AREA)
        return false;
    changes_add(changes, (struct mapping_change){address, bytes, offset, kind_of(entry)});
    return true;
}

static bool is_neighbour(const struct paging_structure *table, int index, int step, uint64_t entry) {
    const uint64_t kind = ENTRY_PRESENT | ENTRY_USER | ENTRY_WRITABLE;
    if (index < 0 || index >= ENTRIES_PER_TABLE)
        return false;
    uint64_t other = table->entries[index];
    return (other & kind) == (entry & kind) &&
           (other & ENTRY_ADDRESS) ==
               (entry & ENTRY_ADDRESS) + (uint64_t)((int64_t)step * (int64_t)PAGE_BYTES);
}

/** Adds a page of 4 KiB and its neighbours in the same page table. */
static void fill_small(struct mapping_changes *changes, uint64_t address, uint64_t *entry) {
    int index = address >> seL4_PageBits & (ENTRIES_PER_TABLE - 1), first = index, last = index;
    struct paging_structure *table = (struct paging_structure *)(entry - index);
    while (is_neighbour(table, first - 1, first - 1 - index, *entry))
        first--;
    while (is_neighbour(table, last + 1, last + 1 - index, *entry))
        last++;
    for (int i = first; i <= last; i++)
        table->entries[i] |= ENTRY_RESIDENT;
    changes_add(changes, (struct mapping_change){
                             .address = address + (uint64_t)((int64_t)(first - index) * (int64_t)PAGE_BYTES),
                             .bytes = (uint64_t)(last - first + 1) * PAGE_BYTES,
                             .offset = table->entries[first] & ENTRY_ADDRESS,
                             .kind = kind_of(*entry),
                         });
}

bool mapping_fill(uint64_t asid, uint64_t address, bool is_protection) {
    struct mapping_changes *changes = stub_changes(asid);
    unsigned bits;
    uint64_t *entry = vspace_leaf(vspace_for_asid(asid), address, &bits);
    if (!entry || (*entry & (ENTRY_PRESENT | ENTRY_USER)) != (ENTRY_PRESENT | ENTRY_USER))
        return false;
    // Everything that is mapped can be read and executed, so a protection fault is a write.
    if (is_protection && !(*entry & ENTRY_WRITABLE))
        return false;
    address &= ~(PAGE_BYTES - 1);
    if (address >= STUB_AREA)
        fail(70, "a VSpace uses the page at %lx, which the monitor needs itself; map it elsewhere", address);
    if (!memory_is_ram(*entry & ENTRY_ADDRESS)) {
        *entry |= ENTRY_RESIDENT;
        changes_add(changes,
                    (struct mapping_change){address, PAGE_BYTES, memory_void_offset(), CHANGE_MAP_VOID});
    } else if (*entry & ENTRY_LARGE) {
        uint64_t size = 1UL << bits;
        *entry |= ENTRY_RESIDENT;
        changes_add(changes, (struct mapping_change){address & ~(size - 1), size, *entry & ENTRY_ADDRESS,
                                                     kind_of(*entry)});
    } else {
        fill_small(changes, address, entry);
    }
    return true;
}
