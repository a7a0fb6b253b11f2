// SPDX-License-Identifier: Apache-2.0
//
// The functions of <math.h> that generated code names: the interpreter's, so that both give the same bits.
#ifndef SEALIFT_AOT_MATH_H
#define SEALIFT_AOT_MATH_H

#include "wasm/numeric.h"

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define isnan(x) __builtin_isnan(x)
#define signbit(x) __builtin_signbit(x)
#define fabsf wasm_f32_absolute
#define fabs wasm_f64_absolute
#define copysignf wasm_f32_copy_sign
#define copysign wasm_f64_copy_sign
#define floorf wasm_f32_floor
#define floor wasm_f64_floor
#define ceilf wasm_f32_ceiling
#define ceil wasm_f64_ceiling
#define truncf wasm_f32_truncate
#define trunc wasm_f64_truncate
#define nearbyintf wasm_f32_nearest
#define nearbyint wasm_f64_nearest
#define sqrtf wasm_f32_square_root
#define sqrt wasm_f64_square_root

#endif
