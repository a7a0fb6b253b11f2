// SPDX-License-Identifier: Apache-2.0
//
// Sizes and limits of x86_64 MCS kernels. Sizes are powers of two in bytes unless the name says otherwise.
#pragma once

#include <sel4/config.h>

#define LIBSEL4_BIT(n) (1ul << (n))

#define seL4_WordBits 64
#define seL4_WordSizeBits 3
#define seL4_PageBits 12
#define seL4_SlotBits 5
#define seL4_TCBBits 11
#define seL4_EndpointBits 4
#define seL4_NotificationBits 6
#define seL4_ReplyBits 5
#define seL4_MinSchedContextBits 7

#define seL4_PageTableBits 12
#define seL4_PageTableEntryBits 3
#define seL4_PageTableIndexBits 9
#define seL4_PageDirBits 12
#define seL4_PageDirEntryBits 3
#define seL4_PageDirIndexBits 9
#define seL4_PDPTBits 12
#define seL4_PDPTEntryBits 3
#define seL4_PDPTIndexBits 9
#define seL4_PML4Bits 12
#define seL4_PML4EntryBits 3
#define seL4_PML4IndexBits 9
#define seL4_VSpaceBits seL4_PML4Bits
#define seL4_IOPageTableBits 12
#define seL4_LargePageBits 21
#define seL4_HugePageBits 30
#define seL4_NumASIDPoolsBits 3
#define seL4_ASIDPoolBits 12
#define seL4_ASIDPoolIndexBits 9
#define seL4_MinUntypedBits 4
#define seL4_MaxUntypedBits 47

/** Addresses from here up belong to the kernel. */
#define seL4_UserTop 0x00007ffffffff000
#define seL4_UserVSpaceTop (seL4_UserTop - 1)

#define seL4_GuardSizeBits 6
#define seL4_GuardBits 58
#define seL4_BadgeBits 64
#define seL4_CapRightsBits 4

/** Message registers that travel in machine registers: r10, r8, r9, r15. */
#define seL4_FastMessageRegisters 4
#define seL4_IPCBufferSizeBits 10

/** Vectors a user can ask for, and the hardware vector of the first. */
#define IRQ_OFFSET (0x20 + 16)
#define VECTOR_MIN (0)
#define VECTOR_MAX (109)
#define MSI_MIN VECTOR_MIN
#define MSI_MAX VECTOR_MAX

#define seL4_DataFault 0
#define seL4_InstructionFault 1

#ifndef __ASSEMBLER__

enum priorityConstants { seL4_InvalidPrio = -1, seL4_MinPrio = 0, seL4_MaxPrio = CONFIG_NUM_PRIORITIES - 1 };

enum seL4_MsgLimits { seL4_MsgLengthBits = 7, seL4_MsgExtraCapBits = 2, seL4_MsgMaxLength = 120 };
#define seL4_MsgMaxExtraCaps (LIBSEL4_BIT(seL4_MsgExtraCapBits) - 1)

#define seL4_UntypedRetypeMaxObjects CONFIG_RETYPE_FAN_OUT_LIMIT

typedef enum {
    seL4_TCBFlag_NoFlag = 0,
    seL4_TCBFlag_fpuDisabled = 1,
    seL4_TCBFlag_MASK = seL4_TCBFlag_fpuDisabled,
    seL4_TCBFlag_LongEnum = 0x7fffffffffffffff,
} seL4_TCBFlag;

typedef enum {
    seL4_SchedContext_NoFlag = 0,
    seL4_SchedContext_Sporadic = 1,
    seL4_SchedContextFlag_LongEnum = 0x7fffffffffffffff,
} seL4_SchedContextFlag;

/** A scheduling context is this many bytes and two refills; every further refill costs seL4_RefillSizeBytes.
 */
#define seL4_CoreSchedContextBytes (10 * sizeof(unsigned long) + 6 * 8)
#define seL4_RefillSizeBytes (2 * 8)

/** Refills beyond the first two that a scheduling context of 2^size bytes has room for. */
static inline unsigned long seL4_MaxExtraRefills(unsigned long size) {
    return (LIBSEL4_BIT(size) - seL4_CoreSchedContextBytes) / seL4_RefillSizeBytes;
}

#endif
