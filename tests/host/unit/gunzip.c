// SPDX-License-Identifier: Apache-2.0
//
// Decompression of files that Node's zlib made (data.mjs), whole, in small pieces, cut off and damaged.

#include "harness.h"

#include "host/crc32.h"
#include "host/gunzip.h"

#include <stdlib.h>
#include <string.h>

struct outcome {
    enum gunzip_status status;
    uint8_t *bytes;
    size_t size;
    size_t consumed;
};

/// Decompresses `input` in pieces, each in heap blocks of exactly their size.
static struct outcome decompress(const uint8_t *input, size_t size, size_t input_piece, size_t output_piece) {
    struct outcome outcome = {.status = GUNZIP_MORE};
    uint8_t *output = malloc(output_piece);
    gunzip_begin();
    while (outcome.consumed < size) {
        size_t length = size - outcome.consumed < input_piece ? size - outcome.consumed : input_piece;
        uint8_t *piece = malloc(length);
        memcpy(piece, input + outcome.consumed, length);
        size_t done = 0;
        bool is_full = false;
        do {
            struct gunzip_result result =
                gunzip(piece + done, (uint32_t)(length - done), output, (uint32_t)output_piece);
            done += result.consumed;
            outcome.status = result.status;
            is_full = result.produced == output_piece;
            if (result.produced > 0) {
                outcome.bytes = realloc(outcome.bytes, outcome.size + result.produced);
                memcpy(outcome.bytes + outcome.size, output, result.produced);
                outcome.size += result.produced;
            }
        } while ((done < length || is_full) && outcome.status <= GUNZIP_END);
        free(piece);
        outcome.consumed += done;
        if (outcome.status > GUNZIP_END) {
            break;
        }
    }
    free(output);
    return outcome;
}

static bool gives(const struct outcome *outcome, const uint8_t *bytes, size_t size) {
    return outcome->status == GUNZIP_END && outcome->size == size &&
           (size == 0 || memcmp(outcome->bytes, bytes, size) == 0);
}

static void test_whole_and_in_pieces(void) {
    size_t plain_size, size;
    uint8_t *plain = read_data("plain", &plain_size);
    const char *files[] = {"fast.gz", "best.gz", "stored.gz", "named.gz"};
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        uint8_t *input = read_data(files[i], &size);
        const size_t pieces[][2] = {{1 << 20, 1 << 20}, {1000, 777}, {1, 64}, {64, 1}};
        for (unsigned k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
            struct outcome outcome = decompress(input, size, pieces[k][0], pieces[k][1]);
            CHECK(gives(&outcome, plain, plain_size));
            CHECK(outcome.consumed == size);
            free(outcome.bytes);
        }
        free(input);
    }
    free(plain);
}

static void test_empty(void) {
    size_t size;
    uint8_t *input = read_data("empty.gz", &size);
    struct outcome outcome = decompress(input, size, 1 << 20, 16);
    CHECK(gives(&outcome, NULL, 0));
    free(outcome.bytes);
    free(input);
}

static void test_members_read_as_one(void) {
    size_t plain_size, size;
    uint8_t *plain = read_data("plain", &plain_size);
    uint8_t *input = read_data("members.gz", &size); // plain, nothing, plain
    const size_t pieces[] = {1 << 20, 1, 4096};
    for (unsigned k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
        struct outcome outcome = decompress(input, size, pieces[k], 1 << 20);
        REQUIRE(outcome.status == GUNZIP_END && outcome.size == 2 * plain_size);
        CHECK(memcmp(outcome.bytes, plain, plain_size) == 0);
        CHECK(memcmp(outcome.bytes + plain_size, plain, plain_size) == 0);
        free(outcome.bytes);
    }
    free(input);
    free(plain);
}

static void test_cut_off_anywhere(void) {
    size_t size;
    uint8_t *input = read_data("small.gz", &size);
    for (size_t length = 0; length < size; length++) {
        struct outcome outcome = decompress(input, length, 1 << 20, 1 << 16);
        CHECK(outcome.status == GUNZIP_MORE);
        free(outcome.bytes);
    }
    free(input);
}

static void test_damage_is_found(void) {
    size_t size, plain_size;
    uint8_t *plain = read_data("small", &plain_size);
    uint8_t *input = read_data("small.gz", &size);
    // Bytes 4 to 9 of the header (time, flags of the compressor, system) carry nothing that is checked.
    for (size_t at = 0; at < size; at++) {
        if (at >= 4 && at < 10) {
            continue;
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            input[at] ^= (uint8_t)(1 << bit);
            struct outcome outcome = decompress(input, size, 1 << 20, 1 << 16);
            // Damage may also make the stream longer than its input. Only the flag "is text" changes nothing.
            CHECK(outcome.status != GUNZIP_END || (at == 3 && gives(&outcome, plain, plain_size)));
            free(outcome.bytes);
            input[at] ^= (uint8_t)(1 << bit);
        }
    }
    free(input);
    free(plain);
}

static void test_what_follows_must_be_gzip(void) {
    size_t size;
    uint8_t *input = read_data("small.gz", &size);
    uint8_t *longer = calloc(1, size + 20);
    memcpy(longer, input, size);
    struct outcome outcome = decompress(longer, size + 20, 1 << 20, 1 << 16);
    CHECK(outcome.status == GUNZIP_CORRUPT);
    free(outcome.bytes);
    outcome = decompress((const uint8_t *)"not gzip at all", 15, 1 << 20, 100);
    CHECK(outcome.status == GUNZIP_CORRUPT && outcome.size == 0);
    free(outcome.bytes);
    // It stays so until a new stream begins.
    uint8_t output[16];
    CHECK(gunzip(input, (uint32_t)size, output, sizeof output).status == GUNZIP_CORRUPT);
    gunzip_begin();
    CHECK(gunzip(input, (uint32_t)size, output, sizeof output).status == GUNZIP_MORE);
    free(longer);
    free(input);
}

static void test_checksum(void) {
    CHECK(crc32(0, (const unsigned char *)"123456789", 9) ==
          0xcbf43926); // the check value of every CRC catalogue
    CHECK(crc32(crc32(0, (const unsigned char *)"1234", 4), (const unsigned char *)"56789", 5) == 0xcbf43926);
    CHECK(crc32(0, NULL, 0) == 0);
}

static void test_host_function_packs_its_result(void) {
    wasm_instance *instance = make_instance();
    size_t size, plain_size;
    uint8_t *plain = read_data("small", &plain_size);
    uint8_t *input = read_data("small.gz", &size);
    enum { INPUT = 100, OUTPUT = 32768 };
    memcpy(instance->memory.base + INPUT, input, size);
    uint64_t result;
    CHECK(call_host(host_codec_gunzip_begin, instance, 0, (uint64_t[]){0}, NULL) == WASM_OK);
    CHECK(call_host(host_codec_gunzip, instance, 4, (uint64_t[]){INPUT, size, OUTPUT, 32768}, &result) ==
          WASM_OK);
    CHECK((result & 0x3fffffff) == size);
    CHECK((result >> 30 & 0x3fffffff) == plain_size);
    CHECK(result >> 60 == GUNZIP_END);
    CHECK(memcmp(instance->memory.base + OUTPUT, plain, plain_size) == 0);
    CHECK(call_host(host_codec_gunzip, instance, 4, (uint64_t[]){INPUT, size, OUTPUT, 32769}, &result) ==
          WASM_TRAPPED);
    free(plain);
    free(input);
    free_instance(instance);
}

const struct test gunzip_tests[] = {
    {"crc32: check value", test_checksum},
    {"gunzip: whole and in pieces", test_whole_and_in_pieces},
    {"gunzip: an empty file", test_empty},
    {"gunzip: several members are one stream", test_members_read_as_one},
    {"gunzip: cut off at every byte", test_cut_off_anywhere},
    {"gunzip: every damaged bit is found", test_damage_is_found},
    {"gunzip: what follows a member must be one", test_what_follows_must_be_gzip},
    {"codec: the result's packing", test_host_function_packs_its_result},
    END_OF_TESTS,
};
