// SPDX-License-Identifier: Apache-2.0
//
// registers.c on aarch64: thirty-two vector registers of 16 bytes.
#pragma once

enum { VECTOR_BYTES = 32 * 16 };

/// seL4 takes its own number from x7, which is no argument of Linux's.
static long system_call_with(long number, long first, long second, long rest) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = rest;
    register long x3 __asm__("x3") = rest;
    register long x4 __asm__("x4") = rest;
    register long x5 __asm__("x5") = rest;
    register long x6 __asm__("x6") = rest;
    register long x7 __asm__("x7") = rest;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6), "r"(x7)
                     : "memory");
    return x0;
}

/// Fills the vector registers from `filled`, makes a system call, writes to a page, and takes the registers
/// out to `found`.
static long across(long number, long first, long second, long third, volatile char *page) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register volatile char *x9 __asm__("x9") = page;
    register const unsigned char *x10 __asm__("x10") = filled;
    register unsigned char *x11 __asm__("x11") = found;
    __asm__ volatile("ldp q0, q1, [x10, #0]\n ldp q2, q3, [x10, #32]\n"
                     "ldp q4, q5, [x10, #64]\n ldp q6, q7, [x10, #96]\n"
                     "ldp q8, q9, [x10, #128]\n ldp q10, q11, [x10, #160]\n"
                     "ldp q12, q13, [x10, #192]\n ldp q14, q15, [x10, #224]\n"
                     "ldp q16, q17, [x10, #256]\n ldp q18, q19, [x10, #288]\n"
                     "ldp q20, q21, [x10, #320]\n ldp q22, q23, [x10, #352]\n"
                     "ldp q24, q25, [x10, #384]\n ldp q26, q27, [x10, #416]\n"
                     "ldp q28, q29, [x10, #448]\n ldp q30, q31, [x10, #480]\n"
                     "svc #0\n"
                     "mov w12, #1\n strb w12, [x9]\n"
                     "stp q0, q1, [x11, #0]\n stp q2, q3, [x11, #32]\n"
                     "stp q4, q5, [x11, #64]\n stp q6, q7, [x11, #96]\n"
                     "stp q8, q9, [x11, #128]\n stp q10, q11, [x11, #160]\n"
                     "stp q12, q13, [x11, #192]\n stp q14, q15, [x11, #224]\n"
                     "stp q16, q17, [x11, #256]\n stp q18, q19, [x11, #288]\n"
                     "stp q20, q21, [x11, #320]\n stp q22, q23, [x11, #352]\n"
                     "stp q24, q25, [x11, #384]\n stp q26, q27, [x11, #416]\n"
                     "stp q28, q29, [x11, #448]\n stp q30, q31, [x11, #480]\n"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9), "r"(x10), "r"(x11)
                     : "memory", "x12", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
                       "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
                       "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
    return x0;
}

/// Gives some of them other values.
static void disturb(void) {
    __asm__ volatile("movi v0.16b, #0\n movi v1.16b, #0\n movi v8.16b, #0\n movi v31.16b, #0"
                     :
                     :
                     : "v0", "v1", "v8", "v31");
}
