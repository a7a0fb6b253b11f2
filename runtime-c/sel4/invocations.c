// SPDX-License-Identifier: Apache-2.0

#include "sel4/invocations.h"

#include "sel4/objects.h"
#include "sel4/system_call.h"

// ------------------------------------------------------------------------------------------------ untypeds,
// CNodes

sel4_error sel4_untyped_retype(sel4_cptr untyped, uint32_t object, uint64_t size_bits, sel4_cptr root,
                               uint64_t node_index, uint64_t node_depth, uint64_t node_offset,
                               uint64_t count) {
    uint64_t type;
    if (!sel4_object_type(object, &type)) {
        return seL4_InvalidArgument;
    }
    return sel4_invoke(untyped, &(struct sel4_invocation){
                                    .label = UntypedRetype,
                                    .capability_count = 1,
                                    .capabilities = {root},
                                    .word_count = 6,
                                    .words = {type, size_bits, node_index, node_depth, node_offset, count},
                                });
}

sel4_error sel4_cnode_copy(sel4_cptr dest_root, uint64_t dest_index, uint64_t dest_depth, sel4_cptr src_root,
                           uint64_t src_index, uint64_t src_depth, uint64_t rights) {
    return sel4_invoke(dest_root, &(struct sel4_invocation){
                                      .label = CNodeCopy,
                                      .capability_count = 1,
                                      .capabilities = {src_root},
                                      .word_count = 5,
                                      .words = {dest_index, dest_depth, src_index, src_depth, rights},
                                  });
}

sel4_error sel4_cnode_mint(sel4_cptr dest_root, uint64_t dest_index, uint64_t dest_depth, sel4_cptr src_root,
                           uint64_t src_index, uint64_t src_depth, uint64_t rights, uint64_t badge) {
    return sel4_invoke(dest_root, &(struct sel4_invocation){
                                      .label = CNodeMint,
                                      .capability_count = 1,
                                      .capabilities = {src_root},
                                      .word_count = 6,
                                      .words = {dest_index, dest_depth, src_index, src_depth, rights, badge},
                                  });
}

sel4_error sel4_cnode_move(sel4_cptr dest_root, uint64_t dest_index, uint64_t dest_depth, sel4_cptr src_root,
                           uint64_t src_index, uint64_t src_depth) {
    return sel4_invoke(dest_root, &(struct sel4_invocation){
                                      .label = CNodeMove,
                                      .capability_count = 1,
                                      .capabilities = {src_root},
                                      .word_count = 4,
                                      .words = {dest_index, dest_depth, src_index, src_depth},
                                  });
}

sel4_error sel4_cnode_delete(sel4_cptr root, uint64_t index, uint64_t depth) {
    return sel4_invoke(
        root, &(struct sel4_invocation){.label = CNodeDelete, .word_count = 2, .words = {index, depth}});
}

sel4_error sel4_cnode_revoke(sel4_cptr root, uint64_t index, uint64_t depth) {
    return sel4_invoke(
        root, &(struct sel4_invocation){.label = CNodeRevoke, .word_count = 2, .words = {index, depth}});
}

// ------------------------------------------------------------------------------------------------ threads

sel4_error sel4_tcb_configure(sel4_cptr tcb, sel4_cptr cspace_root, uint64_t cspace_root_data,
                              sel4_cptr vspace_root, uint64_t buffer, sel4_cptr buffer_frame) {
    return sel4_invoke(tcb, &(struct sel4_invocation){
                                .label = TCBConfigure,
                                .capability_count = 3,
                                .capabilities = {cspace_root, vspace_root, buffer_frame},
                                .word_count = 3,
                                .words = {cspace_root_data, 0, buffer},
                            });
}

sel4_error sel4_tcb_set_space(sel4_cptr tcb, sel4_cptr fault_endpoint, sel4_cptr cspace_root,
                              uint64_t cspace_root_data, sel4_cptr vspace_root) {
    return sel4_invoke(tcb, &(struct sel4_invocation){
                                .label = TCBSetSpace,
                                .capability_count = 3,
                                .capabilities = {fault_endpoint, cspace_root, vspace_root},
                                .word_count = 2,
                                .words = {cspace_root_data, 0},
                            });
}

sel4_error sel4_tcb_set_priority(sel4_cptr tcb, sel4_cptr authority, uint64_t priority) {
    return sel4_invoke(tcb, &(struct sel4_invocation){
                                .label = TCBSetPriority,
                                .capability_count = 1,
                                .capabilities = {authority},
                                .word_count = 1,
                                .words = {priority},
                            });
}

sel4_error sel4_tcb_set_sched_params(sel4_cptr tcb, sel4_cptr authority, uint64_t mcp, uint64_t priority,
                                     sel4_cptr sched_context, sel4_cptr fault_endpoint) {
    return sel4_invoke(tcb, &(struct sel4_invocation){
                                .label = TCBSetSchedParams,
                                .capability_count = 3,
                                .capabilities = {authority, sched_context, fault_endpoint},
                                .word_count = 2,
                                .words = {mcp, priority},
                            });
}

sel4_error sel4_tcb_suspend(sel4_cptr tcb) {
    return sel4_invoke(tcb, &(struct sel4_invocation){.label = TCBSuspend});
}

sel4_error sel4_tcb_resume(sel4_cptr tcb) {
    return sel4_invoke(tcb, &(struct sel4_invocation){.label = TCBResume});
}

sel4_error sel4_tcb_read_registers(sel4_cptr tcb, bool suspend_source, uint32_t count, uint64_t *registers) {
    struct sel4_invocation invocation = {
        .label = TCBReadRegisters, .word_count = 2, .words = {suspend_source, count}};
    sel4_error error = sel4_invoke(tcb, &invocation);
    for (uint32_t i = 0; i < count && error == seL4_NoError; i++) {
        registers[i] = i < SEL4_REGISTER_WORDS  ? invocation.words[i]
                       : i < SEL4_CONTEXT_WORDS ? sel4_ipc_buffer->msg[i]
                                                : 0;
    }
    return error;
}

sel4_error sel4_tcb_write_registers(sel4_cptr tcb, bool resume_target, uint32_t count,
                                    const uint64_t *registers) {
    enum { HEADER_WORDS = 2 }; // flags and count come before the registers
    if (count > SEL4_CONTEXT_WORDS) {
        return seL4_InvalidArgument;
    }
    struct sel4_invocation invocation = {
        .label = TCBWriteRegisters, .word_count = HEADER_WORDS + count, .words = {resume_target, count}};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = HEADER_WORDS + i;
        if (word < 6) {
            invocation.words[word] = registers[i];
        } else {
            sel4_ipc_buffer->msg[word] = registers[i];
        }
    }
    return sel4_invoke(tcb, &invocation);
}

sel4_error sel4_tcb_set_tls_base(sel4_cptr tcb, uint64_t base) {
    return sel4_invoke(tcb,
                       &(struct sel4_invocation){.label = TCBSetTLSBase, .word_count = 1, .words = {base}});
}

sel4_error sel4_tcb_bind_notification(sel4_cptr tcb, sel4_cptr notification) {
    return sel4_invoke(tcb, &(struct sel4_invocation){.label = TCBBindNotification,
                                                      .capability_count = 1,
                                                      .capabilities = {notification}});
}

sel4_error sel4_tcb_unbind_notification(sel4_cptr tcb) {
    return sel4_invoke(tcb, &(struct sel4_invocation){.label = TCBUnbindNotification});
}

// ------------------------------------------------------------------------------------------------ scheduling
// contexts

sel4_error sel4_sched_control_configure(sel4_cptr control, sel4_cptr sched_context, uint64_t budget,
                                        uint64_t period, uint64_t extra_refills, uint64_t badge,
                                        uint64_t flags) {
    return sel4_invoke(control, &(struct sel4_invocation){
                                    .label = SchedControlConfigureFlags,
                                    .capability_count = 1,
                                    .capabilities = {sched_context},
                                    .word_count = 5,
                                    .words = {budget, period, extra_refills, badge, flags},
                                });
}

sel4_error sel4_sched_context_bind(sel4_cptr sched_context, sel4_cptr object) {
    return sel4_invoke(sched_context, &(struct sel4_invocation){.label = SchedContextBind,
                                                                .capability_count = 1,
                                                                .capabilities = {object}});
}

sel4_error sel4_sched_context_unbind(sel4_cptr sched_context) {
    return sel4_invoke(sched_context, &(struct sel4_invocation){.label = SchedContextUnbind});
}

sel4_error sel4_sched_context_consumed(sel4_cptr sched_context, uint64_t *microseconds) {
    struct sel4_invocation invocation = {.label = SchedContextConsumed};
    sel4_error error = sel4_invoke(sched_context, &invocation);
    *microseconds = invocation.words[0];
    return error;
}

// ------------------------------------------------------------------------------------------------ interrupts

sel4_error sel4_irq_handler_acknowledge(sel4_cptr handler) {
    return sel4_invoke(handler, &(struct sel4_invocation){.label = IRQAckIRQ});
}

sel4_error sel4_irq_handler_set_notification(sel4_cptr handler, sel4_cptr notification) {
    return sel4_invoke(handler, &(struct sel4_invocation){.label = IRQSetIRQHandler,
                                                          .capability_count = 1,
                                                          .capabilities = {notification}});
}
