// SPDX-License-Identifier: Apache-2.0

#include "sel4/vspace.h"

#include "sel4/objects.h"

sel4_error sel4_page_map(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr, uint64_t rights, bool execute) {
    (void)execute; // x86 mappings of seL4 are always executable
    return sel4_invoke(frame, &(struct sel4_invocation){
                                  .label = X86PageMap,
                                  .capability_count = 1,
                                  .capabilities = {vspace},
                                  .word_count = 3,
                                  .words = {vaddr, rights, seL4_X86_Default_VMAttributes},
                              });
}

sel4_error sel4_page_unmap(sel4_cptr frame) {
    return sel4_invoke(frame, &(struct sel4_invocation){.label = X86PageUnmap});
}

sel4_error sel4_page_get_address(sel4_cptr frame, uint64_t *physical) {
    struct sel4_invocation invocation = {.label = X86PageGetAddress};
    sel4_error error = sel4_invoke(frame, &invocation);
    *physical = invocation.words[0];
    return error;
}

static const uint64_t map_labels[SEL4_TABLE_LEVELS] = {X86PageTableMap, X86PageDirectoryMap, X86PDPTMap};
static const uint64_t unmap_labels[SEL4_TABLE_LEVELS] = {X86PageTableUnmap, X86PageDirectoryUnmap,
                                                         X86PDPTUnmap};

sel4_error sel4_page_table_map(sel4_cptr table, uint32_t level, sel4_cptr vspace, uint64_t vaddr) {
    if (level < 1 || level > SEL4_TABLE_LEVELS) {
        return seL4_InvalidArgument;
    }
    return sel4_invoke(table, &(struct sel4_invocation){
                                  .label = map_labels[level - 1],
                                  .capability_count = 1,
                                  .capabilities = {vspace},
                                  .word_count = 2,
                                  .words = {vaddr, seL4_X86_Default_VMAttributes},
                              });
}

sel4_error sel4_page_table_unmap(sel4_cptr table, uint32_t level) {
    if (level < 1 || level > SEL4_TABLE_LEVELS) {
        return seL4_InvalidArgument;
    }
    return sel4_invoke(table, &(struct sel4_invocation){.label = unmap_labels[level - 1]});
}

sel4_error sel4_asid_pool_assign(sel4_cptr pool, sel4_cptr vspace) {
    return sel4_invoke(pool, &(struct sel4_invocation){.label = X86ASIDPoolAssign,
                                                       .capability_count = 1,
                                                       .capabilities = {vspace}});
}

sel4_error sel4_asid_control_make_pool(sel4_cptr control, sel4_cptr untyped, sel4_cptr root, uint64_t index,
                                       uint32_t depth) {
    return sel4_invoke(control, &(struct sel4_invocation){
                                    .label = X86ASIDControlMakePool,
                                    .capability_count = 2,
                                    .capabilities = {untyped, root},
                                    .word_count = 2,
                                    .words = {index, depth},
                                });
}
