// SPDX-License-Identifier: Apache-2.0
//
// Sessions, controlling terminals and process groups in the foreground and in the background.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static int master;
static char name[64];
static int received[65];

static void note(int signal) {
    received[signal]++;
}

static void showSignals(const char *who) {
    printf("%s received:", who);
    for (int signal = 1; signal < 65; signal++) {
        if (received[signal] > 0)
            printf(" %s", sigabbrev_np(signal));
        received[signal] = 0;
    }
    printf("\n");
    fflush(stdout);
}

static void showStatus(const char *who, int status) {
    if (WIFSTOPPED(status))
        printf("%s stopped by %s\n", who, sigabbrev_np(WSTOPSIG(status)));
    else if (WIFCONTINUED(status))
        printf("%s continued\n", who);
    else if (WIFSIGNALED(status))
        printf("%s killed by %s\n", who, sigabbrev_np(WTERMSIG(status)));
    else
        printf("%s exited with %d\n", who, WEXITSTATUS(status));
    fflush(stdout);
}

static void catchAll(void) {
    struct sigaction action = {.sa_handler = note};
    int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGCONT, SIGTTIN, SIGTTOU, SIGWINCH, SIGTSTP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

static void resetAll(void) {
    for (int signal = 1; signal < 32; signal++)
        signal == SIGKILL || signal == SIGSTOP
            ? 0
            : sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static void settle(void) {
    usleep(30000);
}

/// Runs `body` in a child that leads a session, with `master` and `name` of a fresh pseudoterminal.
static void inSession(const char *title, void (*body)(void)) {
    printf("-- %s\n", title);
    fflush(stdout);
    master = posix_openpt(O_RDWR | O_NOCTTY);
    unlockpt(master);
    ptsname_r(master, name, sizeof name);
    pid_t leader = fork();
    if (leader == 0) {
        resetAll();
        setsid();
        body();
        fflush(stdout);
        _exit(0);
    }
    // The session's processes have the master as well; the last one that closes it hangs up.
    close(master);
    int status;
    waitpid(leader, &status, 0);
    showStatus("leader", status);
}

static void acquiring(void) {
    int group = -1, session = -1;
    SHOW(open("/dev/tty", O_RDWR));
    int other = open(name, O_RDWR | O_NOCTTY);
    SHOW(open("/dev/tty", O_RDWR));
    SHOW(ioctl(other, TIOCNOTTY));
    SHOW(tcgetpgrp(other));
    int terminal = open(name, O_RDWR);
    HOLDS(terminal >= 0);
    int tty = open("/dev/tty", O_RDWR);
    HOLDS(tty >= 0);
    char link[64];
    SHOW(ttyname_r(tty, link, sizeof link));
    printf("%s\n", link);
    HOLDS(tcgetpgrp(terminal) == getpgrp());
    HOLDS(tcgetsid(terminal) == getsid(0));
    HOLDS(ioctl(master, TIOCGPGRP, &group) == 0 && group == getpgrp());
    HOLDS(ioctl(master, TIOCGSID, &session) == 0 && session == getsid(0));
    SHOW(ioctl(terminal, TIOCSCTTY, 0));
    SHOW(setsid());
    SHOW(setpgid(0, 0));
    int second = posix_openpt(O_RDWR);
    unlockpt(second);
    char secondName[64];
    ptsname_r(second, secondName, sizeof secondName);
    int secondTerminal = open(secondName, O_RDWR);
    SHOW(ioctl(secondTerminal, TIOCSCTTY, 0));
    SHOW(ioctl(secondTerminal, TIOCGPGRP, &group));
    SHOW(tcsetpgrp(secondTerminal, getpgrp()));
    SHOW(ioctl(secondTerminal, TIOCNOTTY));
    SHOW(tcsetpgrp(terminal, -1));
    SHOW(tcsetpgrp(terminal, 0x3fffffff));
    pid_t child = fork();
    if (child == 0) {
        int there = open("/dev/tty", O_RDWR);
        HOLDS(there >= 0);
        setsid();
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(tcgetpgrp(there));
        SHOW(ioctl(terminal, TIOCSCTTY, 0));
        int third = open(name, O_RDWR);
        HOLDS(third >= 0);
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(ioctl(secondTerminal, TIOCSCTTY, 0));
        HOLDS(tcgetsid(secondTerminal) == getpid());
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SHOW(tcgetsid(secondTerminal));
    catchAll();
    SHOW(ioctl(terminal, TIOCNOTTY));
    showSignals("leader");
    SHOW(open("/dev/tty", O_RDWR));
    SHOW(ioctl(master, TIOCGPGRP, &group));
    SHOW(group);
    HOLDS(open(name, O_RDONLY) >= 0);
    HOLDS(tcgetsid(terminal) == getpid());
}

static void characters(void) {
    int terminal = open(name, O_RDWR);
    catchAll();
    SHOW(write(master, "\003", 1));
    settle();
    showSignals("leader");
    SHOW(write(master, "\034", 1));
    settle();
    showSignals("leader");
    SHOW(write(master, "\032", 1));
    settle();
    showSignals("leader");
    struct winsize size = {10, 20, 0, 0};
    SHOW(ioctl(master, TIOCSWINSZ, &size));
    settle();
    showSignals("leader");
    SHOW(ioctl(terminal, TIOCSWINSZ, &size));
    settle();
    showSignals("leader");
    int signal = SIGQUIT;
    SHOW(ioctl(master, TIOCSIG, signal));
    settle();
    showSignals("leader");
    SHOW(ioctl(master, TIOCSIG, 99));
    printf("input before a signal is dropped\n");
    SHOW(write(master, "lost\003kept\n", 10));
    settle();
    showSignals("leader");
    char bytes[32];
    SHOW(read(terminal, bytes, sizeof bytes));
    struct termios now;
    tcgetattr(terminal, &now);
    now.c_lflag |= NOFLSH;
    tcsetattr(terminal, TCSAFLUSH, &now);
    SHOW(write(master, "kept\003kept\n", 10));
    settle();
    showSignals("leader");
    SHOW(read(terminal, bytes, sizeof bytes));
    now.c_lflag &= ~ISIG;
    tcsetattr(terminal, TCSAFLUSH, &now);
    SHOW(write(master, "a\003b\n", 4));
    settle();
    showSignals("leader");
    SHOW(read(terminal, bytes, sizeof bytes));
    printf("a read is interrupted\n");
    now.c_lflag |= ISIG;
    tcsetattr(terminal, TCSAFLUSH, &now);
    if (fork() == 0) {
        settle();
        if (write(master, "\003", 1) != 1)
            _exit(1);
        _exit(0);
    }
    SHOW(read(terminal, bytes, sizeof bytes));
    wait(NULL);
    showSignals("leader");
}

static pid_t startJob(int terminal, int (*job)(int)) {
    int ready[2];
    if (pipe(ready) != 0)
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        resetAll();
        setpgid(0, 0);
        close(ready[1]);
        char byte;
        if (read(ready[0], &byte, 1) < 0)
            _exit(9);
        int code = job(terminal);
        fflush(stdout);
        _exit(code);
    }
    setpgid(child, child);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static int readsOne(int terminal) {
    char bytes[32];
    ssize_t length = read(terminal, bytes, sizeof bytes);
    return length < 0 ? errno : (int)length;
}

static int writesOne(int terminal) {
    ssize_t length = write(terminal, "out", 3);
    return length < 0 ? errno : (int)length;
}

static int sets(int terminal) {
    struct termios now;
    if (tcgetattr(terminal, &now) != 0)
        return 99;
    return tcsetattr(terminal, TCSANOW, &now) == 0 ? 0 : errno;
}

static int takesForeground(int terminal) {
    return tcsetpgrp(terminal, getpgrp()) == 0 ? 0 : errno;
}

static int blocksTtou(int terminal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    sigaddset(&set, SIGTTIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    char byte;
    int first = sets(terminal);
    return first != 0 ? first : read(terminal, &byte, 1) < 0 ? errno : 98;
}

static int ignoresTtin(int terminal) {
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    int first = takesForeground(terminal);
    return first != 0 ? first : 50;
}

static int sleeps(int terminal) {
    (void)terminal;
    pause();
    return 7;
}

static void background(void) {
    int terminal = open(name, O_RDWR);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTTOU, &ignore, NULL);
    int status;
    pid_t job = startJob(terminal, readsOne);
    waitpid(job, &status, WUNTRACED);
    showStatus("background read", status);
    SHOW(tcsetpgrp(terminal, job));
    SHOW(write(master, "line\n", 5));
    kill(-job, SIGCONT);
    waitpid(job, &status, WUNTRACED);
    showStatus("then in the foreground", status);
    HOLDS(tcgetpgrp(terminal) == job);
    SHOW(tcsetpgrp(terminal, getpgrp()));

    job = startJob(terminal, writesOne);
    waitpid(job, &status, WUNTRACED);
    showStatus("background write", status);
    struct termios now;
    tcgetattr(terminal, &now);
    now.c_lflag |= TOSTOP;
    SHOW(tcsetattr(terminal, TCSANOW, &now));
    job = startJob(terminal, writesOne);
    waitpid(job, &status, WUNTRACED);
    showStatus("with TOSTOP", status);
    SHOW(tcsetpgrp(terminal, job));
    kill(-job, SIGCONT);
    waitpid(job, &status, WUNTRACED);
    showStatus("then in the foreground", status);
    SHOW(tcsetpgrp(terminal, getpgrp()));
    now.c_lflag &= ~TOSTOP;
    SHOW(tcsetattr(terminal, TCSANOW, &now));

    job = startJob(terminal, sets);
    waitpid(job, &status, WUNTRACED);
    showStatus("background tcsetattr", status);
    kill(job, SIGKILL);
    waitpid(job, &status, 0);
    job = startJob(terminal, takesForeground);
    waitpid(job, &status, WUNTRACED);
    showStatus("background tcsetpgrp", status);
    kill(job, SIGKILL);
    waitpid(job, &status, 0);
    job = startJob(terminal, blocksTtou);
    waitpid(job, &status, WUNTRACED);
    showStatus("blocked signals", status);
    job = startJob(terminal, ignoresTtin);
    waitpid(job, &status, WUNTRACED);
    showStatus("ignored signals", status);
    SHOW(tcsetpgrp(terminal, getpgrp()));

    job = startJob(terminal, sleeps);
    SHOW(tcsetpgrp(terminal, job));
    SHOW(write(master, "\032", 1));
    waitpid(job, &status, WUNTRACED);
    showStatus("job", status);
    kill(-job, SIGCONT);
    waitpid(job, &status, WCONTINUED);
    showStatus("job", status);
    SHOW(write(master, "\003", 1));
    waitpid(job, &status, WUNTRACED);
    showStatus("job", status);
    SHOW(tcsetpgrp(terminal, getpgrp()));
}

/// The leader goes, its jobs stay: what happens to them is written through a pipe.
static void leaving(void) {
    int terminal = open(name, O_RDWR);
    catchAll();
    fflush(stdout);
    int ready[2], end[2];
    if (pipe(ready) != 0 || pipe(end) != 0)
        return;
    pid_t watcher = fork();
    if (watcher != 0) {
        char byte;
        close(ready[1]);
        if (read(ready[0], &byte, 1) != 1)
            printf("no watcher\n");
        // The watcher outlives this process, whose parent waits for both.
        return;
    }
    if (write(ready[1], "x", 1) != 1)
        _exit(1);
    for (int i = 0; i < 100 && received[SIGHUP] == 0; i++)
        usleep(10000);
    settle();
    showSignals("same group");
    SHOW(open("/dev/tty", O_RDWR));
    char bytes[8];
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    SHOW(write(terminal, "still open", 10));
    SHOW(read(terminal, bytes, sizeof bytes));
    int group = -1;
    SHOW(ioctl(terminal, TIOCGPGRP, &group));
    fflush(stdout);
    _exit(0);
}

static void hangingUp(void) {
    int terminal = open(name, O_RDWR);
    int tty = open("/dev/tty", O_RDWR);
    catchAll();
    SHOW(close(master));
    settle();
    showSignals("leader");
    SHOW(open("/dev/tty", O_RDWR));
    char bytes[8];
    SHOW(read(terminal, bytes, sizeof bytes));
    SHOW(read(tty, bytes, sizeof bytes));
    SHOW(write(tty, "x", 1));
}

int main(void) {
    if (getpid() == 1) {
        // Orphans must have a parent outside their session on both sides; pid 1's ways with signals are not
        // the subject.
        pid_t child = fork();
        if (child != 0) {
            int status = 0;
            for (pid_t pid; (pid = wait(&status)) != child;)
                ;
            while (wait(NULL) > 0)
                ;
            return WEXITSTATUS(status);
        }
        setsid();
    }
    inSession("acquiring a terminal", acquiring);
    inSession("characters that are signals", characters);
    inSession("background jobs", background);
    inSession("the leader leaves", leaving);
    usleep(200000);
    inSession("the master is closed", hangingUp);
    return 0;
}
