// SPDX-License-Identifier: Apache-2.0
//
// Message blocks in linear memory.

#include "harness.h"

#include <string.h>

static void put_32(wasm_instance *instance, unsigned at, uint32_t value) {
    memcpy(instance->memory.base + at, &value, sizeof value);
}

static uint32_t get_32(wasm_instance *instance, unsigned at) {
    uint32_t value;
    memcpy(&value, instance->memory.base + at, sizeof value);
    return value;
}

static uint64_t get_64(wasm_instance *instance, unsigned at) {
    uint64_t value;
    memcpy(&value, instance->memory.base + at, sizeof value);
    return value;
}

enum { BLOCK = 4096, BLOCK_SIZE = 528 };

static void test_receive(void) {
    wasm_instance *instance = make_instance();
    struct kernel_double *kernel = &kernel_double;
    kernel->answer_badge = 0x1234567890;
    kernel->answer_label = 2;
    kernel->answer_length = 19;
    for (unsigned i = 0; i < 19; i++) {
        kernel->answer[i] = i * 1000;
    }
    uint64_t badge;
    CHECK(call_host(host_kernel_recv, instance, 3, (uint64_t[]){10, 11, BLOCK}, &badge) == WASM_OK);
    CHECK(badge == 0x1234567890);
    CHECK(kernel->operation == seL4_SysRecv && kernel->capability == 10 && kernel->reply == 11);
    CHECK(get_32(instance, BLOCK) == 2 && get_32(instance, BLOCK + 4) == 19);
    CHECK(get_64(instance, BLOCK + 8 + 18 * 8) == 18000);
    // Longer messages are cut, and nothing behind the block is written.
    kernel->answer_length = 120;
    memset(instance->memory.base + BLOCK, 0xee, BLOCK_SIZE + 16);
    CHECK(call_host(host_kernel_nb_recv, instance, 3, (uint64_t[]){10, 11, BLOCK}, &badge) == WASM_OK);
    CHECK(get_32(instance, BLOCK + 4) == 64);
    CHECK(get_32(instance, BLOCK + 8 + 64 * 8) == 0xeeeeeeee);
    free_instance(instance);
}

static void test_reply_and_receive(void) {
    wasm_instance *instance = make_instance();
    struct kernel_double *kernel = &kernel_double;
    put_32(instance, BLOCK, 0);
    put_32(instance, BLOCK + 4, 120);
    for (unsigned i = 0; i < 120; i++) {
        put_32(instance, BLOCK + 8 + i * 8, i);
    }
    kernel->answer_length = 1;
    kernel->answer[0] = 77;
    uint64_t badge;
    CHECK(call_host(host_kernel_reply_recv, instance, 3, (uint64_t[]){10, 11, BLOCK}, &badge) == WASM_OK);
    CHECK(kernel->operation == seL4_SysReplyRecv && kernel->length == 120);
    for (unsigned i = 0; i < 120; i++) {
        REQUIRE(kernel->sent[i] == i);
    }
    CHECK(get_64(instance, BLOCK + 8) == 77);
    put_32(instance, BLOCK + 4, 2);
    CHECK(call_host(host_kernel_nb_send_recv, instance, 4, (uint64_t[]){9, 10, 11, BLOCK}, &badge) ==
          WASM_OK);
    CHECK(kernel->destination == 9 && kernel->capability == 10 && kernel->reply == 11 && kernel->length == 2);
    free_instance(instance);
}

static void test_call_gives_the_label(void) {
    wasm_instance *instance = make_instance();
    kernel_double.answer_label = 5;
    put_32(instance, BLOCK, 42);
    put_32(instance, BLOCK + 4, 0);
    uint64_t label;
    CHECK(call_host(host_kernel_call, instance, 2, (uint64_t[]){5, BLOCK}, &label) == WASM_OK);
    CHECK(label == 5 && kernel_double.label == 42 && kernel_double.operation == seL4_SysCall);
    free_instance(instance);
}

static void test_bad_blocks(void) {
    wasm_instance *instance = make_instance();
    uint64_t near_end = WASM_PAGE_SIZE - BLOCK_SIZE;
    CHECK(call_host(host_kernel_recv, instance, 3, (uint64_t[]){1, 2, near_end}, NULL) == WASM_OK);
    CHECK(call_host(host_kernel_recv, instance, 3, (uint64_t[]){1, 2, near_end + 8}, NULL) == WASM_TRAPPED);
    CHECK(call_host(host_kernel_recv, instance, 3, (uint64_t[]){1, 2, BLOCK + 4}, NULL) == WASM_TRAPPED);
    kernel_double.operation = 0;
    put_32(instance, BLOCK + 4, 121);
    CHECK(call_host(host_kernel_send, instance, 2, (uint64_t[]){1, BLOCK}, NULL) == WASM_TRAPPED);
    CHECK(strcmp(instance->trap, "kernel.send: a message of 121 words, longer than 120") == 0);
    put_32(instance, WASM_PAGE_SIZE - 12, 2);
    CHECK(call_host(host_kernel_send, instance, 2, (uint64_t[]){1, WASM_PAGE_SIZE - 16}, NULL) ==
          WASM_TRAPPED);
    CHECK(kernel_double.operation == 0);
    put_32(instance, WASM_PAGE_SIZE - 12, 1);
    CHECK(call_host(host_kernel_send, instance, 2, (uint64_t[]){1, WASM_PAGE_SIZE - 16}, NULL) == WASM_OK);
    CHECK(kernel_double.operation == seL4_SysSend);
    free_instance(instance);
}

const struct test message_tests[] = {
    {"messages: receive", test_receive},
    {"messages: answer and receive", test_reply_and_receive},
    {"messages: call", test_call_gives_the_label},
    {"messages: blocks that are out of range, unaligned or too long", test_bad_blocks},
    END_OF_TESTS,
};
