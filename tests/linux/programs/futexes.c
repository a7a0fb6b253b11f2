// SPDX-License-Identifier: Apache-2.0
//
// futex(2) beyond waiting and waking: requeueing, masks, operations, deadlines, robust lists, and arguments
// that are wrong.
#define _GNU_SOURCE
#include "expect.h"
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static uint32_t first, second;
static volatile int arrived, gone;

static long futex(void *word, int operation, unsigned value, const void *timeout, void *other,
                  unsigned third) {
    return syscall(SYS_futex, word, operation, value, timeout, other, third);
}

static void rest(void) {
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void *wait_on_first(void *bits) {
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    futex(&first, FUTEX_WAIT_BITSET, 0, NULL, NULL, (unsigned)(uintptr_t)bits);
    __atomic_add_fetch(&gone, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static pthread_t threads[4];

/// Starts `count` threads that wait, and gives them the time to do so.
static void start(int count, unsigned bits) {
    arrived = 0;
    gone = 0;
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, wait_on_first, (void *)(uintptr_t)bits);
    while (arrived < count)
        rest();
    rest();
}

static void join(int count) {
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void requeueing(void) {
    start(4, ~0u);
    SHOW(futex(&first, FUTEX_CMP_REQUEUE, 1, (void *)2, &second, 9));
    SHOW(futex(&first, FUTEX_CMP_REQUEUE, 1, (void *)2, &second, 0));
    rest();
    SHOW(gone);
    SHOW(futex(&second, FUTEX_WAKE, 9, NULL, NULL, 0));
    SHOW(futex(&first, FUTEX_WAKE, 9, NULL, NULL, 0));
    join(4);
    start(3, ~0u);
    SHOW(futex(&first, FUTEX_REQUEUE, 0, (void *)9, &second, 0));
    SHOW(futex(&first, FUTEX_WAKE, 9, NULL, NULL, 0));
    SHOW(futex(&second, FUTEX_REQUEUE, 1, (void *)9, &second, 0));
    SHOW(futex(&second, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex(&second, FUTEX_WAKE, 0, NULL, NULL, 0));
    join(3);
    SHOW(futex(&first, FUTEX_REQUEUE, (unsigned)-1, NULL, &second, 0));
    SHOW(futex(&first, FUTEX_REQUEUE, 1, (void *)-1L, &second, 0));
    SHOW(futex(&first, FUTEX_REQUEUE, 1, NULL, (char *)&second + 1, 0));
    SHOW(futex(&first, FUTEX_REQUEUE, 1, NULL, NULL, 0));
}

static void masks(void) {
    start(2, 2);
    SHOW(futex(&first, FUTEX_WAKE_BITSET, 9, NULL, NULL, 4));
    SHOW(futex(&first, FUTEX_WAKE_BITSET, 1, NULL, NULL, 6));
    SHOW(futex(&first, FUTEX_WAKE, 9, NULL, NULL, 0));
    join(2);
    SHOW(futex(&first, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
    SHOW(futex(&first, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
}

static void operations(void) {
    start(2, ~0u);
    second = 5;
    // second += 3; wake one at first, and at second if it was more than 4.
    SHOW(futex(&first, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 4)));
    SHOW(second);
    SHOW(futex(&first, FUTEX_WAKE_OP, 9, (void *)1, &second,
               FUTEX_OP(FUTEX_OP_OR + FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_EQ, 1)));
    SHOW(second);
    join(2);
    SHOW(futex(&first, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(7, 4, FUTEX_OP_CMP_EQ, 1)));
    SHOW(futex(&first, FUTEX_WAKE_OP, 1, (void *)1, NULL, FUTEX_OP(0, 4, FUTEX_OP_CMP_EQ, 1)));
    second = 0;
}

static void deadlines(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    SHOW(futex(&first, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &time, NULL, 1));
    time.tv_nsec += 10000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    SHOW(futex(&first, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &time, NULL, 1));
    clock_gettime(CLOCK_MONOTONIC, &time);
    SHOW(futex(&first, FUTEX_WAIT_BITSET, 0, &time, NULL, 1));
    time.tv_nsec = 1000000000;
    SHOW(futex(&first, FUTEX_WAIT, 0, &time, NULL, 0));
    time = (struct timespec){.tv_sec = -1};
    SHOW(futex(&first, FUTEX_WAIT, 0, &time, NULL, 0));
    SHOW(futex(&first, FUTEX_WAIT, 0, (void *)1, NULL, 0));
    time = (struct timespec){0};
    SHOW(futex(&first, FUTEX_WAIT, 0, &time, NULL, 0));
    SHOW(futex(&first, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
}

static void addresses(void) {
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(futex(page, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex(page, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
    SHOW(futex(page, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
    SHOW(futex((void *)8, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex((void *)8, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
    SHOW(futex((void *)0xffffffffffff0000, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
    SHOW(futex((void *)9, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
    // One word of a file, mapped twice at different places and in two processes.
    FILE *file = tmpfile();
    if (ftruncate(fileno(file), 4096) != 0)
        exit(1);
    uint32_t *here = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    uint32_t *there = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        uint32_t *again = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
        here[1] = 1;
        _exit((int)futex(again, FUTEX_WAIT, 0, NULL, NULL, 0));
    }
    while (*(volatile uint32_t *)&there[1] == 0)
        rest();
    rest();
    SHOW(futex(there, FUTEX_WAKE, 9, NULL, NULL, 0));
    int status = -1;
    waitpid(child, &status, 0);
    SHOW(status);
}

static pthread_mutex_t *shared_mutex(void) {
    pthread_mutex_t *mutex =
        mmap(NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attributes);
    return mutex;
}

/// Shared between processes: whether the mutex is locked by the one that will end.
static volatile int *locked;

static void *lock_and_end(void *mutex) {
    pthread_mutex_lock(mutex);
    *locked = 1;
    rest();
    return NULL;
}

static void robust(void) {
    pthread_mutex_t *mutex = shared_mutex();
    locked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, lock_and_end, mutex);
    while (*locked == 0)
        sched_yield();
    printf("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));
    pthread_join(thread, NULL);
    SHOW(pthread_mutex_consistent(mutex));
    SHOW(pthread_mutex_unlock(mutex));
    // A process that is killed while somebody waits.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(mutex);
        *locked = 2;
        rest();
        raise(SIGKILL);
    }
    while (*locked == 1)
        sched_yield();
    printf("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));
    waitpid(child, NULL, 0);
    SHOW(pthread_mutex_unlock(mutex));
    printf("%s\n", strerrorname_np(pthread_mutex_lock(mutex)));

    struct robust_list_head *head;
    size_t length;
    SHOW(syscall(SYS_get_robust_list, 0, &head, &length));
    HOLDS(head != NULL && length == sizeof *head);
    SHOW(syscall(SYS_get_robust_list, 999999, &head, &length));
    SHOW(syscall(SYS_get_robust_list, 0, NULL, &length));
    SHOW(syscall(SYS_set_robust_list, head, 7));
    // Lists that are circles, or lead nowhere.
    for (int kind = 0; kind < 4; kind++) {
        child = fork();
        if (child == 0) {
            static struct robust_list_head hostile;
            static struct robust_list circle;
            hostile.futex_offset = (long)kind * 0x1000000000;
            circle.next = &circle;
            hostile.list.next = kind == 1 ? (void *)8 : kind == 2 ? (void *)-8L : &circle;
            hostile.list_op_pending = kind == 3 ? (void *)0x7ffffffff000 : NULL;
            syscall(SYS_set_robust_list, kind == 3 ? (void *)16 : &hostile, sizeof hostile);
            _exit(kind);
        }
        int status = 0;
        waitpid(child, &status, 0);
        SHOW(WEXITSTATUS(status));
    }
}

static void barriers(void) {
    HOLDS(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    SHOW(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    SHOW(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
    SHOW(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    SHOW(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
    SHOW(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 1, 0));
    SHOW(syscall(SYS_membarrier, 3, 0, 0));
    SHOW(syscall(SYS_membarrier, 1 << 20, 0, 0));
}

int main(void) {
    requeueing();
    masks();
    operations();
    deadlines();
    addresses();
    robust();
    barriers();
    return 0;
}
