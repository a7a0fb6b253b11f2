// SPDX-License-Identifier: Apache-2.0
//
// VSpaces and mappings.
#include "kernel.h"

#include <sel4/arch/mapping.h>

extern unsigned char image_start[]; /* from the linker script */

seL4_CPtr image_frame(const void *address) {
    return boot_info->userImageFrames.start + ((uint64_t)address - (uint64_t)image_start) / PAGE;
}

seL4_CPtr vspace_new(void) {
    seL4_CPtr vspace = object_new(seL4_X64_PML4Object, 0);
    expect_success("mapping.assign",
                   invoke(seL4_CapInitThreadASIDPool, X86ASIDPoolAssign, CAPS(vspace), NO_WORDS));
    return vspace;
}

struct message map_only(seL4_CPtr vspace, seL4_CPtr frame, uint64_t address, uint64_t rights) {
    return invoke(frame, X86PageMap, CAPS(vspace), WORDS(address, rights, seL4_X86_Default_VMAttributes));
}

static void map_structure(seL4_CPtr vspace, uint64_t address, uint64_t missing_bits) {
    uint64_t type = seL4_X86_PageTableObject, label = X86PageTableMap;
    if (missing_bits == SEL4_MAPPING_LOOKUP_NO_PD) {
        type = seL4_X86_PageDirectoryObject;
        label = X86PageDirectoryMap;
    } else if (missing_bits == SEL4_MAPPING_LOOKUP_NO_PDPT) {
        type = seL4_X86_PDPTObject;
        label = X86PDPTMap;
    }
    expect_success("mapping.structure", invoke(object_new(type, 0), label, CAPS(vspace),
                                               WORDS(address, seL4_X86_Default_VMAttributes)));
}

struct message map_frame(seL4_CPtr vspace, seL4_CPtr frame, uint64_t address, uint64_t rights) {
    for (;;) {
        struct message message = map_only(vspace, frame, address, rights);
        if (message.label != seL4_FailedLookup)
            return message;
        map_structure(vspace, address, message.words[SEL4_MAPPING_LOOKUP_LEVEL]);
    }
}

struct message unmap(seL4_CPtr frame) {
    return invoke(frame, X86PageUnmap, NO_CAPS, NO_WORDS);
}
