// SPDX-License-Identifier: Apache-2.0
//
// What the container's kernel costs a program: one operation, repeated, timed by the program itself. A static
// ELF without a C library, so that the container and Linux run the same instructions and nothing else.
//
//   roundTrips OPERATION ROUNDS
//
// prints the nanoseconds that ROUNDS took, and a newline. Exit code 2: unknown operation; 3: a system call
// failed.
//
//   null    getppid: the kernel does nothing but answer
//   fault   a write to a page of anonymous memory that was never touched
//   pipe    a byte to a child process through one pipe, and back through another
//   fork    fork, exit of the child, wait for it

#include <stdint.h>
#include <sys/syscall.h>

#include "systemCall.h"

// Constants of Linux's user-space API that the system calls take.
enum {
    PAGE_SIZE = 4096,
    PROTECTION_READ_WRITE = 3,
    MAP_PRIVATE_ANONYMOUS = 0x22,
    NO_HUGE_PAGES = 15, // MADV_NOHUGEPAGE: or Linux gives 512 pages at one fault
    CLOCK_MONOTONIC = 1,
    SIGCHLD = 17,

    EXIT_USAGE = 2,
    EXIT_FAILED = 3,
};

static _Noreturn void leave(int code) {
    for (;;) {
        call6(SYS_exit_group, code, 0, 0, 0, 0, 0);
    }
}

/// A system call that must not fail.
static long call(long number, long a, long b, long c, long d, long e, long f) {
    long result = call6(number, a, b, c, d, e, f);
    if (result < 0 && result >= -4095) {
        leave(EXIT_FAILED);
    }
    return result;
}

static uint64_t now(void) {
    int64_t time[2];
    call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)time, 0, 0, 0, 0);
    return (uint64_t)time[0] * 1000000000 + (uint64_t)time[1];
}

/// fork: on architectures that came later, a clone that shares nothing.
static long fork_process(void) {
    return call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
}

// Each operation returns the nanoseconds of its rounds; what prepares them is not counted.

static uint64_t null_calls(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYS_getppid, 0, 0, 0, 0, 0, 0);
    }
    return now() - start;
}

static uint64_t page_faults(uint64_t rounds) {
    long size = (long)(rounds + 1) * PAGE_SIZE;
    volatile char *pages =
        (volatile char *)call(SYS_mmap, 0, size, PROTECTION_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    call6(SYS_madvise, (long)pages, size, NO_HUGE_PAGES, 0, 0, 0); // advice: it may be refused
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        pages[i * PAGE_SIZE] = 1;
    }
    return now() - start;
}

static uint64_t pipe_round_trips(uint64_t rounds) {
    int there[2], back[2];
    char byte = 0;
    call(SYS_pipe2, (long)there, 0, 0, 0, 0, 0);
    call(SYS_pipe2, (long)back, 0, 0, 0, 0, 0);
    if (fork_process() == 0) {
        call(SYS_close, there[1], 0, 0, 0, 0, 0);
        while (call(SYS_read, there[0], (long)&byte, 1, 0, 0, 0) == 1) {
            call(SYS_write, back[1], (long)&byte, 1, 0, 0, 0);
        }
        leave(0);
    }
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYS_write, there[1], (long)&byte, 1, 0, 0, 0);
        call(SYS_read, back[0], (long)&byte, 1, 0, 0, 0);
    }
    uint64_t taken = now() - start;
    call(SYS_close, there[1], 0, 0, 0, 0, 0);
    call(SYS_wait4, -1, 0, 0, 0, 0, 0);
    return taken;
}

static uint64_t forks(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        if (fork_process() == 0) {
            leave(0);
        }
        call(SYS_wait4, -1, 0, 0, 0, 0, 0);
    }
    return now() - start;
}

static uint64_t number(const char *text) {
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (uint64_t)(*text++ - '0');
    }
    return value;
}

static void print(uint64_t value) {
    char text[24];
    char *start = text + sizeof text;
    *--start = '\n';
    do {
        *--start = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    call(SYS_write, 1, (long)start, text + sizeof text - start, 0, 0, 0);
}

/// `stack` is what the kernel left for a new program: argc, argv, and more (x86-64 psABI 3.4.1; the others
/// leave the same).
__attribute__((used)) static _Noreturn void run(const uint64_t *stack) {
    if (stack[0] != 3) {
        leave(EXIT_USAGE);
    }
    const char *operation = (const char *)stack[2];
    uint64_t rounds = number((const char *)stack[3]);
    switch (operation[0]) {
    case 'n':
        print(null_calls(rounds));
        break;
    case 'f': // fault, fork
        print(operation[1] == 'a' ? page_faults(rounds) : forks(rounds));
        break;
    case 'p':
        print(pipe_round_trips(rounds));
        break;
    default:
        leave(EXIT_USAGE);
    }
    leave(0);
}
