// SPDX-License-Identifier: Apache-2.0
//
// Registers across everything that enters the kernel: system calls with any value in registers that have no
// argument, and vector registers over page faults, system calls, other processes, handlers and fork. What
// this prints is the same on every architecture.
#define _GNU_SOURCE
#include "expect.h"
#include <fenv.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/// What the vector registers are filled with, and what was found in them. 512 bytes are enough for every
/// architecture.
static unsigned char filled[512] __attribute__((aligned(16))), found[512] __attribute__((aligned(16)));

#if defined __x86_64__
#include "registers/x86_64.h"
#elif defined __aarch64__
#include "registers/aarch64.h"
#elif defined __riscv && __riscv_xlen == 64
#include "registers/riscv64.h"
#else
#error "registers.c: no part for this architecture"
#endif

static volatile sig_atomic_t handled;

static void on_signal(int signal) {
    (void)signal;
    handled++;
    disturb();
    fesetround(FE_TOWARDZERO);
}

/// Numbers that seL4 itself takes are negative and small: -1 to -11, or to -17 in kernels for debugging.
static void seL4_numbers_in_registers_without_argument(void) {
    long parent = getppid();
    for (long value = -1; value >= -24; value--) {
        bool read = system_call_with(SYS_getppid, value, value, value) == parent;
        handled = 0;
        bool sent = system_call_with(SYS_kill, getpid(), SIGUSR1, value) == 0 && handled == 1;
        fflush(stdout);
        pid_t child = (pid_t)system_call_with(SYS_clone, SIGCHLD, 0, value);
        if (child == 0)
            system_call_with(SYS_exit_group, 5, 0, value);
        int status = 0;
        bool forked = child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5;
        printf("%ld where there is no argument: getppid %s, kill %s, clone %s\n", value,
               read ? "done" : "lost", sent ? "done" : "lost", forked ? "done" : "lost");
    }
}

/// Linux has no negative numbers. On riscv64 seL4 takes them first, and two of its calls (-6, -11) return
/// without a word.
static void negative_numbers(void) {
    for (long number = -1; number >= -24; number--)
        if (number != -6 && number != -11)
            printf("system call %ld: %s\n", number,
                   system_call_with(number, -1, 0, 0) == -ENOSYS ? "ENOSYS" : "something else");
}

static void forget(void) {
    memset(found, 0, sizeof found);
    fesetround(FE_UPWARD);
}

static const char *same(void) {
    bool kept = memcmp(filled, found, VECTOR_BYTES) == 0 && fegetround() == FE_UPWARD;
    return kept ? "kept" : "changed";
}

static void vector_registers(void) {
    volatile char *pages = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < sizeof filled; i++)
        filled[i] = (unsigned char)(i * 37 + 11 + i / 256);
    forget();
    across(SYS_getppid, 0, 0, 0, pages);
    printf("a system call and a page fault: %s\n", same());
    forget();
    across(SYS_sched_yield, 0, 0, 0, pages + 4096);
    printf("sched_yield: %s\n", same());

    int ends[2];
    char byte = 1;
    HOLDS(pipe(ends) == 0);
    pid_t other = fork();
    if (other == 0) {
        disturb();
        fesetround(FE_DOWNWARD);
        usleep(20000); // The parent waits by now.
        _exit(write(ends[1], &byte, 1) == 1 ? 0 : 1);
    }
    forget();
    across(SYS_read, ends[0], (long)&byte, 1, pages + 2 * 4096);
    printf("another process's turn: %s\n", same());
    waitpid(other, NULL, 0);

    forget();
    handled = 0;
    across(SYS_kill, getpid(), SIGUSR1, 0, pages + 3 * 4096);
    printf("a handler: %s\n", handled == 1 ? same() : "did not run");

    forget();
    fflush(stdout);
    long child = across(SYS_clone, SIGCHLD, 0, 0, pages + 4 * 4096);
    if (child == 0)
        _exit(strcmp(same(), "kept") == 0 ? 0 : 1);
    printf("fork, the parent: %s\n", same());
    int status;
    waitpid((pid_t)child, &status, 0);
    printf("fork, the child: %s\n", status == 0 ? "kept" : "changed");
}

int main(void) {
    signal(SIGUSR1, on_signal);
    seL4_numbers_in_registers_without_argument();
    negative_numbers();
    vector_registers();
    return 0;
}
