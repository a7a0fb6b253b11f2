// SPDX-License-Identifier: Apache-2.0
//
// Interface pages of wit/sealift.wit: pages of the caller's memory compared.

#include "host/generated/imports.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "sel4/objects.h"

#include <string.h>

enum { LANES = 4, WORD = sizeof(uint64_t) };

/// Odd constants without structure: the first digits of the fractions of pi, e and the square roots of 2
/// and 3.
static const uint64_t multipliers[LANES] = {
    UINT64_C(0x243f6a8885a308d3),
    UINT64_C(0xb7e151628aed2a6b),
    UINT64_C(0x6a09e667f3bcc909),
    UINT64_C(0xbb67ae8584caa73b),
};

static uint64_t rotate(uint64_t value, unsigned bits) {
    return value << bits | value >> (64 - bits);
}

/// Every step can be undone, so that a difference in one word always shows. Four lanes do not wait for each
/// other's multiplication.
static uint64_t hash_page(const uint64_t *words) {
    uint64_t lanes[LANES] = {multipliers[1], multipliers[2], multipliers[3], multipliers[0]};
    for (unsigned at = 0; at < SEL4_PAGE_SIZE / WORD; at += LANES) {
        for (unsigned lane = 0; lane < LANES; lane++) {
            lanes[lane] = rotate((lanes[lane] ^ words[at + lane]) * multipliers[lane], 29);
        }
    }
    uint64_t hash = 0;
    for (unsigned lane = 0; lane < LANES; lane++) {
        hash = rotate((hash ^ lanes[lane]) * multipliers[lane], 31);
    }
    return hash ^ hash >> 32;
}

static const void *page_at(wasm_instance *instance, const char *function, const char *argument,
                           uint64_t address) {
    return host_range(instance, function, argument, address, SEL4_PAGE_SIZE, WORD);
}

wasm_status host_pages_hash(wasm_instance *instance, uint64_t *values) {
    const void *page = page_at(instance, "pages.hash", "page", values[0]);
    if (!page) {
        return WASM_TRAPPED;
    }
    values[0] = hash_page(page);
    return WASM_OK;
}

wasm_status host_pages_equal(wasm_instance *instance, uint64_t *values) {
    const void *left = page_at(instance, "pages.equal", "left", values[0]);
    if (!left) {
        return WASM_TRAPPED;
    }
    const void *right = page_at(instance, "pages.equal", "right", values[1]);
    if (!right) {
        return WASM_TRAPPED;
    }
    values[0] = memcmp(left, right, SEL4_PAGE_SIZE) == 0;
    return WASM_OK;
}
