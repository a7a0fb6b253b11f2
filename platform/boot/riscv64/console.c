// SPDX-License-Identifier: Apache-2.0
//
// The firmware's console (RISC-V Supervisor Binary Interface, "Legacy Extensions", function 1).

#include "../loader.h"

#define SBI_CONSOLE_PUTCHAR 1

void console_write(char byte) {
    register uint64_t argument __asm__("a0") = (uint8_t)byte;
    register uint64_t extension __asm__("a7") = SBI_CONSOLE_PUTCHAR;
    __asm__ volatile("ecall" : "+r"(argument) : "r"(extension) : "memory");
}
