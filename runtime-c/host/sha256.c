// SPDX-License-Identifier: Apache-2.0

#include "host/sha256.h"

#include <string.h>

/// First 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2).
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t x, unsigned n) {
    return x >> n | x << (32 - n);
}

static inline uint32_t load_big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void store_big_endian(uint8_t *bytes, uint32_t value) {
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

/// Section 6.2.2. The message schedule is kept in a ring of its last 16 words.
static void compress(uint32_t hash[8], const uint8_t *block) {
    uint32_t w[16];
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    for (unsigned t = 0; t < 64; t++) {
        uint32_t word;
        if (t < 16) {
            word = load_big_endian(block + 4 * t);
        } else {
            uint32_t before_15 = w[(t - 15) % 16];
            uint32_t before_2 = w[(t - 2) % 16];
            uint32_t sigma_0 = rotate_right(before_15, 7) ^ rotate_right(before_15, 18) ^ before_15 >> 3;
            uint32_t sigma_1 = rotate_right(before_2, 17) ^ rotate_right(before_2, 19) ^ before_2 >> 10;
            word = sigma_1 + w[(t - 7) % 16] + sigma_0 + w[t % 16];
        }
        w[t % 16] = word;
        uint32_t sum_1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
        uint32_t choice = (e & f) ^ (~e & g);
        uint32_t t1 = h + sum_1 + choice + constants[t] + word;
        uint32_t sum_0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
        uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + sum_0 + majority;
    }
    hash[0] += a;
    hash[1] += b;
    hash[2] += c;
    hash[3] += d;
    hash[4] += e;
    hash[5] += f;
    hash[6] += g;
    hash[7] += h;
}

void sha256_begin(struct sha256 *state) {
    // Section 5.3.3.
    *state = (struct sha256){.hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                      0x1f83d9ab, 0x5be0cd19}};
}

void sha256_update(struct sha256 *state, const void *data, size_t size) {
    const uint8_t *bytes = data;
    size_t waiting = state->length % SHA256_BLOCK_SIZE;
    state->length += size;
    if (waiting > 0) {
        size_t missing = SHA256_BLOCK_SIZE - waiting;
        if (size < missing) {
            memcpy(state->block + waiting, bytes, size);
            return;
        }
        memcpy(state->block + waiting, bytes, missing);
        compress(state->hash, state->block);
        bytes += missing;
        size -= missing;
    }
    for (; size >= SHA256_BLOCK_SIZE; size -= SHA256_BLOCK_SIZE, bytes += SHA256_BLOCK_SIZE) {
        compress(state->hash, bytes);
    }
    memcpy(state->block, bytes, size);
}

void sha256_end(struct sha256 *state, uint8_t digest[SHA256_DIGEST_SIZE]) {
    // Section 5.1.1: a one bit, zeros, and the length in bits as 64 bits, to a multiple of the block size.
    enum { LENGTH_AT = SHA256_BLOCK_SIZE - 8 };
    uint64_t bits = state->length * 8;
    size_t waiting = state->length % SHA256_BLOCK_SIZE;
    state->block[waiting++] = 0x80;
    if (waiting > LENGTH_AT) {
        memset(state->block + waiting, 0, SHA256_BLOCK_SIZE - waiting);
        compress(state->hash, state->block);
        waiting = 0;
    }
    memset(state->block + waiting, 0, LENGTH_AT - waiting);
    store_big_endian(state->block + LENGTH_AT, (uint32_t)(bits >> 32));
    store_big_endian(state->block + LENGTH_AT + 4, (uint32_t)bits);
    compress(state->hash, state->block);
    for (unsigned i = 0; i < 8; i++) {
        store_big_endian(digest + 4 * i, state->hash[i]);
    }
}
