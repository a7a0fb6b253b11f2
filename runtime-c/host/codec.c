// SPDX-License-Identifier: Apache-2.0
//
// Interface codec of wit/sealift.wit.

#include "host/generated/imports.h"
#include "host/gunzip.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "host/unzstd.h"

/// What a decoder is to work on.
struct pieces {
    const void *input;
    void *output;
    uint32_t input_length;
    uint32_t output_length;
};

enum { COUNT_BITS = 30, STATUS_SHIFT = 60 };

/// The arguments (input, its length, output, its length) of a function that decompresses. False after a trap.
static bool take_pieces(wasm_instance *instance, const char *function, const uint64_t *values,
                        struct pieces *pieces) {
    const uint32_t most = (1u << COUNT_BITS) - 1; // what the result has room for
    pieces->input_length = (uint32_t)(values[1] < most ? values[1] : most);
    pieces->output_length = (uint32_t)(values[3] < most ? values[3] : most);
    pieces->input = host_range(instance, function, "input", values[0], pieces->input_length, 1);
    if (!pieces->input) {
        return false;
    }
    pieces->output = host_range(instance, function, "output", values[2], pieces->output_length, 1);
    return pieces->output != NULL;
}

static uint64_t packed(uint64_t consumed, uint64_t produced, uint64_t status) {
    return consumed | produced << COUNT_BITS | status << STATUS_SHIFT;
}

wasm_status host_codec_gunzip_begin(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    gunzip_begin();
    return WASM_OK;
}

wasm_status host_codec_gunzip(wasm_instance *instance, uint64_t *values) {
    struct pieces pieces;
    if (!take_pieces(instance, "codec.gunzip", values, &pieces)) {
        return WASM_TRAPPED;
    }
    struct gunzip_result result =
        gunzip(pieces.input, pieces.input_length, pieces.output, pieces.output_length);
    values[0] = packed(result.consumed, result.produced, result.status);
    return WASM_OK;
}

wasm_status host_codec_unzstd_begin(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    unzstd_begin(values[0]);
    return WASM_OK;
}

wasm_status host_codec_unzstd(wasm_instance *instance, uint64_t *values) {
    struct pieces pieces;
    if (!take_pieces(instance, "codec.unzstd", values, &pieces)) {
        return WASM_TRAPPED;
    }
    struct unzstd_result result =
        unzstd(pieces.input, pieces.input_length, pieces.output, pieces.output_length);
    values[0] = packed(result.consumed, result.produced, result.status);
    return WASM_OK;
}

wasm_status host_codec_unzstd_fact(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    enum { FACT_MEMORY_SIZE_MAXIMUM, FACT_FRAME_WINDOW, FACT_FRAME_MEMORY };
    switch (values[0]) {
    case FACT_MEMORY_SIZE_MAXIMUM:
        values[0] = LAYOUT_UNZSTD_SIZE;
        break;
    case FACT_FRAME_WINDOW:
        values[0] = unzstd_frame().window;
        break;
    case FACT_FRAME_MEMORY:
        values[0] = unzstd_frame().memory;
        break;
    default:
        values[0] = 0;
    }
    return WASM_OK;
}

wasm_status host_codec_unzstd_memory(wasm_instance *instance, uint64_t *values) {
    if (values[0] > LAYOUT_UNZSTD_SIZE) {
        return host_trap(instance, "codec.unzstd-memory: the size is above the maximum");
    }
    unzstd_give_memory((void *)LAYOUT_UNZSTD, values[0]);
    return WASM_OK;
}
