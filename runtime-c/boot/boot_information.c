// SPDX-License-Identifier: Apache-2.0

#include "boot/boot_information.h"

#include "host/clock.h"
#include "sel4/objects.h"

#if !defined(__x86_64__)
#include "board.h"
#endif

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)

/// The body of the extra chunk with this number, at least `size` bytes of it; NULL if there is none.
static const void *extra_chunk(const seL4_BootInfo *info, uint64_t id, uint64_t size) {
    const char *chunks = (const char *)info + seL4_BootInfoFrameSize;
    for (uint64_t offset = 0;
         info->extraLen - offset >= sizeof(seL4_BootInfoHeader) && offset < info->extraLen;) {
        seL4_BootInfoHeader header;
        memcpy(&header, chunks + offset, sizeof header);
        if (header.len < sizeof header || header.len > info->extraLen - offset) {
            return NULL;
        }
        if (header.id == id && header.len - sizeof header >= size) {
            return chunks + offset + sizeof header;
        }
        offset += header.len;
    }
    return NULL;
}

uint64_t boot_information_counter_frequency(const seL4_BootInfo *info) {
    uint32_t megahertz;
    const void *chunk = extra_chunk(info, SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, sizeof megahertz);
    if (!chunk) {
        return 0;
    }
    memcpy(&megahertz, chunk, sizeof megahertz);
    return (uint64_t)megahertz * 1000000;
}

/// Where the kernel's own use of RAM begins.
enum { HIGH_MEMORY = 0x100000 };

/// Ranges of RAM of the multiboot memory map, which is its length in bytes, then entries that begin with
/// their own size (without that field).
struct memory_map {
    const char *entries; ///< NULL if there is no map
    uint32_t length;
    uint32_t offset;
};

struct memory_entry {
    uint32_t size;
    uint64_t address;
    uint64_t length;
    uint32_t type;
} __attribute__((packed));

static struct memory_map memory_map(const seL4_BootInfo *info) {
    uint32_t length;
    const char *chunk = extra_chunk(info, SEL4_BOOTINFO_HEADER_X86_MBMMAP, sizeof length);
    if (!chunk) {
        return (struct memory_map){NULL, 0, 0};
    }
    memcpy(&length, chunk, sizeof length);
    bool is_whole =
        extra_chunk(info, SEL4_BOOTINFO_HEADER_X86_MBMMAP, sizeof length + (uint64_t)length) != NULL;
    return (struct memory_map){is_whole ? chunk + sizeof length : NULL, length, 0};
}

/// The next range of RAM; false at the end.
static bool next_ram(struct memory_map *map, struct memory_entry *entry) {
    enum { TYPE_RAM = 1 };
    while (map->entries && map->offset < map->length && map->length - map->offset >= sizeof *entry) {
        memcpy(entry, map->entries + map->offset, sizeof *entry);
        bool is_last = entry->size > map->length - map->offset - sizeof entry->size;
        map->offset = is_last ? map->length : map->offset + entry->size + (uint32_t)sizeof entry->size;
        if (entry->type == TYPE_RAM) {
            return true;
        }
    }
    return false;
}

uint64_t boot_information_ram(const seL4_BootInfo *info) {
    uint64_t bytes = 0;
    struct memory_map map = memory_map(info);
    for (struct memory_entry entry; next_ram(&map, &entry);) {
        if (entry.address >= HIGH_MEMORY) {
            bytes += entry.length;
        }
    }
    return bytes;
}

struct boot_range boot_information_low_memory(const seL4_BootInfo *info) {
    // Page 0 stays firmware's: it has the BIOS' data.
    enum { FIRST = SEL4_PAGE_SIZE, END = 0xa0000 };
    struct boot_range largest = {0, 0};
    struct memory_map map = memory_map(info);
    for (struct memory_entry entry; next_ram(&map, &entry);) {
        uint64_t begin = entry.address < FIRST ? FIRST : entry.address + SEL4_PAGE_SIZE - 1;
        uint64_t end =
            entry.address >= END || entry.length > END - entry.address ? END : entry.address + entry.length;
        begin &= ~(uint64_t)(SEL4_PAGE_SIZE - 1);
        if (entry.address < END && begin < end && (end - begin) / SEL4_PAGE_SIZE > largest.pages) {
            largest = (struct boot_range){begin, (end - begin) / SEL4_PAGE_SIZE};
        }
    }
    return largest;
}

#else

uint64_t boot_information_counter_frequency(const seL4_BootInfo *info) {
    (void)info;
#if defined(CLOCK_IS_TICKS)
    return CLOCK_TICKS_PER_SECOND;
#elif defined(__aarch64__)
    uint64_t frequency; // hertz; written by firmware, or by our loader where there is none
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
#elif defined(CONFIG_TIMER_FREQUENCY)
    return CONFIG_TIMER_FREQUENCY;
#else
    return SEALIFT_BOARD_COUNTER_FREQUENCY; // kernels before 16 do not tell
#endif
}

uint64_t boot_information_ram(const seL4_BootInfo *info) {
    (void)info;
    return SEALIFT_BOARD_MEMORY;
}

struct boot_range boot_information_low_memory(const seL4_BootInfo *info) {
    (void)info;
    return (struct boot_range){0, 0};
}

#endif

uint64_t boot_information_untyped_ram(const seL4_BootInfo *info) {
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < info->untyped.end - info->untyped.start; i++) {
        if (!info->untypedList[i].isDevice) {
            bytes += UINT64_C(1) << info->untypedList[i].sizeBits;
        }
    }
    return bytes;
}

uint64_t boot_information_root_frames(const seL4_BootInfo *info) {
    enum { IPC_BUFFER = 1, BOOT_INFORMATION = 1 };
    return info->userImageFrames.end - info->userImageFrames.start + info->extraBIPages.end -
           info->extraBIPages.start + IPC_BUFFER + BOOT_INFORMATION;
}
