// SPDX-License-Identifier: Apache-2.0
//
// Running a function on another stack. The present stack pointer waits in a register that the function
// preserves, as a frame pointer does.
#include "instance.h"

#if defined(__x86_64__)

__asm__(".text\n"
        ".globl compiled_run_on\n"
        ".type compiled_run_on, @function\n"
        "compiled_run_on:\n"
        "    pushq %rbp\n"
        "    movq %rsp, %rbp\n"
        "    movq %rdi, %rsp\n"
        "    movq %rdx, %rdi\n"
        "    callq *%rsi\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    retq\n"
        ".size compiled_run_on, . - compiled_run_on\n");

#elif defined(__aarch64__)

__asm__(".text\n"
        ".globl compiled_run_on\n"
        ".type compiled_run_on, %function\n"
        "compiled_run_on:\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    mov x29, sp\n"
        "    mov sp, x0\n"
        "    mov x0, x2\n"
        "    blr x1\n"
        "    mov sp, x29\n"
        "    ldp x29, x30, [sp], #16\n"
        "    ret\n"
        ".size compiled_run_on, . - compiled_run_on\n");

#elif defined(__riscv) && __riscv_xlen == 64

__asm__(".text\n"
        ".globl compiled_run_on\n"
        ".type compiled_run_on, @function\n"
        "compiled_run_on:\n"
        "    addi sp, sp, -16\n"
        "    sd ra, 8(sp)\n"
        "    sd s0, 0(sp)\n"
        "    mv s0, sp\n"
        "    mv sp, a0\n"
        "    mv a0, a2\n"
        "    jalr a1\n"
        "    mv sp, s0\n"
        "    ld ra, 8(sp)\n"
        "    ld s0, 0(sp)\n"
        "    addi sp, sp, 16\n"
        "    ret\n"
        ".size compiled_run_on, . - compiled_run_on\n");

#else
#error "changing stacks: add this architecture's registers"
#endif
