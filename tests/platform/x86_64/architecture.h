// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sel4/arch/mapping.h>

#define HAS_PORTS 1

#define FRAME_TYPE seL4_X86_4K
#define LARGE_FRAME_TYPE seL4_X86_LargePageObject
#define TABLE_TYPE seL4_X86_PageTableObject
#define VSPACE_TYPE seL4_X64_PML4Object
#define PAGE_MAP X86PageMap
#define PAGE_UNMAP X86PageUnmap
#define PAGE_GET_ADDRESS X86PageGetAddress
#define ASID_ASSIGN X86ASIDPoolAssign
#define ATTRIBUTES seL4_X86_Default_VMAttributes

/** The type of the paging structure without which so many bits stay unresolved, and the label that maps one.
 */
static inline uint64_t table_type(uint64_t missing_bits, uint64_t *label) {
    if (missing_bits == SEL4_MAPPING_LOOKUP_NO_PDPT) {
        *label = X86PDPTMap;
        return seL4_X86_PDPTObject;
    }
    if (missing_bits == SEL4_MAPPING_LOOKUP_NO_PD) {
        *label = X86PageDirectoryMap;
        return seL4_X86_PageDirectoryObject;
    }
    *label = X86PageTableMap;
    return seL4_X86_PageTableObject;
}

/** Members of seL4_UserContext: instruction and stack pointer, the first two arguments of a function. */
#define CONTEXT_IP rip
#define CONTEXT_SP rsp
#define CONTEXT_FIRST rdi
#define CONTEXT_SECOND rsi
/** The word of the thread pointer; the next one is shown too. */
#define CONTEXT_TLS_WORD 18
/** A function finds its stack as if it had been called. */
#define STACK_BIAS 8

/** Word of an UnknownSyscall that domain.S reports its result in. */
#define UNKNOWN_RESULT seL4_UnknownSyscall_RAX
/** The part of a VMFault's status that does not depend on the kernel's configuration. */
#define FAULT_STATUS(word) (word)
/** The last page of user addresses but some, and one that is none. */
#define HIGH_ADDRESS 0x7fffffff0000
#define WRONG_ADDRESS 0x800000000000

#define MEMORY_MIB 512UL
#define DEVICE_MEMORY (1UL << 46)

/** Faults. */
static inline void trap(void) {
    __asm__ volatile("int $0xfe" : : "a"(0));
}
