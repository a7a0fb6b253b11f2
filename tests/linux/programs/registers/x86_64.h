// SPDX-License-Identifier: Apache-2.0
//
// registers.c on x86_64: sixteen vector registers of 16 bytes.
#pragma once

enum { VECTOR_BYTES = 16 * 16 };

/// seL4 takes its own number from rdx, the third argument.
static long system_call_with(long number, long first, long second, long rest) {
    long result = number;
    register long r10 __asm__("r10") = rest;
    register long r8 __asm__("r8") = rest;
    register long r9 __asm__("r9") = rest;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "d"(rest), "D"(first), "S"(second), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/// Fills the vector registers from `filled`, makes a system call, writes to a page, and takes the registers
/// out to `found`.
static long across(long number, long first, long second, long third, volatile char *page) {
    long result = number;
    __asm__ volatile(
        "movups 0(%[from]), %%xmm0\n movups 16(%[from]), %%xmm1\n movups 32(%[from]), %%xmm2\n"
        "movups 48(%[from]), %%xmm3\n movups 64(%[from]), %%xmm4\n movups 80(%[from]), %%xmm5\n"
        "movups 96(%[from]), %%xmm6\n movups 112(%[from]), %%xmm7\n movups 128(%[from]), %%xmm8\n"
        "movups 144(%[from]), %%xmm9\n movups 160(%[from]), %%xmm10\n movups 176(%[from]), %%xmm11\n"
        "movups 192(%[from]), %%xmm12\n movups 208(%[from]), %%xmm13\n movups 224(%[from]), %%xmm14\n"
        "movups 240(%[from]), %%xmm15\n"
        "syscall\n"
        "movb $1, (%[page])\n"
        "movups %%xmm0, 0(%[to])\n movups %%xmm1, 16(%[to])\n movups %%xmm2, 32(%[to])\n"
        "movups %%xmm3, 48(%[to])\n movups %%xmm4, 64(%[to])\n movups %%xmm5, 80(%[to])\n"
        "movups %%xmm6, 96(%[to])\n movups %%xmm7, 112(%[to])\n movups %%xmm8, 128(%[to])\n"
        "movups %%xmm9, 144(%[to])\n movups %%xmm10, 160(%[to])\n movups %%xmm11, 176(%[to])\n"
        "movups %%xmm12, 192(%[to])\n movups %%xmm13, 208(%[to])\n movups %%xmm14, 224(%[to])\n"
        "movups %%xmm15, 240(%[to])\n"
        : "+a"(result)
        : "D"(first), "S"(second), "d"(third), [from] "r"(filled), [to] "r"(found), [page] "r"(page)
        : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
          "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return result;
}

/// Gives some of them other values.
static void disturb(void) {
    __asm__ volatile(
        "xorps %%xmm0, %%xmm0\n xorps %%xmm1, %%xmm1\n xorps %%xmm7, %%xmm7\n xorps %%xmm15, %%xmm15"
        :
        :
        : "xmm0", "xmm1", "xmm7", "xmm15");
}
