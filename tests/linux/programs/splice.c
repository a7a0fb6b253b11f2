// SPDX-License-Identifier: Apache-2.0
//
// Copies that do not pass through the program: sendfile, copy_file_range, splice, tee, vmsplice.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int source;
static char content[100000];

static void show(const char *what, int file, size_t size) {
    char buffer[64] = "";
    ssize_t count = read(file, buffer, size);
    printf("%s: %zd \"%.*s\"\n", what, count, count > 0 ? (int)count : 0, buffer);
}

/// As much as a pipe holds fits into a socket that nobody reads from.
static void intoSockets(void) {
    puts("# into sockets");
    int pipes[2], sockets[2];
    WORKS(pipe(pipes));
    WORKS(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    static char bytes[65536];
    SHOW(write(pipes[1], bytes, sizeof bytes));
    long moved = 0, count;
    while (moved < 65536 && (count = splice(pipes[0], NULL, sockets[0], NULL, 65536 - moved, 0)) > 0)
        moved += count;
    SHOW(moved);
    // An empty pipe is not waited for where nothing could come of it.
    SHOW(splice(pipes[0], NULL, eventfd(0, 0), NULL, 8, 0));
    SHOW(splice(pipes[0], NULL, epoll_create1(0), NULL, 8, 0));
    SHOW(splice(inotify_init1(0), NULL, pipes[1], NULL, 64, 0));
}

static void sending(void) {
    puts("# sendfile");
    int target = open("target", O_CREAT | O_TRUNC | O_RDWR, 0600);
    SHOW(sendfile(target, source, NULL, 10));
    SHOW(lseek(source, 0, SEEK_CUR));
    off_t offset = 20;
    SHOW(sendfile(target, source, &offset, 5));
    SHOW(offset);
    SHOW(lseek(source, 0, SEEK_CUR));
    SHOW(lseek(target, 0, SEEK_CUR));
    offset = sizeof content - 3;
    SHOW(sendfile(target, source, &offset, 50));
    SHOW(sendfile(target, source, &offset, 50));
    offset = -1;
    SHOW(sendfile(target, source, &offset, 50));
    SHOW(sendfile(target, source, (off_t *)8, 50));
    off_t *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(sendfile(target, source, constant, 0));
    lseek(target, 0, SEEK_SET);
    show("target", target, 18);
    int pipes[2];
    WORKS(pipe(pipes));
    SHOW(sendfile(pipes[1], source, NULL, 7));
    show("pipe", pipes[0], 20);
    SHOW(sendfile(target, pipes[0], NULL, 7));
    SHOW(sendfile(source, target, NULL, 7));
    int readOnly = open("target", O_RDONLY);
    SHOW(sendfile(readOnly, source, NULL, 7));
    int appending = open("target", O_WRONLY | O_APPEND);
    SHOW(sendfile(appending, source, NULL, 7));
    SHOW(sendfile(target, appending, NULL, 7));
    int directory = open(".", O_RDONLY);
    SHOW(sendfile(target, directory, NULL, 7));
    SHOW(sendfile(99, source, NULL, 7));
    SHOW(sendfile(target, 99, NULL, 7));
    SHOW(sendfile(target, source, NULL, 0));
    // The pipe takes 64 KiB and no more.
    fcntl(pipes[1], F_SETFL, O_NONBLOCK);
    lseek(source, 0, SEEK_SET);
    SHOW(sendfile(pipes[1], source, NULL, sizeof content));
    SHOW(sendfile(pipes[1], source, NULL, sizeof content));
    SHOW(lseek(source, 0, SEEK_CUR));
    int proc = open("/proc/version", O_RDONLY);
    lseek(target, 0, SEEK_SET);
    SHOW(sendfile(target, proc, NULL, 100) > 0);
    int zero = open("/dev/zero", O_RDONLY);
    SHOW(sendfile(target, zero, NULL, 100));
    int null = open("/dev/null", O_WRONLY);
    lseek(source, 0, SEEK_SET);
    SHOW(sendfile(null, source, NULL, 100));
    close(pipes[0]);
    signal(SIGPIPE, SIG_IGN);
    SHOW(sendfile(pipes[1], source, NULL, 100));
    close(pipes[1]), close(readOnly), close(appending), close(directory), close(proc), close(zero);
    close(null), close(target);
}

static void copying(void) {
    puts("# copy_file_range");
    int target = open("copy", O_CREAT | O_TRUNC | O_RDWR, 0600);
    lseek(source, 0, SEEK_SET);
    SHOW(copy_file_range(source, NULL, target, NULL, 50000, 0));
    SHOW(lseek(source, 0, SEEK_CUR));
    SHOW(lseek(target, 0, SEEK_CUR));
    off_t in = sizeof content - 10, out = 200000;
    SHOW(copy_file_range(source, &in, target, &out, 50, 0));
    printf("%ld %ld\n", (long)in, (long)out);
    SHOW(copy_file_range(source, &in, target, &out, 50, 0));
    SHOW(lseek(target, 0, SEEK_END));
    in = 0, out = 10;
    SHOW(copy_file_range(target, &in, target, &out, 20, 0));
    SHOW(copy_file_range(target, &in, target, &out, 10, 0));
    in = 199990, out = 199999;
    SHOW(copy_file_range(target, &in, target, &out, 9, 0));
    SHOW(copy_file_range(source, NULL, target, NULL, 10, 1));
    in = -1;
    SHOW(copy_file_range(source, &in, target, NULL, 10, 0));
    in = 0;
    SHOW(copy_file_range(source, &in, target, NULL, 0, 0));
    int pipes[2];
    WORKS(pipe(pipes));
    SHOW(copy_file_range(source, &in, pipes[1], NULL, 10, 0));
    SHOW(copy_file_range(pipes[0], NULL, target, NULL, 10, 0));
    int directory = open(".", O_RDONLY);
    SHOW(copy_file_range(directory, NULL, target, NULL, 10, 0));
    SHOW(copy_file_range(target, NULL, source, NULL, 10, 0));
    int appending = open("copy", O_WRONLY | O_APPEND);
    SHOW(copy_file_range(source, &in, appending, NULL, 10, 0));
    int proc = open("/proc/self/comm", O_RDONLY);
    SHOW(copy_file_range(proc, NULL, target, NULL, 10, 0));
    int shared = open("/dev/shm/copy", O_CREAT | O_TRUNC | O_RDWR, 0600);
    SHOW(copy_file_range(source, &in, shared, NULL, 10, 0));
    unlink("/dev/shm/copy");
    close(target), close(pipes[0]), close(pipes[1]), close(directory), close(appending), close(proc);
    close(shared);
}

static void splicing(void) {
    puts("# splice");
    int pipes[2], others[2];
    WORKS(pipe(pipes));
    WORKS(pipe(others));
    int target = open("spliced", O_CREAT | O_TRUNC | O_RDWR, 0600);
    lseek(source, 0, SEEK_SET);
    SHOW(splice(source, NULL, pipes[1], NULL, 20, 0));
    loff_t offset = 100;
    SHOW(splice(source, &offset, pipes[1], NULL, 20, SPLICE_F_MOVE | SPLICE_F_MORE));
    SHOW(offset);
    SHOW(lseek(source, 0, SEEK_CUR));
    SHOW(tee(pipes[0], others[1], 15, 0));
    SHOW(tee(pipes[0], others[1], 100, 0));
    SHOW(splice(pipes[0], NULL, target, NULL, 30, 0));
    offset = 50;
    SHOW(splice(pipes[0], NULL, target, &offset, 30, 0));
    SHOW(offset);
    SHOW(lseek(target, 0, SEEK_CUR));
    SHOW(lseek(target, 0, SEEK_END));
    show("tee", others[0], 64);
    SHOW(splice(pipes[0], NULL, target, NULL, 30, SPLICE_F_NONBLOCK));
    SHOW(tee(pipes[0], others[1], 30, SPLICE_F_NONBLOCK));
    WORKS(write(pipes[1], "between pipes", 13));
    SHOW(splice(pipes[0], NULL, others[1], NULL, 7, 0));
    SHOW(splice(pipes[0], NULL, others[1], NULL, 70, 0));
    show("others", others[0], 64);
    SHOW(splice(pipes[0], NULL, pipes[1], NULL, 7, 0));
    SHOW(tee(pipes[0], pipes[1], 7, 0));
    SHOW(splice(source, NULL, target, NULL, 7, 0));
    SHOW(splice(source, NULL, pipes[0], NULL, 7, 0));
    SHOW(splice(pipes[1], NULL, target, NULL, 7, 0));
    SHOW(splice(pipes[0], &offset, target, NULL, 7, 0));
    SHOW(splice(source, NULL, pipes[1], &offset, 7, 0));
    SHOW(splice(source, (loff_t *)8, pipes[1], NULL, 7, 0));
    SHOW(splice(source, NULL, pipes[1], NULL, 0, 0));
    SHOW(splice(source, NULL, pipes[1], NULL, 7, 16));
    SHOW(splice(99, NULL, pipes[1], NULL, 7, 0));
    SHOW(tee(source, pipes[1], 7, 0));
    SHOW(tee(pipes[0], 99, 7, 0));
    int appending = open("spliced", O_WRONLY | O_APPEND);
    SHOW(splice(pipes[0], NULL, appending, NULL, 7, 0));
    offset = sizeof content;
    SHOW(splice(source, &offset, pipes[1], NULL, 7, 0));
    offset = 0;
    SHOW(splice(source, &offset, pipes[1], NULL, sizeof content, 0));
    SHOW(splice(source, &offset, pipes[1], NULL, sizeof content, SPLICE_F_NONBLOCK));
    int null = open("/dev/null", O_WRONLY);
    SHOW(splice(pipes[0], NULL, null, NULL, sizeof content, 0));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        WORKS(write(pipes[1], "late", 4));
        _exit(0);
    }
    close(pipes[1]);
    waitpid(child, NULL, 0);
    offset = 0;
    SHOW(splice(pipes[0], NULL, target, &offset, 100, 0));
    SHOW(splice(pipes[0], NULL, target, &offset, 100, 0));
    close(others[0]);
    SHOW(splice(source, &offset, others[1], NULL, 100, 0));
    close(pipes[0]), close(others[1]), close(target), close(appending), close(null);
}

static void user(void) {
    puts("# vmsplice");
    int pipes[2];
    WORKS(pipe(pipes));
    struct iovec vectors[2] = {{"one ", 4}, {"two", 3}};
    SHOW(vmsplice(pipes[1], vectors, 2, 0));
    char buffer[16] = "";
    struct iovec into[2] = {{buffer, 2}, {buffer + 8, 5}};
    SHOW(vmsplice(pipes[0], into, 2, 0));
    printf("%s %s\n", buffer, buffer + 8);
    SHOW(vmsplice(pipes[0], into, 2, SPLICE_F_NONBLOCK));
    SHOW(vmsplice(pipes[1], vectors, 0, 0));
    SHOW(vmsplice(pipes[1], vectors, 2000, 0));
    SHOW(vmsplice(pipes[1], vectors, 1, 32));
    SHOW(vmsplice(source, vectors, 1, 0));
    struct iovec large = {content, sizeof content};
    SHOW(vmsplice(pipes[1], &large, 1, SPLICE_F_NONBLOCK) > 0);
    SHOW(vmsplice(pipes[1], &large, 1, SPLICE_F_NONBLOCK));
    close(pipes[0]);
    SHOW(vmsplice(pipes[1], vectors, 1, 0));
    close(pipes[1]);
}

/// A pipe that somebody empties slowly.
static void *empty(void *argument) {
    int pipe = *(int *)argument;
    char buffer[7000];
    long total = 0;
    ssize_t count;
    while ((count = read(pipe, buffer, sizeof buffer)) > 0) {
        total += count;
        usleep(500);
    }
    return (void *)total;
}

static void waiting(void) {
    puts("# waiting for room");
    int pipes[2];
    WORKS(pipe(pipes));
    pthread_t thread;
    pthread_create(&thread, NULL, empty, &pipes[0]);
    off_t offset = 0;
    SHOW(sendfile(pipes[1], source, &offset, sizeof content) > 0);
    long sent = offset;
    while (sent < (long)sizeof content) {
        ssize_t count = splice(source, &offset, pipes[1], NULL, sizeof content, 0);
        if (count <= 0)
            break;
        sent += count;
    }
    SHOW(sent);
    close(pipes[1]);
    void *total;
    pthread_join(thread, &total);
    SHOW((long)total);
    close(pipes[0]);
}

int main(void) {
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)('a' + i % 26);
    int made = open("source", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    WORKS(write(made, content, sizeof content));
    close(made);
    source = open("source", O_RDONLY);
    sending();
    intoSockets();
    copying();
    splicing();
    user();
    waiting();
    return 0;
}
