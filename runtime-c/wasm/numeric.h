// SPDX-License-Identifier: Apache-2.0
//
// Numeric operators of the specification's section 4.3 that C has no operator for, exact to the bit and
// without a mathematics library. They rely on round-to-nearest mode and on the compiler keeping IEEE
// semantics (no fast-math).
#ifndef SEALIFT_WASM_NUMERIC_H
#define SEALIFT_WASM_NUMERIC_H

#include <stdint.h>

#ifdef __FAST_MATH__
#error "the interpreter needs IEEE 754 arithmetic: build it without -ffast-math"
#endif

static inline uint32_t wasm_f32_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline uint64_t wasm_f64_bits(double x) {
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float wasm_f32_from_bits(uint32_t bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double wasm_f64_from_bits(uint64_t bits) {
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/// Number of one bits. Written out because __builtin_popcount may call a support library that is not linked
/// here.
static inline uint32_t wasm_count_ones(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (uint32_t)(x * 0x0101010101010101u >> 56);
}

// Square root: one instruction everywhere. The builtin would call sqrt() to set errno for negative operands.
static inline float wasm_f32_square_root(float x) {
#if defined(__x86_64__)
    __asm__("sqrtss %0, %0" : "+x"(x));
#elif defined(__aarch64__)
    __asm__("fsqrt %s0, %s0" : "+w"(x));
#elif defined(__riscv_flen)
    __asm__("fsqrt.s %0, %0" : "+f"(x));
#else
#error "square root: name this architecture's instruction"
#endif
    return x;
}

static inline double wasm_f64_square_root(double x) {
#if defined(__x86_64__)
    __asm__("sqrtsd %0, %0" : "+x"(x));
#elif defined(__aarch64__)
    __asm__("fsqrt %d0, %d0" : "+w"(x));
#elif defined(__riscv_flen)
    __asm__("fsqrt.d %0, %0" : "+f"(x));
#else
#error "square root: name this architecture's instruction"
#endif
    return x;
}

// Sign operators work on the bits: they must keep a NaN's payload, even a signalling one's.
//
// Rounding adds and subtracts 2^(mantissa bits): at that magnitude a float has no fraction bits left, so the
// addition itself rounds to nearest, ties to even. Larger values are integers already. The sign is copied
// back because the specification keeps the zero's sign. x + x makes a signalling NaN quiet.
//
// min and max: equal operands may be zeros of different sign; or-ing the bits yields -0, and-ing them +0.
#define WASM_FLOAT_OPERATORS(f, type, bits_type, sign, integral)                                             \
    static inline type wasm_##f##_absolute(type x) {                                                         \
        return wasm_##f##_from_bits(wasm_##f##_bits(x) & ~(sign));                                           \
    }                                                                                                        \
    static inline type wasm_##f##_negate(type x) {                                                           \
        return wasm_##f##_from_bits(wasm_##f##_bits(x) ^ (sign));                                            \
    }                                                                                                        \
    static inline type wasm_##f##_copy_sign(type x, type y) {                                                \
        return wasm_##f##_from_bits((wasm_##f##_bits(x) & ~(sign)) | (wasm_##f##_bits(y) & (sign)));         \
    }                                                                                                        \
    static inline type wasm_##f##_nearest(type x) {                                                          \
        type magnitude = wasm_##f##_absolute(x);                                                             \
        if (!(magnitude < (integral)))                                                                       \
            return magnitude == magnitude ? x : x + x;                                                       \
        return wasm_##f##_copy_sign((magnitude + (integral)) - (integral), x);                               \
    }                                                                                                        \
    static inline type wasm_##f##_floor(type x) {                                                            \
        type rounded = wasm_##f##_nearest(x);                                                                \
        return rounded > x ? rounded - 1 : rounded;                                                          \
    }                                                                                                        \
    static inline type wasm_##f##_ceiling(type x) {                                                          \
        type rounded = wasm_##f##_nearest(x);                                                                \
        return rounded < x ? wasm_##f##_copy_sign(rounded + 1, x) : rounded;                                 \
    }                                                                                                        \
    static inline type wasm_##f##_truncate(type x) {                                                         \
        return wasm_##f##_bits(x) & (sign) ? wasm_##f##_ceiling(x) : wasm_##f##_floor(x);                    \
    }                                                                                                        \
    static inline type wasm_##f##_minimum(type x, type y) {                                                  \
        if (x == y)                                                                                          \
            return wasm_##f##_from_bits(wasm_##f##_bits(x) | wasm_##f##_bits(y));                            \
        return x < y ? x : y < x ? y : x + y;                                                                \
    }                                                                                                        \
    static inline type wasm_##f##_maximum(type x, type y) {                                                  \
        if (x == y)                                                                                          \
            return wasm_##f##_from_bits(wasm_##f##_bits(x) & wasm_##f##_bits(y));                            \
        return x > y ? x : y > x ? y : x + y;                                                                \
    }

WASM_FLOAT_OPERATORS(f32, float, uint32_t, 0x80000000u, 8388608.0f)
WASM_FLOAT_OPERATORS(f64, double, uint64_t, 0x8000000000000000u, 4503599627370496.0)

/// trunc_sat: `from` is the least float in range, `to` the least one above the range.
#define WASM_SATURATE(x, type, from, to, minimum, maximum)                                                   \
    ((x) != (x) ? 0 : (x) < (from) ? (type)(minimum) : (x) >= (to) ? (type)(maximum) : (type)(x))

#endif
