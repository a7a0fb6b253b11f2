// SPDX-License-Identifier: Apache-2.0

#include "sel4/interrupts.h"

sel4_error sel4_irq_control_get_trigger(sel4_cptr control, uint64_t irq, bool edge, sel4_cptr root,
                                        uint64_t index, uint64_t depth) {
    return sel4_invoke(control, &(struct sel4_invocation){
                                    .label = RISCVIRQIssueIRQHandlerTrigger,
                                    .capability_count = 1,
                                    .capabilities = {root},
                                    .word_count = 4,
                                    .words = {irq, edge, index, depth},
                                });
}
