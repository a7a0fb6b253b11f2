// SPDX-License-Identifier: Apache-2.0
//
// Descriptors of processes: pidfd_open, pidfd_send_signal, pidfd_getfd, waiting for them, clone3 and kcmp.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif

static int pidfd_open_(pid_t pid, unsigned flags) {
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int send_(int pidfd, int signal, siginfo_t *info, unsigned flags) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, info, flags);
}

static long clone3_(struct clone_args *arguments, size_t size) {
    return syscall(SYS_clone3, arguments, size);
}

static long compare(int type, unsigned long first, unsigned long second) {
    return syscall(SYS_kcmp, getpid(), getpid(), type, first, second);
}

static void descriptors(void) {
    int ends[2];
    if (pipe(ends) != 0)
        exit(1);
    signal(SIGUSR1, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        if (read(ends[0], &byte, 1) != 1)
            _exit(1);
        _exit(byte);
    }
    int pidfd = pidfd_open_(child, 0);
    HOLDS(pidfd >= 0);
    SHOW(fcntl(pidfd, F_GETFD));
    SHOW(fcntl(pidfd, F_GETFL) & O_NONBLOCK);
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};
    SHOW(poll(&poller, 1, 0));
    SHOW(send_(pidfd, 0, NULL, 0));
    SHOW(send_(pidfd, SIGUSR1, NULL, 0));
    SHOW(send_(pidfd, 65, NULL, 0));
    // Directories of /proc stand for processes as well.
    char path[32];
    sprintf(path, "/proc/%d", child);
    int directory = open(path, O_DIRECTORY);
    SHOW(send_(directory, SIGUSR1, NULL, 0));
    strcat(path, "/fd");
    SHOW(send_(open(path, O_DIRECTORY), SIGUSR1, NULL, 0));
    SHOW(send_(open("/proc", O_DIRECTORY), SIGUSR1, NULL, 0));
    SHOW(send_(pidfd, 0, NULL, 1 << 20));
    SHOW(send_(0, 0, NULL, 0));
    SHOW(send_(99, 0, NULL, 0));
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_USER};
    SHOW(send_(pidfd, SIGUSR2, &info, 0));
    SHOW(send_(pidfd, SIGUSR1, &info, 0));
    info.si_code = SI_QUEUE;
    SHOW(send_(pidfd, SIGUSR1, &info, 0));
    char buffer[8];
    SHOW(read(pidfd, buffer, 8));
    int copy = (int)syscall(SYS_pidfd_getfd, pidfd, ends[1], 0);
    HOLDS(copy > pidfd);
    SHOW(fcntl(copy, F_GETFD));
    SHOW(syscall(SYS_pidfd_getfd, pidfd, 99, 0));
    SHOW(syscall(SYS_pidfd_getfd, pidfd, 0, 1));
    SHOW(syscall(SYS_pidfd_getfd, 0, 0, 0));
    HOLDS(compare(KCMP_FILE, (unsigned)copy, (unsigned)ends[1]) == 0);
    HOLDS(compare(KCMP_FILE, (unsigned)ends[0], (unsigned)ends[1]) > 0);
    SHOW(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG));
    SHOW(info.si_pid);
    SHOW(write(copy, "\7", 1));
    SHOW(poll(&poller, 1, 5000));
    SHOW(poller.revents);
    SHOW(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOWAIT));
    SHOW(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
    SHOW(info.si_status);
    HOLDS(info.si_pid == child);
    SHOW(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
    SHOW(waitid(P_PIDFD, 99, &info, WEXITED));
    SHOW(send_(pidfd, 0, NULL, 0));
    SHOW(pidfd_open_(child, 0));
    SHOW(pidfd_open_(0, 0));
    SHOW(pidfd_open_(-1, 0));
    SHOW(pidfd_open_(getpid(), 1));
    pidfd = pidfd_open_(getpid(), PIDFD_NONBLOCK);
    SHOW(fcntl(pidfd, F_GETFL) & O_NONBLOCK);
    SHOW(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
    close(pidfd);
    close(ends[0]);
    close(ends[1]);
    close(copy);
}

static void clones(void) {
    int pidfd = -1;
    int tid_in_parent = 0;
    struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
                                   .pidfd = (uintptr_t)&pidfd,
                                   .parent_tid = (uintptr_t)&tid_in_parent,
                                   .exit_signal = SIGCHLD};
    long child = clone3_(&arguments, sizeof arguments);
    if (child == 0)
        _exit(5);
    HOLDS(tid_in_parent == child && pidfd >= 0);
    siginfo_t info;
    SHOW(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
    SHOW(info.si_status);
    close(pidfd);

    // Without SIGCHLD a child has to be asked for.
    arguments = (struct clone_args){0};
    child = clone3_(&arguments, 64);
    if (child == 0)
        _exit(6);
    int status = 0;
    SHOW(waitpid(-1, &status, 0));
    HOLDS(waitpid(-1, &status, __WALL) == child);
    SHOW(WEXITSTATUS(status));
    child = clone3_(&arguments, 64);
    if (child == 0)
        _exit(7);
    HOLDS(waitpid(-1, &status, __WCLONE) == child);
    child = fork();
    if (child == 0)
        _exit(8);
    SHOW(waitpid(-1, &status, __WCLONE));
    HOLDS(waitpid(-1, &status, __WNOTHREAD) == child);

    SHOW(clone3_(&arguments, 63));
    SHOW(clone3_(&arguments, 5000));
    SHOW(clone3_(NULL, sizeof arguments));
    struct {
        struct clone_args known;
        uint64_t later;
    } longer = {.later = 1};
    SHOW(clone3_(&longer.known, sizeof longer));
    arguments = (struct clone_args){.exit_signal = 65};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.exit_signal = SIGCHLD, .stack = 4096};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.exit_signal = SIGCHLD, .stack_size = 4096};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = SIGCHLD};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = CLONE_THREAD};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = CLONE_SIGHAND, .exit_signal = SIGCHLD};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = CLONE_SIGHAND | CLONE_CLEAR_SIGHAND | CLONE_VM};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = CLONE_PARENT, .exit_signal = SIGCHLD};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = CLONE_FS | CLONE_NEWNS, .exit_signal = SIGCHLD};
    SHOW(clone3_(&arguments, sizeof arguments));
    arguments = (struct clone_args){.flags = 1ull << 40, .exit_signal = SIGCHLD};
    SHOW(clone3_(&arguments, sizeof arguments));
    SHOW(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &pidfd, 0, 0));

    // CLONE_CLEAR_SIGHAND: handlers become the default, ignored signals stay so.
    signal(SIGUSR1, SIG_IGN);
    struct sigaction action;
    arguments = (struct clone_args){.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    signal(SIGUSR2, (void (*)(int))abort);
    child = clone3_(&arguments, sizeof arguments);
    if (child == 0) {
        sigaction(SIGUSR1, NULL, &action);
        int ignored = action.sa_handler == SIG_IGN;
        sigaction(SIGUSR2, NULL, &action);
        _exit(ignored * 2 + (action.sa_handler == SIG_DFL));
    }
    waitpid((pid_t)child, &status, 0);
    SHOW(WEXITSTATUS(status));
}

int main(void) {
    descriptors();
    clones();
    return 0;
}
