// SPDX-License-Identifier: Apache-2.0
//
// poll, ppoll, select and pselect6: refusals, events of each kind of file, timeouts and what is left of them,
// signals.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

static void showPoll(const char *name, int descriptor, short events) {
    struct pollfd wait = {.fd = descriptor, .events = events, .revents = 0x7777};
    int count = poll(&wait, 1, 0);
    printf("%s: %d", name, count);
    if (count < 0)
        printf(" %s", strerrorname_np(errno));
    printf(" %x\n", (unsigned short)wait.revents);
}

#define ALL (POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLRDHUP)

static void files(void) {
    int ends[2], pair[2];
    showPoll("negative", -7, ALL);
    showPoll("closed", 900, ALL);
    int file = open("/proc/self/exe", O_RDONLY), folder = open("/", O_RDONLY), path = open("/", O_PATH);
    showPoll("file", file, ALL);
    showPoll("folder", folder, ALL);
    showPoll("path", path, ALL);
    showPoll("nothing asked", file, 0);
    int null = open("/dev/null", O_RDWR);
    showPoll("null", null, ALL);
    SHOW(pipe(ends));
    showPoll("reader", ends[0], ALL);
    showPoll("writer", ends[1], ALL);
    SHOW(write(ends[1], "x", 1));
    showPoll("reader", ends[0], ALL);
    showPoll("normal only", ends[0], POLLRDNORM);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], (char[4096]){}, 4096) > 0)
        ;
    showPoll("full", ends[1], ALL);
    int second = dup(ends[1]);
    close(ends[1]);
    showPoll("reader", ends[0], ALL);
    close(second);
    showPoll("no writer", ends[0], ALL);
    showPoll("no writer, nothing asked", ends[0], 0);
    close(ends[0]);
    SHOW(pipe(ends));
    close(ends[0]);
    showPoll("no reader", ends[1], ALL);
    close(ends[1]);
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    showPoll("socket", pair[0], ALL);
    SHOW(write(pair[1], "x", 1));
    showPoll("socket", pair[0], ALL);
    SHOW(shutdown(pair[1], SHUT_WR));
    showPoll("half closed", pair[0], ALL);
    close(pair[1]);
    showPoll("closed", pair[0], ALL);
    close(pair[0]);
    int counter = eventfd(0, 0);
    showPoll("counter", counter, ALL);
    eventfd_write(counter, UINT64_MAX - 1);
    showPoll("counter full", counter, ALL);
    int set = epoll_create1(0);
    showPoll("epoll", set, ALL);
    epoll_ctl(set, EPOLL_CTL_ADD, counter, &(struct epoll_event){.events = EPOLLIN});
    showPoll("epoll", set, ALL);
    close(counter);
    showPoll("epoll", set, ALL);
    mkfifo("fifo", 0600);
    int fifo = open("fifo", O_RDONLY | O_NONBLOCK);
    showPoll("no writer yet", fifo, ALL);
    int writer = open("fifo", O_WRONLY | O_NONBLOCK);
    showPoll("a writer", fifo, ALL);
    close(writer);
    showPoll("no writer any more", fifo, ALL);
    int again = open("fifo", O_RDONLY | O_NONBLOCK);
    showPoll("opened later", again, ALL);
    writer = open("fifo", O_WRONLY | O_NONBLOCK);
    showPoll("a writer again", fifo, ALL);
    close(fifo);
    close(again);
    showPoll("no reader", writer, ALL);
    SHOW(unlink("fifo"));

    printf("-- a number of them\n");
    SHOW(pipe(ends));
    struct pollfd several[5] = {
        {ends[0], POLLIN, 9}, {ends[1], POLLOUT, 9}, {-1, POLLIN, 9}, {901, 0, 9}, {ends[1], POLLIN, 9}};
    SHOW(poll(several, 5, 0));
    for (int i = 0; i < 5; i++)
        printf(" %x", several[i].revents);
    printf("\n");
    struct rlimit limit = {64, 4096};
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    static struct pollfd many[65];
    for (int i = 0; i < 65; i++)
        many[i].fd = -1;
    SHOW(poll(many, 64, 0));
    SHOW(poll(many, 65, 0));
    SHOW(syscall(SYS_ppoll, many, 65, NULL, NULL, 8));
    SHOW(syscall(SYS_ppoll, 1, 1, &(struct timespec){0, 0}, NULL, 8));
    SHOW(syscall(SYS_ppoll, many, 1, &(struct timespec){0, 1000000000}, NULL, 8));
    SHOW(syscall(SYS_ppoll, many, 1, &(struct timespec){-1, 0}, NULL, 8));
    SHOW(syscall(SYS_ppoll, many, 1, &(struct timespec){0, 0}, many, 4));
    limit.rlim_cur = 4096;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    struct timespec left = {0, 20000000};
    SHOW(syscall(SYS_ppoll, NULL, 0, &left, NULL, 8));
    printf("%ld %ld\n", (long)left.tv_sec, left.tv_nsec);
    left = (struct timespec){100, 5};
    SHOW(syscall(SYS_ppoll, several, 2, &left, NULL, 8));
    HOLDS(left.tv_sec == 99 && left.tv_nsec > 0);
}

static void caught(int signal) {
    (void)signal;
}

static void showSelect(const char *name, int count, fd_set *read, fd_set *write, fd_set *except,
                       struct timeval *timeout) {
    errno = 0;
    long result =
        syscall(SYS_pselect6, count, read, write, except,
                timeout ? &(struct timespec){timeout->tv_sec, timeout->tv_usec * 1000} : NULL, NULL);
    printf("%s: %ld", name, result);
    if (result < 0)
        printf(" %s", strerrorname_np(errno));
    for (int i = 0; i < 40; i++) {
        if ((read && FD_ISSET(i, read)) || (write && FD_ISSET(i, write)) || (except && FD_ISSET(i, except)))
            printf(" %d%s%s%s", i, read && FD_ISSET(i, read) ? "r" : "",
                   write && FD_ISSET(i, write) ? "w" : "", except && FD_ISSET(i, except) ? "e" : "");
    }
    printf("\n");
}

static fd_set readers, writers, exceptions;

static void fillSets(void) {
    FD_ZERO(&readers);
    FD_ZERO(&writers);
    FD_ZERO(&exceptions);
    FD_SET(30, &readers);
    FD_SET(31, &readers);
    FD_SET(31, &writers);
    FD_SET(30, &exceptions);
}

static void selecting(void) {
    printf("-- select\n");
    int ends[2];
    struct timeval none = {0, 0};
    SHOW(pipe(ends));
    dup2(ends[0], 30);
    dup2(ends[1], 31);
    fillSets();
    showSelect("empty", 32, &readers, &writers, &exceptions, &none);
    SHOW(write(31, "x", 1));
    fillSets();
    showSelect("written", 32, &readers, &writers, &exceptions, &none);
    fillSets();
    showSelect("count too small", 31, &readers, &writers, &exceptions, &none);
    fillSets();
    showSelect("no sets", 32, NULL, NULL, NULL, &none);
    fillSets();
    showSelect("negative", -1, &readers, &writers, &exceptions, &none);
    fillSets();
    FD_SET(35, &readers);
    showSelect("closed", 36, &readers, &writers, &exceptions, &none);
    fillSets();
    showSelect("bad timeout", 32, &readers, NULL, NULL, &(struct timeval){-1, 0});
    showSelect("bad timeout", 32, &readers, NULL, NULL, &(struct timeval){0, 1000000});
    fillSets();
    showSelect("bad set", 32, (fd_set *)NULL, NULL, NULL, &none);
    SHOW(syscall(SYS_pselect6, 32, 8, NULL, NULL, &(struct timespec){0, 0}, NULL));
    struct timespec left = {50, 0};
    fillSets();
    SHOW(syscall(SYS_pselect6, 32, &readers, NULL, NULL, &left, NULL));
    HOLDS(left.tv_sec == 49);
    struct timeval part = {0, 20000};
    SHOW(select(0, NULL, NULL, NULL, &part));
    printf("%ld %ld\n", (long)part.tv_sec, (long)part.tv_usec);
    struct timespec constant = {0, 20000000};
    SHOW(pselect(0, NULL, NULL, NULL, &constant, NULL));
    printf("%ld %ld\n", (long)constant.tv_sec, constant.tv_nsec);

    printf("-- signals\n");
    struct sigaction action = {.sa_handler = caught, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval soon = {.it_value = {0, 30000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(poll(NULL, 0, 5000));
    setitimer(ITIMER_REAL, &soon, NULL);
    part = (struct timeval){100, 0};
    SHOW(select(0, NULL, NULL, NULL, &part));
    HOLDS(part.tv_sec == 99);
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGALRM);
    SHOW(poll(NULL, 0, 10));
    SHOW(ppoll(NULL, 0, &(struct timespec){5, 0}, &empty));
    raise(SIGALRM);
    SHOW(pselect(0, NULL, NULL, NULL, &(struct timespec){5, 0}, &empty));
    printf("-- a file becomes ready\n");
    char byte;
    SHOW(read(30, &byte, 1));
}

int main(void) {
    files();
    selecting();
    int ends[2];
    SHOW(pipe(ends));
    fflush(stdout);
    if (fork() == 0) {
        usleep(50000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    struct pollfd wait_ = {.fd = ends[0], .events = POLLIN};
    SHOW(poll(&wait_, 1, 5000));
    SHOW(wait_.revents);
    wait(NULL);
    return 0;
}
