// SPDX-License-Identifier: Apache-2.0
//
// Interface codec of wit/sealift.wit.

#include "host/generated/imports.h"
#include "host/gunzip.h"
#include "host/runtime.h"

wasm_status host_codec_gunzip_begin(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    gunzip_begin();
    return WASM_OK;
}

wasm_status host_codec_gunzip(wasm_instance *instance, uint64_t *values) {
    enum { COUNT_BITS = 30, STATUS_SHIFT = 60 };
    const uint32_t most = (1u << COUNT_BITS) - 1; // what the result has room for
    uint64_t input_length = values[1] < most ? values[1] : most;
    uint64_t output_length = values[3] < most ? values[3] : most;
    const void *input = host_range(instance, "codec.gunzip", "input", values[0], input_length, 1);
    if (!input) {
        return WASM_TRAPPED;
    }
    void *output = host_range(instance, "codec.gunzip", "output", values[2], output_length, 1);
    if (!output) {
        return WASM_TRAPPED;
    }
    struct gunzip_result result = gunzip(input, (uint32_t)input_length, output, (uint32_t)output_length);
    values[0] = result.consumed | result.produced << COUNT_BITS | (uint64_t)result.status << STATUS_SHIFT;
    return WASM_OK;
}
