// SPDX-License-Identifier: Apache-2.0
//
// For each line of input: "call" says what a function returns that makes a system call; "change" has it
// return something else from then on.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096

/// Makes the system call getpid, and returns 1. Nothing else is in its page.
long called(void);
__asm__(".text\n"
        ".balign 4096\n"
        "called: mov $39, %eax\n"
        "syscall\n"
        "mov $1, %eax\n"
        "called_value: ret\n"
        ".balign 4096\n");
extern char called_value[];

static const char *change(void) {
    unsigned char *code = (unsigned char *)(void *)called;
    if (mprotect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        return "mprotect failed";
    // The immediate before the return, little-endian.
    called_value[-4] = 2;
    return "changed";
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "change\n") == 0)
            puts(change());
        else
            puts(called() == 1 ? "first" : "second");
    }
    return 0;
}
