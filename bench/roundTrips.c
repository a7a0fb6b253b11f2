// SPDX-License-Identifier: Apache-2.0
//
// What the container's kernel costs a program: one operation, repeated, timed by the program itself. A static
// x86_64 ELF without a C library, so that the container and Linux run the same instructions and nothing else.
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

// System calls of Linux on x86_64, and the constants they take (Linux user-space API, x86-64 psABI A.2).
enum {
    SYSTEM_CALL_read = 0,
    SYSTEM_CALL_write = 1,
    SYSTEM_CALL_close = 3,
    SYSTEM_CALL_mmap = 9,
    SYSTEM_CALL_pipe = 22,
    SYSTEM_CALL_madvise = 28,
    SYSTEM_CALL_fork = 57,
    SYSTEM_CALL_wait4 = 61,
    SYSTEM_CALL_getppid = 110,
    SYSTEM_CALL_clock_gettime = 228,
    SYSTEM_CALL_exit_group = 231,

    PAGE_SIZE = 4096,
    PROTECTION_READ_WRITE = 3,
    MAP_PRIVATE_ANONYMOUS = 0x22,
    NO_HUGE_PAGES = 15, // MADV_NOHUGEPAGE: or Linux gives 512 pages at one fault
    CLOCK_MONOTONIC = 1,

    EXIT_USAGE = 2,
    EXIT_FAILED = 3,
};

static long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static _Noreturn void leave(int code) {
    for (;;) {
        call6(SYSTEM_CALL_exit_group, code, 0, 0, 0, 0, 0);
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
    call(SYSTEM_CALL_clock_gettime, CLOCK_MONOTONIC, (long)time, 0, 0, 0, 0);
    return (uint64_t)time[0] * 1000000000 + (uint64_t)time[1];
}

// Each operation returns the nanoseconds of its rounds; what prepares them is not counted.

static uint64_t null_calls(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYSTEM_CALL_getppid, 0, 0, 0, 0, 0, 0);
    }
    return now() - start;
}

static uint64_t page_faults(uint64_t rounds) {
    long size = (long)(rounds + 1) * PAGE_SIZE;
    volatile char *pages =
        (volatile char *)call(SYSTEM_CALL_mmap, 0, size, PROTECTION_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    call6(SYSTEM_CALL_madvise, (long)pages, size, NO_HUGE_PAGES, 0, 0, 0); // advice: it may be refused
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        pages[i * PAGE_SIZE] = 1;
    }
    return now() - start;
}

static uint64_t pipe_round_trips(uint64_t rounds) {
    int there[2], back[2];
    char byte = 0;
    call(SYSTEM_CALL_pipe, (long)there, 0, 0, 0, 0, 0);
    call(SYSTEM_CALL_pipe, (long)back, 0, 0, 0, 0, 0);
    if (call(SYSTEM_CALL_fork, 0, 0, 0, 0, 0, 0) == 0) {
        call(SYSTEM_CALL_close, there[1], 0, 0, 0, 0, 0);
        while (call(SYSTEM_CALL_read, there[0], (long)&byte, 1, 0, 0, 0) == 1) {
            call(SYSTEM_CALL_write, back[1], (long)&byte, 1, 0, 0, 0);
        }
        leave(0);
    }
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYSTEM_CALL_write, there[1], (long)&byte, 1, 0, 0, 0);
        call(SYSTEM_CALL_read, back[0], (long)&byte, 1, 0, 0, 0);
    }
    uint64_t taken = now() - start;
    call(SYSTEM_CALL_close, there[1], 0, 0, 0, 0, 0);
    call(SYSTEM_CALL_wait4, -1, 0, 0, 0, 0, 0);
    return taken;
}

static uint64_t forks(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        if (call(SYSTEM_CALL_fork, 0, 0, 0, 0, 0, 0) == 0) {
            leave(0);
        }
        call(SYSTEM_CALL_wait4, -1, 0, 0, 0, 0, 0);
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
    call(SYSTEM_CALL_write, 1, (long)start, text + sizeof text - start, 0, 0, 0);
}

/// `stack` is what the kernel left for a new program: argc, argv, and more (psABI 3.4.1).
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

__asm__(".globl _start\n"
        "_start:\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call run\n");
