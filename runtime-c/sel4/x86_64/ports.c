// SPDX-License-Identifier: Apache-2.0

#include "sel4/x86_64/ports.h"

sel4_error sel4_io_port_control_issue(sel4_cptr control, uint16_t first_port, uint16_t last_port,
                                      sel4_cptr root, uint64_t index, uint64_t depth) {
    return sel4_invoke(control, &(struct sel4_invocation){
                                    .label = X86IOPortControlIssue,
                                    .capability_count = 1,
                                    .capabilities = {root},
                                    .word_count = 4,
                                    .words = {first_port, last_port, index, depth},
                                });
}

sel4_error sel4_io_port_in8(sel4_cptr ports, uint16_t port, uint8_t *value) {
    struct sel4_invocation invocation = {.label = X86IOPortIn8, .word_count = 1, .words = {port}};
    sel4_error error = sel4_invoke(ports, &invocation);
    *value = (uint8_t)invocation.words[0];
    return error;
}

sel4_error sel4_io_port_out8(sel4_cptr ports, uint16_t port, uint8_t value) {
    return sel4_invoke(
        ports, &(struct sel4_invocation){.label = X86IOPortOut8, .word_count = 2, .words = {port, value}});
}

sel4_error sel4_io_port_out16(sel4_cptr ports, uint16_t port, uint16_t value) {
    return sel4_invoke(
        ports, &(struct sel4_invocation){.label = X86IOPortOut16, .word_count = 2, .words = {port, value}});
}

sel4_error sel4_irq_control_get_io_apic(sel4_cptr control, sel4_cptr root, uint64_t index, uint64_t depth,
                                        uint32_t pin, uint32_t vector) {
    enum { IO_APIC = 0, LEVEL_TRIGGERED = 0, ACTIVE_LOW = 0 };
    struct sel4_invocation invocation = {
        .label = X86IRQIssueIRQHandlerIOAPIC,
        .capability_count = 1,
        .capabilities = {root},
        .word_count = 7,
        .words = {index, depth, IO_APIC, pin, LEVEL_TRIGGERED, ACTIVE_LOW},
    };
    sel4_ipc_buffer->msg[6] = vector;
    return sel4_invoke(control, &invocation);
}
