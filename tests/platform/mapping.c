// SPDX-License-Identifier: Apache-2.0
//
// VSpaces and mappings.
#include "kernel.h"

extern unsigned char image_start[]; /* from the linker script */

seL4_CPtr image_frame(const void *address) {
    return boot_info->userImageFrames.start + ((uint64_t)address - (uint64_t)image_start) / PAGE;
}

seL4_CPtr vspace_new(void) {
    seL4_CPtr vspace = object_new(VSPACE_TYPE, 0);
    expect_success("mapping.assign", invoke(seL4_CapInitThreadASIDPool, ASID_ASSIGN, CAPS(vspace), NO_WORDS));
    return vspace;
}

struct message map_only(seL4_CPtr vspace, seL4_CPtr frame, uint64_t address, uint64_t rights) {
    return invoke(frame, PAGE_MAP, CAPS(vspace), WORDS(address, rights, ATTRIBUTES));
}

static void map_structure(seL4_CPtr vspace, uint64_t address, uint64_t missing_bits) {
    uint64_t label, type = table_type(missing_bits, &label);
    expect_success("mapping.structure",
                   invoke(object_new(type, 0), label, CAPS(vspace), WORDS(address, ATTRIBUTES)));
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
    return invoke(frame, PAGE_UNMAP, NO_CAPS, NO_WORDS);
}
