// SPDX-License-Identifier: Apache-2.0
//
// The entry of the root task, and its system calls.
#include "../kernel.h"

/** Large: every logged message is a kilobyte on the stack of the function that logs it. */
static unsigned char stack[512 << 10] __attribute__((aligned(16)));

__attribute__((used)) static unsigned char *const stack_end = stack + sizeof stack;

__asm__(".globl _start\n"
        "_start:\n"
        "    mov stack_end(%rip), %rsp\n"
        "    call start\n"
        "    ud2\n");

/** rbx keeps the stack pointer: the kernel's `syscall` entry loses it. */
seL4_MessageInfo_t system_call(seL4_IPCBuffer *buffer, int64_t number, uint64_t capability,
                               seL4_MessageInfo_t info, uint64_t reply, uint64_t destination,
                               uint64_t *badge) {
    register uint64_t r10 __asm__("r10") = buffer->msg[0];
    register uint64_t r8 __asm__("r8") = buffer->msg[1];
    register uint64_t r9 __asm__("r9") = buffer->msg[2];
    register uint64_t r15 __asm__("r15") = buffer->msg[3];
    register uint64_t r12 __asm__("r12") = reply;
    register uint64_t r13 __asm__("r13") = destination;
    uint64_t result = info.words[0];
    __asm__ volatile("mov %%rsp, %%rbx\n"
                     "syscall\n"
                     "mov %%rbx, %%rsp\n"
                     : "+D"(capability), "+S"(result), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r15)
                     : "d"(number), "r"(r12), "r"(r13)
                     : "rbx", "rcx", "r11", "memory");
    buffer->msg[0] = r10;
    buffer->msg[1] = r8;
    buffer->msg[2] = r9;
    buffer->msg[3] = r15;
    *badge = capability;
    return (seL4_MessageInfo_t){{result}};
}

uint64_t now(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

uint64_t ticks_per_us(void) {
    const unsigned char *chunk = (const unsigned char *)boot_info + PAGE;
    for (uint64_t offset = 0; offset < boot_info->extraLen;) {
        const seL4_BootInfoHeader *header = (const seL4_BootInfoHeader *)(chunk + offset);
        if (header->id == SEL4_BOOTINFO_HEADER_X86_TSC_FREQ)
            return *(const uint32_t *)(header + 1);
        offset += header->len;
    }
    return 1;
}
