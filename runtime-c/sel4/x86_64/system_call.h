// SPDX-License-Identifier: Apache-2.0
//
// The system call of an MCS kernel on x86_64: one instruction, everything in registers.
//
//   rdx  system call number            rdi  destination or source; on return the badge
//   rsi  message tag, both ways        r10 r8 r9 r15  message registers 0 to 3, both ways
//   r12  reply object of a receive     r13  destination of NBSendRecv
//
// `syscall` itself overwrites rcx and r11, and the kernel neither saves nor restores rsp: rbx keeps it.
#ifndef SEALIFT_SEL4_X86_64_SYSTEM_CALL_H
#define SEALIFT_SEL4_X86_64_SYSTEM_CALL_H

#include <stdint.h>

enum {
    SEL4_REGISTER_WORDS = 4, ///< message registers that travel in machine registers
};

/// What goes into the kernel and comes out of it.
struct sel4_registers {
    uint64_t capability; ///< destination or source; on return the sender's badge
    uint64_t tag;        ///< seL4_MessageInfo_t
    uint64_t message[SEL4_REGISTER_WORDS];
};

/// @param number      seL4_Syscall_ID
/// @param reply       reply object for a receive, else 0
/// @param destination what NBSendRecv sends to, else 0
static inline void sel4_system_call(int64_t number, struct sel4_registers *registers, uint64_t reply,
                                    uint64_t destination) {
    register uint64_t message_0 __asm__("r10") = registers->message[0];
    register uint64_t message_1 __asm__("r8") = registers->message[1];
    register uint64_t message_2 __asm__("r9") = registers->message[2];
    register uint64_t message_3 __asm__("r15") = registers->message[3];
    register uint64_t reply_register __asm__("r12") = reply;
    register uint64_t destination_register __asm__("r13") = destination;
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "syscall\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(registers->capability), "+S"(registers->tag), "+d"(number), "+r"(message_0),
                       "+r"(message_1), "+r"(message_2), "+r"(message_3), "+r"(reply_register),
                       "+r"(destination_register)
                     :
                     : "rbx", "rcx", "r11", "memory", "cc");
    registers->message[0] = message_0;
    registers->message[1] = message_1;
    registers->message[2] = message_2;
    registers->message[3] = message_3;
}

#endif
