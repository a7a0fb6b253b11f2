// SPDX-License-Identifier: Apache-2.0
//
// The IOMMU's page tables. The modelled machine has no IOMMU, so there is no I/O space to map anything into.
#include "kernel.h"

enum outcome io_page_table_decode(const struct invocation *invocation) {
    if (invocation->label == X86IOPageTableUnmap) {
        invocation_accepted();
        return DONE;
    }
    if (invocation->label != X86IOPageTableMap)
        return error_plain(seL4_IllegalOperation);
    if (!kernel.extra[0] || invocation->length < 1)
        return error_plain(seL4_TruncatedMessage);
    return error_capability(0);
}

enum outcome frame_map_io_decode(const struct invocation *invocation) {
    if (!kernel.extra[0] || invocation->length < 2)
        return error_plain(seL4_TruncatedMessage);
    return error_capability(0);
}
