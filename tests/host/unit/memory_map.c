// SPDX-License-Identifier: Apache-2.0
//
// What a PC's firmware says of memory, as the kernel hands it on.

#include "harness.h"

#include "boot/boot_information.h"
#include "sel4/objects.h"

#include <stdlib.h>
#include <string.h>

struct range {
    uint64_t address, length;
    uint32_t type;
};

enum { RAM = 1, RESERVED = 2, ENTRY = 24 };

/// Boot information with a memory map of `count` ranges behind a chunk of another kind. The bytes end with
/// the last chunk, so that AddressSanitizer sees any access beyond it.
static char *make(const struct range *ranges, uint32_t count, uint32_t entry_size) {
    uint32_t length = count * (entry_size + 4);
    seL4_BootInfoHeader other = {.id = SEL4_BOOTINFO_HEADER_PADDING, .len = sizeof other + 8};
    seL4_BootInfoHeader header = {.id = SEL4_BOOTINFO_HEADER_X86_MBMMAP, .len = sizeof header + 4 + length};
    uint64_t extra = other.len + header.len;
    char *bytes = calloc(1, seL4_BootInfoFrameSize + extra);
    ((seL4_BootInfo *)(void *)bytes)->extraLen = extra;
    char *at = bytes + seL4_BootInfoFrameSize;
    memcpy(at, &other, sizeof other);
    at += other.len;
    memcpy(at, &header, sizeof header);
    memcpy(at + sizeof header, &length, sizeof length);
    at += sizeof header + sizeof length;
    for (uint32_t i = 0; i < count; i++, at += entry_size + 4) {
        memcpy(at, &entry_size, sizeof entry_size);
        memcpy(at + 4, &ranges[i].address, 8);
        memcpy(at + 12, &ranges[i].length, 8);
        memcpy(at + 20, &ranges[i].type, 4);
    }
    return bytes;
}

static struct boot_range low(const struct range *ranges, uint32_t count) {
    char *bytes = make(ranges, count, ENTRY - 4);
    struct boot_range range = boot_information_low_memory((const seL4_BootInfo *)(const void *)bytes);
    free(bytes);
    return range;
}

static void test_ram_of_a_pc(void) {
    static const struct range pc[] = {
        {0, 0x9fc00, RAM},           {0x9fc00, 0x400, RESERVED},         {0xf0000, 0x10000, RESERVED},
        {0x100000, 0x1ff00000, RAM}, {0xb0000000, 0x10000000, RESERVED}, {0x100000000, 0x40000000, RAM}};
    struct boot_range range = low(pc, 6);
    // Neither the first page nor the one that firmware has a part of.
    CHECK(range.vaddr == 0x1000 && range.pages == 0x9e);
    char *bytes = make(pc, 6, ENTRY - 4);
    CHECK(boot_information_ram((const seL4_BootInfo *)(const void *)bytes) == 0x5ff00000);
    free(bytes);
    bytes = make(pc, 6, ENTRY); // entries may be longer than what is known of them
    CHECK(boot_information_ram((const seL4_BootInfo *)(const void *)bytes) == 0x5ff00000);
    free(bytes);
}

static void test_low_memory_in_pieces(void) {
    static const struct range pieces[] = {
        {0x800, 0x2000, RAM}, {0x4801, 0x3fff, RAM}, {0x20000, 0x10000, RESERVED}};
    struct boot_range range = low(pieces, 3);
    CHECK(range.vaddr == 0x5000 && range.pages == 3);
    range = low(pieces, 1);
    CHECK(range.vaddr == 0x1000 && range.pages == 1);
    static const struct range across[] = {{0x90000, UINT64_MAX, RAM}};
    range = low(across, 1);
    CHECK(range.vaddr == 0x90000 && range.pages == 0x10);
}

static void test_no_low_memory(void) {
    static const struct range none[] = {{0, 0x9fc00, RESERVED},  {0, 0x800, RAM},
                                        {0x5000, 0, RAM},        {0x5001, 0xfff, RAM},
                                        {0xa0000, 0x10000, RAM}, {UINT64_MAX, 0x2000, RAM}};
    CHECK(low(none, 6).pages == 0);
    CHECK(low(NULL, 0).pages == 0);
}

static void test_damaged_maps(void) {
    static const struct range pc[] = {{0, 0x9fc00, RAM}, {0x100000, 0x1ff00000, RAM}};
    enum { MAP = sizeof(seL4_BootInfoHeader) + 8, LENGTH = MAP + sizeof(seL4_BootInfoHeader) };
    static const uint32_t lengths[] = {0, 1, 23, 47, 49, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char *bytes = make(pc, 2, ENTRY - 4);
        memcpy(bytes + seL4_BootInfoFrameSize + LENGTH, &lengths[i], 4);
        struct boot_range range = boot_information_low_memory((const seL4_BootInfo *)(const void *)bytes);
        CHECK(range.pages == (lengths[i] == 47 ? 0x9e : 0));
        free(bytes);
    }
    static const uint32_t sizes[] = {0, 19, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *bytes = make(pc, 2, ENTRY - 4);
        memcpy(bytes + seL4_BootInfoFrameSize + LENGTH + 4, &sizes[i], 4);
        CHECK(boot_information_low_memory((const seL4_BootInfo *)(const void *)bytes).pages == 0x9e);
        free(bytes);
    }
}

const struct test memory_map_tests[] = {
    {"the RAM of a PC", test_ram_of_a_pc},
    {"low memory in pieces", test_low_memory_in_pieces},
    {"no low memory", test_no_low_memory},
    {"damaged memory maps", test_damaged_maps},
    END_OF_TESTS,
};
