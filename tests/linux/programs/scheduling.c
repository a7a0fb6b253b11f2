// SPDX-License-Identifier: Apache-2.0
//
// Scheduling parameters as a user without privileges sees them: policies, nice values, affinity, ioprio,
// limits.
#define _GNU_SOURCE
#include "expect.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
    uint64_t later;
};

static int set_policy(int policy, int priority) {
    struct sched_param parameters = {.sched_priority = priority};
    return (int)syscall(SYS_sched_setscheduler, 0, policy, &parameters);
}

static int set_priority(int priority) {
    struct sched_param parameters = {.sched_priority = priority};
    return (int)syscall(SYS_sched_setparam, 0, &parameters);
}

static int set_attributes(struct attributes attributes, unsigned flags) {
    return (int)syscall(SYS_sched_setattr, 0, &attributes, flags);
}

static void policies(void) {
    SHOW(sched_getscheduler(0));
    SHOW(set_policy(SCHED_OTHER, 0));
    SHOW(set_policy(SCHED_OTHER, 1));
    SHOW(set_policy(SCHED_BATCH, 0));
    SHOW(sched_getscheduler(0));
    SHOW(set_policy(SCHED_FIFO, 0));
    SHOW(set_policy(SCHED_FIFO, 1));
    SHOW(set_policy(SCHED_RR, 99));
    SHOW(set_policy(SCHED_RR, 100));
    SHOW(set_policy(4, 0));
    SHOW(set_policy(77, 0));
    SHOW(set_policy(-1, 0));
    SHOW(set_priority(0));
    SHOW(set_priority(1));
    SHOW(syscall(SYS_sched_setparam, 0, NULL));
    SHOW(syscall(SYS_sched_setscheduler, 0, 0, NULL));
    SHOW(syscall(SYS_sched_setscheduler, 0, 0, (void *)1));
    SHOW(sched_getscheduler(-1));
    SHOW(sched_getscheduler(999999));
    struct sched_param parameters = {.sched_priority = 5};
    SHOW(sched_getparam(0, &parameters));
    SHOW(parameters.sched_priority);
    SHOW(syscall(SYS_sched_getparam, 0, NULL));
    SHOW(set_policy(SCHED_OTHER | SCHED_RESET_ON_FORK, 0));
    HOLDS(sched_getscheduler(0) == (SCHED_OTHER | SCHED_RESET_ON_FORK));
    SHOW(set_policy(SCHED_OTHER, 0));
    for (int policy = 0; policy < 7; policy++) {
        printf("%d: ", policy);
        SHOW(sched_get_priority_max(policy) * 1000 + sched_get_priority_min(policy));
    }
    struct timespec interval;
    SHOW(sched_rr_get_interval(0, &interval));
    SHOW(sched_rr_get_interval(-1, &interval));
    SHOW(sched_rr_get_interval(999999, &interval));
    SHOW(sched_yield());
}

static void attributes(void) {
    struct attributes read_back = {0};
    SHOW(set_attributes((struct attributes){.size = 48, .policy = SCHED_OTHER, .nice = 5, .flags = 1}, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &read_back, 48, 0));
    SHOW(read_back.size);
    SHOW(read_back.policy);
    SHOW(read_back.nice);
    SHOW(read_back.flags);
    SHOW(set_attributes((struct attributes){.size = 48, .policy = SCHED_OTHER, .nice = 4, .flags = 1}, 0));
    SHOW(set_attributes((struct attributes){.size = 48, .policy = SCHED_FIFO, .priority = 1, .flags = 1}, 0));
    SHOW(set_attributes((struct attributes){.size = 48, .policy = 6}, 0));
    SHOW(set_attributes((struct attributes){.size = 20}, 0));
    SHOW(set_attributes((struct attributes){.size = 5000}, 0));
    SHOW(set_attributes((struct attributes){.size = sizeof(struct attributes), .later = 1}, 0));
    SHOW(set_attributes((struct attributes){.size = 48, .flags = 1 << 20}, 0));
    SHOW(set_attributes((struct attributes){.size = 48}, 1));
    SHOW(syscall(SYS_sched_setattr, 0, NULL, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &read_back, 20, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &read_back, 48, 1));
    SHOW(syscall(SYS_sched_getattr, 999999, &read_back, 48, 0));
    SHOW(syscall(SYS_sched_getattr, 0, NULL, 48, 0));
}

static void *nice_in_thread(void *argument) {
    (void)argument;
    SHOW(syscall(SYS_setpriority, PRIO_PROCESS, 0, 12));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    return NULL;
}

static void nice_values(void) {
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    SHOW(syscall(SYS_setpriority, PRIO_PROCESS, 0, 10));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    SHOW(syscall(SYS_setpriority, PRIO_PROCESS, 0, 9));
    SHOW(syscall(SYS_setpriority, PRIO_PROCESS, 0, -5));
    // A nice value is a thread's own.
    pthread_t other;
    pthread_create(&other, NULL, nice_in_thread, NULL);
    pthread_join(other, NULL);
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    SHOW(syscall(SYS_getpriority, 3, 0));
    SHOW(syscall(SYS_setpriority, -1, 0, 0));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 999999));
    SHOW(syscall(SYS_setpriority, PRIO_PROCESS, 999999, 0));
    SHOW(syscall(SYS_setpriority, PRIO_PROCESS, 0, 100));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit((int)syscall(SYS_getpriority, PRIO_PROCESS, 0));
    int status = 0;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
}

static void input_output(void) {
    SHOW(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 3));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 3 << 13));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 0));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 1 << 13));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 4 << 13));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 1));
    SHOW(syscall(SYS_ioprio_set, 7, 0, 0));
    SHOW(syscall(SYS_ioprio_get, 0, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 999999, 0));
}

static void affinity(void) {
    unsigned long mask[16] = {0};
    HOLDS(syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) >= 8);
    HOLDS(mask[0] != 0);
    SHOW(syscall(SYS_sched_getaffinity, 0, 4, mask));
    SHOW(syscall(SYS_sched_getaffinity, 0, 9, mask));
    SHOW(syscall(SYS_sched_getaffinity, 999999, sizeof mask, mask));
    unsigned long first = 1, none = 0;
    SHOW(syscall(SYS_sched_setaffinity, 0, 8, &first));
    HOLDS(syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) >= 8 && mask[0] == 1);
    SHOW(syscall(SYS_sched_setaffinity, 0, 8, &none));
    SHOW(syscall(SYS_sched_setaffinity, 0, 8, NULL));
    SHOW(syscall(SYS_sched_setaffinity, 999999, 8, &first));
    SHOW(sched_getcpu());
}

static void limits(void) {
    struct rlimit limit;
    SHOW(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 20;
    limit.rlim_max = 30;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_max = 31;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 32;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    SHOW(dup2(0, 19));
    SHOW(dup2(0, 20));
    SHOW(setrlimit(99, &limit));
    SHOW(syscall(SYS_setrlimit, RLIMIT_CORE, NULL));
    SHOW(prlimit(999999, RLIMIT_CORE, NULL, &limit));
    SHOW(prlimit(0, RLIMIT_NOFILE, NULL, &limit));
    SHOW(limit.rlim_cur * 100 + limit.rlim_max);

    limit = (struct rlimit){.rlim_cur = 3, .rlim_max = 100};
    SHOW(setrlimit(RLIMIT_SIGPENDING, &limit));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int sent = 0;
    while (sent < 100 && sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = sent}) == 0)
        sent++;
    SHOW(sent);
    SHOW(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 9}));
    SHOW(kill(getpid(), SIGRTMIN));
    SHOW(kill(getpid(), SIGUSR1));
    siginfo_t info;
    HOLDS(sigwaitinfo(&set, &info) == SIGUSR1);
    for (int i = 0; i < sent; i++)
        HOLDS(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == i);
    SHOW(sigtimedwait(&set, &info, &(struct timespec){0}));
}

int main(void) {
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 1;
    policies();
    attributes();
    nice_values();
    input_output();
    affinity();
    limits();
    return 0;
}
