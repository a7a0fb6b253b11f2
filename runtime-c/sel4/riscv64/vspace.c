// SPDX-License-Identifier: Apache-2.0

#include "sel4/vspace.h"

#include "sel4/objects.h"

static sel4_error map(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr, uint64_t rights,
                      uint64_t attributes) {
    return sel4_invoke(frame, &(struct sel4_invocation){
                                  .label = RISCVPageMap,
                                  .capability_count = 1,
                                  .capabilities = {vspace},
                                  .word_count = 3,
                                  .words = {vaddr, rights, attributes},
                              });
}

sel4_error sel4_page_map(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr, uint64_t rights, bool execute) {
    if (!execute) {
        return map(frame, vspace, vaddr, rights, seL4_RISCV_ExecuteNever);
    }
    // What the page holds was written as data: instruction fetches of this hart need not see it yet. The
    // kernel has no invocation for that, nor are threads ever on another hart than this one.
    __asm__ volatile("fence.i" ::: "memory");
    return map(frame, vspace, vaddr, rights, seL4_RISCV_Default_VMAttributes);
}

sel4_error sel4_page_map_device(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr) {
    // Whether a physical address is memory or a device is fixed by the machine, not by the mapping.
    return map(frame, vspace, vaddr, SEL4_RIGHT_READ | SEL4_RIGHT_WRITE, seL4_RISCV_ExecuteNever);
}

sel4_error sel4_page_unmap(sel4_cptr frame) {
    return sel4_invoke(frame, &(struct sel4_invocation){.label = RISCVPageUnmap});
}

sel4_error sel4_page_get_address(sel4_cptr frame, uint64_t *physical) {
    struct sel4_invocation invocation = {.label = RISCVPageGetAddress};
    sel4_error error = sel4_invoke(frame, &invocation);
    *physical = invocation.words[0];
    return error;
}

sel4_error sel4_page_table_map(sel4_cptr table, uint32_t level, sel4_cptr vspace, uint64_t vaddr) {
    if (level < 1 || level > SEL4_TABLE_LEVELS) {
        return seL4_InvalidArgument;
    }
    return sel4_invoke(table, &(struct sel4_invocation){
                                  .label = RISCVPageTableMap,
                                  .capability_count = 1,
                                  .capabilities = {vspace},
                                  .word_count = 2,
                                  .words = {vaddr, seL4_RISCV_Default_VMAttributes},
                              });
}

sel4_error sel4_page_table_unmap(sel4_cptr table, uint32_t level) {
    if (level < 1 || level > SEL4_TABLE_LEVELS) {
        return seL4_InvalidArgument;
    }
    return sel4_invoke(table, &(struct sel4_invocation){.label = RISCVPageTableUnmap});
}

sel4_error sel4_asid_pool_assign(sel4_cptr pool, sel4_cptr vspace) {
    return sel4_invoke(pool, &(struct sel4_invocation){.label = RISCVASIDPoolAssign,
                                                       .capability_count = 1,
                                                       .capabilities = {vspace}});
}

sel4_error sel4_asid_control_make_pool(sel4_cptr control, sel4_cptr untyped, sel4_cptr root, uint64_t index,
                                       uint32_t depth) {
    return sel4_invoke(control, &(struct sel4_invocation){
                                    .label = RISCVASIDControlMakePool,
                                    .capability_count = 2,
                                    .capabilities = {untyped, root},
                                    .word_count = 2,
                                    .words = {index, depth},
                                });
}
