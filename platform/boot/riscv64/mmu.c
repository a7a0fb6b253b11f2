// SPDX-License-Identifier: Apache-2.0
//
// Page tables for the last instructions of the loader and the first of the kernel: Sv39 with leaves of 2 MiB
// (RISC-V Privileged Architecture, chapter "Sv39"). The kernel replaces them as soon as it has its own.

#include "../loader.h"

#define TABLE_ENTRIES 512
#define LEAF_BYTES (UINT64_C(1) << 21)
#define LEVEL_2_SHIFT 30
#define LEVEL_1_SHIFT 21

#define ENTRY_VALID UINT64_C(1)
/** Valid, readable, writable, executable, accessed, dirty. */
#define ENTRY_KERNEL_LEAF UINT64_C(0xcf)
#define PAGE_SHIFT 12
#define ENTRY_PAGE_SHIFT 10
#define SATP_SV39 (UINT64_C(8) << 60)

/** The root; and two tables each for loader and kernel, because either may lie across a multiple of 1 GiB. */
#define TABLES 5
static uint64_t tables[TABLES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;

static uint64_t *new_table(void) {
    if (tables_used == TABLES) {
        loader_fail("the kernel is too large for the loader's page tables");
    }
    return tables[tables_used++];
}

static uint64_t entry_for(uint64_t physical) {
    return physical >> PAGE_SHIFT << ENTRY_PAGE_SHIFT;
}

/** Maps the leaves that hold the physical addresses [start, end) at `offset` from there. */
static void map(uint64_t *root, uint64_t start, uint64_t end, uint64_t offset) {
    for (uint64_t leaf = start & ~(LEAF_BYTES - 1); leaf < end; leaf += LEAF_BYTES) {
        const uint64_t address = leaf + offset;
        uint64_t *entry = &root[address >> LEVEL_2_SHIFT & (TABLE_ENTRIES - 1)];
        if ((*entry & ENTRY_VALID) == 0) {
            *entry = entry_for((uint64_t)new_table()) | ENTRY_VALID;
        }
        uint64_t *table = (uint64_t *)(*entry >> ENTRY_PAGE_SHIFT << PAGE_SHIFT);
        table[address >> LEVEL_1_SHIFT & (TABLE_ENTRIES - 1)] = entry_for(leaf) | ENTRY_KERNEL_LEAF;
    }
}

void mmu_enable(void) {
    const struct sealift_loader *image = &sealift_loader;
    uint64_t *root = new_table();
    map(root, (uint64_t)loader_start, (uint64_t)loader_end, 0);
    map(root, image->kernel_start, image->kernel_end, image->kernel_offset);
    __asm__ volatile("sfence.vma\n"
                     "csrw satp, %0\n"
                     "sfence.vma\n"
                     :
                     : "r"(SATP_SV39 | (uint64_t)root >> PAGE_SHIFT)
                     : "memory");
}
