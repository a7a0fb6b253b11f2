// SPDX-License-Identifier: Apache-2.0
//
// Registers across everything that enters the kernel: system calls with any value in an unused argument, and
// vector registers over page faults, system calls, handlers and fork.
#define _GNU_SOURCE
#include "expect.h"
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifdef __x86_64__

/// Numbers that seL4 itself takes from rdx are negative and small.
static void unused_arguments(void) {
    long parent = getppid();
    for (long value = -1; value >= -24; value--) {
        long result = SYS_getppid;
        register long r10 __asm__("r10") = value;
        __asm__ volatile("syscall"
                         : "+a"(result)
                         : "d"(value), "D"(value), "S"(value), "r"(r10)
                         : "rcx", "r11", "memory");
        printf("getppid with %ld in every argument: %s\n", value, result == parent ? "yes" : "no");
    }
}

static unsigned char filled[16][16], found[16][16];

/// Fills the vector registers, makes a system call, touches a page, and takes the registers out.
static long across(long number, long first, long second, volatile char *page) {
    long result = number;
    __asm__ volatile(
        "movups 0(%[from]), %%xmm0\n movups 16(%[from]), %%xmm1\n movups 32(%[from]), %%xmm2\n"
        "movups 48(%[from]), %%xmm3\n movups 64(%[from]), %%xmm4\n movups 80(%[from]), %%xmm5\n"
        "movups 96(%[from]), %%xmm6\n movups 112(%[from]), %%xmm7\n movups 128(%[from]), %%xmm8\n"
        "movups 144(%[from]), %%xmm9\n movups 160(%[from]), %%xmm10\n movups 176(%[from]), %%xmm11\n"
        "movups 192(%[from]), %%xmm12\n movups 208(%[from]), %%xmm13\n movups 224(%[from]), %%xmm14\n"
        "movups 240(%[from]), %%xmm15\n"
        "syscall\n"
        "movb $1, (%[page])\n"
        "movups %%xmm0, 0(%[to])\n movups %%xmm1, 16(%[to])\n movups %%xmm2, 32(%[to])\n"
        "movups %%xmm3, 48(%[to])\n movups %%xmm4, 64(%[to])\n movups %%xmm5, 80(%[to])\n"
        "movups %%xmm6, 96(%[to])\n movups %%xmm7, 112(%[to])\n movups %%xmm8, 128(%[to])\n"
        "movups %%xmm9, 144(%[to])\n movups %%xmm10, 160(%[to])\n movups %%xmm11, 176(%[to])\n"
        "movups %%xmm12, 192(%[to])\n movups %%xmm13, 208(%[to])\n movups %%xmm14, 224(%[to])\n"
        "movups %%xmm15, 240(%[to])\n"
        : "+a"(result)
        : "D"(first), "S"(second), "d"(0L), [from] "r"(filled), [to] "r"(found), [page] "r"(page)
        : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
          "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return result;
}

static const char *same(void) {
    return memcmp(filled, found, sizeof filled) == 0 ? "kept" : "changed";
}

static void on_signal(int signal) {
    (void)signal;
    // Every register that the interrupted code has filled gets another value.
    __asm__ volatile(
        "xorps %%xmm0, %%xmm0\n xorps %%xmm1, %%xmm1\n xorps %%xmm7, %%xmm7\n xorps %%xmm15, %%xmm15"
        :
        :
        : "xmm0", "xmm1", "xmm7", "xmm15");
}

static void vector_registers(void) {
    volatile char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < sizeof filled; i++)
        ((unsigned char *)filled)[i] = (unsigned char)(i * 37 + 11);
    across(SYS_getppid, 0, 0, pages);
    printf("a system call and a page fault: %s\n", same());
    across(SYS_sched_yield, 0, 0, pages + 4096);
    printf("another thread's turn: %s\n", same());
    signal(SIGUSR1, on_signal);
    memset(found, 0, sizeof found);
    across(SYS_kill, getpid(), SIGUSR1, pages + 2 * 4096);
    printf("a handler: %s\n", same());
    memset(found, 0, sizeof found);
    fflush(stdout);
    long child = across(SYS_fork, 0, 0, pages + 3 * 4096);
    if (child == 0)
        _exit(memcmp(filled, found, sizeof filled) == 0 ? 0 : 1);
    printf("fork, the parent: %s\n", same());
    int status;
    waitpid((pid_t)child, &status, 0);
    printf("fork, the child: %s\n", status == 0 ? "kept" : "changed");
}

int main(void) {
    unused_arguments();
    vector_registers();
    return 0;
}

#else

int main(void) {
    return 0;
}

#endif
