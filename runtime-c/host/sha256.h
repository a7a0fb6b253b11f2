// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 (FIPS 180-4, section 6.2).
#ifndef SEALIFT_HOST_SHA256_H
#define SEALIFT_HOST_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum {
    SHA256_DIGEST_SIZE = 32,
    SHA256_BLOCK_SIZE = 64,
    SHA256_STATE_SIZE = 112, ///< bytes of a state in linear memory (wit/sealift.wit, interface digest)
};

/// A digest in the making. It holds no addresses, and no value of it makes the functions below touch other
/// memory: it may lie where an untrusted module can write.
struct sha256 {
    uint32_t hash[8];
    uint64_t length; ///< bytes hashed so far; the last length % 64 of them wait in `block`
    uint8_t block[SHA256_BLOCK_SIZE];
    uint64_t reserved;
};

_Static_assert(sizeof(struct sha256) == SHA256_STATE_SIZE, "the size is part of the Wasm boundary");

void sha256_begin(struct sha256 *state);
void sha256_update(struct sha256 *state, const void *data, size_t size);
/// Writes the digest. The state must not be used further, except with sha256_begin.
void sha256_end(struct sha256 *state, uint8_t digest[SHA256_DIGEST_SIZE]);

#endif
