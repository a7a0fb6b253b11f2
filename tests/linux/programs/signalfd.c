// SPDX-License-Identifier: Apache-2.0
//
// Signals that are read from a descriptor (signalfd(2)).
#define _GNU_SOURCE
#include "expect.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 3);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int file = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    HOLDS(file >= 0);
    struct signalfd_siginfo info[4];
    SHOW(read(file, info, sizeof info));
    SHOW(read(file, info, 127));
    SHOW(write(file, info, 128));
    struct pollfd poller = {.fd = file, .events = POLLIN};
    SHOW(poll(&poller, 1, 0));
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 11});
    sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 12});
    SHOW(poll(&poller, 1, 5000));
    SHOW(poller.revents);
    SHOW(read(file, info, sizeof info));
    SHOW(info[0].ssi_signo);
    SHOW(info[0].ssi_code);
    HOLDS(info[0].ssi_pid == (unsigned)getpid() && info[0].ssi_uid == getuid());
    HOLDS(info[1].ssi_signo == (unsigned)SIGRTMIN + 3);
    SHOW(info[1].ssi_code);
    SHOW(info[1].ssi_int);
    SHOW(info[2].ssi_int);
    SHOW(read(file, info, sizeof info));

    // A child's end, waited for by epoll.
    int events = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    SHOW(epoll_ctl(events, EPOLL_CTL_ADD, file, &event));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(9);
    SHOW(epoll_wait(events, &event, 1, 5000));
    SHOW(read(file, info, sizeof info));
    SHOW(info[0].ssi_signo);
    SHOW(info[0].ssi_code);
    SHOW(info[0].ssi_status);
    HOLDS(info[0].ssi_pid == (unsigned)child);
    waitpid(child, NULL, 0);

    // A read that waits; another mask for the same descriptor.
    int blocking = signalfd(-1, &set, 0);
    alarm(1);
    SHOW(read(blocking, info, 128));
    SHOW(info[0].ssi_signo);
    SHOW(info[0].ssi_code);
    sigset_t other;
    sigemptyset(&other);
    sigaddset(&other, SIGUSR2);
    HOLDS(signalfd(blocking, &other, 0) == blocking);
    kill(getpid(), SIGUSR1);
    poller.fd = blocking;
    SHOW(poll(&poller, 1, 0));
    SHOW(read(file, info, sizeof info));

    // A timer's signal.
    struct sigevent timer_event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 6};
    int id;
    syscall(SYS_timer_create, CLOCK_MONOTONIC, &timer_event, &id);
    syscall(SYS_timer_settime, id, 0, &(struct itimerspec){.it_value.tv_nsec = 1}, NULL);
    poller.fd = file;
    SHOW(poll(&poller, 1, 5000));
    SHOW(read(file, info, sizeof info));
    SHOW(info[0].ssi_code);
    HOLDS((int)info[0].ssi_tid == id);
    SHOW(info[0].ssi_int);
    SHOW(info[0].ssi_overrun);

    SHOW(signalfd(0, &set, 0));
    SHOW(signalfd(99, &set, 0));
    SHOW(signalfd(-1, &set, 1));
    SHOW(syscall(SYS_signalfd4, -1, &set, 4, 0));
    SHOW(syscall(SYS_signalfd4, -1, (void *)1, 8, 0));
    return 0;
}
