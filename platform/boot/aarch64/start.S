// SPDX-License-Identifier: Apache-2.0
//
// Entry on aarch64, at any exception level from 3 to 1, MMU and caches on or off (firmware such as U-Boot leaves them on).
// Goes down to the level at which the kernel runs. Register fields: Arm Architecture Reference Manual, chapter D19.

// Offsets in struct sealift_loader.
#define KERNEL_ENTRY 8

#define LEVEL_1 1
#define LEVEL_2 2
#define LEVEL_3 3

// SCTLR_ELx with MMU and caches off: only the bits that are always one (ARMv8.0).
#define SCTLR_EL1_OFF 0x30d00800
#define SCTLR_EL2_OFF 0x30c50830
#define SCTLR_EL3_OFF 0x30c50830

// SCR_EL3: RW (lower levels are 64-bit), HCE, SMD (nothing here would answer an SMC), the two ones, NS.
#define SCR_EL3_NON_SECURE 0x5b1
#define HCR_EL2_RW (1 << 31)
#define CPTR_EL2_NO_TRAPS 0x33ff
// CNTHCTL_EL2: EL1 may use physical counter and timer.
#define CNTHCTL_EL2_EL1_ACCESS 3

// SPSR_ELx: all interrupts masked, the level's own stack pointer.
#define SPSR_EL2 0x3c9
#define SPSR_EL1 0x3c5

.macro immediate register, value
    movz \register, #((\value) & 0xffff)
    movk \register, #(((\value) >> 16) & 0xffff), lsl #16
.endm

.section .text.start, "ax"
.global _start
_start:
    msr daifset, #15
    // What the caches hold of the loader has to be in memory before they are off, and none of it may stay behind: later
    // writes go past the caches.
    bl forget_loader
    mrs x19, CurrentEL
    lsr x19, x19, #2
    cmp x19, #LEVEL_2
    b.eq 2f
    b.hi 3f
    immediate x0, SCTLR_EL1_OFF
    msr sctlr_el1, x0
    b 1f
2:  immediate x0, SCTLR_EL2_OFF
    msr sctlr_el2, x0
    b 1f
3:  immediate x0, SCTLR_EL3_OFF
    msr sctlr_el3, x0
1:  isb
    bl forget_loader
    ic iallu
    dsb sy
    isb
    bl use_stack
    cmp x19, #LEVEL_3
    b.ne at_level_2_or_1

    bl secure_setup
    mov x0, #SCR_EL3_NON_SECURE
    msr scr_el3, x0
    msr cptr_el3, xzr
    mrs x0, id_aa64pfr0_el1
    ubfx x0, x0, #8, #4 // EL2: 0 where there is none
    cbz x0, 4f
    immediate x0, SCTLR_EL2_OFF
    msr sctlr_el2, x0
    mov x0, #SPSR_EL2
    b 5f
4:  immediate x0, SCTLR_EL1_OFF
    msr sctlr_el1, x0
    mov x0, #SPSR_EL1
5:  msr spsr_el3, x0
    adr x0, at_level_2_or_1
    msr elr_el3, x0
    isb
    eret

at_level_2_or_1:
    bl use_stack
    mrs x19, CurrentEL
    lsr x19, x19, #2
    // A kernel for EL1 is linked in the upper half of addresses, one for EL2, which has only one half, in the lower.
    adrp x0, sealift_loader
    add x0, x0, :lo12:sealift_loader
    ldr x20, [x0, #KERNEL_ENTRY]
    cmp x19, #LEVEL_2
    b.ne at_level_1

    immediate x0, HCR_EL2_RW
    msr hcr_el2, x0
    msr cntvoff_el2, xzr
    mov x0, #CNTHCTL_EL2_EL1_ACCESS
    msr cnthctl_el2, x0
    mov x0, #CPTR_EL2_NO_TRAPS
    msr cptr_el2, x0
    msr hstr_el2, xzr
    msr vttbr_el2, xzr
    mrs x0, midr_el1
    msr vpidr_el2, x0
    mrs x0, mpidr_el1
    msr vmpidr_el2, x0
    isb
    tbz x20, #63, enter
    immediate x0, SCTLR_EL1_OFF
    msr sctlr_el1, x0
    mov x0, #SPSR_EL1
    msr spsr_el2, x0
    adr x0, at_level_1
    msr elr_el2, x0
    isb
    eret

at_level_1:
    bl use_stack
    cbz x20, enter // no kernel at all: C says so
    tbnz x20, #63, enter
    adrp x0, needs_level_2
    add x0, x0, :lo12:needs_level_2
    b loader_fail

enter:
    msr tpidr_el1, xzr // the number of this core, for kernels built for several
    b loader_main

use_stack:
    adrp x0, stack_end
    mov sp, x0
    ret

// Cleans and invalidates the loader's lines in all data caches. Uses x0 to x3.
forget_loader:
    adrp x0, loader_start
    adrp x1, loader_end
    b clean_lines

// Makes [x0, x1) visible to instruction fetches.
.global instructions_changed
instructions_changed:
    mov x4, x30
    bl clean_lines
    ic iallu
    dsb sy
    isb
    ret x4

// Cleans and invalidates [x0, x1). Uses x0 to x3.
clean_lines:
    mrs x2, ctr_el0
    ubfx x2, x2, #16, #4 // DminLine: log2 of words
    mov x3, #4
    lsl x2, x3, x2
    sub x3, x2, #1
    bic x0, x0, x3
6:  cmp x0, x1
    b.hs 7f
    dc civac, x0
    add x0, x0, x2
    b 6b
7:  dsb sy
    ret

.global kernel_enter
kernel_enter:
    mov x9, x0
    mov x10, x1
    ldp x0, x1, [x10]
    ldp x2, x3, [x10, #16]
    ldp x4, x5, [x10, #32]
    br x9

.global processor_stop
processor_stop:
    wfe
    b processor_stop

.section .rodata
needs_level_2:
    .asciz "the kernel is for the hypervisor's level EL2, the machine started at EL1; under QEMU add -machine virtualization=on, or take a kernel without KernelArmHypervisorSupport"

.bss
.balign 4096
    .skip 4096
stack_end:
