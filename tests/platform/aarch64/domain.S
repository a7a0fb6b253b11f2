/* SPDX-License-Identifier: Apache-2.0
 *
 * Code for threads in other VSpaces, one page, position independent. Arguments come in registers that the tests
 * write; `svc` with x7 as it is, which is none of the kernel's numbers, reports registers as an unknown system call. */
    .section .domain, "awx"
    .balign 4096
    .globl domain_code, domain_code_end
domain_code:

    .macro entry name
    .globl \name
\name:
    .endm

entry domain_report
    svc #0
    b domain_report
entry domain_load
    ldr x0, [x0]
    svc #0
    b domain_load
entry domain_store
    str x1, [x0]
    svc #0
    b domain_store
entry domain_jump
    br x0
entry domain_undefined
    udf #0
    svc #0
entry domain_breakpoint
    brk #7
    svc #0
entry domain_privileged
    mrs x0, sctlr_el1
    svc #0
/* The second call is one whatever the first was. */
entry domain_report_twice
    svc #0
    mov x7, #0
    svc #0
    b domain_report_twice
entry domain_spin
    b domain_spin
entry domain_count
    ldr x1, [x0]
    add x1, x1, #1
    str x1, [x0]
    b domain_count
/* Writes a byte into each of x1 pages from x0 on. */
entry domain_touch
    mov w2, #1
1:  strb w2, [x0]
    add x0, x0, #4096
    subs x1, x1, #1
    b.ne 1b
    svc #0
    b domain_touch
/* Adds up the first word of each of x1 pages from x0 on. */
entry domain_sum
    mov x2, #0
1:  ldr x3, [x0]
    add x2, x2, x3
    add x0, x0, #4096
    subs x1, x1, #1
    b.ne 1b
    mov x0, x2
    svc #0
    b domain_sum
/* Keeps x1 in a vector register across a fault. */
entry domain_vector
    dup v5.2d, x1
    svc #0
    umov x0, v5.d[1]
    svc #0
    b domain_vector
/* A fault in the middle of a computation. */
entry domain_vector_fault
    dup v6.2d, x1
    ldr x2, [x0]
    umov x0, v6.d[1]
    svc #0
    b domain_vector_fault
entry domain_thread_base
    mrs x0, tpidr_el0
    mrs x1, tpidrro_el0
    svc #0
    b domain_thread_base

    .balign 4096
domain_code_end:
    .section .note.GNU-stack, "", @progbits
