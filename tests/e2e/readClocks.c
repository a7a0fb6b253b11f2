// SPDX-License-Identifier: Apache-2.0
//
// Reads clocks 100000 times, and once one that only the kernel knows.
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

int main(void) {
    struct timespec time_;
    struct timeval day;
    for (int i = 0; i < 100000; i++) {
        if (clock_gettime(i % 2 == 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME, &time_) != 0)
            return 1;
        if (i % 100 == 0 && (gettimeofday(&day, NULL) != 0 || time(NULL) == -1))
            return 1;
    }
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time_) != 0;
}
