// SPDX-License-Identifier: Apache-2.0
//
// CoreMark's port: what its sources ask of a platform. The sources come from the user (EEMBC's own); this
// port is the same for the native program and for the WebAssembly module, which has no C library.
#ifndef CORE_PORTME_H
#define CORE_PORTME_H

#include <stddef.h>
#include <stdint.h>

#define HAS_FLOAT 0
#define HAS_TIME_H 0
#define USE_CLOCK 0
#define HAS_STDIO 0
#define HAS_PRINTF 0

#define COMPILER_VERSION "of bench:wasm"
#define COMPILER_FLAGS "of bench:wasm"
#define MEM_LOCATION "static"

#define SEED_METHOD SEED_VOLATILE
#define MEM_METHOD MEM_STATIC
#define MULTITHREAD 1
#define MAIN_HAS_NOARGC 1
#define MAIN_HAS_NORETURN 0
#define PERFORMANCE_RUN 1

typedef int16_t ee_s16;
typedef uint16_t ee_u16;
typedef int32_t ee_s32;
typedef uint8_t ee_u8;
typedef uint32_t ee_u32;
typedef uintptr_t ee_ptr_int;
typedef size_t ee_size_t;
typedef uint32_t CORE_TICKS;
typedef uint32_t secs_ret;

#define align_mem(address) (void *)(4 + (((ee_ptr_int)(address) - 1) & ~(ee_ptr_int)3))

typedef struct CORE_PORTABLE_S {
    ee_u8 portable_id;
} core_portable;

extern ee_u32 default_num_contexts;

void portable_init(core_portable *portable, int *argument_count, char *arguments[]);
void portable_fini(core_portable *portable);
int ee_printf(const char *format, ...);

#endif
