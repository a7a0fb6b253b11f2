// SPDX-License-Identifier: Apache-2.0
//
// Interface kernel of wit/sealift.wit: invocations. Each function hands its arguments on; the kernel checks
// them. Parameter numbers are those of the WIT function.

#include "host/generated/imports.h"
#include "host/runtime.h"
#include "sel4/invocations.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

static wasm_status result(uint64_t *values, uint64_t value) {
    values[0] = value;
    return WASM_OK;
}

wasm_status host_kernel_untyped_retype(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_untyped_retype(values[0], (uint32_t)values[1], values[2], values[3], values[4],
                                              values[5], values[6], values[7]));
}

wasm_status host_kernel_cnode_copy(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_cnode_copy(values[0], values[1], values[2], values[3], values[4], values[5],
                                          values[6] & SEL4_ALL_RIGHTS));
}

wasm_status host_kernel_cnode_mint(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_cnode_mint(values[0], values[1], values[2], values[3], values[4], values[5],
                                          values[6] & SEL4_ALL_RIGHTS, values[7]));
}

wasm_status host_kernel_cnode_move(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_cnode_move(values[0], values[1], values[2], values[3], values[4], values[5]));
}

wasm_status host_kernel_cnode_delete(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_cnode_delete(values[0], values[1], values[2]));
}

wasm_status host_kernel_cnode_revoke(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_cnode_revoke(values[0], values[1], values[2]));
}

wasm_status host_kernel_tcb_configure(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values,
                  sel4_tcb_configure(values[0], values[1], values[2], values[3], values[4], values[5]));
}

wasm_status host_kernel_tcb_set_sched_params(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(
        values, sel4_tcb_set_sched_params(values[0], values[1], values[2], values[3], values[4], values[5]));
}

wasm_status host_kernel_tcb_suspend(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_tcb_suspend(values[0]));
}

wasm_status host_kernel_tcb_resume(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_tcb_resume(values[0]));
}

/// The registers argument of the two functions below. A count that the context does not have is the module's
/// error.
static uint64_t *registers_at(wasm_instance *instance, const char *function, const uint64_t *values) {
    return host_range(instance, function, "registers", values[3], values[2] * sizeof(uint64_t),
                      sizeof(uint64_t));
}

wasm_status host_kernel_tcb_read_registers(wasm_instance *instance, uint64_t *values) {
    if (values[2] > SEL4_CONTEXT_WORDS) {
        return result(values, seL4_InvalidArgument);
    }
    uint64_t *registers = registers_at(instance, "kernel.tcb-read-registers", values);
    if (!registers) {
        return WASM_TRAPPED;
    }
    return result(values, sel4_tcb_read_registers(values[0], values[1] != 0, (uint32_t)values[2], registers));
}

wasm_status host_kernel_tcb_write_registers(wasm_instance *instance, uint64_t *values) {
    if (values[2] > SEL4_CONTEXT_WORDS) {
        return result(values, seL4_InvalidArgument);
    }
    const uint64_t *registers = registers_at(instance, "kernel.tcb-write-registers", values);
    if (!registers) {
        return WASM_TRAPPED;
    }
    return result(values,
                  sel4_tcb_write_registers(values[0], values[1] != 0, (uint32_t)values[2], registers));
}

wasm_status host_kernel_tcb_set_tls_base(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_tcb_set_tls_base(values[0], values[1]));
}

wasm_status host_kernel_tcb_bind_notification(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_tcb_bind_notification(values[0], values[1]));
}

wasm_status host_kernel_tcb_unbind_notification(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_tcb_unbind_notification(values[0]));
}

wasm_status host_kernel_sched_control_configure(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_sched_control_configure(values[0], values[1], values[2], values[3], values[4],
                                                       values[5], seL4_SchedContext_NoFlag));
}

wasm_status host_kernel_sched_context_bind(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_sched_context_bind(values[0], values[1]));
}

wasm_status host_kernel_sched_context_unbind(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_sched_context_unbind(values[0]));
}

wasm_status host_kernel_sched_context_consumed(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    uint64_t microseconds;
    sel4_error error = sel4_sched_context_consumed(values[0], &microseconds);
    return result(values, error == seL4_NoError ? microseconds : UINT64_MAX);
}

wasm_status host_kernel_page_map(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(
        values, sel4_page_map(values[0], values[1], values[2], values[3] & SEL4_ALL_RIGHTS, values[4] != 0));
}

wasm_status host_kernel_page_unmap(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_page_unmap(values[0]));
}

wasm_status host_kernel_page_get_address(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    uint64_t physical;
    sel4_error error = sel4_page_get_address(values[0], &physical);
    return result(values, error == seL4_NoError ? physical : UINT64_MAX);
}

wasm_status host_kernel_page_table_map(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_page_table_map(values[0], (uint32_t)values[1], values[2], values[3]));
}

wasm_status host_kernel_page_table_unmap(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_page_table_unmap(values[0], (uint32_t)values[1]));
}

wasm_status host_kernel_missing_table_level(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_missing_table_level());
}

wasm_status host_kernel_asid_pool_assign(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(values, sel4_asid_pool_assign(values[0], values[1]));
}

wasm_status host_kernel_asid_control_make_pool(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    return result(
        values, sel4_asid_control_make_pool(values[0], values[1], values[2], values[3], (uint32_t)values[4]));
}
