// SPDX-License-Identifier: Apache-2.0
//
// Entry on riscv64: supervisor mode, one hart, translation off, as OpenSBI and U-Boot start a payload (RISC-V Supervisor
// Binary Interface, chapter "HSM").

.section .text.start, "ax"
.global _start
_start:
    csrw sie, zero
    csrw satp, zero
    lla sp, stack_end // not la: that would go through a table of addresses
    tail loader_main

// instructions_changed(start, end): the whole hart at once; there is nothing finer.
.global instructions_changed
instructions_changed:
    fence rw, rw
    fence.i
    ret

.global kernel_enter
kernel_enter:
    mv t0, a0
    mv t1, a1
    ld a0, 0(t1)
    ld a1, 8(t1)
    ld a2, 16(t1)
    ld a3, 24(t1)
    ld a4, 32(t1)
    ld a5, 40(t1)
    // Number of hart and core, for kernels built for several.
    mv a6, zero
    mv a7, zero
    jr t0

.global processor_stop
processor_stop:
    wfi
    j processor_stop

.bss
.balign 4096
    .skip 4096
stack_end:
