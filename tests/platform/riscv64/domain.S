/* SPDX-License-Identifier: Apache-2.0
 *
 * Code for threads in other VSpaces, one page, position independent. Arguments come in registers that the tests
 * write; `ecall` with a7 as it is, which is none of the kernel's numbers, reports registers as an unknown system call. */
    .option norvc
    .option norelax
    .option arch, +f, +d
    .section .domain, "awx"
    .balign 4096
    .globl domain_code, domain_code_end
domain_code:

    .macro entry name
    .globl \name
\name:
    .endm

entry domain_report
    ecall
    j domain_report
entry domain_load
    ld a0, (a0)
    ecall
    j domain_load
entry domain_store
    sd a1, (a0)
    ecall
    j domain_store
entry domain_jump
    jr a0
entry domain_undefined
    unimp
    ecall
entry domain_breakpoint
    ebreak
    ecall
entry domain_privileged
    csrr a0, sstatus
    ecall
/* The second call is one whatever the first was. */
entry domain_report_twice
    ecall
    li a7, 0
    ecall
    j domain_report_twice
entry domain_spin
    j domain_spin
entry domain_count
    ld a1, (a0)
    addi a1, a1, 1
    sd a1, (a0)
    j domain_count
/* Writes a byte into each of a1 pages from a0 on. */
entry domain_touch
    li a2, 1
    li a3, 4096
1:  sb a2, (a0)
    add a0, a0, a3
    addi a1, a1, -1
    bnez a1, 1b
    ecall
    j domain_touch
/* Adds up the first word of each of a1 pages from a0 on. */
entry domain_sum
    li a2, 0
    li a4, 4096
1:  ld a3, (a0)
    add a2, a2, a3
    add a0, a0, a4
    addi a1, a1, -1
    bnez a1, 1b
    mv a0, a2
    ecall
    j domain_sum
/* Keeps a1 in a floating point register across a fault. */
entry domain_vector
    fmv.d.x f5, a1
    ecall
    fmv.x.d a0, f5
    ecall
    j domain_vector
/* A fault in the middle of a computation. */
entry domain_vector_fault
    fmv.d.x f6, a1
    ld a2, (a0)
    fmv.x.d a0, f6
    ecall
    j domain_vector_fault
entry domain_thread_base
    mv a0, tp
    ecall
    j domain_thread_base

    .balign 4096
domain_code_end:
    .section .note.GNU-stack, "", @progbits
