// SPDX-License-Identifier: Apache-2.0
//
// The four functions that compilers call on their own, and that the runtime is written with: all of
// <string.h> that freestanding code here may use. A page fault may unwind out of any of them
// (wasm_trap_on_fault): they hold nothing.
#ifndef SEALIFT_LIBC_STRING_H
#define SEALIFT_LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);

#endif
