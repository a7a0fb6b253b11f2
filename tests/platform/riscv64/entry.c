// SPDX-License-Identifier: Apache-2.0
//
// The entry of the root task, its system calls, and the processor's counter.
#include "../kernel.h"

/** Large: every logged message is a kilobyte on the stack of the function that logs it. */
static unsigned char stack[512 << 10] __attribute__((aligned(16)));

__attribute__((used)) static unsigned char *const stack_end = stack + sizeof stack;

__asm__(".globl _start\n"
        "_start:\n"
        "    lla sp, stack_end\n"
        "    ld sp, (sp)\n"
        "    call start\n"
        "    ebreak\n");

seL4_MessageInfo_t system_call(seL4_IPCBuffer *buffer, int64_t number, uint64_t capability,
                               seL4_MessageInfo_t info, uint64_t reply, uint64_t destination,
                               uint64_t *badge) {
    register uint64_t object __asm__("a0") = capability;
    register uint64_t tag __asm__("a1") = info.words[0];
    register uint64_t word_0 __asm__("a2") = buffer->msg[0];
    register uint64_t word_1 __asm__("a3") = buffer->msg[1];
    register uint64_t word_2 __asm__("a4") = buffer->msg[2];
    register uint64_t word_3 __asm__("a5") = buffer->msg[3];
    register uint64_t reply_register __asm__("a6") = reply;
    register uint64_t number_register __asm__("a7") = (uint64_t)number;
    register uint64_t destination_register __asm__("t0") = destination;
    __asm__ volatile("ecall"
                     : "+r"(object), "+r"(tag), "+r"(word_0), "+r"(word_1), "+r"(word_2), "+r"(word_3),
                       "+r"(reply_register)
                     : "r"(number_register), "r"(destination_register)
                     : "memory");
    buffer->msg[0] = word_0;
    buffer->msg[1] = word_1;
    buffer->msg[2] = word_2;
    buffer->msg[3] = word_3;
    *badge = object;
    return (seL4_MessageInfo_t){{tag}};
}

uint64_t now(void) {
    uint64_t value;
    __asm__ volatile("rdtime %0" : "=r"(value));
    return value;
}

uint64_t ticks_per_us(void) {
    return CONFIG_TIMER_FREQUENCY / 1000000;
}
