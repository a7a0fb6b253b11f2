// SPDX-License-Identifier: Apache-2.0
//
// Terminals whose master is closed: what readers that wait find, and which processes of the session are told
// when.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static volatile sig_atomic_t hangUps, continues;

static void count(int signal) {
    if (signal == SIGHUP)
        hangUps++;
    else
        continues++;
}

/// Sets handlers that let calls go on.
static void countSignals(void) {
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
}

static void showSignals(const char *name) {
    printf("%s: %d SIGHUP, %d SIGCONT\n", name, hangUps, continues);
    fflush(stdout);
}

static void settle(void) {
    usleep(50000);
}

static void waitFor(pid_t child) {
    while (waitpid(child, NULL, 0) != child)
        ;
}

/// The job in the foreground of a session whose leader lives on for a while.
static void job(int terminal, int leaderEnds) {
    setpgid(0, 0);
    struct pollfd wait = {.fd = terminal, .events = POLLIN};
    char byte;
    printf("the job waits\n");
    SHOW(read(terminal, &byte, 1));
    showSignals("the job after the hang-up");
    SHOW(read(terminal, &byte, 1));
    SHOW(write(terminal, "x", 1));
    SHOW(poll(&wait, 1, 0));
    printf("events %x\n", wait.revents);
    SHOW(open("/dev/tty", O_RDWR));
    WORKS(tcgetpgrp(terminal));
    // The leader ends: end of file here.
    while (read(leaderEnds, &byte, 1) < 0)
        ;
    settle();
    showSignals("the job after the leader's end");
}

static void leader(int master, int ending) {
    setsid();
    int terminal = open(ptsname(master), O_RDWR);
    close(master);
    signal(SIGTTOU, SIG_IGN);
    countSignals();
    int alive[2];
    pipe(alive);
    pid_t child = fork();
    if (child == 0) {
        close(alive[1]);
        job(terminal, alive[0]);
        close(ending);
        _exit(0);
    }
    setpgid(child, child);
    SHOW(tcsetpgrp(terminal, child));
    for (int i = 0; i < 100 && hangUps == 0; i++)
        usleep(10000);
    // The job prints in between.
    usleep(300000);
    showSignals("the leader");
    _exit(0);
}

static void session(void) {
    printf("a session's master is closed\n");
    fflush(stdout);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master);
    unlockpt(master);
    int ended[2];
    pipe(ended);
    pid_t child = fork();
    if (child == 0) {
        close(ended[0]);
        leader(master, ended[1]);
    }
    close(ended[1]);
    usleep(200000);
    close(master);
    waitFor(child);
    char byte;
    SHOW(read(ended[0], &byte, 1));
    close(ended[0]);
}

/// A writer whose terminal takes no more, and a reader of no session's terminal.
static void waiting(bool writes) {
    printf("a %s waits for no session's terminal\n", writes ? "writer" : "reader");
    fflush(stdout);
    int master, terminal;
    openpty(&master, &terminal, NULL, NULL, NULL);
    pid_t child = fork();
    if (child == 0) {
        close(master);
        static char bytes[65536];
        if (writes) {
            long part = write(terminal, bytes, sizeof bytes);
            printf("some was written: %d\n", part > 0 && part < (long)sizeof bytes);
        } else {
            SHOW(read(terminal, bytes, sizeof bytes));
        }
        SHOW(write(terminal, bytes, 1));
        SHOW(read(terminal, bytes, 1));
        fflush(stdout);
        _exit(0);
    }
    close(terminal);
    usleep(100000);
    close(master);
    waitFor(child);
}

int main(void) {
    waiting(false);
    waiting(true);
    session();
    return 0;
}
