// SPDX-License-Identifier: Apache-2.0
//
// A serial line of any kind that can be driven by "wait while busy, then write a byte".

#include "../loader.h"

static volatile uint32_t *device_register(uint64_t address) {
    return (volatile uint32_t *)address;
}

void console_write(char byte) {
    const struct sealift_loader *image = &sealift_loader;
    if (image->console_data == 0) {
        return;
    }
    if (image->console_control != 0) {
        *device_register(image->console_control) = (uint32_t)image->console_enable;
    }
    while ((*device_register(image->console_status) & image->console_busy) != 0) {
    }
    *device_register(image->console_data) = (uint8_t)byte;
}
