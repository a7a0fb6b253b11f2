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
//   read    4 KiB of a file
//   write   4 KiB to a file, over the same place
//   open    open a file and close it
//   stat    fstatat of a path
//   fault   a write to a page of anonymous memory that was never touched
//   map     mmap of 16 anonymous pages, and munmap, untouched
//   pipe    a byte to a child process through one pipe, and back through another
//   futex   two threads that wake each other in turns
//   fork    fork, exit of the child, wait for it
//   exec    the same, but the child first executes this program anew

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
    WORKING_DIRECTORY = -100, // AT_FDCWD
    READ_WRITE_CREATE_TRUNCATE = 2 | 0100 | 01000,
    FUTEX_WAIT_PRIVATE = 128,
    FUTEX_WAKE_PRIVATE = 129,
    /// CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM
    THREAD_FLAGS = 0x50f00,
    MAP_ROUND_PAGES = 16,

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

/// This program's file; argv[0].
static const char *program;
static char block[PAGE_SIZE];

static long open_file(const char *path, long flags) {
    return call(SYS_openat, WORKING_DIRECTORY, (long)path, flags, 0644, 0, 0);
}

static uint64_t reads(uint64_t rounds) {
    long file = open_file(program, 0);
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYS_pread64, file, (long)block, PAGE_SIZE, 0, 0, 0);
    }
    return now() - start;
}

static uint64_t writes(uint64_t rounds) {
    static const char path[] = "/tmp/roundTrips.written";
    long file = open_file(path, READ_WRITE_CREATE_TRUNCATE);
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYS_pwrite64, file, (long)block, PAGE_SIZE, 0, 0, 0);
    }
    uint64_t taken = now() - start;
    call(SYS_unlinkat, WORKING_DIRECTORY, (long)path, 0, 0, 0, 0);
    return taken;
}

static uint64_t opens(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYS_close, open_file(program, 0), 0, 0, 0, 0, 0);
    }
    return now() - start;
}

static uint64_t stats(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        call(SYS_newfstatat, WORKING_DIRECTORY, (long)program, (long)block, 0, 0, 0);
    }
    return now() - start;
}

static uint64_t maps(uint64_t rounds) {
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        long size = MAP_ROUND_PAGES * PAGE_SIZE;
        long pages = call(SYS_mmap, 0, size, PROTECTION_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        call(SYS_munmap, pages, size, 0, 0, 0, 0);
    }
    return now() - start;
}

/// 1: it is the second thread's turn; 0: the first one's; 2: the end.
static int turn;
static char thread_stack[PAGE_SIZE] __attribute__((aligned(16)));

static void pass_turn(int value) {
    __atomic_store_n(&turn, value, __ATOMIC_SEQ_CST);
    call(SYS_futex, (long)&turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

/// The value of `turn` that is not `value`.
static int await_turn(int value) {
    int seen;
    while ((seen = __atomic_load_n(&turn, __ATOMIC_SEQ_CST)) == value) {
        call6(SYS_futex, (long)&turn, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
    }
    return seen;
}

static void second_thread(void) {
    while (await_turn(0) == 1) {
        pass_turn(0);
    }
    for (;;) {
        call6(SYS_exit, 0, 0, 0, 0, 0, 0);
    }
}

static uint64_t futexes(uint64_t rounds) {
    if (start_thread(THREAD_FLAGS, thread_stack + sizeof thread_stack, second_thread) < 0) {
        leave(EXIT_FAILED);
    }
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        pass_turn(1);
        await_turn(1);
    }
    uint64_t taken = now() - start;
    pass_turn(2);
    return taken;
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

static uint64_t executions(uint64_t rounds) {
    // Without arguments, the program ends at once.
    const char *arguments[] = {program, 0};
    uint64_t start = now();
    for (uint64_t i = 0; i < rounds; i++) {
        if (fork_process() == 0) {
            call6(SYS_execve, (long)program, (long)arguments, (long)(arguments + 1), 0, 0, 0);
            leave(EXIT_FAILED);
        }
        call(SYS_wait4, -1, 0, 0, 0, 0, 0);
    }
    return now() - start;
}

static const struct {
    const char *name;
    uint64_t (*run)(uint64_t rounds);
} operations[] = {
    {"null", null_calls}, {"read", reads}, {"write", writes},      {"open", opens},
    {"stat", stats},      {"map", maps},   {"fault", page_faults}, {"pipe", pipe_round_trips},
    {"futex", futexes},   {"fork", forks}, {"exec", executions},
};

static int equal(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
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
        leave(stack[0] == 1 ? 0 : EXIT_USAGE);
    }
    program = (const char *)stack[1];
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (equal(operations[i].name, (const char *)stack[2])) {
            print(operations[i].run(number((const char *)stack[3])));
            leave(0);
        }
    }
    leave(EXIT_USAGE);
}
