// SPDX-License-Identifier: Apache-2.0
//
// Descriptors: positions, vectors, dup, fcntl, locks, pipes, poll, select, epoll, eventfd, sendfile.

#include "report.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[200000];

static void contents(void) {
    puts("# read, write, lseek");
    TRY(open("data", O_CREAT | O_RDWR | O_TRUNC, 0644));
    TRY(write(3, "0123456789", 10));
    TRY(read(3, buffer, 10));
    TRY(lseek(3, 2, SEEK_SET));
    TRY(read(3, buffer, 3));
    TRY(lseek(3, 0, SEEK_CUR));
    TRY(lseek(3, -2, SEEK_END));
    TRY(lseek(3, -20, SEEK_END));
    TRY(lseek(3, 0, 9));
    TRY(pread(3, buffer, 100, 7));
    TRY(pread(3, buffer, 100, 10));
    TRY(pread(3, buffer, 100, -1));
    TRY(pwrite(3, "ab", 2, 4));
    TRY(pread(3, buffer, 10, 0));
    printf("%.10s\n", buffer);
    struct iovec vector[3] = {{buffer, 3}, {NULL, 0}, {buffer + 3, 4}};
    TRY(lseek(3, 0, SEEK_SET));
    TRY(readv(3, vector, 3));
    printf("%.7s\n", buffer);
    TRY(readv(3, vector, -1));
    TRY(readv(3, vector, 2000));
    TRY(readv(3, vector, 0));
    vector[1].iov_base = (void *)1;
    vector[1].iov_len = 5;
    TRY(preadv(3, vector, 3, 0));
    TRY(pwritev(3, vector, 1, 8));
    TRY(read(3, (void *)1, 1));
    TRY(write(3, (void *)1, 1));
    TRY(read(99, buffer, 1));
    TRY(lseek(3, 1000000, SEEK_SET));
    TRY(write(3, "end", 3));
    TRY(lseek(3, 0, SEEK_DATA));
    TRY(lseek(3, 5000, SEEK_HOLE));
    TRY(lseek(3, 5000, SEEK_DATA));
    TRY(lseek(3, 2000000, SEEK_DATA));
    TRY(ftruncate(3, 5));
    TRY(ftruncate(3, 20));
    TRY(pread(3, buffer, 30, 0));
    printf("%d %d\n", buffer[4], buffer[5]);
    TRY(fallocate(3, 0, 0, 10000));
    TRY(fallocate(3, FALLOC_FL_KEEP_SIZE, 0, 50000));
    TRY(fallocate(3, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    TRY(fallocate(3, FALLOC_FL_PUNCH_HOLE, 0, 4096));
    TRY(fallocate(3, 0, -1, 1));
    TRY(fallocate(3, 0, 0, 0));
    struct stat status;
    TRY(fstat(3, &status));
    printf("size %ld\n", (long)status.st_size);
    TRY(posix_fadvise(3, 0, 0, POSIX_FADV_RANDOM));
    TRY(posix_fadvise(3, 0, 0, 77));
    TRY(fsync(3));
    TRY(close(3));
    TRY(open("data", O_RDONLY));
    TRY(write(3, "x", 1));
    TRY(ftruncate(3, 0));
    TRY(close(3));
    TRY(open("data", O_WRONLY | O_APPEND));
    TRY(read(3, buffer, 1));
    TRY(lseek(3, 0, SEEK_SET));
    TRY(write(3, "tail", 4));
    TRY(lseek(3, 0, SEEK_CUR));
    TRY(pwrite(3, "more", 4, 0));
    TRY(fstat(3, &status));
    printf("size %ld\n", (long)status.st_size);
    TRY(close(3));
    TRY(open("/dev/zero", O_RDWR));
    memset(buffer, 1, sizeof buffer);
    TRY(read(3, buffer, sizeof buffer));
    TRY(buffer[sizeof buffer - 1]);
    TRY(lseek(3, 100, SEEK_SET));
    TRY(ioctl(3, FIONREAD, buffer));
    TRY(ftruncate(3, 0));
    TRY(close(3));
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
    struct rlimit all;
    getrlimit(RLIMIT_FSIZE, &all);
    signal(SIGXFSZ, SIG_IGN);
    limit.rlim_max = all.rlim_max;
    TRY(setrlimit(RLIMIT_FSIZE, &limit));
    TRY(open("limited", O_CREAT | O_WRONLY, 0644));
    TRY(write(3, buffer, 150));
    TRY(write(3, buffer, 1));
    TRY(ftruncate(3, 101));
    TRY(close(3));
    TRY(setrlimit(RLIMIT_FSIZE, &all));
}

static void duplicates(void) {
    puts("# dup, fcntl");
    TRY(open("data", O_RDONLY));
    TRY(dup(3));
    TRY(dup2(3, 10));
    TRY(dup2(3, 3));
    TRY(dup2(99, 5));
    TRY(dup2(3, -1));
    TRY(dup3(3, 3, 0));
    TRY(dup3(3, 11, O_CLOEXEC));
    TRY(dup3(3, 12, O_APPEND));
    TRY(fcntl(11, F_GETFD));
    TRY(fcntl(10, F_GETFD));
    TRY(fcntl(10, F_SETFD, FD_CLOEXEC));
    TRY(fcntl(10, F_GETFD));
    TRY(fcntl(3, F_DUPFD, 20));
    TRY(fcntl(3, F_DUPFD_CLOEXEC, 20));
    TRY(fcntl(3, F_DUPFD, -1));
    TRY(fcntl(3, F_DUPFD, 100000000));
    TRY(fcntl(3, F_GETFL) & O_ACCMODE);
    TRY(fcntl(3, F_SETFL, O_NONBLOCK | O_APPEND));
    TRY(fcntl(10, F_GETFL) & (O_NONBLOCK | O_APPEND));
    TRY(fcntl(3, 9999));
    TRY(fcntl(99, F_GETFD));
    TRY(lseek(3, 3, SEEK_SET));
    TRY(lseek(4, 0, SEEK_CUR));
    TRY(close_range(4, 50, 0));
    TRY(fcntl(20, F_GETFD));
    TRY(close_range(4, 3, 0));
    TRY(close(3));
    TRY(close(3));
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 5;
    TRY(setrlimit(RLIMIT_NOFILE, &limit));
    TRY(open("data", O_RDONLY));
    TRY(dup(3));
    TRY(dup(3));
    TRY(open("data", O_RDONLY));
    TRY(open("never-made", O_CREAT | O_RDONLY, 0644));
    TRY(access("never-made", F_OK));
    int ends[2];
    TRY(pipe(ends));
    TRY(close(4));
    TRY(pipe(ends));
    TRY(dup2(3, 5));
    TRY(close(3));
    limit.rlim_cur = 64;
    TRY(setrlimit(RLIMIT_NOFILE, &limit));
}

static void locks(void) {
    puts("# locks");
    TRY(open("data", O_RDWR));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
    TRY(fcntl(3, F_SETLK, &lock));
    if (fork() == 0) {
        struct flock other = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10};
        TRY(fcntl(3, F_SETLK, &other));
        TRY(fcntl(3, F_GETLK, &other));
        printf("type %d start %ld length %ld mine %d\n", other.l_type, (long)other.l_start, (long)other.l_len,
               other.l_pid == getppid());
        other = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 0};
        TRY(fcntl(3, F_SETLK, &other));
        TRY(flock(3, LOCK_EX | LOCK_NB));
        _exit(0);
    }
    wait(NULL);
    lock.l_type = F_UNLCK;
    lock.l_start = 2;
    lock.l_len = 3;
    TRY(fcntl(3, F_SETLK, &lock));
    if (fork() == 0) {
        struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
        TRY(fcntl(3, F_GETLK, &other));
        printf("start %ld length %ld\n", (long)other.l_start, (long)other.l_len);
        other = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
        TRY(fcntl(3, F_SETLK, &other));
        _exit(0);
    }
    wait(NULL);
    int second = open("data", O_RDWR);
    TRY(flock(3, LOCK_EX));
    TRY(flock(second, LOCK_SH | LOCK_NB));
    TRY(flock(3, LOCK_UN));
    TRY(flock(second, LOCK_SH | LOCK_NB));
    TRY(flock(3, LOCK_SH | LOCK_NB));
    TRY(flock(3, 77));
    TRY(close(second));
    lock.l_type = 7;
    TRY(fcntl(3, F_SETLK, &lock));
    TRY(close(3));
}

static void handle(int signal) {
    (void)signal;
}

static void pipes(void) {
    puts("# pipes");
    int ends[2];
    TRY(pipe(ends));
    TRY(fcntl(4, F_GETPIPE_SZ));
    TRY(fcntl(4, F_SETFL, O_NONBLOCK));
    TRY(write(4, buffer, 4000));
    TRY(write(4, buffer, 4000));
    int available = 0;
    TRY(ioctl(3, FIONREAD, &available));
    printf("available %d\n", available);
    TRY(write(4, buffer, sizeof buffer));
    TRY(write(4, buffer, 1));
    TRY(write(4, buffer, 4097));
    TRY(read(3, buffer, 100));
    TRY(write(4, buffer, 100));
    TRY(read(3, buffer, sizeof buffer));
    TRY(fcntl(3, F_SETFL, O_NONBLOCK));
    TRY(read(3, buffer, 1));
    TRY(write(4, buffer, 0));
    TRY(read(4, buffer, 1));
    TRY(write(3, buffer, 1));
    TRY(lseek(3, 0, SEEK_CUR));
    TRY(pread(3, buffer, 1, 0));
    TRY(fcntl(3, F_SETPIPE_SZ, 8192));
    TRY(fcntl(3, F_SETPIPE_SZ, 5000));
    TRY(write(4, buffer, 20000));
    TRY(fcntl(3, F_SETPIPE_SZ, 4096));
    TRY(ftruncate(4, 0));
    TRY(fsync(3));
    TRY(close(4));
    TRY(read(3, buffer, sizeof buffer));
    TRY(read(3, buffer, 1));
    TRY(close(3));
    TRY(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    TRY(fcntl(3, F_GETFL) & O_NONBLOCK);
    TRY(fcntl(3, F_GETFD));
    TRY(close(3));
    signal(SIGPIPE, SIG_IGN);
    TRY(write(4, "x", 1));
    signal(SIGPIPE, SIG_DFL);
    if (fork() == 0) {
        write(4, "x", 1);
        _exit(0);
    }
    int status;
    wait(&status);
    printf("killed by %d\n", WTERMSIG(status));
    TRY(close(4));
    TRY(pipe2(ends, 0x1));
    TRY(pipe((int *)1));
    struct sigaction action = {.sa_handler = handle};
    sigaction(SIGALRM, &action, NULL);
    TRY(pipe(ends));
    alarm(1);
    TRY(read(3, buffer, 1));
    alarm(1);
    TRY(write(4, buffer, sizeof buffer));
    alarm(0);
    TRY(close(3));
    TRY(close(4));
}

static void ready(struct pollfd *polled, int count, int timeout) {
    errno = 0;
    report("poll", poll(polled, count, timeout));
    for (int i = 0; i < count; i++)
        printf(" %d: %x\n", polled[i].fd, polled[i].revents);
}

static void polling(void) {
    puts("# poll, select");
    int ends[2];
    TRY(pipe(ends));
    TRY(open("data", O_RDWR));
    struct pollfd polled[5] = {
        {3, POLLIN, 0}, {4, POLLOUT, 0}, {5, POLLIN | POLLOUT, 0}, {-1, POLLIN, 0}, {99, POLLIN, 0}};
    ready(polled, 5, 0);
    ready(polled, 1, 10);
    write(4, "x", 1);
    ready(polled, 2, -1);
    fcntl(4, F_SETFL, O_NONBLOCK);
    while (write(4, buffer, 4096) > 0) {
    }
    ready(polled, 2, 0);
    TRY(poll(polled, 100000, 0));
    TRY(poll((void *)1, 1, 0));
    fd_set readable, writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(3, &readable);
    FD_SET(4, &writable);
    FD_SET(5, &writable);
    struct timeval timeout = {0, 10000};
    TRY(select(6, &readable, &writable, NULL, &timeout));
    printf("%d %d %d\n", FD_ISSET(3, &readable), FD_ISSET(4, &writable), FD_ISSET(5, &writable));
    FD_SET(50, &readable);
    TRY(select(51, &readable, NULL, NULL, &timeout));
    TRY(select(-1, NULL, NULL, NULL, &timeout));
    timeout.tv_usec = 10000;
    TRY(select(0, NULL, NULL, NULL, &timeout));
    close(4);
    ready(polled, 1, 0);
    while (read(3, buffer, sizeof buffer) > 0) {
    }
    ready(polled, 1, 0);
    close(3);
    TRY(pipe(ends));
    close(3);
    polled[0] = (struct pollfd){4, POLLOUT, 0};
    ready(polled, 1, 0);
    close(4);
    alarm(1);
    TRY(poll(NULL, 0, -1));
    struct timespec brief = {0, 1000000};
    TRY(ppoll(NULL, 0, &brief, NULL));
    struct timespec wrong = {0, 1000000000};
    TRY(ppoll(NULL, 0, &wrong, NULL));
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    alarm(1);
    TRY(ppoll(NULL, 0, NULL, &before));
    sigprocmask(SIG_SETMASK, &before, NULL);
    TRY(close(5));
}

static void drain(int set, int timeout) {
    struct epoll_event events[8];
    errno = 0;
    int count = epoll_wait(set, events, 8, timeout);
    report("epoll_wait", count);
    for (int i = 0; i < count; i++)
        printf(" %d: %x\n", events[i].data.fd, events[i].events);
}

static void eventPolling(void) {
    puts("# epoll, eventfd");
    TRY(epoll_create1(0));
    TRY(epoll_create1(1));
    TRY(epoll_create(0));
    int ends[2];
    TRY(pipe(ends));
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = 4}};
    TRY(epoll_ctl(3, EPOLL_CTL_ADD, 4, &event));
    TRY(epoll_ctl(3, EPOLL_CTL_ADD, 4, &event));
    TRY(epoll_ctl(3, EPOLL_CTL_DEL, 5, &event));
    TRY(epoll_ctl(3, EPOLL_CTL_MOD, 5, &event));
    TRY(epoll_ctl(3, EPOLL_CTL_ADD, 3, &event));
    TRY(epoll_ctl(3, 9, 4, &event));
    TRY(epoll_ctl(4, EPOLL_CTL_ADD, 5, &event));
    TRY(epoll_ctl(3, EPOLL_CTL_ADD, 99, &event));
    TRY(open("data", O_RDWR));
    TRY(epoll_ctl(3, EPOLL_CTL_ADD, 6, &event));
    TRY(close(6));
    drain(3, 0);
    write(5, "x", 1);
    drain(3, 0);
    drain(3, 0);
    event.events = EPOLLIN | EPOLLET;
    TRY(epoll_ctl(3, EPOLL_CTL_MOD, 4, &event));
    drain(3, 0);
    drain(3, 0);
    write(5, "y", 1);
    drain(3, 0);
    drain(3, 0);
    event.events = EPOLLIN | EPOLLONESHOT;
    TRY(epoll_ctl(3, EPOLL_CTL_MOD, 4, &event));
    drain(3, 0);
    write(5, "z", 1);
    drain(3, 0);
    TRY(epoll_ctl(3, EPOLL_CTL_MOD, 4, &event));
    drain(3, -1);
    event.events = EPOLLIN;
    TRY(epoll_ctl(3, EPOLL_CTL_MOD, 4, &event));
    read(4, buffer, 100);
    drain(3, 20);
    if (fork() == 0) {
        usleep(50000);
        write(5, "late", 4);
        _exit(0);
    }
    drain(3, -1);
    wait(NULL);
    struct pollfd polled = {3, POLLIN, 0};
    ready(&polled, 1, 0);
    close(5);
    drain(3, 0);
    read(4, buffer, 100);
    drain(3, 0);
    close(4);
    drain(3, 0);
    TRY(epoll_wait(3, NULL, 0, 0));
    TRY(eventfd(3, 0));
    unsigned long long value = 0;
    TRY(read(4, &value, 8));
    printf("%llu\n", value);
    TRY(read(4, &value, 4));
    TRY(fcntl(4, F_SETFL, O_NONBLOCK));
    TRY(read(4, &value, 8));
    value = 0xfffffffffffffffeULL;
    TRY(write(4, &value, 8));
    value = 1;
    TRY(write(4, &value, 8));
    polled.fd = 4;
    polled.events = POLLIN | POLLOUT;
    ready(&polled, 1, 0);
    value = ~0ULL;
    TRY(write(4, &value, 8));
    TRY(close(4));
    TRY(eventfd(2, EFD_SEMAPHORE));
    TRY(read(4, &value, 8));
    printf("%llu\n", value);
    TRY(eventfd(0, 0x10));
    TRY(close(4));
    TRY(close(3));
}

static void transfers(void) {
    puts("# sendfile, copy_file_range, mmap");
    TRY(open("source", O_CREAT | O_RDWR | O_TRUNC, 0644));
    for (int i = 0; i < 10000; i++)
        buffer[i] = 'a' + i % 26;
    TRY(write(3, buffer, 10000));
    TRY(open("target", O_CREAT | O_RDWR | O_TRUNC, 0644));
    TRY(sendfile(4, 3, NULL, 100));
    TRY(lseek(3, 0, SEEK_SET));
    off_t offset = 9000;
    TRY(sendfile(4, 3, &offset, 5000));
    TRY(offset);
    TRY(lseek(3, 0, SEEK_CUR));
    TRY(sendfile(4, 3, NULL, 20000));
    TRY(lseek(4, 0, SEEK_CUR));
    int ends[2];
    TRY(pipe(ends));
    TRY(lseek(3, 0, SEEK_SET));
    TRY(sendfile(6, 3, NULL, 5000));
    TRY(sendfile(4, 5, NULL, 10));
    TRY(sendfile(5, 3, NULL, 10));
    TRY(read(5, buffer, 20000));
    off_t from = 0, to = 50;
    TRY(copy_file_range(3, &from, 4, &to, 1000, 0));
    printf("%ld %ld\n", (long)from, (long)to);
    TRY(copy_file_range(3, &from, 3, &to, 5000, 0));
    TRY(copy_file_range(3, &from, 4, &to, 1, 1));
    TRY(copy_file_range(3, NULL, 6, NULL, 1, 0));
    char *map = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 4096);
    printf("%c%c\n", map[0], map[4096]);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
    shared[1] = 'Z';
    TRY(pread(3, buffer, 3, 0));
    printf("%.3s\n", buffer);
    TRY(pwrite(3, "Y", 1, 2));
    printf("%.3s\n", shared);
    char *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, 3, 0);
    private[0] = 'P';
    TRY(pread(3, buffer, 3, 0));
    printf("%.3s %.3s\n", buffer, private);
    OK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 5, 0) == MAP_FAILED ? -1 : 0);
    OK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED ? -1 : 0);
    int zero = open("/dev/zero", O_RDWR);
    char *zeros = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    if (zeros != MAP_FAILED) {
        zeros[5] = 1;
        printf("%d %d\n", zeros[4], zeros[5]);
    }
    int closed = open("source", O_WRONLY);
    OK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, closed, 0) == MAP_FAILED ? -1 : 0);
    TRY(ftruncate(3, 0));
    if (fork() == 0) {
        char *behind = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0);
        volatile char lost = behind[0];
        (void)lost;
        _exit(0);
    }
    int status;
    wait(&status);
    printf("signal %d\n", WTERMSIG(status));
}

int main(void) {
    closefrom(3);
    if (mkdir("/tmp/descriptors", 0777) != 0 || chdir("/tmp/descriptors") != 0)
        return 1;
    contents();
    duplicates();
    locks();
    pipes();
    polling();
    eventPolling();
    transfers();
    return 0;
}
