// SPDX-License-Identifier: Apache-2.0

#include "sel4/ipc.h"

#include "sel4/system_call.h"

uint64_t sel4_exchange(struct sel4_exchange *exchange) {
    struct sel4_registers registers = {
        .capability = exchange->capability,
        .tag = seL4_MessageInfo_new(exchange->label, 0, 0, exchange->length).words[0],
    };
    for (uint32_t i = 0; i < exchange->length; i++) {
        if (i < SEL4_REGISTER_WORDS) {
            registers.message[i] = exchange->send_words[i];
        } else {
            sel4_ipc_buffer->msg[i] = exchange->send_words[i];
        }
    }
    sel4_system_call(exchange->operation, &registers, exchange->reply, exchange->destination);
    seL4_MessageInfo_t tag = {{registers.tag}};
    exchange->label = seL4_MessageInfo_get_label(tag);
    exchange->length = (uint32_t)seL4_MessageInfo_get_length(tag);
    if (exchange->length > exchange->capacity) {
        exchange->length = exchange->capacity;
    }
    for (uint32_t i = 0; i < exchange->length; i++) {
        exchange->receive_words[i] = i < SEL4_REGISTER_WORDS ? registers.message[i] : sel4_ipc_buffer->msg[i];
    }
    return registers.capability;
}

void sel4_signal(sel4_cptr notification) {
    sel4_exchange(&(struct sel4_exchange){.operation = seL4_SysSend, .capability = notification});
}

void sel4_yield(void) {
    sel4_exchange(&(struct sel4_exchange){.operation = seL4_SysYield});
}
