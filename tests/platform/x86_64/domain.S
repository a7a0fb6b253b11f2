/* SPDX-License-Identifier: Apache-2.0
 *
 * Code for threads in other VSpaces, one page, position independent. Arguments come in registers that the tests
 * write; `int $0xfe` reports all registers as an unknown system call. */
    .section .domain, "awx"
    .balign 4096
    .globl domain_code, domain_code_end
domain_code:

    .macro entry name
    .globl \name
\name:
    .endm

entry domain_report
    int $0xfe
    jmp domain_report
entry domain_syscall
    syscall
    int $0xfe
    jmp domain_syscall
entry domain_load
    mov (%rdi), %rax
    int $0xfe
    jmp domain_load
entry domain_store
    mov %rsi, (%rdi)
    int $0xfe
    jmp domain_store
entry domain_jump
    jmp *%rdi
entry domain_undefined
    ud2
    int $0xfe
entry domain_divide
    xor %edx, %edx
    xor %ecx, %ecx
    div %ecx
    int $0xfe
entry domain_breakpoint
    int3
    int $0xfe
entry domain_legacy_syscall
    int $0x80
    int $0xfe
entry domain_interrupt_32
    int $0x20
    int $0xfe
entry domain_interrupt_255
    int $0xff
    int $0xfe
/* `int $n` for every vector from 0xa0 to 0xfe: two bytes each. */
entry domain_interrupts
    .set vector, 0xa0
    .rept 0xff - 0xa0
    .byte 0xcd, vector
    .set vector, vector + 1
    .endr
entry domain_halt
    hlt
    int $0xfe
entry domain_spin
    jmp domain_spin
entry domain_count
    incq (%rdi)
    jmp domain_count
/* Counts and makes a system call after every step. */
entry domain_count_calls
    incq (%rdi)
    int $0xfe
    jmp domain_count_calls
entry domain_count_syscalls
    incq (%rdi)
    xor %edx, %edx
    syscall
    jmp domain_count_syscalls
/* Writes a byte into each of rsi pages from rdi on. */
entry domain_touch
    movb $1, (%rdi)
    add $4096, %rdi
    dec %rsi
    jnz domain_touch
    int $0xfe
    jmp domain_touch
/* Adds up the first word of each of rsi pages from rdi on. */
entry domain_sum
    xor %eax, %eax
1:  add (%rdi), %rax
    add $4096, %rdi
    dec %rsi
    jnz 1b
    int $0xfe
    jmp domain_sum
/* Keeps rsi in a vector register across a fault. */
entry domain_vector
    movq %rsi, %xmm5
    int $0xfe
    movq %xmm5, %rax
    int $0xfe
    jmp domain_vector
/* A fault in the middle of a computation: adds (rdi) to xmm and reports it. */
entry domain_vector_fault
    movq %rsi, %xmm6
    mov (%rdi), %rax
    movq %xmm6, %rbx
    int $0xfe
    jmp domain_vector_fault
entry domain_thread_base
    rdfsbase %rax
    rdgsbase %rbx
    int $0xfe
    jmp domain_thread_base

    .balign 4096
domain_code_end:
    .section .note.GNU-stack, "", @progbits
