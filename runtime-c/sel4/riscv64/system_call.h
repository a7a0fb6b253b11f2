// SPDX-License-Identifier: Apache-2.0
//
// The system call of an MCS kernel on riscv64: one instruction, everything in registers.
//
//   a7  system call number            a0  destination or source; on return the badge
//   a1  message tag, both ways        a2 a3 a4 a5  message registers 0 to 3, both ways
//   a6  reply object of a receive     t0  destination of NBSendRecv
//
// The kernel keeps every other register.
#ifndef SEALIFT_SEL4_RISCV64_SYSTEM_CALL_H
#define SEALIFT_SEL4_RISCV64_SYSTEM_CALL_H

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
    register uint64_t capability __asm__("a0") = registers->capability;
    register uint64_t tag __asm__("a1") = registers->tag;
    register uint64_t message_0 __asm__("a2") = registers->message[0];
    register uint64_t message_1 __asm__("a3") = registers->message[1];
    register uint64_t message_2 __asm__("a4") = registers->message[2];
    register uint64_t message_3 __asm__("a5") = registers->message[3];
    register uint64_t reply_register __asm__("a6") = reply;
    register int64_t number_register __asm__("a7") = number;
    register uint64_t destination_register __asm__("t0") = destination;
    __asm__ volatile("ecall"
                     : "+r"(capability), "+r"(tag), "+r"(message_0), "+r"(message_1), "+r"(message_2),
                       "+r"(message_3), "+r"(reply_register)
                     : "r"(number_register), "r"(destination_register)
                     : "memory");
    registers->capability = capability;
    registers->tag = tag;
    registers->message[0] = message_0;
    registers->message[1] = message_1;
    registers->message[2] = message_2;
    registers->message[3] = message_3;
}

#endif
