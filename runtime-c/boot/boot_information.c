// SPDX-License-Identifier: Apache-2.0

#include "boot/boot_information.h"

#include "host/clock.h"

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

uint64_t boot_information_ram(const seL4_BootInfo *info) {
    // A multiboot memory map: its length in bytes, then entries that begin with their own size (without that
    // field).
    enum { TYPE_RAM = 1, FIRST_USED = 0x100000 };
    struct entry {
        uint32_t size;
        uint64_t address;
        uint64_t length;
        uint32_t type;
    } __attribute__((packed));
    uint32_t length;
    const char *map = extra_chunk(info, SEL4_BOOTINFO_HEADER_X86_MBMMAP, sizeof length);
    if (!map) {
        return 0;
    }
    memcpy(&length, map, sizeof length);
    if (!extra_chunk(info, SEL4_BOOTINFO_HEADER_X86_MBMMAP, sizeof length + (uint64_t)length)) {
        return 0;
    }
    uint64_t bytes = 0;
    struct entry entry;
    for (uint32_t offset = 0; length - offset >= sizeof entry && offset < length;) {
        memcpy(&entry, map + sizeof length + offset, sizeof entry);
        if (entry.type == TYPE_RAM && entry.address >= FIRST_USED) {
            bytes += entry.length;
        }
        if (entry.size > length - offset - sizeof entry.size) {
            break;
        }
        offset += entry.size + (uint32_t)sizeof entry.size;
    }
    return bytes;
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
