// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sel4/sel4_arch/mapping.h>

#define FRAME_TYPE seL4_ARM_SmallPageObject
#define LARGE_FRAME_TYPE seL4_ARM_LargePageObject
#define TABLE_TYPE seL4_ARM_PageTableObject
#define VSPACE_TYPE seL4_ARM_VSpaceObject
#define PAGE_MAP ARMPageMap
#define PAGE_UNMAP ARMPageUnmap
#define PAGE_GET_ADDRESS ARMPageGetAddress
#define TABLE_MAP ARMPageTableMap
#define TABLE_UNMAP ARMPageTableUnmap
#define ASID_ASSIGN ARMASIDPoolAssign
#define ASID_MAKE_POOL ARMASIDControlMakePool
#define ATTRIBUTES seL4_ARM_Default_VMAttributes
#define IRQ_GET_TRIGGER ARMIRQIssueIRQHandlerTrigger

/** Page tables of all levels are alike. */
static inline uint64_t table_type(uint64_t missing_bits, uint64_t *label) {
    *label = TABLE_MAP;
    return TABLE_TYPE;
}

/** Members of seL4_UserContext: instruction and stack pointer, the first two arguments of a function. */
#define CONTEXT_IP pc
#define CONTEXT_SP sp
#define CONTEXT_FIRST x0
#define CONTEXT_SECOND x1
/** The word of the thread pointer; the next one is shown too. */
#define CONTEXT_TLS_WORD 34
#define STACK_BIAS 0

/** Word of an UnknownSyscall that domain.S reports its result in. */
#define UNKNOWN_RESULT seL4_UnknownSyscall_X0
/** Exception class, whether it was a write, and the status code: kernels at EL2 show more of the syndrome. */
#define FAULT_STATUS(word) ((word) & (0x3fUL << 26 | 1 << 6 | 0x3f))
/** An address that nothing can be mapped at without more tables, and one beyond those of programs. */
#define HIGH_ADDRESS 0xfffff0000
#define WRONG_ADDRESS 0x800000000000

#ifdef CONFIG_ARM_HYPERVISOR_SUPPORT
#define MEMORY_MIB 512UL
#else
#define MEMORY_MIB 1024UL
#endif
#define DEVICE_MEMORY (1UL << 39)

/** The serial line. */
#define UART_ADDRESS 0x9000000UL
#define UART_INTERRUPT 33
/** An interrupt that the controller has none of. */
#define WRONG_INTERRUPT 100000

/** Faults: 0 is none of the kernel's system calls. */
static inline void trap(void) {
    __asm__ volatile("mov x7, #0\n\tsvc #0" : : : "x7");
}
