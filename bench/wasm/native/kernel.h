// SPDX-License-Identifier: Apache-2.0
//
// A kernel that main.c runs: the same work as the module of its name, with the same checksum.
#ifndef SEALIFT_BENCH_KERNEL_H
#define SEALIFT_BENCH_KERNEL_H

#include <stdint.h>
#include <string.h>

/// Does the work `count` times.
/// @return the checksum
int32_t run(int32_t count);

#endif
