// SPDX-License-Identifier: Apache-2.0

#include "target.h"

#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned int seed);

static uint64_t loaded_count, refused_count;

_Noreturn void abort_fuzzing(const char *finding) {
    fprintf(stderr, "finding: %s\n", finding);
    abort();
}

static void print_counts(void) {
    fprintf(stderr, "loads: %llu of %llu\n", (unsigned long long)loaded_count,
            (unsigned long long)(loaded_count + refused_count));
}

void count_load(bool loaded) {
    if (loaded_count + refused_count == 0)
        atexit(print_counts);
    if (loaded)
        loaded_count++;
    else
        refused_count++;
}

/// Mostly one or a few changes to the module; sometimes libFuzzer's own, which know nothing of modules.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned int seed) {
    if (seed % 16 == 0)
        return LLVMFuzzerMutate(data, size, capacity);
    for (unsigned int changes = 1 + seed / 16 % 2; changes > 0; changes--) {
        size_t changed = mutate_module(data, size, capacity, seed + changes * 7919, false);
        size = changed ? changed : size;
    }
    return size;
}
