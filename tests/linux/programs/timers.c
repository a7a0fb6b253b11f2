// SPDX-License-Identifier: Apache-2.0
//
// Timers of a process: timer_create and its relatives, the three interval timers, limits of processor time.
#define _GNU_SOURCE
#include "expect.h"
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile sig_atomic_t count;

static void on_signal(int signal) {
    (void)signal;
    count++;
}

static const struct timespec brief = {.tv_nsec = 20000000};

/// A timer of the kernel itself: the C library renumbers its own.
static int make_timer(int clock, int notify, int signal, int value, int *id) {
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = value};
    if (notify == SIGEV_THREAD_ID)
        event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    return (int)syscall(SYS_timer_create, clock, &event, id);
}

static int set_timer(int id, int flags, long first, long interval) {
    struct itimerspec times = {.it_value = {first / 1000000000, first % 1000000000},
                               .it_interval = {interval / 1000000000, interval % 1000000000}};
    return (int)syscall(SYS_timer_settime, id, flags, &times, NULL);
}

static void signals(void) {
    int id = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    siginfo_t info;
    SHOW(make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 42, &id));
    SHOW(set_timer(id, 0, 1000000, 0));
    HOLDS(sigwaitinfo(&set, &info) == SIGRTMIN);
    SHOW(info.si_code);
    SHOW(info.si_value.sival_int);
    HOLDS(info.si_timerid == id);
    SHOW(info.si_overrun);
    struct itimerspec times;
    SHOW(syscall(SYS_timer_gettime, id, &times));
    SHOW(times.it_value.tv_sec + times.it_value.tv_nsec);
    // While its signal waits the timer counts what it misses.
    SHOW(set_timer(id, 0, 1000000, 1000000));
    nanosleep(&brief, NULL);
    HOLDS(sigwaitinfo(&set, &info) == SIGRTMIN);
    HOLDS(info.si_overrun >= 10 && info.si_overrun < 100);
    HOLDS(syscall(SYS_timer_getoverrun, id) == info.si_overrun);
    HOLDS(sigwaitinfo(&set, &info) == SIGRTMIN);
    SHOW(syscall(SYS_timer_gettime, id, &times));
    HOLDS(times.it_interval.tv_nsec == 1000000 && times.it_value.tv_nsec <= 1000000);
    SHOW(syscall(SYS_timer_delete, id));
    SHOW(syscall(SYS_timer_delete, id));
    SHOW(syscall(SYS_timer_gettime, id, &times));
    SHOW(syscall(SYS_timer_getoverrun, id));
    while (sigtimedwait(&set, &info, &(struct timespec){0}) > 0)
        ;

    // To one thread, at a point in time that has passed.
    SHOW(make_timer(CLOCK_REALTIME, SIGEV_THREAD_ID, SIGUSR1, 7, &id));
    SHOW(set_timer(id, TIMER_ABSTIME, 1000, 0));
    HOLDS(sigwaitinfo(&set, &info) == SIGUSR1);
    SHOW(info.si_value.sival_int);
    SHOW(set_timer(id, 0, -1, 0));
    SHOW(set_timer(id, 0, 0, 0));
    SHOW(syscall(SYS_timer_settime, id, 0, NULL, NULL));
    SHOW(syscall(SYS_timer_settime, id, 0, (void *)1, NULL));
    SHOW(syscall(SYS_timer_delete, id));

    // No signal at all.
    SHOW(make_timer(CLOCK_BOOTTIME, SIGEV_NONE, 0, 0, &id));
    SHOW(set_timer(id, 0, 1000000, 0));
    nanosleep(&brief, NULL);
    SHOW(syscall(SYS_timer_gettime, id, &times));
    SHOW(times.it_value.tv_sec + times.it_value.tv_nsec);
    SHOW(set_timer(id, 0, 3600000000000, 0));
    SHOW(syscall(SYS_timer_gettime, id, &times));
    HOLDS(times.it_value.tv_sec == 3599);
    SHOW(syscall(SYS_timer_delete, id));

    // The default: SIGALRM with the timer's number.
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
    SHOW(set_timer(id, 0, 1, 0));
    HOLDS(sigwaitinfo(&set, &info) == SIGALRM);
    HOLDS(info.si_value.sival_int == id);
    SHOW(syscall(SYS_timer_delete, id));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void refusals(void) {
    int id = 0;
    SHOW(make_timer(99, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    SHOW(make_timer(CLOCK_MONOTONIC, 77, SIGUSR1, 0, &id));
    SHOW(make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, &id));
    SHOW(make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, &id));
    SHOW(make_timer(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    SHOW(make_timer(CLOCK_MONOTONIC_COARSE, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, (void *)1, &id));
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, NULL));
    SHOW(syscall(SYS_timer_settime, 4711, 0, &(struct itimerspec){0}, NULL));
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event.sigev_notify_thread_id = 999999;
    SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
}

static void inheritance(void) {
    int id = 0;
    SHOW(make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct itimerspec times;
        SHOW(syscall(SYS_timer_gettime, id, &times));
        struct itimerval value;
        getitimer(ITIMER_REAL, &value);
        SHOW(value.it_value.tv_sec);
        _exit(0);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = 100}, NULL);
    waitpid(child, NULL, 0);
    SHOW(alarm(0) > 90);
    SHOW(syscall(SYS_timer_delete, id));
}

/// Spends processor time until `count` changes.
static void spend(void) {
    count = 0;
    while (count == 0)
        ;
}

static void processor_time(void) {
    signal(SIGVTALRM, on_signal);
    signal(SIGPROF, on_signal);
    signal(SIGUSR1, on_signal);
    struct itimerval value = {.it_value.tv_usec = 20000};
    SHOW(setitimer(ITIMER_VIRTUAL, &value, NULL));
    spend();
    SHOW(getitimer(ITIMER_VIRTUAL, &value));
    SHOW(value.it_value.tv_usec);
    value.it_value.tv_usec = 20000;
    value.it_interval.tv_usec = 10000;
    SHOW(setitimer(ITIMER_PROF, &value, NULL));
    spend();
    spend();
    struct itimerval old;
    SHOW(setitimer(ITIMER_PROF, &(struct itimerval){0}, &old));
    SHOW(old.it_interval.tv_usec);
    SHOW(setitimer(3, &value, NULL));
    SHOW(getitimer(-1, &value));
    value.it_value.tv_usec = 1000000;
    SHOW(setitimer(ITIMER_REAL, &value, NULL));

    int id = 0;
    SHOW(make_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    SHOW(set_timer(id, 0, 20000000, 0));
    spend();
    SHOW(syscall(SYS_timer_delete, id));
    SHOW(make_timer(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    SHOW(set_timer(id, 0, 20000000, 0));
    spend();
    SHOW(syscall(SYS_timer_delete, id));
}

static void limit(void) {
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CPU, &(struct rlimit){.rlim_cur = 1, .rlim_max = 2});
        signal(SIGXCPU, on_signal);
        spend();
        printf("SIGXCPU came\n");
        fflush(stdout);
        for (;;)
            ;
    }
    int status = 0;
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
}

int main(void) {
    signals();
    refusals();
    inheritance();
    processor_time();
    limit();
    return 0;
}
