// SPDX-License-Identifier: Apache-2.0
//
// Physical memory: one memory file, mapped whole into the monitor and page by page into the stubs. The offset
// in the file is the physical address. Behind the memory lie a few pages that the stubs need.
#include "kernel.h"
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/** Memory below 4 GiB ends here at the latest, and here if there is more, as on QEMU's q35 machine. */
#define LOW_MEMORY_MAXIMUM 0xb0000000UL
#define LOW_MEMORY_SPLIT 0x80000000UL
#define HIGH_MEMORY_START 0x100000000UL

/** From this size on, clearing gives the pages back to the host instead of writing zeros. */
#define PUNCH_MINIMUM (64UL << 10)

#define PAGE_BYTES (1UL << seL4_PageBits)

unsigned char *physical_memory;
static int descriptor;
static uint64_t low_end, high_end;

int memory_descriptor(void) {
    return descriptor;
}
uint64_t memory_low_end(void) {
    return low_end;
}
/** End of the memory above 4 GiB; its start, if there is none. */
uint64_t memory_high_end(void) {
    return high_end;
}

bool memory_is_ram(uint64_t address) {
    return address < low_end || (address >= HIGH_MEMORY_START && address < high_end);
}

static uint64_t top(void) {
    return high_end > HIGH_MEMORY_START ? high_end : low_end;
}

/** A page of ones: what reading an address without memory or device gives. */
uint64_t memory_void_offset(void) {
    return top();
}

/** The pages that every stub has mapped, STUB_AREA_BYTES of them. */
uint64_t memory_stub_offset(void) {
    return top() + PAGE_BYTES;
}

void memory_create(uint64_t bytes) {
    low_end = bytes > LOW_MEMORY_MAXIMUM ? LOW_MEMORY_SPLIT : bytes;
    high_end = HIGH_MEMORY_START + bytes - low_end;
    uint64_t size = memory_stub_offset() + STUB_AREA_BYTES;
    descriptor = memfd_create("sealift-memory", MFD_CLOEXEC);
    if (descriptor < 0 || ftruncate(descriptor, size) < 0)
        fail(71, "cannot create the machine's memory: %s; try a smaller --memory", strerror(errno));
    physical_memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
    if (physical_memory == MAP_FAILED)
        fail(71, "cannot map the machine's memory: %s; try a smaller --memory", strerror(errno));
    memset(at(memory_void_offset()), 0xff, PAGE_BYTES);
}

void memory_clear(uint64_t address, uint64_t bytes) {
    uint64_t first = (address + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1),
             end = (address + bytes) & ~(PAGE_BYTES - 1);
    if (bytes >= PUNCH_MINIMUM &&
        fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first, end - first) == 0) {
        memset(at(address), 0, first - address);
        memset(at(end), 0, address + bytes - end);
        return;
    }
    memset(at(address), 0, bytes);
}
