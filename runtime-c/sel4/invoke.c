// SPDX-License-Identifier: Apache-2.0

#include "sel4/invoke.h"

#include "sel4/objects.h"
#include "sel4/system_call.h"

seL4_IPCBuffer *sel4_ipc_buffer;

/// Word 2 of the last failed invocation's answer: the kernel's description of a failed lookup.
static uint64_t last_lookup_level;

sel4_error sel4_invoke(sel4_cptr object, struct sel4_invocation *invocation) {
    for (uint32_t i = 0; i < invocation->capability_count; i++) {
        sel4_ipc_buffer->caps_or_badges[i] = invocation->capabilities[i];
    }
    struct sel4_registers registers = {
        .capability = object,
        .tag =
            seL4_MessageInfo_new(invocation->label, 0, invocation->capability_count, invocation->word_count)
                .words[0],
    };
    for (uint32_t i = 0; i < SEL4_REGISTER_WORDS; i++) {
        registers.message[i] = i < invocation->word_count ? invocation->words[i] : 0;
    }
    for (uint32_t i = SEL4_REGISTER_WORDS; i < invocation->word_count && i < 6; i++) {
        sel4_ipc_buffer->msg[i] = invocation->words[i];
    }
    sel4_system_call(seL4_SysCall, &registers, 0, 0);
    for (uint32_t i = 0; i < SEL4_REGISTER_WORDS; i++) {
        invocation->words[i] = registers.message[i];
    }
    sel4_error error = (sel4_error)seL4_MessageInfo_get_label((seL4_MessageInfo_t){{registers.tag}});
    last_lookup_level = error == seL4_FailedLookup ? registers.message[SEL4_MAPPING_LOOKUP_LEVEL] : 0;
    return error;
}

uint32_t sel4_missing_table_level(void) {
    return sel4_level_of_lookup_failure(last_lookup_level);
}
