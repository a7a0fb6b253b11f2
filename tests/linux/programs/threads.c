// SPDX-License-Identifier: Apache-2.0
//
// Threads: clone, futexes, thread-local storage, signals to threads, exec and exit with several threads.
#define _GNU_SOURCE
#include "expect.h"
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter;
static int turn;
static __thread int local = 5;

static void *count_up(void *argument) {
    local = (int)(long)argument;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        long value = counter;
        if (i % 100 == 0)
            sched_yield();
        counter = value + 1;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(long)local;
}

static void *take_turns(void *argument) {
    int me = (int)(long)argument;
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != me)
            pthread_cond_wait(&condition, &mutex);
        turn = !me;
        counter++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void mutexes(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (long i = 0; i < THREADS; i++)
        SHOW(pthread_create(&threads[i], NULL, count_up, (void *)i));
    long sum = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    SHOW(counter);
    SHOW(sum);
    SHOW(local);
    counter = 0;
    for (long i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, take_turns, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    SHOW(counter);
}

static void timeouts(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&mutex);
    printf("%s\n", strerrorname_np(pthread_cond_timedwait(&condition, &mutex, &until)));
    pthread_mutex_unlock(&mutex);
    int word = 3;
    struct timespec brief = {.tv_nsec = 10000000};
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT, 3, &brief, NULL, 0));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT, 4, &brief, NULL, 0));
    SHOW(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 3, &brief, NULL, 0));
    SHOW(syscall(SYS_futex, NULL, FUTEX_WAIT, 3, &brief, NULL, 0));
    SHOW(syscall(SYS_futex, &word, 99, 3, &brief, NULL, 0));
    sem_t semaphore;
    sem_init(&semaphore, 0, 1);
    SHOW(sem_wait(&semaphore));
    SHOW(sem_trywait(&semaphore));
}

static void across_processes(void) {
    int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        *word = 1;
        long woken = syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
        _exit((int)woken);
    }
    SHOW(syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0));
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(*word);
}

static volatile pid_t handler_thread;
static void on_signal(int signal) {
    (void)signal;
    handler_thread = (pid_t)syscall(SYS_gettid);
}

static volatile pid_t sleeper;
static void *sleep_until_signal(void *argument) {
    (void)argument;
    sleeper = (pid_t)syscall(SYS_gettid);
    pause();
    return NULL;
}

static void *spin(void *argument) {
    (void)argument;
    sleeper = (pid_t)syscall(SYS_gettid);
    while (!handler_thread)
        continue;
    return NULL;
}

static void signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    void *(*bodies[])(void *) = {sleep_until_signal, spin};
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        sleeper = 0;
        handler_thread = 0;
        pthread_create(&thread, NULL, bodies[i], NULL);
        while (!sleeper)
            usleep(1000);
        usleep(10000);
        SHOW(pthread_kill(thread, SIGUSR1));
        pthread_join(thread, NULL);
        HOLDS(handler_thread == sleeper && sleeper != getpid());
    }
    SHOW(syscall(SYS_tgkill, getpid(), 999999, SIGUSR1));
}

static void *leave(void *argument) {
    (void)argument;
    usleep(20000);
    exit(21);
}

static void *leave_alone(void *argument) {
    (void)argument;
    usleep(20000);
    _exit(22);
}

static void *execute(void *argument) {
    (void)argument;
    usleep(20000);
    execl("/proc/self/exe", "threads", "23", NULL);
    return NULL;
}

static void *crash(void *argument) {
    (void)argument;
    usleep(20000);
    *(volatile int *)8 = 1;
    return NULL;
}

static void endings(void) {
    void *(*bodies[])(void *) = {leave, leave_alone, execute, crash};
    for (int i = 0; i < 4; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, bodies[i], NULL);
            // One thread waits, one runs, when the third ends the process.
            pthread_create(&thread, NULL, sleep_until_signal, NULL);
            for (volatile long j = 0;; j++)
                continue;
        }
        int status;
        waitpid(child, &status, 0);
        SHOW(status);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, leave, NULL);
        // The first thread ends before the process does.
        syscall(SYS_exit, 5);
    }
    int status;
    HOLDS(waitpid(child, &status, 0) == child);
    SHOW(WEXITSTATUS(status));
}

static void *readState(void *state) {
    // The first thread waits for this one.
    for (int i = 0; i < 1000 && *(char *)state != 'S'; i++) {
        usleep(1000);
        FILE *file = fopen("/proc/self/stat", "r");
        if (fscanf(file, "%*d %*s %c", (char *)state) != 1)
            *(char *)state = '?';
        fclose(file);
    }
    return NULL;
}

/// /proc/PID/stat shows the state of the first thread, whatever the others do.
static void states(void) {
    pthread_t thread;
    char state = '?';
    pthread_create(&thread, NULL, readState, &state);
    pthread_join(thread, NULL);
    HOLDS(state == 'S');
}

int main(int count, char **arguments) {
    if (count > 1)
        return atoi(arguments[1]);
    mutexes();
    timeouts();
    across_processes();
    signals();
    endings();
    states();
    return 0;
}
