// SPDX-License-Identifier: Apache-2.0
//
// Words of seL4_UserContext that the runtime sets itself.
#ifndef SEALIFT_SEL4_CONTEXT_H
#define SEALIFT_SEL4_CONTEXT_H

#include "sel4/sel4_headers.h"

#include <stddef.h>
#include <stdint.h>

#define SEL4_CONTEXT_WORD(member) (offsetof(seL4_UserContext, member) / sizeof(uint64_t))

enum {
#if defined(__x86_64__)
    SEL4_CONTEXT_INSTRUCTION = SEL4_CONTEXT_WORD(rip),
    SEL4_CONTEXT_STACK = SEL4_CONTEXT_WORD(rsp),
    SEL4_CONTEXT_ARGUMENT = SEL4_CONTEXT_WORD(rdi), ///< first argument of a function
#elif defined(__aarch64__)
    SEL4_CONTEXT_INSTRUCTION = SEL4_CONTEXT_WORD(pc),
    SEL4_CONTEXT_STACK = SEL4_CONTEXT_WORD(sp),
    SEL4_CONTEXT_ARGUMENT = SEL4_CONTEXT_WORD(x0),
#elif defined(__riscv)
    SEL4_CONTEXT_INSTRUCTION = SEL4_CONTEXT_WORD(pc),
    SEL4_CONTEXT_STACK = SEL4_CONTEXT_WORD(sp),
    SEL4_CONTEXT_ARGUMENT = SEL4_CONTEXT_WORD(a0),
#endif
};

#endif
