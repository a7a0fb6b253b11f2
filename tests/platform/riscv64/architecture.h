// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sel4/sel4_arch/mapping.h>

#define FRAME_TYPE seL4_RISCV_4K_Page
#define LARGE_FRAME_TYPE seL4_RISCV_Mega_Page
#define TABLE_TYPE seL4_RISCV_PageTableObject
#define VSPACE_TYPE seL4_RISCV_PageTableObject
#define PAGE_MAP RISCVPageMap
#define PAGE_UNMAP RISCVPageUnmap
#define PAGE_GET_ADDRESS RISCVPageGetAddress
#define TABLE_MAP RISCVPageTableMap
#define TABLE_UNMAP RISCVPageTableUnmap
#define ASID_ASSIGN RISCVASIDPoolAssign
#define ASID_MAKE_POOL RISCVASIDControlMakePool
#define ATTRIBUTES seL4_RISCV_Default_VMAttributes
#define IRQ_GET_TRIGGER RISCVIRQIssueIRQHandlerTrigger

/** Page tables of all levels are alike. */
static inline uint64_t table_type(uint64_t missing_bits, uint64_t *label) {
    *label = TABLE_MAP;
    return TABLE_TYPE;
}

/** Members of seL4_UserContext: instruction and stack pointer, the first two arguments of a function. */
#define CONTEXT_IP pc
#define CONTEXT_SP sp
#define CONTEXT_FIRST a0
#define CONTEXT_SECOND a1
/** The word before the thread pointer's, which is the last. */
#define CONTEXT_TLS_WORD 30
#define STACK_BIAS 0

/** Word of an UnknownSyscall that domain.S reports its result in. */
#define UNKNOWN_RESULT seL4_UnknownSyscall_A0
#define FAULT_STATUS(word) (word)
/** An address that nothing can be mapped at without more tables, and one beyond those of programs. */
#define HIGH_ADDRESS 0xfffff0000
#define WRONG_ADDRESS 0x800000000000

#define MEMORY_MIB 1024UL
#define DEVICE_MEMORY (1UL << 38)

/** The serial line. */
#define UART_ADDRESS 0x10000000UL
#define UART_INTERRUPT 10
/** An interrupt that the controller has none of. */
#define WRONG_INTERRUPT 100000

/** Faults: 0 is none of the kernel's system calls. */
static inline void trap(void) {
    __asm__ volatile("li a7, 0\n\tecall" : : : "a7");
}
