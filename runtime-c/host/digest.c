// SPDX-License-Identifier: Apache-2.0
//
// Interface digest of wit/sealift.wit. The state lies in the module's memory.

#include "host/generated/imports.h"
#include "host/runtime.h"
#include "host/sha256.h"

static struct sha256 *state_at(wasm_instance *instance, const char *function, uint64_t address) {
    return host_range(instance, function, "state", address, SHA256_STATE_SIZE, 8);
}

wasm_status host_digest_sha256_begin(wasm_instance *instance, uint64_t *values) {
    struct sha256 *state = state_at(instance, "digest.sha256-begin", values[0]);
    if (!state) {
        return WASM_TRAPPED;
    }
    sha256_begin(state);
    return WASM_OK;
}

wasm_status host_digest_sha256_update(wasm_instance *instance, uint64_t *values) {
    struct sha256 *state = state_at(instance, "digest.sha256-update", values[0]);
    if (!state) {
        return WASM_TRAPPED;
    }
    const void *data = host_range(instance, "digest.sha256-update", "data", values[1], values[2], 1);
    if (!data) {
        return WASM_TRAPPED;
    }
    // Worked on outside the module's memory: data that overlaps the state must not be able to confuse it.
    struct sha256 copy = *state;
    sha256_update(&copy, data, values[2]);
    *state = copy;
    return WASM_OK;
}

wasm_status host_digest_sha256_end(wasm_instance *instance, uint64_t *values) {
    struct sha256 *state = state_at(instance, "digest.sha256-end", values[0]);
    if (!state) {
        return WASM_TRAPPED;
    }
    uint8_t *digest = host_range(instance, "digest.sha256-end", "digest", values[1], SHA256_DIGEST_SIZE, 1);
    if (!digest) {
        return WASM_TRAPPED;
    }
    struct sha256 copy = *state;
    sha256_end(&copy, digest);
    return WASM_OK;
}
