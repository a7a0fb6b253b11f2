// SPDX-License-Identifier: Apache-2.0
//
// The system call of an MCS kernel on aarch64: one instruction, everything in registers.
//
//   x7  system call number            x0  destination or source; on return the badge
//   x1  message tag, both ways        x2 x3 x4 x5  message registers 0 to 3, both ways
//   x6  reply object of a receive     x8  destination of NBSendRecv
//
// The kernel keeps every other register.
#ifndef SEALIFT_SEL4_AARCH64_SYSTEM_CALL_H
#define SEALIFT_SEL4_AARCH64_SYSTEM_CALL_H

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
    register uint64_t capability __asm__("x0") = registers->capability;
    register uint64_t tag __asm__("x1") = registers->tag;
    register uint64_t message_0 __asm__("x2") = registers->message[0];
    register uint64_t message_1 __asm__("x3") = registers->message[1];
    register uint64_t message_2 __asm__("x4") = registers->message[2];
    register uint64_t message_3 __asm__("x5") = registers->message[3];
    register uint64_t reply_register __asm__("x6") = reply;
    register int64_t number_register __asm__("x7") = number;
    register uint64_t destination_register __asm__("x8") = destination;
    __asm__ volatile("svc #0"
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
