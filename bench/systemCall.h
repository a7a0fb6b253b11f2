// SPDX-License-Identifier: Apache-2.0
//
// System calls of Linux without a C library, and the start of a program: `run` is called with the stack as
// the kernel left it. syscall(2) has the registers.

#pragma once

#if defined(__x86_64__)

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
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

__asm__(".globl _start\n"
        "_start:\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call run\n");

// start_thread: clone with flags and a stack; the new thread calls the third argument, which does not return.
__asm__(".globl start_thread\n"
        "start_thread:\n"
        "    mov %rdx, %r9\n"
        "    xor %edx, %edx\n"
        "    xor %r10d, %r10d\n"
        "    xor %r8d, %r8d\n"
        "    mov $56, %eax\n"
        "    syscall\n"
        "    test %rax, %rax\n"
        "    jz 1f\n"
        "    ret\n"
        "1:  call *%r9\n");

#elif defined(__aarch64__)

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

__asm__(".globl _start\n"
        "_start:\n"
        "    mov x0, sp\n"
        "    bl run\n");

__asm__(".globl start_thread\n"
        "start_thread:\n"
        "    mov x9, x2\n"
        "    mov x2, #0\n"
        "    mov x3, #0\n"
        "    mov x4, #0\n"
        "    mov x8, #220\n"
        "    svc #0\n"
        "    cbz x0, 1f\n"
        "    ret\n"
        "1:  blr x9\n");

#elif defined(__riscv) && __riscv_xlen == 64

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
    return a0;
}

__asm__(".globl _start\n"
        "_start:\n"
        "    mv a0, sp\n"
        "    call run\n");

__asm__(".globl start_thread\n"
        "start_thread:\n"
        "    mv t1, a2\n"
        "    li a2, 0\n"
        "    li a3, 0\n"
        "    li a4, 0\n"
        "    li a7, 220\n"
        "    ecall\n"
        "    beqz a0, 1f\n"
        "    ret\n"
        "1:  jalr t1\n");

#else
#error "systemCall.h does not know this architecture"
#endif

/// clone(2) of a thread: its id or -errno. `stack` is the end of the new thread's stack, 16-byte aligned;
/// `body` does not return.
long start_thread(unsigned long flags, void *stack, void (*body)(void));
