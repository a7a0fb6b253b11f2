// SPDX-License-Identifier: Apache-2.0
//
// Page tables for the last instructions of the loader and the first of the kernel: 4 KiB granule, 48-bit
// addresses, blocks of 2 MiB (Arm Architecture Reference Manual, chapter D8). The kernel replaces them as
// soon as it has its own.

#include "../loader.h"

#define TABLE_ENTRIES 512
#define BLOCK_BYTES (UINT64_C(1) << 21)
#define LEVEL_0_SHIFT 39
#define LEVEL_1_SHIFT 30
#define LEVEL_2_SHIFT 21

#define DESCRIPTOR_VALID UINT64_C(1)
#define DESCRIPTOR_TABLE UINT64_C(3)
#define DESCRIPTOR_ADDRESS UINT64_C(0x0000fffffffff000)
#define BLOCK_EL2_ACCESS (UINT64_C(1) << 6) // AP[1], which is always one at EL2
#define BLOCK_INNER_SHAREABLE (UINT64_C(3) << 8)
#define BLOCK_ACCESSED (UINT64_C(1) << 10)

/** The kernel counts on these attributes at these indexes: it never writes MAIR_ELx itself. */
#define MAIR_DEVICE_NGNRNE (UINT64_C(0x00) << 0)
#define MAIR_DEVICE_NGNRE (UINT64_C(0x04) << 8)
#define MAIR_DEVICE_GRE (UINT64_C(0x0c) << 16)
#define MAIR_NORMAL_NON_CACHEABLE (UINT64_C(0x44) << 24)
#define MAIR_NORMAL_WRITE_BACK (UINT64_C(0xff) << 32)
#define MAIR_NORMAL_WRITE_THROUGH (UINT64_C(0xbb) << 40)
#define MAIR_VALUE                                                                                           \
    (MAIR_DEVICE_NGNRNE | MAIR_DEVICE_NGNRE | MAIR_DEVICE_GRE | MAIR_NORMAL_NON_CACHEABLE |                  \
     MAIR_NORMAL_WRITE_BACK | MAIR_NORMAL_WRITE_THROUGH)
#define BLOCK_NORMAL_WRITE_BACK (UINT64_C(4) << 2) // AttrIndx

// TCR_ELx. Walks are write-back and inner shareable, as all memory is.
#define TCR_48_BITS UINT64_C(16) // TnSZ = 64 - 48
#define TCR_WALK_0 ((UINT64_C(1) << 8) | (UINT64_C(1) << 10) | (UINT64_C(3) << 12))
#define TCR_WALK_1 (TCR_WALK_0 << 16)
#define TCR_EL1_4K_GRANULE_1 (UINT64_C(2) << 30)
#define TCR_EL1_PHYSICAL_SIZE_SHIFT 32
#define TCR_EL1_16_BIT_ASIDS (UINT64_C(1) << 36)
#define TCR_EL2_ONES ((UINT64_C(1) << 23) | (UINT64_C(1) << 31))
#define TCR_EL2_PHYSICAL_SIZE_SHIFT 16
/** ID_AA64MMFR0_EL1.PARange: 5 is 48 bits; more takes descriptors of another layout. */
#define PHYSICAL_SIZE_MASK UINT64_C(15)
#define PHYSICAL_SIZE_MAX UINT64_C(5)

#define SCTLR_MMU_AND_CACHES UINT64_C(0x1005) // I, C, M

/**
 * Two roots; for the loader and for the kernel one level-1 table each, and two level-2 tables each, because
 * either may lie across a multiple of 1 GiB.
 */
#define TABLES 8
static uint64_t tables[TABLES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;

static uint64_t *new_table(void) {
    if (tables_used == TABLES) {
        loader_fail("the kernel is too large for the loader's page tables");
    }
    return tables[tables_used++];
}

static uint64_t *next_table(uint64_t *table, uint64_t address, unsigned shift) {
    uint64_t *entry = &table[address >> shift & (TABLE_ENTRIES - 1)];
    if ((*entry & DESCRIPTOR_VALID) == 0) {
        *entry = (uint64_t)new_table() | DESCRIPTOR_TABLE;
    }
    return (uint64_t *)(*entry & DESCRIPTOR_ADDRESS);
}

/** Maps the blocks that hold the physical addresses [start, end) at `offset` from there. */
static void map(uint64_t *root, uint64_t start, uint64_t end, uint64_t offset, uint64_t attributes) {
    for (uint64_t block = start & ~(BLOCK_BYTES - 1); block < end; block += BLOCK_BYTES) {
        const uint64_t address = block + offset;
        uint64_t *table = next_table(root, address, LEVEL_0_SHIFT);
        table = next_table(table, address, LEVEL_1_SHIFT);
        table[address >> LEVEL_2_SHIFT & (TABLE_ENTRIES - 1)] = block | attributes;
    }
}

static uint64_t physical_size(void) {
    uint64_t features;
    __asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(features));
    const uint64_t size = features & PHYSICAL_SIZE_MASK;
    return size < PHYSICAL_SIZE_MAX ? size : PHYSICAL_SIZE_MAX;
}

static void enable_level_2(const uint64_t *root) {
    // The kernel compares this register with what it wants, bit by bit, and stops without a word if it
    // differs.
    const uint64_t control =
        TCR_EL2_ONES | physical_size() << TCR_EL2_PHYSICAL_SIZE_SHIFT | TCR_WALK_0 | TCR_48_BITS;
    __asm__ volatile("msr mair_el2, %0\n"
                     "msr tcr_el2, %1\n"
                     "msr ttbr0_el2, %2\n"
                     "isb\n"
                     "tlbi alle2\n"
                     "dsb sy\n"
                     "isb\n"
                     "mrs x9, sctlr_el2\n"
                     "orr x9, x9, %3\n"
                     "msr sctlr_el2, x9\n"
                     "isb\n"
                     :
                     : "r"(MAIR_VALUE), "r"(control), "r"(root), "r"(SCTLR_MMU_AND_CACHES)
                     : "x9", "memory");
}

static void enable_level_1(const uint64_t *lower, const uint64_t *upper) {
    const uint64_t control = TCR_EL1_16_BIT_ASIDS | physical_size() << TCR_EL1_PHYSICAL_SIZE_SHIFT |
                             TCR_EL1_4K_GRANULE_1 | TCR_WALK_1 | TCR_48_BITS << 16 | TCR_WALK_0 | TCR_48_BITS;
    __asm__ volatile("msr mair_el1, %0\n"
                     "msr tcr_el1, %1\n"
                     "msr ttbr0_el1, %2\n"
                     "msr ttbr1_el1, %3\n"
                     "isb\n"
                     "tlbi vmalle1\n"
                     "dsb sy\n"
                     "isb\n"
                     "mrs x9, sctlr_el1\n"
                     "orr x9, x9, %4\n"
                     "msr sctlr_el1, x9\n"
                     "isb\n"
                     :
                     : "r"(MAIR_VALUE), "r"(control), "r"(lower), "r"(upper), "r"(SCTLR_MMU_AND_CACHES)
                     : "x9", "memory");
}

void mmu_enable(void) {
    const struct sealift_loader *image = &sealift_loader;
    uint64_t level;
    __asm__ volatile("mrs %0, CurrentEL" : "=r"(level));
    const int is_level_2 = (level >> 2) == 2;
    uint64_t attributes = DESCRIPTOR_VALID | BLOCK_NORMAL_WRITE_BACK | BLOCK_INNER_SHAREABLE | BLOCK_ACCESSED;
    if (is_level_2) {
        attributes |= BLOCK_EL2_ACCESS;
    }
    uint64_t *lower = new_table();
    uint64_t *upper = is_level_2 ? lower : new_table();
    map(lower, (uint64_t)loader_start, (uint64_t)loader_end, 0, attributes);
    map(upper, image->kernel_start, image->kernel_end, image->kernel_offset, attributes);
    if (is_level_2) {
        enable_level_2(lower);
    } else {
        enable_level_1(lower, upper);
    }
}
