// SPDX-License-Identifier: Apache-2.0
//
// Messages between threads, and the faults that arrive as messages (seL4 reference manual, sections 4 and 6).
#ifndef SEALIFT_SEL4_IPC_H
#define SEALIFT_SEL4_IPC_H

#include "sel4/invoke.h"

enum {
    SEL4_MESSAGE_WORDS = 120, ///< longest message
};

/// A message that is sent, one that is received into the same place, or both.
struct sel4_exchange {
    int64_t operation;          ///< seL4_Syscall_ID
    sel4_cptr capability;       ///< where it goes; for a receive where it comes from
    sel4_cptr reply;            ///< reply object of a receive
    sel4_cptr destination;      ///< of NBSendRecv: where the message goes
    uint64_t label;             ///< of the message that is sent, then of the one received
    uint32_t length;            ///< words likewise; at most SEL4_MESSAGE_WORDS, and `capacity` on return
    uint32_t capacity;          ///< words that fit receive_words; what is longer is cut
    const uint64_t *send_words; ///< `length` words
    uint64_t *receive_words;
};

/// Performs the operation.
/// @return the badge of what was received
uint64_t sel4_exchange(struct sel4_exchange *exchange);

void sel4_signal(sel4_cptr notification);
void sel4_yield(void);

#endif
