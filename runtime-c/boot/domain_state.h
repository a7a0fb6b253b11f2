// SPDX-License-Identifier: Apache-2.0
//
// The state that every domain has begins with what is small, and private to it: side by side, for a sentry
// pays for each page of it.
#ifndef SEALIFT_BOOT_DOMAIN_STATE_H
#define SEALIFT_BOOT_DOMAIN_STATE_H

#include "boot/program.h"
#include "host/layout.h"
#include "sel4/sel4_headers.h"

#include <stddef.h>
#include <stdint.h>

enum {
    /// The last bytes of a sentry's Wasm stack, where return records grow down from: 42 of them. Deeper calls
    /// take pages of their own.
    DOMAIN_RECORDS = 1024,
    /// Room for an instance; a larger one is at LAYOUT_INSTANCE.
    DOMAIN_INSTANCE = 4608,
};

/// The first page, with the IPC buffer, is mapped before a sentry runs.
struct domain_state {
    uint8_t records[DOMAIN_RECORDS];
    _Alignas(1 << seL4_IPCBufferSizeBits) uint8_t ipc_buffer[1 << seL4_IPCBufferSizeBits];
    _Alignas(16) uint8_t instance[DOMAIN_INSTANCE];
};

_Static_assert(offsetof(struct domain_state, instance) <= 4096, "the first page must hold the IPC buffer");

extern struct domain_state domain_state;

/// Where an instance of this size has its storage.
static inline void *domain_instance(size_t size) {
    return size <= DOMAIN_INSTANCE ? (void *)domain_state.instance : (void *)LAYOUT_INSTANCE;
}

/// Pages at LAYOUT_INSTANCE for an instance of this size.
static inline uint64_t domain_instance_pages(size_t size) {
    return size <= DOMAIN_INSTANCE ? 0 : (size + 4095) / 4096;
}

/// A sentry's and the unpacker's stacks, which lie side by side in front of the state: where the C stack
/// ends.
static inline uint64_t domain_stacks(void) {
    return (uint64_t)program_domain_stack_top - LAYOUT_STACK_PAGES * UINT64_C(4096);
}

/// And how many pages they have.
enum { DOMAIN_STACKS_PAGES = LAYOUT_STACK_PAGES + LAYOUT_DOMAIN_WASM_STACK_PAGES };

#endif
