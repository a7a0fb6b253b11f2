// SPDX-License-Identifier: Apache-2.0
//
// Code that a program writes and then executes, as compilers at run time do: instruction fetches see what was
// written last, and system calls in it work. What this prints is the same on every architecture; what one
// alone promises is printed only where it is broken.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE 4096
#define WRITABLE (PROT_READ | PROT_WRITE)
#define EXECUTABLE (PROT_READ | PROT_EXEC)

#if defined __x86_64__

/// mov eax, value; ret
static void write_constant(void *to, uint32_t value) {
    unsigned char *code = to;
    code[0] = 0xb8;
    memcpy(code + 1, &value, 4);
    code[5] = 0xc3;
}

/// mov eax, number; syscall; ret
static void write_call(void *to, uint32_t number) {
    write_constant(to, number);
    memcpy((char *)to + 5, "\x0f\x05\xc3", 3);
}

#elif defined __aarch64__

/// mov x0, #value; ret
static void write_constant(void *to, uint32_t value) {
    uint32_t *code = to;
    code[0] = 0xd2800000 | value << 5;
    code[1] = 0xd65f03c0;
}

/// mov x8, #number; svc #immediate; ret. Linux ignores the immediate.
static void write_call(void *to, uint32_t number) {
    uint32_t *code = to;
    code[0] = 0xd2800008 | number << 5;
    code[1] = 0xd4000001 | 7 << 5;
    code[2] = 0xd65f03c0;
}

#elif defined __riscv

/// li a0, value; ret
static void write_constant(void *to, uint32_t value) {
    uint32_t *code = to;
    code[0] = 0x00000513 | value << 20;
    code[1] = 0x00008067;
}

/// li a7, number; ecall; ret
static void write_call(void *to, uint32_t number) {
    uint32_t *code = to;
    code[0] = 0x00000893 | number << 20;
    code[1] = 0x00000073;
    code[2] = 0x00008067;
}

#endif

static long run(void *code) {
    long (*function)(void);
    memcpy(&function, &code, sizeof function);
    return function();
}

static void *map(int protection, int flags, int file) {
    void *page = mmap(NULL, PAGE, protection, flags, file, 0);
    if (page == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return page;
}

static void written_then_executed(void) {
    char *page = map(WRITABLE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (uint32_t value = 41; value < 44; value++) {
        write_constant(page, value);
        SHOW(mprotect(page, PAGE, EXECUTABLE));
        __builtin___clear_cache(page, page + 16);
        SHOW(run(page));
        SHOW(mprotect(page, PAGE, WRITABLE));
    }
    for (int time = 0; time < 2; time++) {
        write_call(page + time * 16, SYS_getppid);
        SHOW(mprotect(page, PAGE, EXECUTABLE));
        __builtin___clear_cache(page, page + 32);
        HOLDS(run(page) == getppid());
        HOLDS(run(page + time * 16) == getppid());
        SHOW(mprotect(page, PAGE, WRITABLE));
    }
    SHOW(mprotect(page, PAGE, EXECUTABLE));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(run(page) == getppid() ? 3 : 4);
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(munmap(page, PAGE));
}

static void writable_and_executable(void) {
    char *page = map(WRITABLE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (uint32_t value = 50; value < 53; value++) {
        write_constant(page, value);
        __builtin___clear_cache(page, page + 16);
        SHOW(run(page));
    }
    SHOW(munmap(page, PAGE));
}

/// One mapping to write by and one to execute from.
static void mapped_twice(void) {
    int file = open("/tmp", O_TMPFILE | O_RDWR, 0700);
    if (file < 0) {
        file = open("/tmp/code", O_CREAT | O_RDWR, 0700);
        unlink("/tmp/code");
    }
    SHOW(ftruncate(file, PAGE));
    char *written = map(WRITABLE, MAP_SHARED, file);
    char *executed = map(EXECUTABLE, MAP_SHARED, file);
    for (uint32_t value = 60; value < 63; value++) {
        write_constant(written, value);
        __builtin___clear_cache(executed, executed + 16);
        SHOW(run(executed));
    }
    close(file);
}

/// Not for x86_64, where seL4 cannot forbid execution.
static void not_executable(void) {
#ifndef __x86_64__
    char *page = map(WRITABLE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    write_constant(page, 0);
    pid_t child = fork();
    if (child == 0)
        _exit((int)run(page));
    int status;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
        printf("code without PROT_EXEC ran: status %x\n", status);
#endif
}

static void flush(void) {
#ifdef __riscv
    if (syscall(259, 0, 0, 0) != 0)
        printf("riscv_flush_icache: %s\n", strerrorname_np(errno));
    if (syscall(259, 0, 0, 2) != -1 || errno != EINVAL)
        printf("riscv_flush_icache takes any flags\n");
#endif
}

int main(void) {
    written_then_executed();
    writable_and_executable();
    mapped_twice();
    not_executable();
    flush();
    return 0;
}
