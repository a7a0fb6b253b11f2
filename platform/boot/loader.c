// SPDX-License-Identifier: Apache-2.0

#include "loader.h"

// In .data, not constant: it is written after linking, so the compiler must not know its values.
__attribute__((section(".data.descriptor"), used)) struct sealift_loader sealift_loader = {
    .magic = SEALIFT_LOADER_MAGIC,
};

static void write_text(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            console_write('\r');
        }
        console_write(*text);
    }
}

_Noreturn void loader_fail(const char *reason) {
    write_text("\nsealift loader: ");
    write_text(reason);
    write_text("\n");
    processor_stop();
}

/**
 * Puts the kernel where it was linked to be. Words, because everything here is aligned to pages; volatile,
 * because a freestanding loader has no memcpy or memset that the compiler could call instead.
 */
static void copy_kernel(const struct sealift_loader *image) {
    volatile uint64_t *to = (volatile uint64_t *)image->kernel_start;
    const uint64_t *from = (const uint64_t *)image->copy_source;
    const uint64_t words = image->copy_size / sizeof(uint64_t);
    for (uint64_t index = 0; index < words; index++) {
        to[index] = from[index];
    }
    const uint64_t all = (image->kernel_end - image->kernel_start) / sizeof(uint64_t);
    for (uint64_t index = words; index < all; index++) {
        to[index] = 0;
    }
}

_Noreturn void loader_main(void) {
    const struct sealift_loader *image = &sealift_loader;
    if (image->magic != SEALIFT_LOADER_MAGIC || image->kernel_entry == 0) {
        loader_fail("this file has no kernel in it; write a boot image with `sealift build`");
    }
    if (image->copy_size != 0) {
        copy_kernel(image);
    }
    instructions_changed(image->kernel_start, image->kernel_end);
    instructions_changed(image->user_start, image->user_end);
    const uint64_t arguments[6] = {
        image->user_start, image->user_end,          image->user_offset,
        image->user_entry, image->device_tree_start, image->device_tree_size,
    };
    mmu_enable();
    kernel_enter(image->kernel_entry, arguments);
}
