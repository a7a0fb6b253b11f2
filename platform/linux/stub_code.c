// SPDX-License-Identifier: Apache-2.0
//
// The code of a stub, which runs at STUB_CODE. It has no stack. A breakpoint returns to the monitor; an
// undefined instruction does so with a failed call's result in rax.
#include "stub.h"

#include <stddef.h>

_Static_assert(sizeof(struct stub_call) == 48 && offsetof(struct stub_call, offset) == 40,
               "the code below knows the layout of a call");

__asm__(".pushsection .rodata\n"
        ".globl stub_code_start, stub_code_end, stub_code_batch, stub_code_clone\n"
        // Entered once: unmaps everything below the stub's own pages (rsi: their address).
        "stub_code_start:\n"
        "    xor %edi, %edi\n"
        "    mov $11, %eax\n" // munmap
        "    syscall\n"
        "    int3\n"
        // Makes rbx calls from the table at r12; r8 is the descriptor of the memory.
        "stub_code_batch:\n"
        "1:  mov 0(%r12), %rax\n"
        "    mov 8(%r12), %rdi\n"
        "    mov 16(%r12), %rsi\n"
        "    mov 24(%r12), %rdx\n"
        "    mov 32(%r12), %r10\n"
        "    mov 40(%r12), %r9\n"
        "    syscall\n"
        "    cmp $-4095, %rax\n"
        "    jae 2f\n"
        "    add $48, %r12\n"
        "    dec %rbx\n"
        "    jnz 1b\n"
        "    int3\n"
        "2:  ud2\n"
        // Makes one call whose registers are set.
        "stub_code_clone:\n"
        "    syscall\n"
        "    cmp $-4095, %rax\n"
        "    jae 2b\n"
        "    int3\n"
        "stub_code_end:\n"
        ".popsection\n");
