// SPDX-License-Identifier: Apache-2.0
//
// How long the runtime's decoder takes for each file named, a gzip stream of at most 64 MiB. For each it
// prints "inflate NAME BYTES NANOSECONDS": what came out, and the least time of some repetitions.

#include "host/gunzip.h"
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { REPETITIONS = 7, MOST = 64 << 20 };

static unsigned char input[MOST], output[MOST];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int count, char **names) {
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(names[i], "r");
        if (!file) {
            perror(names[i]);
            return 1;
        }
        uint32_t length = (uint32_t)fread(input, 1, sizeof input, file);
        fclose(file);
        uint64_t least = UINT64_MAX;
        struct gunzip_result result = {0};
        // One round more: the first one touches the memory.
        for (int round = 0; round <= REPETITIONS; round++) {
            uint64_t started = now();
            gunzip_begin();
            result = gunzip(input, length, output, sizeof output);
            uint64_t taken = now() - started;
            if (round > 0 && taken < least) {
                least = taken;
            }
        }
        if (result.status != GUNZIP_END) {
            fprintf(stderr, "%s: not one gzip stream\n", names[i]);
            return 1;
        }
        printf("inflate %s %zu %llu\n", names[i], result.produced, (unsigned long long)least);
    }
}
