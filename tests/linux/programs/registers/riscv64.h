// SPDX-License-Identifier: Apache-2.0
//
// registers.c on riscv64: thirty-two floating point registers of 8 bytes.
#pragma once

enum { VECTOR_BYTES = 32 * 8 };

/// seL4 takes its own number from a7, like Linux: it is never both.
static long system_call_with(long number, long first, long second, long rest) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = rest;
    register long a3 __asm__("a3") = rest;
    register long a4 __asm__("a4") = rest;
    register long a5 __asm__("a5") = rest;
    register long a6 __asm__("a6") = rest;
    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6)
                     : "memory");
    return a0;
}

/// Fills the registers from `filled`, makes a system call, writes to a page, and takes the registers out to
/// `found`.
static long across(long number, long first, long second, long third, volatile char *page) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    register long a3 __asm__("a3") = 0;
    register long a4 __asm__("a4") = 0;
    register volatile char *t0 __asm__("t0") = page;
    register const unsigned char *t1 __asm__("t1") = filled;
    register unsigned char *t2 __asm__("t2") = found;
    __asm__ volatile("fld f0, 0(t1)\n fld f1, 8(t1)\n fld f2, 16(t1)\n fld f3, 24(t1)\n"
                     "fld f4, 32(t1)\n fld f5, 40(t1)\n fld f6, 48(t1)\n fld f7, 56(t1)\n"
                     "fld f8, 64(t1)\n fld f9, 72(t1)\n fld f10, 80(t1)\n fld f11, 88(t1)\n"
                     "fld f12, 96(t1)\n fld f13, 104(t1)\n fld f14, 112(t1)\n fld f15, 120(t1)\n"
                     "fld f16, 128(t1)\n fld f17, 136(t1)\n fld f18, 144(t1)\n fld f19, 152(t1)\n"
                     "fld f20, 160(t1)\n fld f21, 168(t1)\n fld f22, 176(t1)\n fld f23, 184(t1)\n"
                     "fld f24, 192(t1)\n fld f25, 200(t1)\n fld f26, 208(t1)\n fld f27, 216(t1)\n"
                     "fld f28, 224(t1)\n fld f29, 232(t1)\n fld f30, 240(t1)\n fld f31, 248(t1)\n"
                     "ecall\n"
                     "sb zero, 0(t0)\n"
                     "fsd f0, 0(t2)\n fsd f1, 8(t2)\n fsd f2, 16(t2)\n fsd f3, 24(t2)\n"
                     "fsd f4, 32(t2)\n fsd f5, 40(t2)\n fsd f6, 48(t2)\n fsd f7, 56(t2)\n"
                     "fsd f8, 64(t2)\n fsd f9, 72(t2)\n fsd f10, 80(t2)\n fsd f11, 88(t2)\n"
                     "fsd f12, 96(t2)\n fsd f13, 104(t2)\n fsd f14, 112(t2)\n fsd f15, 120(t2)\n"
                     "fsd f16, 128(t2)\n fsd f17, 136(t2)\n fsd f18, 144(t2)\n fsd f19, 152(t2)\n"
                     "fsd f20, 160(t2)\n fsd f21, 168(t2)\n fsd f22, 176(t2)\n fsd f23, 184(t2)\n"
                     "fsd f24, 192(t2)\n fsd f25, 200(t2)\n fsd f26, 208(t2)\n fsd f27, 216(t2)\n"
                     "fsd f28, 224(t2)\n fsd f29, 232(t2)\n fsd f30, 240(t2)\n fsd f31, 248(t2)\n"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(t0), "r"(t1), "r"(t2)
                     : "memory", "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11",
                       "f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19", "f20", "f21", "f22", "f23",
                       "f24", "f25", "f26", "f27", "f28", "f29", "f30", "f31");
    return a0;
}

/// Gives some of them other values.
static void disturb(void) {
    __asm__ volatile("fmv.d.x f0, zero\n fmv.d.x f1, zero\n fmv.d.x f8, zero\n fmv.d.x f31, zero"
                     :
                     :
                     : "f0", "f1", "f8", "f31");
}
