// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 against the examples of FIPS 180-4 (published with the standard) and the million of NIST's test
// vectors.

#include "harness.h"

#include "host/sha256.h"

#include <stdlib.h>
#include <string.h>

static void expect(const uint8_t digest[SHA256_DIGEST_SIZE], const char *hexadecimal) {
    char text[2 * SHA256_DIGEST_SIZE + 1];
    for (unsigned i = 0; i < SHA256_DIGEST_SIZE; i++) {
        text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    text[2 * SHA256_DIGEST_SIZE] = 0;
    CHECK(strcmp(text, hexadecimal) == 0);
}

static void hash(const void *data, size_t size, uint8_t digest[SHA256_DIGEST_SIZE]) {
    struct sha256 state;
    sha256_begin(&state);
    sha256_update(&state, data, size);
    sha256_end(&state, digest);
}

static void test_vectors(void) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    hash("", 0, digest);
    expect(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash("abc", 3, digest);
    expect(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    hash(two_blocks, strlen(two_blocks), digest);
    expect(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    const char *long_message = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                               "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
    hash(long_message, strlen(long_message), digest);
    expect(digest, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    enum { MILLION = 1000000 };
    char *million = malloc(MILLION);
    memset(million, 'a', MILLION);
    hash(million, MILLION, digest);
    expect(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void test_pieces_make_no_difference(void) {
    uint8_t data[300], whole[SHA256_DIGEST_SIZE], pieces[SHA256_DIGEST_SIZE];
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 31);
    }
    for (unsigned length = 0; length <= sizeof data; length += 7) {
        hash(data, length, whole);
        for (unsigned cut = 0; cut <= length; cut += 5) {
            struct sha256 state;
            sha256_begin(&state);
            sha256_update(&state, data, cut);
            sha256_update(&state, data + cut, length - cut);
            sha256_end(&state, pieces);
            REQUIRE(memcmp(whole, pieces, sizeof whole) == 0);
        }
    }
}

static void test_host_functions(void) {
    wasm_instance *instance = make_instance();
    uint8_t *memory = instance->memory.base;
    enum { STATE = 1024, DATA = 2048, DIGEST = WASM_PAGE_SIZE - SHA256_DIGEST_SIZE };
    memcpy(memory + DATA, "abc", 3);
    CHECK(call_host(host_digest_sha256_begin, instance, 1, (uint64_t[]){STATE}, NULL) == WASM_OK);
    CHECK(call_host(host_digest_sha256_update, instance, 3, (uint64_t[]){STATE, DATA, 3}, NULL) == WASM_OK);
    CHECK(call_host(host_digest_sha256_end, instance, 2, (uint64_t[]){STATE, DIGEST}, NULL) == WASM_OK);
    expect(memory + DIGEST, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(call_host(host_digest_sha256_end, instance, 2, (uint64_t[]){STATE, DIGEST + 1}, NULL) ==
          WASM_TRAPPED);
    CHECK(call_host(host_digest_sha256_begin, instance, 1, (uint64_t[]){STATE + 4}, NULL) == WASM_TRAPPED);
    free_instance(instance);
}

static void test_hostile_state(void) {
    // Whatever a module writes to its state, only the state and the digest are written.
    wasm_instance *instance = make_instance();
    memset(instance->memory.base, 0xff, WASM_PAGE_SIZE);
    uint64_t last = WASM_PAGE_SIZE - SHA256_STATE_SIZE;
    CHECK(call_host(host_digest_sha256_update, instance, 3, (uint64_t[]){last, 0, WASM_PAGE_SIZE}, NULL) ==
          WASM_OK);
    CHECK(call_host(host_digest_sha256_end, instance, 2, (uint64_t[]){last, last}, NULL) == WASM_OK);
    free_instance(instance);
}

const struct test digest_tests[] = {
    {"sha256: published vectors", test_vectors},
    {"sha256: in pieces", test_pieces_make_no_difference},
    {"digest: host functions", test_host_functions},
    {"digest: a hostile state", test_hostile_state},
    END_OF_TESTS,
};
