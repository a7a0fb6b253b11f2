// SPDX-License-Identifier: Apache-2.0
//
// Messages between threads, and the faults that arrive as messages (seL4 reference manual, sections 4 and 6).
#ifndef SEALIFT_SEL4_IPC_H
#define SEALIFT_SEL4_IPC_H

#include "sel4/invoke.h"

enum {
    SEL4_MESSAGE_WORDS = 120, ///< longest message
};

/// A message as the host functions lay it out in linear memory (wit/sealift.wit, interface kernel).
struct sel4_message {
    uint32_t label;
    uint32_t length; ///< words
    uint64_t words[];
};

/// The operations below send a message and receive one into the same place.
struct sel4_exchange {
    int64_t operation;           ///< seL4_Syscall_ID
    sel4_cptr capability;        ///< where it goes, or for a receive where it comes from
    sel4_cptr reply;             ///< reply object of a receive
    sel4_cptr destination;       ///< of NBSendRecv
    struct sel4_message *send;   ///< NULL: nothing is sent; its length is at most SEL4_MESSAGE_WORDS
    struct sel4_message *receive; ///< NULL: nothing is received
    uint32_t capacity;           ///< words that `receive` has room for; longer messages are cut
};

/// Performs the operation.
/// @return the badge of what was received
uint64_t sel4_exchange(const struct sel4_exchange *exchange);

void sel4_signal(sel4_cptr notification);
void sel4_yield(void);

#endif
