// SPDX-License-Identifier: Apache-2.0
//
// Pipes, FIFOs and event counters: sizes, packets, atomic writes, ends that close, counters at their bounds.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char bytes[1 << 20];

static void counters(void) {
    printf("-- counters\n");
    SHOW(eventfd(0, 0x10));
    int counter = eventfd(3, EFD_NONBLOCK);
    uint64_t value = 0;
    SHOW(read(counter, &value, 8));
    SHOW(value);
    SHOW(read(counter, &value, 8));
    SHOW(read(counter, &value, 7));
    SHOW(write(counter, &value, 7));
    value = UINT64_MAX;
    SHOW(write(counter, &value, 8));
    value = UINT64_MAX - 1;
    SHOW(write(counter, &value, 8));
    value = 1;
    SHOW(write(counter, &value, 8));
    value = 0;
    SHOW(write(counter, &value, 8));
    SHOW(read(counter, bytes, 16));
    uint64_t two[2] = {5, 6};
    SHOW(write(counter, two, 16));
    struct iovec parts[2] = {{&value, 4}, {(char *)&value + 4, 4}};
    SHOW(readv(counter, parts, 2));
    SHOW(lseek(counter, 0, SEEK_SET));
    SHOW(pread(counter, &value, 8, 0));
    close(counter);
    counter = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
    for (int i = 0; i < 3; i++) {
        SHOW(read(counter, &value, 8));
        SHOW(value);
    }
    close(counter);
    counter = eventfd(0, 0);
    fflush(stdout);
    if (fork() == 0) {
        usleep(30000);
        value = 7;
        _exit(write(counter, &value, 8) != 8);
    }
    SHOW(read(counter, &value, 8));
    SHOW(value);
    wait(NULL);
    value = UINT64_MAX - 1;
    SHOW(write(counter, &value, 8));
    fflush(stdout);
    if (fork() == 0) {
        usleep(30000);
        _exit(read(counter, &value, 8) != 8);
    }
    value = 9;
    SHOW(write(counter, &value, 8));
    wait(NULL);
    SHOW(read(counter, &value, 8));
    SHOW(value);
    close(counter);
}

static int waiting(int descriptor) {
    int count = -1;
    ioctl(descriptor, FIONREAD, &count);
    return count;
}

static void sizes(void) {
    printf("-- sizes\n");
    int ends[2];
    SHOW(pipe2(ends, 1));
    SHOW(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    SHOW(fcntl(ends[0], F_GETFD));
    SHOW(fcntl(ends[1], F_GETFL) == (O_WRONLY | O_NONBLOCK));
    SHOW(fcntl(ends[1], F_GETPIPE_SZ));
    SHOW(write(ends[1], bytes, sizeof bytes));
    SHOW(write(ends[1], bytes, 1));
    SHOW(waiting(ends[0]));
    SHOW(waiting(ends[1]));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 4096));
    SHOW(read(ends[0], bytes, 4095));
    SHOW(write(ends[1], bytes, 1));
    SHOW(read(ends[0], bytes, 1));
    SHOW(write(ends[1], bytes, 4097));
    SHOW(waiting(ends[0]));
    SHOW(read(ends[0], bytes, sizeof bytes));
    SHOW(read(ends[0], bytes, 1));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 5000));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 1));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 0));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, -1));
    SHOW(write(ends[1], bytes, 10000));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 1048576));
    SHOW(write(ends[1], bytes, sizeof bytes));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 65536));
    SHOW(fcntl(0x1000, F_GETPIPE_SZ));
    int null = open("/dev/null", O_RDWR);
    SHOW(fcntl(null, F_GETPIPE_SZ));
    SHOW(lseek(ends[0], 0, SEEK_CUR));
    SHOW(pwrite(ends[1], bytes, 1, 0));
    SHOW(read(ends[1], bytes, 1));
    SHOW(write(ends[0], bytes, 1));
    close(ends[0]);
    close(ends[1]);
    printf("small writes share pages\n");
    SHOW(pipe2(ends, O_NONBLOCK));
    int count = 0;
    while (write(ends[1], bytes, 100) == 100)
        count++;
    SHOW(count);
    close(ends[0]);
    close(ends[1]);
}

static void packets(void) {
    printf("-- packets\n");
    int ends[2];
    SHOW(pipe2(ends, O_NONBLOCK | O_DIRECT));
    SHOW(write(ends[1], "first", 5));
    SHOW(write(ends[1], "second", 6));
    SHOW(write(ends[1], bytes, 0));
    SHOW(waiting(ends[0]));
    SHOW(read(ends[0], bytes, 3));
    SHOW(read(ends[0], bytes, 100));
    SHOW(read(ends[0], bytes, 100));
    SHOW(write(ends[1], bytes, 5000));
    SHOW(read(ends[0], bytes, 10000));
    SHOW(read(ends[0], bytes, 10000));
    SHOW(fcntl(ends[1], F_SETFL, O_NONBLOCK));
    SHOW(write(ends[1], "a", 1));
    SHOW(write(ends[1], "b", 1));
    SHOW(fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT));
    SHOW(write(ends[1], "c", 1));
    SHOW(write(ends[1], "d", 1));
    SHOW(read(ends[0], bytes, 100));
    SHOW(read(ends[0], bytes, 100));
    int count = 0;
    while (write(ends[1], "x", 1) == 1)
        count++;
    SHOW(count);
    close(ends[0]);
    close(ends[1]);
}

static void closing(void) {
    printf("-- ends that close\n");
    int ends[2];
    SHOW(pipe(ends));
    SHOW(write(ends[1], "rest", 4));
    close(ends[1]);
    SHOW(read(ends[0], bytes, 100));
    SHOW(read(ends[0], bytes, 100));
    close(ends[0]);
    SHOW(pipe(ends));
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    SHOW(write(ends[1], "x", 1));
    SHOW(write(ends[1], "x", 0));
    signal(SIGPIPE, SIG_DFL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(write(ends[1], "x", 1) == 1);
    int status;
    waitpid(child, &status, 0);
    SHOW(WIFSIGNALED(status) ? WTERMSIG(status) : -1);
    close(ends[1]);
    printf("a writer that waits loses its reader\n");
    SHOW(pipe(ends));
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        close(ends[1]);
        if (read(ends[0], bytes, 10000) != 10000)
            _exit(1);
        usleep(30000);
        _exit(0);
    }
    close(ends[0]);
    ssize_t written = write(ends[1], bytes, 200000);
    HOLDS(written > 65536 && written < 200000);
    SHOW(write(ends[1], bytes, 1));
    wait(NULL);
    close(ends[1]);
}

static void fifos(void) {
    printf("-- FIFOs\n");
    SHOW(mkfifo("fifo", 0644));
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    HOLDS(reader >= 0);
    SHOW(read(reader, bytes, 1));
    int writer = open("fifo", O_WRONLY | O_NONBLOCK);
    HOLDS(writer >= 0);
    SHOW(read(reader, bytes, 1));
    SHOW(write(writer, "abc", 3));
    close(writer);
    SHOW(read(reader, bytes, 10));
    SHOW(read(reader, bytes, 10));
    close(reader);
    int both = open("fifo", O_RDWR);
    SHOW(write(both, "abc", 3));
    SHOW(read(both, bytes, 10));
    close(both);
    fflush(stdout);
    if (fork() == 0) {
        int late = open("fifo", O_WRONLY);
        _exit(write(late, "late", 4) != 4);
    }
    reader = open("fifo", O_RDONLY);
    SHOW(read(reader, bytes, 10));
    SHOW(read(reader, bytes, 10));
    wait(NULL);
    close(reader);
    SHOW(unlink("fifo"));
}

static int shared[2];
static int taken;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *takeTokens(void *argument) {
    (void)argument;
    char byte;
    while (read(shared[0], &byte, 1) == 1) {
        pthread_mutex_lock(&lock);
        taken++;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *writeBlocks(void *argument) {
    char block[512];
    memset(block, (int)(long)argument, sizeof block);
    for (int i = 0; i < 200; i++) {
        if (write(shared[1], block, sizeof block) != sizeof block)
            return (void *)1;
    }
    return NULL;
}

static void manyThreads(void) {
    printf("-- many threads\n");
    pthread_t threads[8];
    SHOW(pipe(shared));
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, takeTokens, NULL);
    for (int i = 0; i < 1000; i++) {
        if (write(shared[1], "tokens", 1 + i % 6) < 1)
            printf("a write fails\n");
    }
    close(shared[1]);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    SHOW(taken);
    close(shared[0]);
    SHOW(pipe(shared));
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, writeBlocks, (void *)(long)('a' + i));
    char block[512];
    int whole = 0, counts[4] = {0};
    for (int i = 0; i < 800; i++) {
        size_t done = 0;
        while (done < sizeof block) {
            ssize_t part = read(shared[0], block + done, sizeof block - done);
            if (part <= 0)
                break;
            done += part;
        }
        whole += memcmp(block, block + 1, sizeof block - 1) == 0;
        counts[(block[0] - 'a') & 3]++;
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("%d whole blocks, %d %d %d %d\n", whole, counts[0], counts[1], counts[2], counts[3]);
}

/// Offsets that a pipe has not come before directions that it has.
static void offsets(void) {
    int ends[2];
    char byte = 0;
    struct iovec vector = {&byte, 1};
    SHOW(pipe(ends));
    SHOW(pread(ends[1], &byte, 1, 0));
    SHOW(pwrite(ends[0], &byte, 1, 0));
    SHOW(preadv(ends[1], &vector, 1, 0));
    SHOW(pwritev(ends[0], &vector, 1, 0));
    SHOW(preadv2(ends[1], &vector, 1, 0, 0));
    SHOW(pwritev2(ends[0], &vector, 1, 0, 0));
    SHOW(pwritev2(ends[0], &vector, 1, -1, 0));
}

int main(void) {
    offsets();
    counters();
    sizes();
    packets();
    closing();
    fifos();
    manyThreads();
    return 0;
}
