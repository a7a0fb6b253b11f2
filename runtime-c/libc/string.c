// SPDX-License-Identifier: Apache-2.0
//
// memcpy, memmove, memset and memcmp (C11 7.24), in portable C: unaligned moves of 16 bytes, which every
// target has in one or two instructions, and two overlapping moves for whatever is shorter. To be compiled
// with -fno-builtin, or the compiler would turn these loops into calls of themselves.

#include "string.h"

#include <stdint.h>

// Types that may alias anything and need not be aligned.
typedef uint16_t __attribute__((may_alias, aligned(1))) word_2;
typedef uint32_t __attribute__((may_alias, aligned(1))) word_4;
typedef uint64_t __attribute__((may_alias, aligned(1))) word_8;
typedef uint64_t __attribute__((may_alias, aligned(1), vector_size(16))) word_16;

/// Up to 15 bytes. Both ends are loaded before anything is stored, so overlap does not matter.
static inline void move_short(unsigned char *target, const unsigned char *source, size_t size) {
    if (size >= 8) {
        uint64_t first = *(const word_8 *)source;
        uint64_t last = *(const word_8 *)(source + size - 8);
        *(word_8 *)target = first;
        *(word_8 *)(target + size - 8) = last;
    } else if (size >= 4) {
        uint32_t first = *(const word_4 *)source;
        uint32_t last = *(const word_4 *)(source + size - 4);
        *(word_4 *)target = first;
        *(word_4 *)(target + size - 4) = last;
    } else if (size >= 2) {
        uint16_t first = *(const word_2 *)source;
        uint16_t last = *(const word_2 *)(source + size - 2);
        *(word_2 *)target = first;
        *(word_2 *)(target + size - 2) = last;
    } else if (size == 1) {
        *target = *source;
    }
}

void *memmove(void *to, const void *from, size_t size) {
    unsigned char *target = to;
    const unsigned char *source = from;
    if (size < 16) {
        move_short(target, source, size);
    } else if ((uintptr_t)target - (uintptr_t)source >= size) {
        // The target does not begin inside the source: upwards. The last 16 bytes are loaded first, because
        // the loop may store over them, and stored last, because they overlap what it stores.
        word_16 last = *(const word_16 *)(source + size - 16);
        unsigned char *end = target + size - 16;
        for (; target < end; target += 16, source += 16) {
            *(word_16 *)target = *(const word_16 *)source;
        }
        *(word_16 *)end = last;
    } else {
        word_16 first = *(const word_16 *)source;
        for (size_t left = size; left > 16; left -= 16) {
            *(word_16 *)(target + left - 16) = *(const word_16 *)(source + left - 16);
        }
        *(word_16 *)target = first;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    return memmove(to, from, size);
}

void *memset(void *to, int value, size_t size) {
    unsigned char *target = to;
    uint64_t pattern = (unsigned char)value * UINT64_C(0x0101010101010101);
    if (size < 16) {
        move_short(target, (const unsigned char *)(const uint64_t[]){pattern, pattern}, size);
        return to;
    }
    word_16 wide = {pattern, pattern};
    unsigned char *end = target + size - 16;
    for (; target < end; target += 16) {
        *(word_16 *)target = wide;
    }
    *(word_16 *)end = wide;
    return to;
}

int memcmp(const void *left, const void *right, size_t size) {
    const unsigned char *a = left;
    const unsigned char *b = right;
    for (; size >= 8 && *(const word_8 *)a == *(const word_8 *)b; size -= 8) {
        a += 8;
        b += 8;
    }
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}
