// SPDX-License-Identifier: Apache-2.0
//
// One function for each invocation that the runtime uses, with the manual's names and argument orders. What
// differs between architectures is in vspace.h and, for x86, x86_64/ports.h.
#ifndef SEALIFT_SEL4_INVOCATIONS_H
#define SEALIFT_SEL4_INVOCATIONS_H

#include "sel4/invoke.h"

#include <stdbool.h>

// Untypeds and CNodes. A CNode slot is named by a root CNode, an index and the number of its bits to resolve.

/// @param object    Sealift's object type (objects.h); an unknown one is seL4_InvalidArgument
/// @param size_bits for untypeds, CNodes (log2 of slots) and scheduling contexts; else ignored
sel4_error sel4_untyped_retype(sel4_cptr untyped, uint32_t object, uint64_t size_bits, sel4_cptr root,
                               uint64_t node_index, uint64_t node_depth, uint64_t node_offset,
                               uint64_t count);
sel4_error sel4_cnode_copy(sel4_cptr dest_root, uint64_t dest_index, uint64_t dest_depth, sel4_cptr src_root,
                           uint64_t src_index, uint64_t src_depth, uint64_t rights);
sel4_error sel4_cnode_mint(sel4_cptr dest_root, uint64_t dest_index, uint64_t dest_depth, sel4_cptr src_root,
                           uint64_t src_index, uint64_t src_depth, uint64_t rights, uint64_t badge);
sel4_error sel4_cnode_move(sel4_cptr dest_root, uint64_t dest_index, uint64_t dest_depth, sel4_cptr src_root,
                           uint64_t src_index, uint64_t src_depth);
sel4_error sel4_cnode_delete(sel4_cptr root, uint64_t index, uint64_t depth);
sel4_error sel4_cnode_revoke(sel4_cptr root, uint64_t index, uint64_t depth);

// Threads.

sel4_error sel4_tcb_configure(sel4_cptr tcb, sel4_cptr cspace_root, uint64_t cspace_root_data,
                              sel4_cptr vspace_root, uint64_t buffer, sel4_cptr buffer_frame);
sel4_error sel4_tcb_set_space(sel4_cptr tcb, sel4_cptr fault_endpoint, sel4_cptr cspace_root,
                              uint64_t cspace_root_data, sel4_cptr vspace_root);
sel4_error sel4_tcb_set_priority(sel4_cptr tcb, sel4_cptr authority, uint64_t priority);
sel4_error sel4_tcb_set_sched_params(sel4_cptr tcb, sel4_cptr authority, uint64_t mcp, uint64_t priority,
                                     sel4_cptr sched_context, sel4_cptr fault_endpoint);
sel4_error sel4_tcb_suspend(sel4_cptr tcb);
sel4_error sel4_tcb_resume(sel4_cptr tcb);
/// Reads the first `count` words of seL4_UserContext to `registers`. Words that the kernel has none of become
/// 0.
sel4_error sel4_tcb_read_registers(sel4_cptr tcb, bool suspend_source, uint32_t count, uint64_t *registers);
sel4_error sel4_tcb_write_registers(sel4_cptr tcb, bool resume_target, uint32_t count,
                                    const uint64_t *registers);
sel4_error sel4_tcb_set_tls_base(sel4_cptr tcb, uint64_t base);
sel4_error sel4_tcb_bind_notification(sel4_cptr tcb, sel4_cptr notification);
sel4_error sel4_tcb_unbind_notification(sel4_cptr tcb);

enum {
    /// Words of seL4_UserContext.
    SEL4_CONTEXT_WORDS = sizeof(seL4_UserContext) / sizeof(uint64_t),
};

// Scheduling contexts. Times are microseconds.

sel4_error sel4_sched_control_configure(sel4_cptr control, sel4_cptr sched_context, uint64_t budget,
                                        uint64_t period, uint64_t extra_refills, uint64_t badge,
                                        uint64_t flags);
sel4_error sel4_sched_context_bind(sel4_cptr sched_context, sel4_cptr object);
sel4_error sel4_sched_context_unbind(sel4_cptr sched_context);
/// @param microseconds what has run on the context since this was last asked
sel4_error sel4_sched_context_consumed(sel4_cptr sched_context, uint64_t *microseconds);

// Interrupts.

sel4_error sel4_irq_handler_acknowledge(sel4_cptr handler);
sel4_error sel4_irq_handler_set_notification(sel4_cptr handler, sel4_cptr notification);

#endif
