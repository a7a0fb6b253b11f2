// SPDX-License-Identifier: Apache-2.0
//
// Where threads of the runtime begin.

#include "host/layout.h"

        .option norelax // the global pointer, which relaxation would use, belongs to nobody here
        .section .text.entry, "ax", @progbits

// The root task's first instruction. a0 = boot information. The kernel gives no stack.
        .globl  root_entry
        .type   root_entry, @function
root_entry:
        lla     sp, boot_stack_top
        mv      s0, zero
        call    root_main
        ebreak
        .size   root_entry, . - root_entry

// A sentry's first instruction.
        .globl  sentry_entry
        .type   sentry_entry, @function
sentry_entry:
        lla     sp, program_domain_stack_top
        mv      s0, zero
        call    domain_main
        ebreak
        .size   sentry_entry, . - sentry_entry

// The root task's fault thread.
        .globl  fault_thread_entry
        .type   fault_thread_entry, @function
fault_thread_entry:
        lla     sp, fault_stack_top
        mv      s0, zero
        call    fault_thread_main
        ebreak
        .size   fault_thread_entry, . - fault_thread_entry

// Continues a thread that faulted on linear memory, in place of the instruction that faulted. a0 = address. The stack is as
// that instruction left it: nothing of it is needed again.
        .globl  fault_entry
        .type   fault_entry, @function
fault_entry:
        andi    sp, sp, -16
        mv      s0, zero
        call    linear_memory_fault
        ebreak
        .size   fault_entry, . - fault_entry

// void run_on_stack(void *top /* a0 */, void (*function)(void) /* a1 */): leaves the present stack for good.
        .globl  run_on_stack
        .type   run_on_stack, @function
run_on_stack:
        mv      sp, a0
        mv      s0, zero
        jalr    a1
        ebreak
        .size   run_on_stack, . - run_on_stack

// Stacks of the root task: for its boot, and for its fault thread.
        .section .bss.root, "aw", @nobits
        .balign 16
        .skip   8192
boot_stack_top:
        .skip   4096
fault_stack_top:

        .section .note.GNU-stack, "", @progbits
