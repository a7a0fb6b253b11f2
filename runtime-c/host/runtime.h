// SPDX-License-Identifier: Apache-2.0
//
// What the host functions of one protection domain share. There is one of each per domain: it lies in .bss,
// which every sentry gets fresh.
#ifndef SEALIFT_HOST_RUNTIME_H
#define SEALIFT_HOST_RUNTIME_H

#include "sel4/invoke.h"
#include "wasm/wasm.h"

#include <stdbool.h>
#include <stdint.h>

/// Puts root-only state behind the state that sentries need too: a sentry maps no page of it.
#define ROOT_ONLY __attribute__((section(".bss.root")))

/// State that only the unpacker has: no other domain has memory where it lies.
#define UNPACKER_ONLY __attribute__((section(".bss.unpacker")))

/// Whether this build counts the module's instructions (report.instructions). Counting costs about a third of
/// the speed, so it is a build of its own: scripts/build-runtime.mjs --count-instructions.
#ifdef SEALIFT_COUNT_INSTRUCTIONS
#define RUNTIME_COUNTS_INSTRUCTIONS true
#else
#define RUNTIME_COUNTS_INSTRUCTIONS false
#endif

/// Fuel that a counting runtime begins with: what is gone has been executed. It lasts for centuries.
#define RUNTIME_FUEL (UINT64_MAX / 2)

/// Capabilities that a runtime finds in fixed slots (contract of the CSpaces, docs/architecture.md).
struct runtime_capabilities {
    sel4_cptr cnode;  ///< where memory.heap-source's slots are found
    sel4_cptr vspace; ///< the domain's own address space
    /// Slots of a second-level CNode are the low bits of a capability pointer. The root task's first level is
    /// the initial CNode itself, and `single_level` is set.
    uint32_t slot_bits;
    bool single_level;
};

struct runtime {
    struct runtime_capabilities capabilities;
    wasm_instance *instance; ///< NULL before the module is instantiated
    wasm_memory memory;
    /// Reports a failure of the runtime itself and ends the domain: in the root task the machine. Does not
    /// return.
    void (*fail)(const char *cause);
};

extern struct runtime runtime;

/// Records a trap with this message, which is copied. For host functions: `return host_trap(...)`.
wasm_status host_trap(wasm_instance *instance, const char *message);

/// The host address of [address, address + length) in the caller's linear memory. When the range is not
/// wholly inside the memory, or the address is not aligned, it records a trap that names the function, the
/// argument and the range.
/// @param function  as people know it, e.g. "kernel.recv"
/// @param alignment a power of two
/// @return NULL after a trap: return WASM_TRAPPED
void *host_range(wasm_instance *instance, const char *function, const char *argument, uint64_t address,
                 uint64_t length, uint32_t alignment);

#endif
