// SPDX-License-Identifier: Apache-2.0
//
// Where threads of the runtime begin.

#include "host/layout.h"

        .section .text.entry, "ax", @progbits

// The root task's first instruction. x0 = boot information. The kernel gives no stack.
        .globl  root_entry
        .type   root_entry, @function
root_entry:
        adrp    x1, boot_stack_top
        add     sp, x1, :lo12:boot_stack_top
        mov     x29, xzr
        mov     x30, xzr
        bl      root_main
        brk     #0
        .size   root_entry, . - root_entry

// A sentry's first instruction.
        .globl  sentry_entry
        .type   sentry_entry, @function
sentry_entry:
        adrp    x1, program_domain_stack_top
        add     sp, x1, :lo12:program_domain_stack_top
        mov     x29, xzr
        mov     x30, xzr
        bl      domain_main
        brk     #0
        .size   sentry_entry, . - sentry_entry

// The root task's fault thread.
        .globl  fault_thread_entry
        .type   fault_thread_entry, @function
fault_thread_entry:
        adrp    x1, fault_stack_top
        add     sp, x1, :lo12:fault_stack_top
        mov     x29, xzr
        mov     x30, xzr
        bl      fault_thread_main
        brk     #0
        .size   fault_thread_entry, . - fault_thread_entry

// Continues a thread that faulted on linear memory, in place of the instruction that faulted. x0 = address. The stack is as
// that instruction left it, always aligned: nothing of it is needed again.
        .globl  fault_entry
        .type   fault_entry, @function
fault_entry:
        mov     x29, xzr
        mov     x30, xzr
        bl      linear_memory_fault
        brk     #0
        .size   fault_entry, . - fault_entry

// void run_on_stack(void *top /* x0 */, void (*function)(void) /* x1 */): leaves the present stack for good.
        .globl  run_on_stack
        .type   run_on_stack, @function
run_on_stack:
        mov     sp, x0
        mov     x29, xzr
        mov     x30, xzr
        blr     x1
        brk     #0
        .size   run_on_stack, . - run_on_stack

        .ltorg

// Stacks of the root task: for its boot, and for its fault thread.
        .section .bss.root, "aw", @nobits
        .balign 16
        .skip   8192
boot_stack_top:
        .skip   4096
fault_stack_top:

        .section .note.GNU-stack, "", @progbits
