// SPDX-License-Identifier: Apache-2.0
//
// Writes to address 0.

void _start(void) {
    __asm__ volatile("movl $1, 0");
    for (;;) {
    }
}
