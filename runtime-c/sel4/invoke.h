// SPDX-License-Identifier: Apache-2.0
//
// Invocations: a message to a kernel object, whose label names the method (seL4 reference manual, section
// 10).
#ifndef SEALIFT_SEL4_INVOKE_H
#define SEALIFT_SEL4_INVOKE_H

#include "sel4/sel4_headers.h"

#include <stdint.h>

/// A capability pointer in the caller's CSpace.
typedef uint64_t sel4_cptr;

/// seL4_Error; 0 is success.
typedef uint32_t sel4_error;

/// The IPC buffer of the running thread. Set at entry; the root task's fault thread puts its own here while
/// it runs, which it may: it only ever runs while the other thread is stopped at a fault.
extern seL4_IPCBuffer *sel4_ipc_buffer;

/// Arguments of an invocation. Unused words and capabilities may stay unset.
struct sel4_invocation {
    uint64_t label;
    uint32_t capability_count; ///< at most 3
    uint32_t word_count;       ///< at most 6; longer messages are already in the IPC buffer from word 4 on
    sel4_cptr capabilities[3];
    uint64_t words[6];
};

/// Performs an invocation on `object`.
/// @param invocation on return words[0..3] hold the first words of the kernel's answer
sel4_error sel4_invoke(sel4_cptr object, struct sel4_invocation *invocation);

/// After sel4_page_map or sel4_page_table_map failed with seL4_FailedLookup: the level (1 is the leaf) of the
/// page table that is missing; 0 if the last failure was another.
uint32_t sel4_missing_table_level(void);

#endif
