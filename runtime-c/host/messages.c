// SPDX-License-Identifier: Apache-2.0
//
// Interface kernel of wit/sealift.wit: the system calls that carry messages. A message block in linear memory
// is u32 label, u32 length in words, then the words.

#include "host/generated/imports.h"
#include "host/runtime.h"
#include "host/text.h"
#include "sel4/ipc.h"

enum {
    /// Words of a message that a receive writes at most: every fault message fits.
    RECEIVED_WORDS = 64,
    /// Bytes that the block of a receive must have: header and words, and 8 bytes that are reserved.
    RECEIVE_BLOCK_SIZE = 528,
};

struct message_block {
    uint32_t label;
    uint32_t length;
    uint64_t words[];
};

/// Reads the header of the block to be sent and checks its whole range. Label and length are read once: the
/// block may lie in a frame that another protection domain writes to meanwhile.
static bool prepare_send(wasm_instance *instance, const char *function, uint64_t address,
                         struct sel4_exchange *exchange) {
    const volatile struct message_block *header =
        host_range(instance, function, "message", address, sizeof(struct message_block), 8);
    if (!header) {
        return false;
    }
    exchange->label = header->label;
    uint32_t length = header->length;
    if (length > SEL4_MESSAGE_WORDS) {
        char buffer[96];
        struct text text = text_begin(buffer, sizeof buffer);
        text_append(&text, function);
        text_append(&text, ": a message of ");
        text_append_decimal(&text, length);
        text_append(&text, " words, longer than 120");
        host_trap(instance, buffer);
        return false;
    }
    const struct message_block *block = host_range(instance, function, "message", address,
                                                   sizeof(struct message_block) + 8 * (uint64_t)length, 8);
    if (!block) {
        return false;
    }
    exchange->length = length;
    exchange->send_words = block->words;
    return true;
}

/// Performs an exchange that receives, and writes what came to the block.
/// @param send whether the block holds a message to be sent first
static wasm_status exchange_and_receive(wasm_instance *instance, const char *function, uint64_t address,
                                        bool send, struct sel4_exchange *exchange, uint64_t *badge) {
    struct message_block *block = host_range(instance, function, "message", address, RECEIVE_BLOCK_SIZE, 8);
    if (!block || (send && !prepare_send(instance, function, address, exchange))) {
        return WASM_TRAPPED;
    }
    // Written (with what is there) before the kernel is entered: an unmapped page must not cost a message.
    volatile uint8_t *bytes = (volatile uint8_t *)block;
    bytes[0] = bytes[0];
    bytes[RECEIVE_BLOCK_SIZE - 1] = bytes[RECEIVE_BLOCK_SIZE - 1];
    exchange->receive_words = block->words;
    exchange->capacity = RECEIVED_WORDS;
    *badge = sel4_exchange(exchange);
    block->label = (uint32_t)exchange->label;
    block->length = exchange->length;
    return WASM_OK;
}

wasm_status host_kernel_recv(wasm_instance *instance, uint64_t *values) {
    struct sel4_exchange exchange = {.operation = seL4_SysRecv, .capability = values[0], .reply = values[1]};
    return exchange_and_receive(instance, "kernel.recv", values[2], false, &exchange, values);
}

wasm_status host_kernel_nb_recv(wasm_instance *instance, uint64_t *values) {
    struct sel4_exchange exchange = {
        .operation = seL4_SysNBRecv, .capability = values[0], .reply = values[1]};
    return exchange_and_receive(instance, "kernel.nb-recv", values[2], false, &exchange, values);
}

wasm_status host_kernel_reply_recv(wasm_instance *instance, uint64_t *values) {
    struct sel4_exchange exchange = {
        .operation = seL4_SysReplyRecv, .capability = values[0], .reply = values[1]};
    return exchange_and_receive(instance, "kernel.reply-recv", values[2], true, &exchange, values);
}

wasm_status host_kernel_nb_send_recv(wasm_instance *instance, uint64_t *values) {
    struct sel4_exchange exchange = {
        .operation = seL4_SysNBSendRecv,
        .capability = values[1],
        .reply = values[2],
        .destination = values[0],
    };
    return exchange_and_receive(instance, "kernel.nb-send-recv", values[3], true, &exchange, values);
}

wasm_status host_kernel_call(wasm_instance *instance, uint64_t *values) {
    struct sel4_exchange exchange = {.operation = seL4_SysCall, .capability = values[0]};
    uint64_t badge;
    wasm_status status = exchange_and_receive(instance, "kernel.call", values[1], true, &exchange, &badge);
    if (status == WASM_OK) {
        values[0] = (uint32_t)exchange.label;
    }
    return status;
}

wasm_status host_kernel_send(wasm_instance *instance, uint64_t *values) {
    struct sel4_exchange exchange = {.operation = seL4_SysSend, .capability = values[0]};
    if (!prepare_send(instance, "kernel.send", values[1], &exchange)) {
        return WASM_TRAPPED;
    }
    sel4_exchange(&exchange);
    return WASM_OK;
}

wasm_status host_kernel_signal(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    sel4_signal(values[0]);
    return WASM_OK;
}

wasm_status host_kernel_yield(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    sel4_yield();
    return WASM_OK;
}
