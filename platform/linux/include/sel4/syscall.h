// SPDX-License-Identifier: Apache-2.0
//
// System-call numbers of an MCS kernel, passed in rdx. A release kernel has no others.
#pragma once

typedef enum {
    seL4_SysCall = -1,
    seL4_SysReplyRecv = -2,
    seL4_SysNBSendRecv = -3,
    seL4_SysNBSendWait = -4,
    seL4_SysSend = -5,
    seL4_SysNBSend = -6,
    seL4_SysRecv = -7,
    seL4_SysNBRecv = -8,
    seL4_SysWait = -9,
    seL4_SysNBWait = -10,
    seL4_SysYield = -11,
    seL4_Syscall_ID_LongEnum = 0x7fffffffffffffff,
} seL4_Syscall_ID;
