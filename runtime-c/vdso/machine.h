// SPDX-License-Identifier: Apache-2.0
//
// What the time functions need of an architecture.
//
//   VDSO(name)                    the name that Linux gives the function
//   MACHINE_...                   system call numbers; those that are missing have no function in its vDSO
//   machine_counter(counter)      the counter's value, not read before what comes before
//   machine_system_call(n, a, b)  a system call by the instruction that the sentry puts in place of a
//   program's own
//                                 (assembly/sentry/arch/*/systemCallSites.ts): nothing patches this image
#ifndef SEALIFT_VDSO_MACHINE_H
#define SEALIFT_VDSO_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "vdso/x86_64/machine.h"
#elif defined(__aarch64__)
#include "vdso/aarch64/machine.h"
#elif defined(__riscv)
#include "vdso/riscv64/machine.h"
#else
#error "runtime-c/vdso does not know this architecture"
#endif

#endif
