// SPDX-License-Identifier: Apache-2.0

#include "sel4/ipc.h"

#include "sel4/system_call.h"

uint64_t sel4_exchange(const struct sel4_exchange *exchange) {
    struct sel4_registers registers = {.capability = exchange->capability};
    if (exchange->send) {
        const struct sel4_message *message = exchange->send;
        registers.tag = seL4_MessageInfo_new(message->label, 0, 0, message->length).words[0];
        for (uint32_t i = 0; i < message->length; i++) {
            if (i < SEL4_REGISTER_WORDS) {
                registers.message[i] = message->words[i];
            } else {
                sel4_ipc_buffer->msg[i] = message->words[i];
            }
        }
    }
    sel4_system_call(exchange->operation, &registers, exchange->reply, exchange->destination);
    if (exchange->receive) {
        seL4_MessageInfo_t tag = {{registers.tag}};
        struct sel4_message *message = exchange->receive;
        uint32_t length = (uint32_t)seL4_MessageInfo_get_length(tag);
        if (length > exchange->capacity) {
            length = exchange->capacity;
        }
        message->label = (uint32_t)seL4_MessageInfo_get_label(tag);
        message->length = length;
        for (uint32_t i = 0; i < length; i++) {
            message->words[i] = i < SEL4_REGISTER_WORDS ? registers.message[i] : sel4_ipc_buffer->msg[i];
        }
    }
    return registers.capability;
}

void sel4_signal(sel4_cptr notification) {
    // A notification ignores message and label.
    struct sel4_message empty = {0, 0};
    sel4_exchange(&(struct sel4_exchange){.operation = seL4_SysSend, .capability = notification, .send = &empty});
}

void sel4_yield(void) { sel4_exchange(&(struct sel4_exchange){.operation = seL4_SysYield}); }
