// SPDX-License-Identifier: Apache-2.0
//
// Where signal handlers return to; it lies among the stubs (arch/riscv64/signalFrame.ts, STUB_RETURN). Unwinders know a
// signal frame by these two instructions.

    .section .stubs, "ax"
    .space 384
    .option norvc
    .globl __vdso_rt_sigreturn
    .type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
    li a7, 139
    ecall
    .size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
