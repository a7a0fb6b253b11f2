// SPDX-License-Identifier: Apache-2.0
//
// Where signal handlers without a restorer return to; it lies among the stubs (arch/aarch64/signalFrame.ts, STUB_RETURN).
// Unwinders know a signal frame by the first two instructions, and so they are Linux's. The kernel takes its own number from
// X7; with two of its numbers it returns without a word, and the patched instruction calls again.

    .section .stubs, "ax"
    .space 256
    .globl __kernel_rt_sigreturn
    .type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
    mov x8, #139
    svc #0
    brk #0x5ea1
    .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
