// SPDX-License-Identifier: Apache-2.0
//
// Address spaces: the same functions on every architecture, with Sealift's levels (objects.h).
#ifndef SEALIFT_SEL4_VSPACE_H
#define SEALIFT_SEL4_VSPACE_H

#include "sel4/invoke.h"

#include <stdbool.h>

/// @param execute whether instructions may be fetched; where the kernel cannot forbid it (x86) this says
/// nothing. Instruction fetches see what was written to the page before.
sel4_error sel4_page_map(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr, uint64_t rights, bool execute);

/// Maps a page of device registers: uncached, readable and writable. (Not on x86_64, which has ports.)
sel4_error sel4_page_map_device(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr);
sel4_error sel4_page_unmap(sel4_cptr frame);
sel4_error sel4_page_get_address(sel4_cptr frame, uint64_t *physical);

/// @param level 1 (leaf) to SEL4_TABLE_LEVELS; anything else is seL4_InvalidArgument. On aarch64 and riscv64,
/// whose tables are alike, the kernel puts it at the highest level that is missing.
sel4_error sel4_page_table_map(sel4_cptr table, uint32_t level, sel4_cptr vspace, uint64_t vaddr);
sel4_error sel4_page_table_unmap(sel4_cptr table, uint32_t level);

sel4_error sel4_asid_pool_assign(sel4_cptr pool, sel4_cptr vspace);

/** Makes an ASID pool of an untyped of 2^seL4_ASIDPoolBits bytes into slot `index` of `root`. */
sel4_error sel4_asid_control_make_pool(sel4_cptr control, sel4_cptr untyped, sel4_cptr root, uint64_t index,
                                       uint32_t depth);

#endif
