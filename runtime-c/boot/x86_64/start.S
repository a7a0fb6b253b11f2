// SPDX-License-Identifier: Apache-2.0
//
// Where threads of the runtime begin.

#include "host/layout.h"

        .section .text.entry, "ax", @progbits

// The root task's first instruction. rdi = boot information. The kernel gives no stack.
        .globl  root_entry
        .type   root_entry, @function
root_entry:
        leaq    boot_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    root_main
        ud2
        .size   root_entry, . - root_entry

// A sentry's first instruction.
        .globl  sentry_entry
        .type   sentry_entry, @function
sentry_entry:
        leaq    program_domain_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    domain_main
        ud2
        .size   sentry_entry, . - sentry_entry

// The root task's fault thread.
        .globl  fault_thread_entry
        .type   fault_thread_entry, @function
fault_thread_entry:
        leaq    fault_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    fault_thread_main
        ud2
        .size   fault_thread_entry, . - fault_thread_entry

// Continues a thread that faulted on linear memory, in place of the instruction that faulted. rdi = address. The stack is
// as that instruction left it, possibly with a red zone below rsp: nothing of it is needed again.
        .globl  fault_entry
        .type   fault_entry, @function
fault_entry:
        cld
        andq    $-16, %rsp
        xorl    %ebp, %ebp
        call    linear_memory_fault
        ud2
        .size   fault_entry, . - fault_entry

// void run_on_stack(void *top /* rdi */, void (*function)(void) /* rsi */): leaves the present stack for good.
        .globl  run_on_stack
        .type   run_on_stack, @function
run_on_stack:
        movq    %rdi, %rsp
        xorl    %ebp, %ebp
        call    *%rsi
        ud2
        .size   run_on_stack, . - run_on_stack

// Stacks of the root task: for its boot, and for its fault thread.
        .section .bss.root, "aw", @nobits
        .balign 16
        .skip   8192
boot_stack_top:
        .skip   4096
fault_stack_top:

        .section .note.GNU-stack, "", @progbits
