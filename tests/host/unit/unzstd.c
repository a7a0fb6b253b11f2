// SPDX-License-Identifier: Apache-2.0
//
// Decompression of files that zstd made (data.mjs), whole, in small pieces, cut off and damaged. The decoder
// gets heap blocks of exactly the size that it asks for.

#include "harness.h"

#include "host/unzstd.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_MAXIMUM = 8 << 20 };

struct outcome {
    enum unzstd_status status;
    uint8_t *bytes;
    size_t size;
    size_t consumed;
    size_t memory; ///< the most that a frame wanted
};

static void append(struct outcome *outcome, const uint8_t *bytes, size_t size, size_t *room) {
    if (size == 0) {
        return;
    }
    if (size > *room - outcome->size) {
        *room = 2 * (outcome->size + size);
        outcome->bytes = realloc(outcome->bytes, *room);
    }
    memcpy(outcome->bytes + outcome->size, bytes, size);
    outcome->size += size;
}

/// Whether the decoder wants more memory and may have it; then it has it.
static bool give_memory(struct outcome *outcome, void **memory, uint64_t window_maximum) {
    if (outcome->status != UNZSTD_MEMORY || unzstd_frame().window > window_maximum) {
        return false;
    }
    outcome->memory = unzstd_frame().memory;
    free(*memory);
    *memory = malloc(outcome->memory);
    unzstd_give_memory(*memory, outcome->memory);
    return true;
}

/// Decompresses `input` in pieces, each in heap blocks of exactly their size.
static struct outcome decompress_within(uint64_t window_maximum, const uint8_t *input, size_t size,
                                        size_t input_piece, size_t output_piece) {
    struct outcome outcome = {.status = UNZSTD_MORE};
    size_t room = 0;
    void *memory = NULL;
    uint8_t *output = malloc(output_piece);
    unzstd_begin(window_maximum);
    while (outcome.consumed < size && outcome.status <= UNZSTD_END) {
        size_t length = size - outcome.consumed < input_piece ? size - outcome.consumed : input_piece;
        uint8_t *piece = malloc(length);
        memcpy(piece, input + outcome.consumed, length);
        size_t done = 0;
        bool goes_on;
        do {
            struct unzstd_result result =
                unzstd(piece + done, (uint32_t)(length - done), output, (uint32_t)output_piece);
            done += result.consumed;
            outcome.status = result.status;
            append(&outcome, output, result.produced, &room);
            goes_on = give_memory(&outcome, &memory, window_maximum) ||
                      ((done < length || result.produced == output_piece) && outcome.status <= UNZSTD_END);
        } while (goes_on);
        free(piece);
        outcome.consumed += done;
    }
    unzstd_begin(0); // what it had is gone
    free(memory);
    free(output);
    return outcome;
}

static struct outcome decompress(const uint8_t *input, size_t size, size_t input_piece, size_t output_piece) {
    return decompress_within(WINDOW_MAXIMUM, input, size, input_piece, output_piece);
}

static bool gives(const struct outcome *outcome, const uint8_t *bytes, size_t size) {
    return outcome->status == UNZSTD_END && outcome->size == size &&
           (size == 0 || memcmp(outcome->bytes, bytes, size) == 0);
}

static void test_whole_and_in_pieces(void) {
    size_t plain_size, size;
    uint8_t *plain = read_data("plain", &plain_size);
    const char *files[] = {"fast.zst", "best.zst", "bare.zst", "sized.zst", "stored.zst"};
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
    uint8_t *input = read_data("empty.zst", &size);
    struct outcome outcome = decompress(input, size, 1 << 20, 16);
    CHECK(gives(&outcome, NULL, 0));
    free(outcome.bytes);
    free(input);
}

static void test_frames_read_as_one(void) {
    size_t plain_size, size;
    uint8_t *plain = read_data("plain", &plain_size);
    uint8_t *input = read_data("frames.zst", &size); // skippable, plain, nothing, skippable, plain, skippable
    const size_t pieces[] = {1 << 20, 1, 4096};
    for (unsigned k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
        struct outcome outcome = decompress(input, size, pieces[k], 1 << 20);
        REQUIRE(outcome.status == UNZSTD_END && outcome.size == 2 * plain_size);
        CHECK(memcmp(outcome.bytes, plain, plain_size) == 0);
        CHECK(memcmp(outcome.bytes + plain_size, plain, plain_size) == 0);
        CHECK(outcome.consumed == size);
        free(outcome.bytes);
    }
    free(input);
    free(plain);
}

static void test_the_largest_window(void) {
    size_t plain_size, size;
    uint8_t *plain = read_data("far", &plain_size); // repeats what lies 7 MiB back, more than once
    uint8_t *input = read_data("far.zst", &size);
    CHECK(size < plain_size / 2);
    struct outcome outcome = decompress(input, size, 16384, 32768);
    CHECK(gives(&outcome, plain, plain_size));
    CHECK(outcome.memory > WINDOW_MAXIMUM && outcome.memory < WINDOW_MAXIMUM + (1 << 19));
    free(outcome.bytes);
    free(input);
    free(plain);
}

static void test_memory_grows_with_the_frames(void) {
    size_t plain_size, far_size, small_size, size;
    uint8_t *plain = read_data("far", &plain_size);
    uint8_t *far = read_data("far.zst", &far_size);
    uint8_t *small = read_data("small.zst", &small_size);
    uint8_t *input = malloc(2 * small_size + far_size);
    memcpy(input, small, small_size);
    memcpy(input + small_size, far, far_size);
    memcpy(input + small_size + far_size, small, small_size);
    size = 2 * small_size + far_size;
    struct outcome outcome = decompress(input, small_size, 1 << 20, 1 << 20);
    CHECK(outcome.status == UNZSTD_END && outcome.memory < 128 << 10); // the state, and hardly more
    size_t small_plain = outcome.size;
    free(outcome.bytes);
    outcome = decompress(input, size, 1000, 5000);
    REQUIRE(outcome.status == UNZSTD_END && outcome.size == plain_size + 2 * small_plain);
    CHECK(memcmp(outcome.bytes + small_plain, plain, plain_size) == 0);
    free(outcome.bytes);
    free(input);
    free(small);
    free(far);
    free(plain);
}

/// A frame that refers too far back waits, and goes on waiting whatever memory it gets.
static void test_a_window_too_large(void) {
    size_t size;
    uint8_t *input = read_data("beyond.zst", &size);
    struct outcome outcome = decompress(input, size, 1 << 20, 1 << 20);
    CHECK(outcome.status == UNZSTD_MEMORY && outcome.size == 0);
    CHECK(unzstd_frame().window == 16 << 20);
    free(outcome.bytes);
    uint8_t output[16];
    uint8_t *memory = malloc(32 << 20);
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd(input, (uint32_t)size, output, sizeof output).status == UNZSTD_MEMORY);
    unzstd_give_memory(memory, 32 << 20);
    CHECK(unzstd(input, 0, output, sizeof output).status == UNZSTD_MEMORY);
    free(memory);
    free(input);
    // Windows beyond what zstd can address, by descriptor (1.75 TiB) and by content size (all bits set).
    const uint8_t vast[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf6};
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd(vast, sizeof vast, output, sizeof output).status == UNZSTD_MEMORY);
    CHECK(unzstd_frame().window == UINT64_C(0x1c000000000) && unzstd_frame().memory == UINT64_MAX);
    const uint8_t whole[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd(whole, sizeof whole, output, sizeof output).status == UNZSTD_MEMORY);
    CHECK(unzstd_frame().window == UINT64_MAX && unzstd_frame().memory == UINT64_MAX);
}

static void test_a_dictionary(void) {
    const uint8_t header[] = {0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x58, 0x2a};
    uint8_t output[16];
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd(header, sizeof header, output, sizeof output).status == UNZSTD_DICTIONARY);
    CHECK(unzstd(header, sizeof header, output, sizeof output).status == UNZSTD_DICTIONARY);
}

/// Also within the skippable frames, and between a header and the memory for it.
static void test_cut_off_anywhere(void) {
    size_t size, frames_size;
    uint8_t *input = read_data("small.zst", &size);
    for (size_t length = 0; length < size; length++) {
        struct outcome outcome = decompress(input, length, 1 << 20, 1 << 16);
        CHECK(outcome.status == UNZSTD_MORE);
        free(outcome.bytes);
    }
    uint8_t *frames = read_data("frames.zst", &frames_size);
    for (size_t length = 1; length < 8 + 100; length++) {
        struct outcome outcome = decompress(frames, length, 1 << 20, 1 << 16);
        CHECK(outcome.status == UNZSTD_MORE);
        free(outcome.bytes);
    }
    free(frames);
    free(input);
}

static void test_damage_is_found(void) {
    size_t size, plain_size;
    uint8_t *plain = read_data("small", &plain_size);
    const char *files[] = {"small.zst", "small-bare.zst"}; // with a checksum and without
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *input = read_data(files[i], &size);
        for (size_t at = 0; at < size; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                input[at] ^= (uint8_t)(1 << bit);
                struct outcome outcome = decompress(input, size, 1 << 20, 1 << 16);
                // A larger window in the header changes nothing, nor does a bit that is unused. Without a
                // checksum it is enough that nothing breaks: the layer's digest is checked as well.
                CHECK(i == 1 || outcome.status != UNZSTD_END || gives(&outcome, plain, plain_size));
                free(outcome.bytes);
                input[at] ^= (uint8_t)(1 << bit);
            }
        }
        free(input);
    }
    free(plain);
}

static void test_what_follows_must_be_zstd(void) {
    size_t size;
    uint8_t *input = read_data("small.zst", &size);
    uint8_t *longer = calloc(1, size + 20);
    memcpy(longer, input, size);
    struct outcome outcome = decompress(longer, size + 20, 1 << 20, 1 << 16);
    CHECK(outcome.status == UNZSTD_CORRUPT && outcome.consumed >= size && outcome.consumed < size + 8);
    free(outcome.bytes);
    outcome = decompress((const uint8_t *)"not zstd at all", 15, 1 << 20, 100);
    CHECK(outcome.status == UNZSTD_CORRUPT && outcome.size == 0);
    free(outcome.bytes);
    // It stays so until a new stream begins.
    uint8_t output[16];
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd("not zstd", 8, output, sizeof output).status == UNZSTD_CORRUPT);
    CHECK(unzstd(input, (uint32_t)size, output, sizeof output).status == UNZSTD_CORRUPT);
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd(input, (uint32_t)size, output, sizeof output).status == UNZSTD_MEMORY);
    free(longer);
    free(input);
}

static void test_memory_taken_within_a_frame(void) {
    size_t size;
    uint8_t *input = read_data("small.zst", &size);
    uint8_t output[16];
    unzstd_begin(WINDOW_MAXIMUM);
    CHECK(unzstd(input, (uint32_t)size / 2, output, sizeof output).status == UNZSTD_MEMORY);
    void *memory = malloc(unzstd_frame().memory);
    unzstd_give_memory(memory, unzstd_frame().memory);
    CHECK(unzstd(input, 1, output, sizeof output).status == UNZSTD_MORE);
    unzstd_give_memory(NULL, 0);
    free(memory);
    CHECK(unzstd(input, 1, output, sizeof output).status == UNZSTD_CORRUPT);
    free(input);
}

static void test_host_functions(void) {
    wasm_instance *instance = make_instance();
    size_t size, plain_size;
    uint8_t *plain = read_data("small", &plain_size);
    uint8_t *input = read_data("small.zst", &size);
    enum { INPUT = 100, OUTPUT = 32768, WINDOW = 1, MEMORY = 2 };
    memcpy(instance->memory.base + INPUT, input, size);
    uint64_t result, needed, window;
    CHECK(call_host(host_codec_unzstd_begin, instance, 1, (uint64_t[]){WINDOW_MAXIMUM}, NULL) == WASM_OK);
    CHECK(call_host(host_codec_unzstd, instance, 4, (uint64_t[]){INPUT, size, OUTPUT, 32768}, &result) ==
          WASM_OK);
    CHECK(result >> 60 == UNZSTD_MEMORY);
    size_t consumed = result & 0x3fffffff;
    CHECK(call_host(host_codec_unzstd_fact, instance, 1, (uint64_t[]){WINDOW}, &window) == WASM_OK);
    CHECK(call_host(host_codec_unzstd_fact, instance, 1, (uint64_t[]){MEMORY}, &needed) == WASM_OK);
    CHECK(window > 0 && window <= WINDOW_MAXIMUM && needed > window);
    void *memory = malloc(needed);
    unzstd_give_memory(memory, needed);
    uint64_t rest[] = {INPUT + consumed, size - consumed, OUTPUT, 32768};
    CHECK(call_host(host_codec_unzstd, instance, 4, rest, &result) == WASM_OK);
    CHECK((result & 0x3fffffff) == size - consumed);
    CHECK((result >> 30 & 0x3fffffff) == plain_size);
    CHECK(result >> 60 == UNZSTD_END);
    CHECK(memcmp(instance->memory.base + OUTPUT, plain, plain_size) == 0);
    rest[3] = 32769;
    CHECK(call_host(host_codec_unzstd, instance, 4, rest, &result) == WASM_TRAPPED);
    CHECK(call_host(host_codec_unzstd_memory, instance, 1, (uint64_t[]){1 << 30}, NULL) == WASM_TRAPPED);
    free(memory);
    free(plain);
    free(input);
    free_instance(instance);
}

const struct test unzstd_tests[] = {
    {"unzstd: whole and in pieces", test_whole_and_in_pieces},
    {"unzstd: an empty file", test_empty},
    {"unzstd: several frames and skippable ones are one stream", test_frames_read_as_one},
    {"unzstd: the largest window", test_the_largest_window},
    {"unzstd: memory grows with the frames", test_memory_grows_with_the_frames},
    {"unzstd: a window too large", test_a_window_too_large},
    {"unzstd: a dictionary", test_a_dictionary},
    {"unzstd: cut off at every byte", test_cut_off_anywhere},
    {"unzstd: every damaged bit is found", test_damage_is_found},
    {"unzstd: what follows a frame must be one", test_what_follows_must_be_zstd},
    {"unzstd: memory taken within a frame", test_memory_taken_within_a_frame},
    {"codec: the zstd decoder's functions", test_host_functions},
    END_OF_TESTS,
};
