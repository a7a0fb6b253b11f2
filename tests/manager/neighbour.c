// SPDX-License-Identifier: Apache-2.0
//
// Two roles. A *meter* does in each round what others could spoil, sleeps a little, and says every tenth
// round how late it woke up at most: a line "round N late MICROSECONDS", or what failed. A *greedy* program
// takes as much of one thing as it gets, says when it has got all, and keeps it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAP_NANOSECONDS 5000000

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fail(const char *what) {
    printf("meter: %s: %s\n", what, strerror(errno));
    exit(1);
}

/** Memory, a process, a file, a pipe. */
static void work(void) {
    char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        fail("mmap");
    memset(page, 1, 65536);
    munmap(page, 65536);
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        _exit(7);
    int status;
    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
        fail("waitpid");
    int file = open("/tmp/meter", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, "x", 1) != 1 || close(file) != 0)
        fail("file");
    int ends[2];
    char byte;
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1 || read(ends[0], &byte, 1) != 1)
        fail("pipe");
    close(ends[0]);
    close(ends[1]);
}

static void meter(void) {
    int64_t latest = 0;
    for (int round = 1;; round++) {
        work();
        int64_t due = now() + NAP_NANOSECONDS;
        struct timespec nap = {.tv_nsec = NAP_NANOSECONDS};
        if (nanosleep(&nap, NULL) != 0)
            fail("nanosleep");
        int64_t late = now() - due;
        if (late > latest)
            latest = late;
        if (round % 10 == 0) {
            printf("round %d late %lld\n", round, (long long)(latest / 1000));
            latest = 0;
        }
    }
}

static void rest(const char *what, long count) {
    printf("greedy: %s %ld\n", what, count);
    while (1)
        pause();
}

/** Ends by being killed: the first process is the one with most memory. */
static void take_memory(void) {
    puts("greedy: memory");
    while (1) {
        char *part = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (part != MAP_FAILED)
            memset(part, 1, 1 << 16);
    }
}

static void take_processes(void) {
    long count = 0;
    while (1) {
        pid_t child = fork();
        if (child < 0)
            rest("processes", count);
        if (child == 0)
            while (1)
                pause();
        count++;
    }
}

static void *sit(void *unused) {
    (void)unused;
    while (1)
        pause();
}

static void take_threads(void) {
    long count = 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    pthread_t thread;
    while (pthread_create(&thread, &attributes, sit, NULL) == 0)
        count++;
    rest("threads", count);
}

static void take_descriptors(void) {
    long count = 0;
    while (open("/dev/null", O_RDONLY) >= 0)
        count++;
    rest("descriptors", count);
}

static void take_files(void) {
    long count = 0;
    char name[32];
    char block[4096] = {1};
    while (1) {
        sprintf(name, "/tmp/file%ld", count);
        int file = open(name, O_WRONLY | O_CREAT, 0600);
        if (file < 0 || write(file, block, sizeof block) != sizeof block)
            rest("files", count);
        close(file);
        count++;
    }
}

static void take_sockets(void) {
    long count = 0;
    int ends[2];
    char block[4096] = {1};
    while (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0) {
        while (write(ends[0], block, sizeof block) > 0)
            ;
        count++;
    }
    rest("sockets", count);
}

static void take_time(int processes) {
    for (int i = 1; i < processes; i++)
        if (fork() == 0)
            break;
    puts("greedy: time");
    while (1)
        ;
}

/** System calls, faults and timers without end: work for the sentry and the manager. */
static void take_attention(void) {
    puts("greedy: attention");
    while (1) {
        struct timespec nap = {.tv_nsec = 1};
        nanosleep(&nap, NULL);
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        page[0] = 1;
        munmap(page, 4096);
    }
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *what = count > 1 ? words[1] : "";
    if (!strcmp(what, "meter"))
        meter();
    if (!strcmp(what, "memory"))
        take_memory();
    if (!strcmp(what, "processes"))
        take_processes();
    if (!strcmp(what, "threads"))
        take_threads();
    if (!strcmp(what, "descriptors"))
        take_descriptors();
    if (!strcmp(what, "files"))
        take_files();
    if (!strcmp(what, "sockets"))
        take_sockets();
    if (!strcmp(what, "time"))
        take_time(8);
    if (!strcmp(what, "attention"))
        take_attention();
    fputs("neighbour: name a role\n", stderr);
    return 2;
}
