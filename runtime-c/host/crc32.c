// SPDX-License-Identifier: Apache-2.0
//
// Eight bytes at a time, with a table for each ("slicing by 8"). The tables are made at first use: they live
// in the root task's own state, so that they cost a sentry nothing and the program image nothing. zlib's own
// crc32.c has five times as much constant data.

#include "host/crc32.h"

#include "host/runtime.h"

#include <stdint.h>

enum { SLICES = 8 };

static uint32_t tables[SLICES][256] UNPACKER_ONLY;

static void make_tables(void) {
    const uint32_t polynomial = 0xedb88320; // bit-reversed
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (unsigned bit = 0; bit < 8; bit++) {
            value = value & 1 ? value >> 1 ^ polynomial : value >> 1;
        }
        tables[0][byte] = value;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (unsigned slice = 1; slice < SLICES; slice++) {
            uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
}

unsigned long crc32(unsigned long checksum, const unsigned char *bytes, unsigned size) {
    if (!bytes) {
        return 0;
    }
    if (tables[0][1] == 0) {
        make_tables();
    }
    uint32_t value = ~(uint32_t)checksum;
    for (; size >= SLICES; size -= SLICES, bytes += SLICES) {
        value = tables[7][bytes[0] ^ (value & 0xff)] ^ tables[6][bytes[1] ^ (value >> 8 & 0xff)] ^
                tables[5][bytes[2] ^ (value >> 16 & 0xff)] ^ tables[4][bytes[3] ^ value >> 24] ^
                tables[3][bytes[4]] ^ tables[2][bytes[5]] ^ tables[1][bytes[6]] ^ tables[0][bytes[7]];
    }
    for (; size > 0; size--, bytes++) {
        value = tables[0][(value ^ *bytes) & 0xff] ^ value >> 8;
    }
    return ~value;
}
