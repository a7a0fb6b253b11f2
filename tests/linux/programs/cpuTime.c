// SPDX-License-Identifier: Apache-2.0
//
// Processor time: clocks, getrusage, times. How much is used differs from run to run; that it grows does not.
#define _GNU_SOURCE
#include "expect.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>

static long long nanoseconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        return -1;
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long used(const struct rusage *usage) {
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL + usage->ru_utime.tv_usec +
           usage->ru_stime.tv_usec;
}

static volatile unsigned sink;

/// Uses `milliseconds` of processor time.
static void spend(long milliseconds) {
    long long end = nanoseconds(CLOCK_THREAD_CPUTIME_ID) + milliseconds * 1000000LL;
    while (nanoseconds(CLOCK_THREAD_CPUTIME_ID) < end)
        for (int i = 0; i < 20000; i++)
            sink += (unsigned)i;
}

static void *spend_in_thread(void *argument) {
    (void)argument;
    spend(200);
    return NULL;
}

int main(void) {
    struct rusage before, after;
    long long process = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    long long thread = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    HOLDS(process > 0 && thread > 0);
    SHOW(getrusage(RUSAGE_SELF, &before));
    spend(50);
    SHOW(getrusage(RUSAGE_SELF, &after));
    HOLDS(used(&after) - used(&before) >= 30000);
    HOLDS(after.ru_utime.tv_sec >= before.ru_utime.tv_sec);
    HOLDS(after.ru_maxrss > 0);
    HOLDS(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process >= 50000000);
    HOLDS(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread >= 50000000);

    // Sleeping costs nothing.
    process = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    HOLDS(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process < 150000000);

    // A thread's time is its process's, during its life and after it.
    process = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    thread = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    pthread_t other;
    pthread_create(&other, NULL, spend_in_thread, NULL);
    pthread_join(other, NULL);
    HOLDS(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process >= 200000000);
    // Starting a thread takes tens of milliseconds where a processor is emulated.
    HOLDS(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread < 150000000);
    SHOW(getrusage(RUSAGE_THREAD, &after));
    HOLDS(used(&after) > 0);

    // Children's, once they have been waited for.
    SHOW(getrusage(RUSAGE_CHILDREN, &before));
    SHOW(used(&before));
    struct tms times_before, times_after;
    HOLDS(times(&times_before) != -1);
    SHOW(times_before.tms_cutime + times_before.tms_cstime);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        spend(60);
        _exit(0);
    }
    struct rusage of_child;
    HOLDS(wait4(child, NULL, 0, &of_child) == child);
    HOLDS(used(&of_child) >= 40000);
    SHOW(getrusage(RUSAGE_CHILDREN, &after));
    HOLDS(used(&after) >= 40000);
    HOLDS(times(&times_after) != -1);
    HOLDS(times_after.tms_cutime + times_after.tms_cstime >= 4);
    HOLDS(times_after.tms_utime >= times_before.tms_utime);

    // Clocks of other processes and threads.
    clockid_t clock;
    SHOW(clock_getcpuclockid(0, &clock));
    HOLDS(nanoseconds(clock) >= process);
    SHOW(clock_getcpuclockid(getpid(), &clock));
    HOLDS(nanoseconds(clock) >= process);
    HOLDS(clock_getcpuclockid(getppid() == 0 ? 1 : getppid(), &clock) == 0);
    SHOW(clock_getcpuclockid(999999, &clock));
    SHOW(pthread_getcpuclockid(pthread_self(), &clock));
    HOLDS(nanoseconds(clock) >= thread);
    struct timespec time;
    SHOW(clock_getres(clock, &time));
    SHOW(clock_gettime(-4711 * 8 + 2, &time));
    SHOW(clock_gettime(CLOCK_TAI, &time));
    SHOW(clock_gettime(10, &time));
    SHOW(clock_gettime(99, &time));
    SHOW(getrusage(7, &after));
    SHOW(syscall(SYS_getrusage, RUSAGE_SELF, (void *)1));

    // Sleeping by processor time: another thread has to use it.
    pthread_create(&other, NULL, spend_in_thread, NULL);
    process = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    SHOW(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &(struct timespec){.tv_nsec = 20000000}, NULL));
    HOLDS(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process >= 20000000);
    pthread_join(other, NULL);
    SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &(struct timespec){.tv_nsec = 1}, NULL));
    SHOW(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &(struct timespec){.tv_nsec = 1}, NULL));
    return 0;
}
